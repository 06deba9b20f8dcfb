// Sending the way of a patrol: thinned, a batch at a time, from where the last one ended. What is kept on the telephone is the
// queue: without a network it waits, after a restart it goes on. A batch goes every few minutes, so that the radio can sleep.

import { useCallback, useEffect, useRef, useState } from "react";
import { call } from "../../../shared/api/client";
import { NoConnection, Problem } from "../../../shared/api/problem";
import { all, keep } from "../../../shared/keeping/database";
import type { Track } from "./recording";

type Point = Track["points"][number];

const BATCH = 400;
const EVERY_MILLISECONDS = 180_000;
const THIN_METRES = 6;
const METRES_PER_DEGREE = 111_320;

/** The points without those that lie on the straight way between their neighbours (Douglas–Peucker, in metres). */
export function thinned(points: readonly Point[]): Point[] {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.length < 3) return [...points];
  const squeeze = Math.cos((first.lat * Math.PI) / 180);
  const flat = (one: Point) => [(one.lon - first.lon) * squeeze * METRES_PER_DEGREE, (one.lat - first.lat) * METRES_PER_DEGREE] as const;
  const [x, y] = flat(last);
  const length = Math.hypot(x, y);
  let far = 0;
  let place = 0;
  points.forEach((one, index) => {
    const [px, py] = flat(one);
    const off = length === 0 ? Math.hypot(px, py) : Math.abs(x * py - y * px) / length;
    if (off > far) [far, place] = [off, index];
  });
  if (far <= THIN_METRES) return [first, last];
  return [...thinned(points.slice(0, place + 1)), ...thinned(points.slice(place)).slice(1)];
}

const iso = (at: number) => new Date(at).toISOString();

/** Send what is not sent yet of one track; gives back the track as far as it went, or null where it has to wait. */
async function sendOne(track: Track): Promise<Track | null> {
  let at = track;
  while (at.refused === undefined && (at.points.length > (at.sent ?? 0) || (at.endedAt !== null && !at.endSent))) {
    const from = at.sent ?? 0;
    const batch = at.points.slice(from, from + BATCH);
    const whole = from + batch.length === at.points.length;
    const ended = at.endedAt !== null && whole ? { ended_at: iso(at.endedAt) } : {};
    try {
      await call("POST /api/v1/patrols/{id}/points", {
        path: { id: at.id }, quiet: true,
        body: { began_at: iso(at.startedAt), ...ended, points: thinned(batch).map((one) => ({ at: iso(one.at), lon: one.lon, lat: one.lat })) },
      });
      at = { ...at, sent: from + batch.length, ...(at.endedAt !== null && whole ? { endSent: true } : {}) };
    } catch (error) {
      if (error instanceof NoConnection || (error instanceof Problem && (error.status === 401 || error.status === 429 || error.status >= 500))) return at === track ? null : at;
      if (!(error instanceof Problem)) throw error;
      at = { ...at, refused: [error.zh, error.en] };
    }
  }
  return at;
}

/** Sends the tracks of this worker (`times`: how often something went) while the screen is open: every few minutes, when the network comes back, when asked. */
export function useSending(account: string, current: Track | null, onSent: (track: Track) => void): { waiting: boolean; times: number; sendNow: () => void } {
  const [waiting, setWaiting] = useState(false);
  const [times, setTimes] = useState(0);
  const busy = useRef(false);
  const open = useRef(current);
  const told = useRef(onSent);
  open.current = current;
  told.current = onSent;
  const sendNow = useCallback(() => {
    if (busy.current) return;
    busy.current = true;
    void (async () => {
      const kept = (await all<Track>("tracks").catch(() => [])).filter((one) => one.account === account && one.id !== open.current?.id);
      let late = false;
      for (const track of [...kept, ...(open.current ? [open.current] : [])]) {
        if (track.upload !== true) continue;
        const sent = await sendOne(track).catch(() => null);
        if (sent === null) late = true;
        else if (sent !== track) {
          setTimes((before) => before + 1);
          if (track.id === open.current?.id) told.current(sent);
          else await keep("tracks", sent).catch(() => undefined);
        }
      }
      setWaiting(late);
      busy.current = false;
    })();
  }, [account]);
  useEffect(() => {
    sendNow();
    const timer = setInterval(sendNow, EVERY_MILLISECONDS);
    addEventListener("online", sendNow);
    return () => {
      clearInterval(timer);
      removeEventListener("online", sendNow);
    };
  }, [sendNow]);
  return { waiting, times, sendNow };
}
