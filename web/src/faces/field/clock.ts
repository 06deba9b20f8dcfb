// City time on a telephone that may be without a network and whose own clock may be wrong. The last word of the server is
// kept with the device's time of that moment; from it the city time goes on.

import { useEffect, useState } from "react";
import { find, keep } from "../../shared/keeping/database";
import { cityNow, setCityClock } from "../../shared/time/clock";

interface KeptClock {
  id: "clock";
  device: number;
  city: number;
  speed: number;
}

/** How far the device's clock is from the server's, milliseconds, as last seen; null while unknown. */
let skew: number | null = null;
let asked: Promise<void> | null = null;

async function askServer(): Promise<void> {
  try {
    const answer = await fetch("/api/v1/clock", { credentials: "same-origin" });
    const said = (await answer.json()) as { now: string; speed: number };
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (Number.isFinite(date)) skew = Date.now() - date;
    setCityClock(said);
    const clock: KeptClock = { id: "clock", device: Date.now(), city: Date.parse(said.now), speed: said.speed };
    await keep("known", clock).catch(() => undefined);
  } catch {
    const kept = await find<KeptClock>("known", "clock").catch(() => undefined);
    if (!kept) return;
    // A device whose clock was turned back in between: not earlier than what is known for certain.
    const passed = Math.max(0, Date.now() - kept.device) * kept.speed;
    setCityClock({ now: new Date(kept.city + passed).toISOString(), speed: kept.speed });
  }
}

/** Set the city's clock once a page; the shell that a service worker kept carries an old one. */
export function startClock(): Promise<void> {
  asked ??= askServer();
  return asked;
}

/** Milliseconds by which the device is ahead of the server, when that is worth telling. */
export function useWrongClock(): number | null {
  const [shown, setShown] = useState<number | null>(null);
  useEffect(() => {
    const look = () => void startClock().then(() => setShown(skew !== null && Math.abs(skew) > 120_000 ? skew : null));
    look();
    const again = () => {
      asked = null;
      look();
    };
    addEventListener("online", again);
    return () => removeEventListener("online", again);
  }, []);
  return shown;
}

/** City time now. */
export const momentNow = (): string => new Date(cityNow()).toISOString();
