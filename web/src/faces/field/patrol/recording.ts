// A patrol's track: recorded only between begin and end, kept on this telephone until it is sent as the record of the patrol.
// Saves the battery: a point is noted only after a move, and the exact receiver is left alone when the battery is low.

import { useCallback, useEffect, useRef, useState } from "react";
import type { Pair } from "../../../shared/i18n/texts";
import { all, keep } from "../../../shared/keeping/database";
import { metresBetween, wordsOf } from "../../../shared/place/here";
import { cityNow } from "../../../shared/time/clock";

export interface Track {
  id: string;
  account: string;
  /** City time, milliseconds. */
  startedAt: number;
  endedAt: number | null;
  metres: number;
  points: { lon: number; lat: number; at: number }[];
  /** Begun knowing that it is sent; tracks from before stay on the telephone. */
  upload?: boolean;
  /** How many of its points the server has, and whether it knows the end. */
  sent?: number;
  endSent?: boolean;
  /** Why the server does not take it. */
  refused?: Pair;
}

const LEAST_MOVE_METRES = 15;
const LEAST_ACCURACY_METRES = 100;
const SAVE_EVERY_MILLISECONDS = 20_000;
const LOW_BATTERY = 0.2;

interface Battery extends EventTarget {
  level: number;
  charging: boolean;
}

/** A random UUID; the browser's own way to make one is closed to pages without https. */
function newPatrolId(): string {
  const bytes = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, place) => (place === 6 ? (byte & 15) | 64 : place === 8 ? (byte & 63) | 128 : byte));
  const text = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

async function batteryIsLow(): Promise<boolean> {
  const device = navigator as Navigator & { getBattery?: () => Promise<Battery> };
  const battery = await device.getBattery?.();
  return battery !== undefined && !battery.charging && battery.level <= LOW_BATTERY;
}

export function useRecording(account: string) {
  const [track, setTrack] = useState<Track | null>(null);
  const [low, setLow] = useState(false);
  const [trouble, setTrouble] = useState<Pair | null>(null);
  const now = useRef<Track | null>(null);
  const saved = useRef(0);

  const put = useCallback((next: Track | null, write: boolean) => {
    now.current = next;
    setTrack(next);
    if (next && write) {
      saved.current = performance.now();
      void keep("tracks", next).catch(() => undefined);
    }
  }, []);

  useEffect(() => {
    let gone = false;
    all<Track>("tracks").then(
      (found) => {
        const open = found.find((one) => one.account === account && one.endedAt === null);
        if (!gone && open && !now.current) put(open, false); // the telephone was started anew in the middle
      },
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [account, put]);

  const running = track !== null;
  useEffect(() => {
    if (!running || !("geolocation" in navigator)) return;
    let watch: number | undefined;
    let gone = false;
    void batteryIsLow().then((isLow) => {
      if (gone) return;
      setLow(isLow);
      watch = navigator.geolocation.watchPosition(
        ({ coords }) => {
          setTrouble(null);
          const before = now.current;
          if (!before || coords.accuracy > LEAST_ACCURACY_METRES) return;
          const last = before.points.at(-1);
          const here = { lon: coords.longitude, lat: coords.latitude, at: cityNow() };
          const moved = last ? metresBetween(last, here) : 0;
          if (last && moved < Math.max(LEAST_MOVE_METRES, coords.accuracy / 2)) return;
          const due = performance.now() - saved.current > SAVE_EVERY_MILLISECONDS || !last;
          put({ ...before, metres: before.metres + moved, points: [...before.points, here] }, due);
        },
        (error) => setTrouble(wordsOf(error)),
        { enableHighAccuracy: !isLow, maximumAge: isLow ? 30_000 : 10_000, timeout: 60_000 },
      );
    });
    const leaving = () => {
      if (document.hidden && now.current) put(now.current, true);
    };
    document.addEventListener("visibilitychange", leaving);
    return () => {
      gone = true;
      if (watch !== undefined) navigator.geolocation.clearWatch(watch);
      if (now.current) put(now.current, true);
      document.removeEventListener("visibilitychange", leaving);
    };
  }, [running, put]);

  const begin = useCallback(() => {
    setTrouble(null);
    put({ id: newPatrolId(), account, startedAt: cityNow(), endedAt: null, metres: 0, points: [], upload: true }, true);
  }, [account, put]);

  const end = useCallback(async () => {
    const last = now.current;
    now.current = null;
    setTrack(null);
    if (last) await keep("tracks", { ...last, endedAt: cityNow() });
  }, []);

  /** Note how far the server has it; points that came meanwhile stay. */
  const note = useCallback((sent: Track) => {
    const open = now.current;
    if (open?.id !== sent.id) return;
    const { sent: count, refused } = sent;
    put({ ...open, ...(count === undefined ? {} : { sent: count }), ...(refused ? { refused } : {}) }, true);
  }, [put]);

  return { track, low, trouble, begin, end, note };
}
