// What has been entered for a task, kept on the telephone until it is in the queue.

import type { Photo } from "../../../shared/photos/prepare";
import type { FieldValues } from "../../../shared/forms/conditions";
import type { Answers } from "../../../shared/sheet/answers";
import { useKept } from "../keeping";

export interface Notes {
  outcome: string;
  note: string;
  photos: Photo[];
  /** Fields that the step asks for. */
  fields: FieldValues;
  /** The scoring sheet of the step. */
  sheet: Answers;
}

const empty: Notes = { outcome: "", note: "", photos: [], fields: {}, sheet: {} };

export function useNotes(taskId: string) {
  const { draft: notes, change, clear } = useKept<Notes>(`task/${taskId}`, empty);
  return { notes: { ...empty, ...notes }, change, clear }; // what an older version of the application kept lacks some
}
