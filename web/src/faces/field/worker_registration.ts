// The service worker lets the face open without a network, and the telephone install it.

import { useEffect, useState } from "react";

export function useServiceWorker(): void {
  useEffect(() => {
    if (!("serviceWorker" in navigator)) return; // no https: the face works, but needs the network to open
    navigator.serviceWorker.register("/app/sw.js", { scope: "/field" }).catch((error: unknown) => console.warn("service worker", error));
  }, []);
}

interface InstallEvent extends Event {
  prompt: () => Promise<void>;
}

let offered: InstallEvent | null = null;
const listeners = new Set<() => void>();
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  offered = event as InstallEvent;
  for (const each of listeners) each();
});

/** How to offer the installation, where the browser allows it. */
export function useInstallation(): (() => void) | null {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((count) => count + 1);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  const event = offered;
  if (!event) return null;
  return () => {
    offered = null;
    void event.prompt();
    redraw((count) => count + 1);
  };
}
