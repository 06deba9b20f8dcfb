// What is being typed survives a reload and a restarted server: it is kept in this window until it is registered, and
// goes when the window does, because it names the caller.

import type { FieldValues } from "../../../shared/forms/conditions";

export interface Draft {
  type: string;
  channel: string;
  phone: string;
  name: string;
  text: string;
  address: string;
  lon: number | null;
  lat: number | null;
  classCode: string;
  urgent: boolean;
  /** Number of the case under which this one goes. */
  head: string;
}

export const emptyDraft: Draft = {
  type: "", channel: "", phone: "", name: "", text: "", address: "", lon: null, lat: null, classCode: "", urgent: false, head: "",
};

const kept = "yiwang-intake";

/** A draft with what was typed into the fields that the case type declares. */
export interface KeptDraft extends Draft {
  fields: FieldValues;
}

export function keepDraft(draft: KeptDraft): void {
  if (!draft.text && !draft.phone && !draft.address) sessionStorage.removeItem(kept);
  else sessionStorage.setItem(kept, JSON.stringify(draft));
}

export const forgetDraft = (): void => sessionStorage.removeItem(kept);

export function readDraft(): KeptDraft | null {
  try {
    const written = sessionStorage.getItem(kept);
    return written ? { ...emptyDraft, fields: {}, ...(JSON.parse(written) as Partial<KeptDraft>) } : null;
  } catch {
    return null;
  }
}
