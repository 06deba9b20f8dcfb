// A report as far as it has come, kept on the telephone.

import type { FieldValues } from "../../../shared/forms/conditions";
import type { Photo } from "../../../shared/photos/prepare";
import { useKept } from "../keeping";

export interface FieldDraft {
  type: string;
  channel: string;
  classCode: string;
  className: string;
  text: string;
  photos: Photo[];
  /** Fields that the channel asks for. */
  fields: FieldValues;
  /** Degrees CGCS2000 chosen on the map; null: where the telephone is. */
  place: { lon: number; lat: number } | null;
}

export const emptyDraft: FieldDraft = { type: "", channel: "", classCode: "", className: "", text: "", photos: [], fields: {}, place: null };

/** Kind and channel stay for the next report. */
export function useFieldDraft(account: string) {
  const { draft, change, clear } = useKept<FieldDraft>(`report/${account}`, emptyDraft, ({ type, channel }) => ({ ...emptyDraft, type, channel }));
  return { draft: { ...emptyDraft, ...draft }, change, clear }; // what an older version of the application kept lacks some
}
