// A patrol's track. It belongs to the worker: recorded only between begin and end, kept only on this telephone.
// Saves the battery: a point is noted only after a move, and the exact receiver is left alone when the battery is low.

import { useCallback, useEffect, useRef, useState } from "react";
import type { Pair } from "../../../shared/i18n/texts";
import { all, keep, newId } from "../../../shared/keeping/database";
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
}

const LEAST_MOVE_METRES = 15;
const LEAST_ACCURACY_METRES = 100;
const SAVE_EVERY_MILLISECONDS = 20_000;
const LOW_BATTERY = 0.2;

interface Battery extends EventTarget {
  level: number;
  charging: boolean;
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
    put({ id: newId(), account, startedAt: cityNow(), endedAt: null, metres: 0, points: [] }, true);
  }, [account, put]);

  const end = useCallback(async () => {
    const last = now.current;
    now.current = null;
    setTrack(null);
    if (last) await keep("tracks", { ...last, endedAt: cityNow() });
  }, []);

  return { track, low, trouble, begin, end };
}
