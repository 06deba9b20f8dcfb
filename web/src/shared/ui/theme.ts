// Light and dark: the person's choice, else the device's. Kept in this browser; nothing secret.

import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";
const kept = "yiwang-theme";
const device = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

const chosen = (): Theme | null => {
  const value = localStorage.getItem(kept);
  return value === "light" || value === "dark" ? value : null;
};
export const theme = (): Theme => chosen() ?? (device.matches ? "dark" : "light");

function show(): void {
  document.documentElement.dataset.theme = theme();
  for (const each of listeners) each();
}

export function setTheme(wanted: Theme): void {
  localStorage.setItem(kept, wanted);
  show();
}

device.addEventListener("change", show);
show();

export const useTheme = (): Theme =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    theme,
  );
