// City time. In a demo city it is simulated and passes faster; deadlines are measured in it, never by the device's clock.

import { useEffect, useSyncExternalStore } from "react";
import { city } from "../city";
import type { Language } from "../i18n/language";

interface State {
  /** City time, milliseconds, when `performance.now()` was `at`. */
  now: number;
  at: number;
  speed: number;
  simulated: boolean;
}

let state: State = {
  now: Date.parse(city.clock.now),
  at: performance.now(),
  speed: city.clock.speed,
  simulated: city.clock.simulated,
};
const listeners = new Set<() => void>();

/** City time now, in milliseconds of the epoch. */
export const cityNow = (): number => state.now + (performance.now() - state.at) * state.speed;
export const clockSpeed = (): number => state.speed;
export const isSimulated = (): boolean => state.simulated;

/** Take over what the server says of its clock. */
export function setCityClock(said: { now: string; speed: number }): void {
  state = { ...state, now: Date.parse(said.now), at: performance.now(), speed: said.speed };
  tick();
}

let shown = cityNow();
function tick(): void {
  shown = cityNow();
  for (const each of listeners) each();
}

/** After a pause in which nobody looked, time is behind; a list of fifty clocks catches up once, not fifty times. */
function catchUp(): void {
  if (Math.abs(cityNow() - shown) > 1000 * state.speed) tick();
}

let timer: number | undefined;
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (!listeners.size) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** City time, drawn anew every second. */
export function useCityNow(): number {
  useEffect(catchUp, []);
  return useSyncExternalStore(subscribe, () => shown);
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(at: number, options: Intl.DateTimeFormatOptions, wanted: Language): string {
  const key = `${wanted}${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(wanted === "zh" ? "zh-CN" : "en-GB", { timeZone: city.timezone, hour12: false, ...options });
    formats.set(key, found);
  }
  return found.format(at);
}

export type Moment = string | number | null | undefined;
const stamp = (at: Moment): number | null => (at === null || at === undefined || at === "" ? null : typeof at === "number" ? at : Date.parse(at));

/** `06-18 08:30` in the city's zone, with the year where it is another one. */
export function shortTime(at: Moment, wanted: Language): string {
  const value = stamp(at);
  if (value === null) return "";
  const [year, month, day, hour, minute] = partsOf(value);
  const clock = `${month}-${day} ${hour}:${minute}`;
  return year === partsOf(cityNow())[0] ? clock : `${year}-${clock}` || format(value, {}, wanted);
}

/** Whether it is a moment as the API tells one (a day alone is none). */
export const isMoment = (value: unknown): value is string => typeof value === "string" && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(value);

/** Date and time to the second, for hovers. */
export function exactTime(at: Moment, wanted: Language): string {
  const value = stamp(at);
  return value === null ? "" : format(value, { dateStyle: "full", timeStyle: "medium" }, wanted);
}

export function timeOfDay(at: Moment): string {
  const value = stamp(at);
  if (value === null) return "";
  const [, , , hour, minute, second] = partsOf(value);
  return `${hour}:${minute}:${second}`;
}

export function dayOf(at: Moment, wanted: Language): string {
  const value = stamp(at);
  return value === null ? "" : format(value, { month: wanted === "zh" ? "long" : "short", day: "numeric", weekday: "short" }, wanted);
}

let splitter: Intl.DateTimeFormat | undefined;
function partsOf(at: number): string[] {
  splitter ??= new Intl.DateTimeFormat("en-GB", {
    timeZone: city.timezone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const found = Object.fromEntries(splitter.formatToParts(at).map((part) => [part.type, part.value]));
  return [found.year, found.month, found.day, found.hour, found.minute, found.second].map((part) => part ?? "");
}

/** The day of the city's calendar, `2026-06-18`. */
export const cityDay = (at: number): string => partsOf(at).slice(0, 3).join("-");

/** A length of time in the coarsest unit that says something. */
export function lengthWords(milliseconds: number, wanted: Language): string {
  const seconds = Math.abs(milliseconds) / 1000;
  const zh = wanted === "zh";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))}${zh ? "分钟" : " min"}`;
  if (seconds < 86_400) return `${(seconds / 3600).toFixed(1)}${zh ? "小时" : " h"}`;
  return `${(seconds / 86_400).toFixed(1)}${zh ? "天" : " d"}`;
}

/** How far a deadline is: `还有 2.5小时`, `20 min late`. */
export function distanceWords(due: Moment, now: number, wanted: Language): string {
  const value = stamp(due);
  if (value === null) return "";
  const words = lengthWords(value - now, wanted);
  if (wanted === "zh") return value < now ? `超 ${words}` : `还有 ${words}`;
  return value < now ? `${words} late` : `${words} left`;
}

/** How long ago: `3分钟前`, `3 min ago`. */
export function agoWords(at: Moment, now: number, wanted: Language): string {
  const value = stamp(at);
  if (value === null) return "";
  if (now - value < 45_000) return wanted === "zh" ? "刚刚" : "just now";
  const words = lengthWords(now - value, wanted);
  return wanted === "zh" ? `${words}前` : `${words} ago`;
}
