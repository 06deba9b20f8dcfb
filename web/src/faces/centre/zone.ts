// Moments as people of the city write them: `2026-06-18T08:00` in the city's zone, and back.

import { city } from "../../shared/city";

const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: city.timezone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
});

/** `2026-06-18T08:00` of a moment, as a date-time field shows it. */
export function fieldOf(at: number): string {
  const found = Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, part.value]));
  return `${found.year ?? ""}-${found.month ?? ""}-${found.day ?? ""}T${found.hour ?? ""}:${found.minute ?? ""}`;
}

/** The moment of a date-time field; null where it is not filled in. */
export function momentOf(field: string): number | null {
  // Chromium reads even ":00Z" as a day: what is not written in full is not a moment.
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(field)) return null;
  const asUtc = Date.parse(`${field}:00Z`);
  if (Number.isNaN(asUtc)) return null;
  const offset = Date.parse(`${fieldOf(asUtc)}:00Z`) - asUtc;
  // Once more: near a change of the zone's offset the first guess lies on the wrong side of it.
  return asUtc - (Date.parse(`${fieldOf(asUtc - offset)}:00Z`) - (asUtc - offset));
}

/** The beginning of the city's day that holds a moment. */
export const midnight = (at: number): number => momentOf(`${fieldOf(at).slice(0, 10)}T00:00`) ?? at;
/** The full hour at or before a moment. */
export const fullHour = (at: number): number => momentOf(`${fieldOf(at).slice(0, 13)}:00`) ?? at;
