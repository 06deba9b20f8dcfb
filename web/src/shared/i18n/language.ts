// The language of the screen. The server reads the same cookie, so that its own words and ours agree.

import { useSyncExternalStore } from "react";

export type Language = "zh" | "en";

const listeners = new Set<() => void>();
let current: Language = document.documentElement.lang.startsWith("en") ? "en" : "zh";

export const language = (): Language => current;

export function setLanguage(wanted: Language): void {
  current = wanted;
  document.cookie = `lang=${wanted}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.lang = wanted === "zh" ? "zh-CN" : "en";
  for (const each of listeners) each();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The language; the component is drawn anew when it changes. */
export const useLanguage = (): Language => useSyncExternalStore(subscribe, language);
