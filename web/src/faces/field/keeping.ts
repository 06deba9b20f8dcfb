// What has been entered and not sent yet, kept on the telephone: each draft under its own id, written a moment after every change and
// at once when the page is left.

import { useCallback, useEffect, useRef, useState } from "react";
import { find, forget, keep } from "../../shared/keeping/database";

const pause = 250; // ms after the last key; photos are kept at once

/** A draft under `id`, `empty` until something is entered. `cleared` is what stays after it was sent. */
export function useKept<Draft extends object>(id: string, empty: Draft, cleared: (draft: Draft) => Draft = () => empty) {
  const [draft, setDraft] = useState<Draft>(empty);
  const now = useRef<Draft>(empty);
  const timer = useRef<number | undefined>(undefined);
  const first = useRef(empty);
  const after = useRef(cleared);

  const save = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    void keep("drafts-field", { id, ...now.current }).catch(() => undefined);
  }, [id]);

  useEffect(() => {
    let gone = false;
    find<Draft & { id: string }>("drafts-field", id).then(
      (kept) => {
        if (gone || !kept || now.current !== first.current) return;
        now.current = kept;
        setDraft(kept);
      },
      () => undefined,
    );
    const leaving = () => {
      if (timer.current !== undefined) save();
    };
    document.addEventListener("visibilitychange", leaving);
    return () => {
      gone = true;
      leaving();
      document.removeEventListener("visibilitychange", leaving);
    };
  }, [id, save]);

  const change = useCallback(
    (part: Partial<Draft>) => {
      now.current = { ...now.current, ...part };
      setDraft(now.current);
      clearTimeout(timer.current);
      timer.current = window.setTimeout(save, "photos" in part ? 0 : pause);
    },
    [save],
  );

  const clear = useCallback(async () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    now.current = after.current(now.current);
    setDraft(now.current);
    await forget("drafts-field", id).catch(() => undefined);
  }, [id]);

  return { draft, change, clear };
}
