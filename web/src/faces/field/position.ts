// Where the worker is. Asked for when a screen needs it, kept for a while: the satellite receiver is what empties a battery.

import { useCallback, useEffect, useState } from "react";
import type { Pair } from "../../shared/i18n/texts";
import { cityNow } from "../../shared/time/clock";
import { city } from "../../shared/city";
import type { Shot } from "../../shared/photos/exif";
import { NoPosition, whereAmI, type Here } from "../../shared/place/here";

export interface Position {
  here: Here | null;
  asking: boolean;
  trouble: Pair | null;
  ask: () => void;
}

let last: { here: Here; at: number } | null = null;
const FRESH = 60_000;

/** `now`: ask at once; otherwise only when that needs no question to the person. */
export function usePosition({ now }: { now: boolean }): Position {
  const [here, setHere] = useState<Here | null>(last && performance.now() - last.at < FRESH ? last.here : null);
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState<Pair | null>(null);

  const ask = useCallback(async () => {
    setAsking(true);
    setTrouble(null);
    try {
      const found = await whereAmI();
      last = { here: found, at: performance.now() };
      setHere(found);
    } catch (error) {
      if (!(error instanceof NoPosition)) throw error;
      setTrouble(error.words);
    } finally {
      setAsking(false);
    }
  }, []);

  useEffect(() => {
    if (last && performance.now() - last.at < FRESH) return;
    if (now) void ask();
    else if ("permissions" in navigator) {
      void navigator.permissions.query({ name: "geolocation" }).then((found) => {
        if (found.state === "granted") void ask();
      });
    }
  }, [now, ask]);

  return { here, asking, trouble, ask: () => void ask() };
}

/** What to write into a photo that is taken now, where the browser has left it out. */
export function shotHere(): Shot {
  const local = new Intl.DateTimeFormat("en-GB", {
    timeZone: city.timezone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const part = Object.fromEntries(local.formatToParts(cityNow()).map((one) => [one.type, one.value]));
  const here = last && performance.now() - last.at < 5 * FRESH ? last.here : null;
  return {
    taken: `${part.year}:${part.month}:${part.day} ${part.hour}:${part.minute}:${part.second}`,
    offset: null,
    lon: here?.lon ?? null,
    lat: here?.lat ?? null,
  };
}
