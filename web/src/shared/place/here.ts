// Where the device is, when the person asks for it; what to say when it cannot be had.

import type { Pair } from "../i18n/texts";
import { texts } from "./texts";

export interface Here {
  /** WGS-84 degrees; on this scale the same as CGCS2000. */
  lon: number;
  lat: number;
  /** Metres within which it is true, two times out of three. */
  accuracy: number;
}

export class NoPosition extends Error {
  readonly words: Pair;

  constructor(words: Pair) {
    super(words[1]);
    this.name = "NoPosition";
    this.words = words;
  }
}

/** Ask the device once. Throws NoPosition with words for the person. */
export function whereAmI({ seconds = 12, exact = true }: { seconds?: number; exact?: boolean } = {}): Promise<Here> {
  return new Promise((resolve, reject) => {
    if (!("geolocation" in navigator)) {
      reject(new NoPosition(texts["none"]));
      return;
    }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy }),
      (error) => reject(new NoPosition(wordsOf(error))),
      { enableHighAccuracy: exact, timeout: seconds * 1000, maximumAge: 15_000 },
    );
  });
}

export function wordsOf(error: GeolocationPositionError): Pair {
  if (error.code === error.PERMISSION_DENIED) return window.isSecureContext ? texts["denied"] : texts["insecure"];
  return error.code === error.TIMEOUT ? texts["late"] : texts["unavailable"];
}

/** Metres between two places not far from each other. */
export function metresBetween(one: { lon: number; lat: number }, other: { lon: number; lat: number }): number {
  const middle = ((one.lat + other.lat) / 2) * (Math.PI / 180);
  const x = (one.lon - other.lon) * Math.cos(middle);
  return Math.hypot(x, one.lat - other.lat) * 111_195;
}

export function metreWords(metres: number, zh: boolean): string {
  if (metres < 1000) return `${Math.max(5, Math.round(metres / 5) * 5)} ${zh ? "米" : "m"}`;
  return `${(metres / 1000).toFixed(metres < 10_000 ? 1 : 0)} ${zh ? "公里" : "km"}`;
}
