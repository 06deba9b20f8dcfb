// Sending a report: photos first, each once, then the report with its key, so that a repetition opens no second case. Without
// a connection it waits and goes by itself.

import { useCallback, useEffect, useRef, useState } from "react";
import { call } from "../../../shared/api/client";
import type { Receipt } from "../../../shared/api/description";
import { NoConnection, Problem } from "../../../shared/api/problem";
import { uploadAll } from "../../../shared/photos/upload";
import { city } from "../../../shared/city";
import { givenFields } from "../../../shared/forms/conditions";
import type { Kind } from "../case_types";
import type { Draft } from "./draft";

export type Sending =
  | { state: "idle" }
  | { state: "sending"; photo: number; photos: number }
  | { state: "waiting" }
  | { state: "refused"; error: unknown };

interface Wanted {
  draft: Draft;
  /** Undefined until the kinds are known; nothing is sent before. */
  kind: Kind | undefined;
  change: (part: Partial<Draft>) => void;
  onReceipt: (receipt: Receipt) => void;
}

export function useSending({ draft, kind, change, onReceipt }: Wanted) {
  const [sending, setSending] = useState<Sending>({ state: "idle" });
  const now = useRef({ draft, kind, change, onReceipt });
  now.current = { draft, kind, change, onReceipt };
  const busy = useRef(false);
  const attempts = useRef(0);
  const again = useRef<number | undefined>(undefined);

  const send = useCallback(async () => {
    if (busy.current || !now.current.kind) return;
    busy.current = true;
    clearTimeout(again.current);
    const { change: tell } = now.current;
    try {
      if (!now.current.draft.sent) tell({ sent: true });
      const receipt = await bring(now.current, now.current.kind, setSending);
      attempts.current = 0;
      setSending({ state: "idle" });
      now.current.onReceipt(receipt);
    } catch (error) {
      if (error instanceof NoConnection || (error instanceof Problem && error.status >= 502)) {
        setSending({ state: "waiting" });
        attempts.current += 1;
        again.current = window.setTimeout(() => void send(), Math.min(30_000, 1000 * 2 ** attempts.current));
      } else {
        tell({ sent: false });
        setSending({ state: "refused", error });
      }
    } finally {
      busy.current = false;
    }
  }, []);

  const stop = useCallback(() => {
    clearTimeout(again.current);
    attempts.current = 0;
    now.current.change({ sent: false });
    setSending({ state: "idle" });
  }, []);

  useEffect(() => {
    const online = () => {
      if (now.current.draft.sent) void send();
    };
    addEventListener("online", online);
    return () => {
      removeEventListener("online", online);
      clearTimeout(again.current);
    };
  }, [send]);

  return { sending, send, stop };
}

async function bring(wanted: Wanted, kind: Kind, tell: (sending: Sending) => void): Promise<Receipt> {
  let { draft } = wanted;
  for (let attempt = 0; ; attempt += 1) {
    const count = draft.photos.length;
    tell({ state: "sending", photo: 0, photos: count });
    const photos = await uploadAll(draft.photos, "report", async (stored) => {
      draft = { ...draft, photos: draft.photos.map((one) => (one.id === stored.id ? stored : one)) };
      wanted.change({ photos: draft.photos });
      tell({ state: "sending", photo: draft.photos.filter((one) => one.stored).length, photos: count });
    });
    try {
      return await call("POST /api/v1/cases", { idempotencyKey: draft.key, body: bodyOf(draft, kind, photos) });
    } catch (error) {
      const lost = error instanceof Problem && error.code === "case.photo_unknown" && attempt === 0;
      if (!lost) throw error;
      draft = { ...draft, photos: draft.photos.map(({ stored: _, ...photo }) => photo) };
    }
  }
}

function bodyOf(draft: Draft, kind: Kind, photos: { id: string; claim: string }[]) {
  const joined = draft.joins ? `\n(与 ${draft.joins} 是同一件事)` : "";
  return {
    type: kind.type,
    channel: kind.channel,
    text: `${draft.text.trim()}${joined}`,
    ...(draft.classCode ? { class_code: draft.classCode } : {}),
    ...(draft.place ? { lon: round(draft.place.lon), lat: round(draft.place.lat), crs: crsOf(draft) } : {}),
    fields: givenFields(kind.asked, draft.fields),
    address: draft.address.trim(),
    reporter: { name: draft.name.trim(), phone: draft.phone.trim() },
    photos,
  };
}

// A device and a camera say WGS-84; the city's own map and names are CGCS2000.
const crsOf = (draft: Draft): "EPSG:4326" | "EPSG:4490" =>
  draft.place?.from === "here" || draft.place?.from === "photo" ? "EPSG:4326" : "EPSG:4490";
const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;

/** Whether a place lies near enough to the city to be worth asking about. */
export const nearCity = ({ lon, lat }: { lon: number; lat: number }): boolean => {
  const [west, south, east, north] = city.bounds;
  return lon >= west && lon <= east && lat >= south && lat <= north;
};
