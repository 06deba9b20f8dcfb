// What the centre asks the server for: a past period, the ticker's rows, the names of areas.

import { useEffect, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { call } from "../../shared/api/client";
import type { PastEvent } from "../../shared/api/description";
import { useLive } from "../../shared/live/live";
import { cityNow } from "../../shared/time/clock";
import type { Period } from "./past";

const page = 2000;
const mostPages = 15;
const tickerRows = 60;
const day = 86_400_000;

async function eventsOf(from: number, to: number, signal?: AbortSignal): Promise<PastEvent[]> {
  const found: PastEvent[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const answer = await call("GET /api/v1/replay/events", {
      query: { from: new Date(from).toISOString(), to: new Date(to).toISOString(), limit: page, ...(after ? { after } : {}) },
      ...(signal ? { signal } : {}),
    });
    found.push(...answer.items);
    if (!answer.next) return found;
    after = answer.next;
  }
  return found;
}

/** A past period, read once. */
export function usePeriod(from: number | null, hours: number) {
  return useQuery<Period>({
    queryKey: ["centre/period", from, hours],
    enabled: from !== null,
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: async ({ signal }) => {
      const begin = from ?? 0;
      const to = begin + hours * 3_600_000;
      const [standing, events] = await Promise.all([
        call("GET /api/v1/replay/standing", { query: { at: new Date(begin).toISOString() }, signal }),
        eventsOf(begin, to, signal),
      ]);
      return { from: begin, to, standing: standing.items, events, more: standing.more };
    },
  });
}

/** The newest events, the latest first: read from the journal, and read on whenever something is heard of. */
export function useTicker(listening: boolean): { rows: readonly PastEvent[]; ready: boolean } {
  const [rows, setRows] = useState<readonly PastEvent[]>([]);
  const [ready, setReady] = useState(false);
  const since = useRef<number | null>(null);
  const waiting = useRef<number | undefined>(undefined);
  const reading = useRef(false);

  const readOn = async () => {
    if (reading.current) return;
    reading.current = true;
    try {
      const now = cityNow();
      const from = Math.min(since.current ?? now - 3_600_000, now);
      let found = await eventsOf(from, from + day);
      // A quiet hour: what happened in the day before it says more than an empty list.
      if (since.current === null && found.length < 10) found = [...(await eventsOf(from + 3_600_000 - day, from)), ...found];
      setRows((before) => {
        const known = new Set(before.map(keyOf));
        return [...found.filter((row) => !known.has(keyOf(row))).reverse(), ...before].slice(0, tickerRows);
      });
      const last = found.at(-1);
      since.current = last ? Date.parse(last.at) : from;
      setReady(true);
    } finally {
      reading.current = false;
    }
  };
  const later = (wait: number) => {
    waiting.current ??= window.setTimeout(() => {
      waiting.current = undefined;
      void readOn().catch(() => later(4000));
    }, wait);
  };
  useEffect(() => {
    if (listening) later(0);
    return () => {
      clearTimeout(waiting.current);
      waiting.current = undefined;
    };
  }, [listening]);
  useLive(
    (entry) => {
      if (listening && entry.kind === "case") later(700);
    },
    () => {
      since.current = null;
      if (listening) later(0);
    },
  );
  return { rows, ready };
}

export const keyOf = (row: PastEvent): string => `${row.at} ${row.id} ${row.verb} ${row.status}`;
