// What is given for a scoring sheet (评分表), and what it comes to. The server judges by the same rule; this shows it live.

import type { SheetOutcome, SheetView } from "../api/description";
import type { Photo } from "../photos/prepare";
import type { Claim } from "../photos/upload";

/** For one item. `points` null: not given yet, or with `skipped` not applicable. */
export interface Given {
  points: number | null;
  skipped: boolean;
  note: string;
  photos: Photo[];
}

export type Answers = Record<string, Given>;

export const blank: Given = { points: null, skipped: false, note: "", photos: [] };
export type Fault = "points" | "photo";

/** What is still wrong, by item. */
export function faultsOf(sheet: SheetView, answers: Answers): Record<string, Fault> {
  const faults: Record<string, Fault> = {};
  for (const item of sheet.items) {
    const { points, skipped, photos } = answers[item.id] ?? blank;
    if (item.optional && skipped) continue;
    if (points === null || Number.isNaN(points) || points < 0 || points > item.points) faults[item.id] = "points";
    else if (!photos.length && (item.photo === "always" || (item.photo === "lost" && points < item.points))) faults[item.id] = "photo";
  }
  return faults;
}

/** The total of what is given so far: an item that vetoes with no points makes it 0. */
export function judge(sheet: SheetView, answers: Answers): SheetOutcome {
  const counted = sheet.items.flatMap((item) => {
    const given = answers[item.id];
    return given && !given.skipped && given.points !== null && !Number.isNaN(given.points) ? [{ item, points: given.points }] : [];
  });
  const full = counted.reduce((sum, { item }) => sum + item.points, 0);
  const got = counted.reduce((sum, { points }) => sum + points, 0);
  const vetoed = counted.filter(({ item, points }) => item.veto && points <= 0).map(({ item }) => item.id);
  if (vetoed.length) return { total: 0, full, percent: 0, verdict: sheet.veto ?? "", vetoed };
  const percent = full ? round(100 * (got / full)) : 100;
  const verdict = sheet.verdicts.filter((one) => percent >= one.at_least).sort((one, other) => other.at_least - one.at_least)[0]?.id ?? "";
  return { total: sheet.total === "sum" ? round(got) : percent, full, percent, verdict, vetoed: [] };
}

const round = (value: number): number => Math.round(value * 100) / 100;

export const photosOf = (answers: Answers): Photo[] => Object.values(answers).flatMap((one) => one.photos);

/** The answers as they are sent; `claims` of the photos, by the photo's id. */
export function bodyOf(sheet: SheetView, answers: Answers, claims: ReadonlyMap<string, Claim>): Record<string, { points: number | null; note: string; photos: Claim[] }> {
  return Object.fromEntries(
    sheet.items.map(({ id }) => {
      const { points, skipped, note, photos } = answers[id] ?? blank;
      const sent = photos.flatMap((photo) => claims.get(photo.id) ?? []);
      return [id, { points: skipped ? null : points, note: note.trim(), photos: sent }];
    }),
  );
}
