// The live connection. A browser allows six connections to one host, so its tabs share one: of the tabs that somebody
// sees, the one that holds a lock listens to the server and tells the others. A tab that nobody sees takes no part and
// catches up when it is shown again, from the last event that it has heard of. Where a browser has no locks (Web Locks
// need https, or this machine) each visible tab listens for itself.

import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { city } from "../city";
import { setCityClock } from "../time/clock";

/** What happened, as far as a watcher may know. */
export interface LiveEntry {
  at: string;
  verb: string;
  kind: string;
  id: string | null;
  area: string | null;
  number?: string;
  type?: string;
  class?: string;
  status?: string;
  stage?: string;
  organisation?: number;
  department?: string;
  grid?: string;
  lon?: number;
  lat?: number;
  channel?: string;
  urgency?: string;
  head?: string;
}

type Listener = (entry: LiveEntry) => void;
interface Said {
  id?: string;
  entry?: LiveEntry;
  reset?: string;
  offline?: boolean;
  leads?: string;
  asks?: string;
}

const listeners = new Set<Listener>();
const onReset = new Set<() => void>();
const onOffline = new Set<() => void>();
const shares = "locks" in navigator && "BroadcastChannel" in window;
let viewer: string | null = null; // null: nobody may listen
let cursor = city.live;
let joined: AbortController | null = null;
let channel: BroadcastChannel | null = null;
let release: (() => void) | null = null;
let source: EventSource | null = null;
let from = "";
let lost: number | undefined;
let asked: number | undefined;
let offline = false;

function isAfter(one: string, other: string): boolean {
  if (!other) return true;
  const [tx = "0", seq = "0"] = one.split(".");
  const [otherTx = "0", otherSeq = "0"] = other.split(".");
  return BigInt(tx) > BigInt(otherTx) || (BigInt(tx) === BigInt(otherTx) && BigInt(seq) > BigInt(otherSeq));
}

/** Listen as this account from now on (the connection is filtered by what it may see); null to stop. */
export function listenAs(account: string | null): void {
  if (account === viewer) return;
  leave();
  viewer = account;
  joinIfWanted();
}

function joinIfWanted(): void {
  if (viewer === null || joined || document.hidden || !(listeners.size || onReset.size)) return;
  const mine = new AbortController();
  joined = mine;
  if (!shares) {
    listen(cursor);
    return;
  }
  const name = `yiwang-live/${viewer}`;
  channel = new BroadcastChannel(name);
  channel.addEventListener("message", (message: MessageEvent<Said>) => hear(message.data));
  navigator.locks
    .request(name, { signal: mine.signal }, () =>
      new Promise<void>((resolve) => {
        release = resolve;
        listen(cursor);
        channel?.postMessage({ leads: cursor });
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    });
  channel.postMessage({ asks: cursor });
}

function leave(): void {
  joined?.abort();
  clearTimeout(asked);
  hangUp();
  release?.();
  channel?.close();
  joined = null;
  channel = null;
  release = null;
  asked = undefined;
}

function hear(said: Said): void {
  if (said.entry && said.id) take(said.id, said.entry);
  else if (said.reset !== undefined) startAnew(said.reset);
  else if (said.offline !== undefined) showOffline(said.offline);
  else if (said.leads !== undefined && isAfter(said.leads, cursor)) channel?.postMessage({ asks: cursor });
  else if (said.asks !== undefined && source && isAfter(cursor, said.asks)) goBack(said.asks);
}

function tell(said: Said): void {
  channel?.postMessage(said);
  hear(said);
}

function take(id: string, entry: LiveEntry): void {
  if (!isAfter(id, cursor)) return;
  cursor = id;
  if (entry.kind === "clock") setCityClock(entry as unknown as { now: string; speed: number });
  for (const each of listeners) each(entry);
}

/** A tab has missed what came after `since`: begin there again; the others pass over what they know. */
function goBack(since: string): void {
  if (!since) return;
  if (asked === undefined || isAfter(from, since)) from = since;
  clearTimeout(asked);
  asked = window.setTimeout(() => {
    asked = undefined;
    if (source) listen(from);
  }, 50);
}

/** Too much has happened since `since` to be told: whoever stands there reads everything anew. */
function startAnew(since: string): void {
  if (!isAfter(cursor, since)) {
    cursor = "";
    for (const each of onReset) each();
  }
  if (source) listen(cursor);
}

function showOffline(is: boolean): void {
  if (offline === is) return;
  offline = is;
  for (const each of onOffline) each();
}

function listen(since: string): void {
  hangUp();
  from = since;
  const opened = new EventSource(since ? `/api/v1/live?after=${since}` : "/api/v1/live");
  source = opened;
  opened.addEventListener("open", () => {
    clearTimeout(lost);
    tell({ offline: false });
  });
  opened.addEventListener("error", () => {
    clearTimeout(lost);
    lost = window.setTimeout(() => tell({ offline: true }), 4000);
    if (opened.readyState === EventSource.CLOSED) {
      const mine = joined;
      window.setTimeout(() => {
        if (joined && joined === mine) listen(from);
      }, 3000);
    }
  });
  opened.addEventListener("reset", () => tell({ reset: from }));
  opened.addEventListener("entry", (event: MessageEvent<string>) => {
    if (!from || isAfter(event.lastEventId, from)) from = event.lastEventId;
    tell({ id: event.lastEventId, entry: JSON.parse(event.data) as LiveEntry });
  });
}

function hangUp(): void {
  clearTimeout(lost);
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : joinIfWanted()));
addEventListener("pagehide", leave);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) joinIfWanted();
});

/** Hear of everything that happens; `reset` when too much was missed and everything has to be read anew. */
export function useLive(listener: Listener, reset?: () => void): void {
  const hearEntry = useEffectEvent(listener);
  const hearReset = useEffectEvent(() => reset?.());
  useEffect(() => {
    const entry: Listener = (one) => hearEntry(one);
    const anew = () => hearReset();
    listeners.add(entry);
    onReset.add(anew);
    joinIfWanted();
    return () => {
      listeners.delete(entry);
      onReset.delete(anew);
      if (!listeners.size) leave();
    };
  }, []);
}

/** Whether the live connection is lost, so that what is shown may be old. */
export const useOffline = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      onOffline.add(listener);
      return () => onOffline.delete(listener);
    },
    () => offline,
  );
