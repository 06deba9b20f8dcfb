// The marks of a reading (数据标记) in words. The numbers are those of the readings' reference.

import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./quality_texts";

const marks = {
  "mark.stopped": 1, "mark.maintenance": 2, "mark.manual": 4, "mark.fault": 8, "mark.calibrating": 16, "mark.over": 32,
  "mark.communication": 64, "mark.bounds": 128, "mark.stuck": 256, "mark.spike": 512, "mark.gap": 1024, "mark.late": 2048,
  "mark.unknown": 4096,
} as const;
/** Marks with which a value is kept but counts for nothing. */
const invalid = 1 | 2 | 8 | 16 | 64 | 128;

export const isInvalid = (quality: number): boolean => (quality & invalid) !== 0;

export function useQuality(): (quality: number) => string[] {
  const t = useTexts(texts);
  return (quality) => (Object.keys(marks) as (keyof typeof marks)[]).filter((name) => quality & marks[name]).map((name) => t(name));
}
