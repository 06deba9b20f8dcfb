// Whether the city's server can be reached. The browser's own word is not enough: it calls a telephone online that has a
// signal and no way through.

import { useEffect, useState } from "react";
import { useOffline } from "../../shared/live/live";
import { useQueue } from "./queue/queue";

export function useNetwork(): boolean {
  const lost = useOffline();
  const { held } = useQueue();
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online && !lost && held !== "offline";
}
