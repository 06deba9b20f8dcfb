// The live connection. A browser allows six connections to one host, so its tabs share one: of the tabs that somebody
// sees, the one that holds a lock listens to the server and tells the others. A tab that nobody sees takes no part and
// catches up when it is shown again, from the last event that it has heard of. Where a browser has no locks (Web Locks
// need https, or this machine) each visible tab listens for itself.

import { setClock } from "./app.js";

const body = document.body.dataset;
const name = `yiwang-live/${body.viewer}`;
const shares = "locks" in navigator && "BroadcastChannel" in window;
const sign = document.querySelector("[data-offline]");

const listeners = new Set();
let cursor = body.live; // the last event that this tab has heard of; at first, the page itself
let joined = null; // takes part while it is set
let channel = null;
let release = null; // gives the lock back
let source = null; // only in the tab that listens for all
let from = ""; // where its connection begins when it breaks
let lost = null;
let asked = null;

/** Hear of everything that happens, also of what has happened since the page was made: listener(entry). */
export function onLive(listener) {
  if (!body.live) return;
  listeners.add(listener);
  if (!document.hidden) join();
}

/** Whether the event `one` comes after `other`; ids are two numbers with a point between. */
function isAfter(one, other) {
  const [tx, seq] = one.split(".").map(BigInt);
  const [otherTx, otherSeq] = other.split(".").map(BigInt);
  return tx > otherTx || (tx === otherTx && seq > otherSeq);
}

function join() {
  if (joined) return;
  joined = new AbortController();
  if (!shares) { listen(cursor); return; }
  channel = new BroadcastChannel(name);
  channel.addEventListener("message", (message) => hear(message.data));
  navigator.locks.request(name, { signal: joined.signal }, () => new Promise((resolve) => {
    release = resolve;
    listen(cursor);
    channel.postMessage({ leads: cursor });
  })).catch((error) => { if (error.name !== "AbortError") throw error; });
  channel.postMessage({ asks: cursor });
}

function leave() {
  joined?.abort();
  clearTimeout(asked);
  hangUp();
  release?.();
  channel?.close();
  joined = channel = release = asked = null;
}

/** What another tab says. */
function hear(said) {
  if (said.entry) take(said.id, said.entry);
  else if (said.reset !== undefined) startAnew(said.reset);
  else if (said.offline !== undefined) showOffline(said.offline);
  else if (said.leads !== undefined && isAfter(said.leads, cursor)) channel.postMessage({ asks: cursor });
  else if (said.asks !== undefined && source && isAfter(cursor, said.asks)) goBack(said.asks);
}

function tell(message) {
  channel?.postMessage(message);
  hear(message);
}

function take(id, entry) {
  if (!isAfter(id, cursor)) return;
  cursor = id;
  if (entry.kind === "clock") setClock(entry);
  for (const each of listeners) each(entry);
}

/** A tab has missed what came after `since`: begin there again; the others pass over what they know. */
function goBack(since) {
  if (!asked || isAfter(from, since)) from = since;
  clearTimeout(asked);
  asked = setTimeout(() => { asked = null; if (source) listen(from); }, 50);
}

/** Too much has happened since `since`: whoever stands there reloads. */
function startAnew(since) {
  if (!isAfter(cursor, since)) location.reload();
  else if (source) listen(cursor);
}

function showOffline(is) {
  if (sign) sign.hidden = !is;
}

function listen(since) {
  hangUp();
  from = since;
  source = new EventSource(`/api/v1/live?after=${since}`);
  source.addEventListener("open", () => { clearTimeout(lost); tell({ offline: false }); });
  source.addEventListener("error", () => {
    clearTimeout(lost);
    lost = setTimeout(() => tell({ offline: true }), 4000);
    if (source.readyState === EventSource.CLOSED) {
      const mine = joined;
      setTimeout(() => { if (joined && joined === mine) listen(from); }, 3000);
    }
  });
  source.addEventListener("reset", () => tell({ reset: from }));
  source.addEventListener("entry", (event) => {
    if (isAfter(event.lastEventId, from)) from = event.lastEventId;
    tell({ id: event.lastEventId, entry: JSON.parse(event.data) });
  });
}

function hangUp() {
  clearTimeout(lost);
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  if (!listeners.size) return;
  if (document.hidden) leave();
  else join();
});
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted && listeners.size && !document.hidden) join(); });
