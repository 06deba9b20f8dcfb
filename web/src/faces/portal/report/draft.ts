// The report as far as it is written. Kept on this device at every change, so that neither a restart of the server nor of the
// telephone loses anything; each tab writes its own.

import { useCallback, useEffect, useRef, useState } from "react";
import { all, forget, keep, newId } from "../../../shared/keeping/database";
import type { FieldValues } from "../../../shared/forms/conditions";
import type { Photo } from "../../../shared/photos/prepare";

export type PlaceFrom = "here" | "map" | "address" | "photo";

export interface DraftPlace {
  lon: number;
  lat: number;
  from: PlaceFrom;
  /** Metres, of a position. */
  accuracy?: number;
}

export interface Draft {
  id: string;
  text: string;
  address: string;
  place: DraftPlace | null;
  name: string;
  phone: string;
  /** Kind of case; "" for the one that the city names first. */
  type: string;
  /** What was typed into the fields that the kind declares. */
  fields: FieldValues;
  classCode: string | null;
  /** Number of the open case that this is said to be the same as. */
  joins: string | null;
  photos: Photo[];
  /** Send the camera's time and place along. */
  told: boolean;
  /** Repeats of the same report are recognised by it. */
  key: string;
  /** Device time, milliseconds. */
  changedAt: number;
  /** The person has sent it; it goes as soon as there is a connection. */
  sent: boolean;
}

const WEEK = 7 * 24 * 3600 * 1000;
const TAB = "yiwang-draft";

const empty = (): Draft => ({
  id: newId(), text: "", address: "", place: null, name: "", phone: "", type: "", fields: {}, classCode: null, joins: null, photos: [], told: true,
  key: newId(), changedAt: Date.now(), sent: false,
});

const isEmpty = (draft: Draft): boolean => !draft.text.trim() && !draft.photos.length && !draft.address.trim() && !draft.place;

export interface Drafting {
  draft: Draft;
  /** False until what was kept has been read. */
  ready: boolean;
  change: (part: Partial<Draft>) => void;
  /** Another report that was begun on this device and that no open tab writes. */
  left: Draft | null;
  /** Go on with the one that was left; or throw it away. */
  resume: () => void;
  dismiss: () => void;
  /** It has been sent: nothing of it stays here. */
  done: () => Promise<void>;
  /** This device keeps nothing (private window, no room): words for the person are due. */
  unkept: boolean;
}

export function useDraft(): Drafting {
  const [draft, setDraft] = useState<Draft>(empty);
  const [ready, setReady] = useState(false);
  const [left, setLeft] = useState<Draft | null>(null);
  const [unkept, setUnkept] = useState(false);
  const now = useRef(draft);
  const timer = useRef<number | undefined>(undefined);
  const lock = useRef<() => void>(() => undefined);

  const save = useCallback(async () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    if (isEmpty(now.current)) return;
    try {
      await keep("drafts", now.current);
      setUnkept(false);
    } catch {
      setUnkept(true);
    }
  }, []);

  const take = useCallback((taken: Draft) => {
    now.current = taken;
    sessionStorage.setItem(TAB, taken.id);
    lock.current();
    lock.current = hold(taken.id);
    setDraft(taken);
  }, []);

  useEffect(() => {
    let gone = false;
    void (async () => {
      try {
        const [read, held] = await Promise.all([all<Partial<Draft>>("drafts"), heldElsewhere(sessionStorage.getItem(TAB))]);
        const kept = read.map((one): Draft => ({ ...empty(), ...one })); // an older page may have kept less
        const fresh = kept.filter((one) => Date.now() - one.changedAt < WEEK);
        await Promise.all(kept.filter((one) => !fresh.includes(one)).map((one) => forget("drafts", one.id)));
        if (gone) return;
        const free = fresh.filter((one) => !held.has(one.id)).sort((one, other) => other.changedAt - one.changedAt);
        const mine = free.find((one) => one.id === sessionStorage.getItem(TAB)) ?? free.find((one) => one.sent);
        take(mine ?? now.current);
        if (!mine) setLeft(free.find((one) => !isEmpty(one)) ?? null);
      } catch {
        if (!gone) setUnkept(true);
      }
      if (!gone) setReady(true);
    })();
    const leaving = () => {
      if (timer.current !== undefined) void save();
    };
    document.addEventListener("visibilitychange", leaving);
    addEventListener("pagehide", leaving);
    return () => {
      gone = true;
      leaving();
      lock.current();
      document.removeEventListener("visibilitychange", leaving);
      removeEventListener("pagehide", leaving);
    };
  }, [save, take]);

  const change = useCallback(
    (part: Partial<Draft>) => {
      now.current = { ...now.current, ...part, changedAt: Date.now() };
      setDraft(now.current);
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => void save(), "photos" in part || "sent" in part || "type" in part ? 0 : 250);
    },
    [save],
  );

  const done = useCallback(async () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    const { id, name, phone } = now.current;
    take({ ...empty(), name, phone });
    await forget("drafts", id).catch(() => setUnkept(true));
  }, [take]);

  const dismiss = useCallback(() => {
    if (left) void forget("drafts", left.id).catch(() => setUnkept(true));
    setLeft(null);
  }, [left]);

  const resume = useCallback(() => {
    if (left) take(left);
    setLeft(null);
  }, [left, take]);

  return { draft, ready, change, left, resume, dismiss, done, unkept };
}

const lockName = (id: string) => `yiwang-draft/${id}`;

/** Say to other tabs that this one writes the draft; returns how to let go. */
function hold(id: string): () => void {
  if (!("locks" in navigator)) return () => undefined;
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  void navigator.locks.request(lockName(id), { ifAvailable: true }, () => until);
  return release;
}

/** Drafts that other tabs write. After a reload the page before may still hold `own` for a moment: that is waited for. */
async function heldElsewhere(own: string | null): Promise<Set<string>> {
  if (!("locks" in navigator)) return new Set();
  for (let attempt = 0; ; attempt += 1) {
    const { held = [] } = await navigator.locks.query();
    const found = new Set(held.map((one) => (one.name ?? "").replace(/^yiwang-draft\//, "")));
    if (own === null || !found.has(own) || attempt >= 10) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
