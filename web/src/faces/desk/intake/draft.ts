// What is being typed survives a reload and a restarted server: it is kept in this window until it is registered, and
// goes when the window does, because it names the caller.

import type { FieldValues } from "../../../shared/forms/declared_fields";

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
  fields: FieldValues;
  /** Number of the case under which this one goes. */
  head: string;
}

export const emptyDraft: Draft = {
  type: "", channel: "", phone: "", name: "", text: "", address: "", lon: null, lat: null, classCode: "", urgent: false, fields: {}, head: "",
};

const kept = "yiwang-intake";

export function keepDraft(draft: Draft): void {
  if (!draft.text && !draft.phone && !draft.address) sessionStorage.removeItem(kept);
  else sessionStorage.setItem(kept, JSON.stringify(draft));
}

export const forgetDraft = (): void => sessionStorage.removeItem(kept);

export function readDraft(): Draft | null {
  try {
    const written = sessionStorage.getItem(kept);
    return written ? { ...emptyDraft, ...(JSON.parse(written) as Partial<Draft>) } : null;
  } catch {
    return null;
  }
}
