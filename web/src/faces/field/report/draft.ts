// A report as far as it has come, kept on the telephone.

import { useCallback, useEffect, useRef, useState } from "react";
import { find, forget, keep } from "../../../shared/keeping/database";
import type { Photo } from "../../../shared/photos/prepare";

export interface FieldDraft {
  type: string;
  channel: string;
  classCode: string;
  className: string;
  text: string;
  photos: Photo[];
  /** Degrees CGCS2000 chosen on the map; null: where the telephone is. */
  place: { lon: number; lat: number } | null;
}

export const emptyDraft: FieldDraft = { type: "", channel: "", classCode: "", className: "", text: "", photos: [], place: null };

export function useFieldDraft(account: string) {
  const id = `report/${account}`;
  const [draft, setDraft] = useState<FieldDraft>(emptyDraft);
  const now = useRef(emptyDraft);
  const timer = useRef<number | undefined>(undefined);

  const save = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    void keep("drafts-field", { id, ...now.current }).catch(() => undefined);
  }, [id]);

  useEffect(() => {
    let gone = false;
    find<FieldDraft>("drafts-field", id).then(
      (kept) => {
        if (gone || !kept || now.current !== emptyDraft) return;
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
    (part: Partial<FieldDraft>) => {
      now.current = { ...now.current, ...part };
      setDraft(now.current);
      clearTimeout(timer.current);
      timer.current = window.setTimeout(save, "photos" in part ? 0 : 250);
    },
    [save],
  );

  const clear = useCallback(async () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    now.current = { ...emptyDraft, type: now.current.type, channel: now.current.channel };
    setDraft(now.current);
    await forget("drafts-field", id).catch(() => undefined);
  }, [id]);

  return { draft, change, clear };
}
