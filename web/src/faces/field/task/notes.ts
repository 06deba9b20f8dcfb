// What has been entered for a task, kept on the telephone until it is in the queue.

import { useCallback, useEffect, useRef, useState } from "react";
import { find, forget, keep } from "../../../shared/keeping/database";
import type { Photo } from "../../../shared/photos/prepare";

export interface Notes {
  outcome: string;
  note: string;
  photos: Photo[];
}

interface KeptNotes extends Notes {
  id: string;
}

const empty: Notes = { outcome: "", note: "", photos: [] };

export function useNotes(taskId: string) {
  const id = `task/${taskId}`;
  const [notes, setNotes] = useState<Notes>(empty);
  const now = useRef<Notes>(empty);
  const timer = useRef<number | undefined>(undefined);

  const save = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    return keep("drafts-field", { id, ...now.current }).catch(() => undefined);
  }, [id]);

  useEffect(() => {
    let gone = false;
    find<KeptNotes>("drafts-field", id).then(
      (kept) => {
        if (gone || !kept || now.current !== empty) return;
        now.current = kept;
        setNotes(kept);
      },
      () => undefined,
    );
    const leaving = () => {
      if (timer.current !== undefined) void save();
    };
    document.addEventListener("visibilitychange", leaving);
    return () => {
      gone = true;
      leaving();
      document.removeEventListener("visibilitychange", leaving);
    };
  }, [id, save]);

  const change = useCallback(
    (part: Partial<Notes>) => {
      now.current = { ...now.current, ...part };
      setNotes(now.current);
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => void save(), "photos" in part ? 0 : 250);
    },
    [save],
  );

  const clear = useCallback(async () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    now.current = empty;
    await forget("drafts-field", id).catch(() => undefined);
  }, [id]);

  return { notes, change, clear };
}
