// What the worker has done and the server has not heard of yet. Kept in IndexedDB, sent in order by one tab, each at most
// once in effect: reports carry a key, and a step that was finished without the answer arriving is recognised as one's own.

import { useSyncExternalStore } from "react";
import type { Receipt, ReportBody, SheetView, StepAnswer, StepBody } from "../../../shared/api/description";
import { all, forget, keep, newId } from "../../../shared/keeping/database";
import type { Photo } from "../../../shared/photos/prepare";
import type { Kind } from "../../../shared/photos/upload";
import type { Answers } from "../../../shared/sheet/answers";
import { send, type Outcome } from "./sender";

export interface Refusal {
  code: string;
  zh: string;
  en: string;
}

interface Common {
  id: string;
  account: string;
  /** What the list shows. */
  title: string;
  /** City time at which it was done, ISO 8601. */
  at: string;
  /** Device time, milliseconds. */
  device: number;
  photos: Photo[];
  photoKind: Kind;
  state: "waiting" | "sending" | "refused" | "done";
  refusal?: Refusal;
  /** When it arrived, device time. */
  doneAt?: number;
}

export interface ReportItem extends Common {
  kind: "report";
  report: Omit<ReportBody, "photos">;
  receipt?: Receipt;
}

export interface StepItem extends Common {
  kind: "step";
  task: string;
  caseId: string;
  number: string;
  step: Omit<StepBody, "photos">;
  /** The scoring sheet that finishes the step: its photos are among those of the item. */
  scored?: { sheet: SheetView; answers: Answers };
  /** The outcome in the person's words, both languages. */
  words: { zh: string; en: string };
  answer?: StepAnswer;
}

export type Item = ReportItem | StepItem;
type Wanted<One> = One extends Item ? Omit<One, "id" | "device" | "state"> : never;

export interface QueueState {
  items: readonly Item[];
  /** Why nothing goes just now. */
  held: "" | "offline" | "sign-in" | "busy";
}

const KEPT_DONE = 24 * 3600 * 1000;
let state: QueueState = { items: [], held: "" };
let account = "";
let running = false;
let attempts = 0;
let timer: number | undefined;
const listeners = new Set<() => void>();
const arrived = new Set<(item: Item) => void>();
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("yiwang-queue") : null;

function show(part: Partial<QueueState>): void {
  state = { ...state, ...part };
  for (const each of listeners) each();
}

async function read(): Promise<void> {
  const found = await all<Item>("queue");
  const old = found.filter((one) => one.state === "done" && Date.now() - (one.doneAt ?? 0) > KEPT_DONE);
  await Promise.all(old.map((one) => forget("queue", one.id)));
  show({ items: found.filter((one) => !old.includes(one)) });
}

async function write(item: Item): Promise<void> {
  await keep("queue", item);
  show({ items: [...state.items.filter((one) => one.id !== item.id), item].sort((one, other) => (one.id < other.id ? -1 : 1)) });
  tabs?.postMessage("changed");
}

/** Begin to send what this account has left here. */
export function startQueue(forAccount: string): void {
  account = forAccount;
  void read().then(run);
}

/** Put something into the queue; it is safe as soon as this resolves. Throws KeepingFailed. */
export async function enqueue(wanted: Wanted<Item>): Promise<string> {
  const item = { ...wanted, id: newId(), device: Date.now(), state: "waiting" } as Item;
  await write(item);
  attempts = 0;
  void run();
  return item.id;
}

/** Take something out that will not be sent. */
export async function discard(id: string): Promise<void> {
  await forget("queue", id);
  show({ items: state.items.filter((one) => one.id !== id) });
  tabs?.postMessage("changed");
}

/** Send a refused one again. */
export async function retry(id: string): Promise<void> {
  const item = state.items.find((one) => one.id === id);
  if (!item) return;
  const { refusal: _, ...rest } = item;
  await write({ ...rest, state: "waiting" } as Item);
  sendNow();
}

/** Do not wait any longer. */
export function sendNow(): void {
  attempts = 0;
  void run();
}

/** Hear of what has arrived at the server. */
export function onArrived(listener: (item: Item) => void): () => void {
  arrived.add(listener);
  return () => arrived.delete(listener);
}

async function run(): Promise<void> {
  if (running || !account) return;
  running = true;
  clearTimeout(timer);
  try {
    if ("locks" in navigator) await navigator.locks.request("yiwang-queue", { ifAvailable: true }, async (lock) => (lock ? sendAll() : again(3000)));
    else await sendAll();
  } finally {
    running = false;
  }
}

async function sendAll(): Promise<void> {
  await read(); // another tab may have sent some
  for (const item of state.items.filter((one) => one.account === account && (one.state === "waiting" || one.state === "sending"))) {
    const outcome = await sendOne(item);
    if (outcome.done || outcome.refused) {
      attempts = 0;
      continue;
    }
    show({ held: outcome.held });
    if (outcome.held !== "sign-in") again(outcome.seconds ? outcome.seconds * 1000 : Math.min(30_000, 1000 * 2 ** (attempts += 1)));
    return;
  }
  show({ held: "" });
  if (state.items.some((one) => one.account === account && one.state === "waiting")) again(100); // came meanwhile
}

async function sendOne(item: Item): Promise<Outcome> {
  let now: Item = { ...item, state: "sending" };
  await write(now);
  const outcome = await send(now, async (photos) => {
    now = { ...now, photos };
    await write(now);
  });
  if (outcome.done) {
    now = { ...now, ...outcome.done, state: "done", photos: [], doneAt: Date.now() } as Item;
    await write(now);
    for (const each of arrived) each(now);
  } else if (outcome.refused) await write({ ...now, state: "refused", refusal: outcome.refused });
  else await write({ ...now, state: "waiting" });
  return outcome;
}

function again(milliseconds: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void run(), milliseconds);
}

addEventListener("online", sendNow);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) sendNow();
});
tabs?.addEventListener("message", () => void read());

export const useQueue = (): QueueState =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );

/** What has not arrived: waiting, being sent, or refused. */
export const unsent = (items: readonly Item[]): Item[] => items.filter((one) => one.state !== "done");
