// Sending one thing of the queue, and what its end means.

import { call } from "../../../shared/api/client";
import { NoConnection, Problem } from "../../../shared/api/problem";
import type { Photo } from "../../../shared/photos/prepare";
import { uploadAll, type Claim } from "../../../shared/photos/upload";
import { bodyOf } from "../../../shared/sheet/answers";
import type { Item, Refusal, ReportItem, StepItem } from "./queue";

export interface Outcome {
  /** What the server answered. */
  done?: Partial<ReportItem> | Partial<StepItem>;
  refused?: Refusal;
  /** Not now: why, and the seconds after which to try again where the server says so. */
  held: "" | "offline" | "sign-in" | "busy";
  seconds?: number;
}

const nothing: Outcome = { held: "" };

/** `note` writes down which photos the server has. */
export async function send(item: Item, note: (photos: Photo[]) => Promise<void>): Promise<Outcome> {
  let { photos } = item;
  try {
    for (let attempt = 0; ; attempt += 1) {
      const claims = await uploadAll(photos, item.photoKind, async (stored) => {
        photos = photos.map((one) => (one.id === stored.id ? stored : one));
        await note(photos);
      }, true);
      try {
        return { ...nothing, done: item.kind === "report" ? await report(item, claims) : await finish(item, claims) };
      } catch (error) {
        if (!(error instanceof Problem && error.code === "case.photo_unknown" && attempt === 0)) throw error;
        photos = photos.map(({ stored: _, ...photo }) => photo); // thrown away meanwhile: bring them again
      }
    }
  } catch (error) {
    if (error instanceof NoConnection) return { held: "offline" };
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) return { held: "sign-in" };
    if (error.status === 429) return { held: "busy", seconds: Number(error.data.seconds ?? 30) };
    if (error.status >= 500) return { held: "offline" };
    return { ...nothing, refused: wordsOf(error) };
  }
}

function wordsOf(error: Problem): Refusal {
  const details = error.errors.slice(0, 3);
  return {
    code: error.code,
    zh: [error.zh, ...details.map((one) => one.zh)].join(" "),
    en: [error.en, ...details.map((one) => one.en)].join(" "),
  };
}

async function report(item: ReportItem, photos: Claim[]): Promise<Partial<ReportItem>> {
  const body = { ...item.report, photos };
  try {
    return { receipt: await call("POST /api/v1/cases", { idempotencyKey: item.id, body, quiet: true }) };
  } catch (error) {
    if (!(error instanceof Problem && error.code === "case.time_impossible")) throw error;
    const { occurred_at: _, ...rest } = body; // the telephone's clock was wrong: the server's time of arrival counts
    return { receipt: await call("POST /api/v1/cases", { idempotencyKey: item.id, body: rest, quiet: true }) };
  }
}

async function finish(item: StepItem, photos: Claim[]): Promise<Partial<StepItem>> {
  try {
    if (item.scored) {
      const { sheet, answers } = item.scored;
      const claims = new Map(item.photos.flatMap((photo, index) => (photos[index] ? [[photo.id, photos[index]] as const] : [])));
      const { outcome, note = "", fields = {} } = item.step;
      await call("POST /api/v1/sheets/{sheet}/answers", {
        path: { sheet: sheet.id }, body: { task_id: item.task, outcome, answers: bodyOf(sheet, answers, claims), note, fields }, quiet: true,
      });
      return {};
    }
    return { answer: await call("POST /api/v1/tasks/{task_id}/complete", { path: { task_id: item.task }, body: { ...item.step, photos }, quiet: true }) };
  } catch (error) {
    const own =
      error instanceof Problem && error.code === "flow.task_already_done" &&
      error.data.account_id === item.account && error.data.outcome === item.step.outcome;
    if (own) return {}; // it was this one: only the answer had been lost (a browser may itself have sent it twice)
    throw error;
  }
}
