// A rule played over the past by the server: lines of progress while it goes on, then the result. As `call`, but read line
// by line, so that one sees how far it is.

import { addressOf } from "../../../shared/api/client";
import type { TrialAnswer, TryBody } from "../../../shared/api/description";
import { NoConnection, Problem, problemOf } from "../../../shared/api/problem";

export interface Progress {
  /** 0 to 1. */
  progress: number;
  readings: number;
  fired: number;
}
type Line = Progress | { result: TrialAnswer } | { problem: ConstructorParameters<typeof Problem>[0] };

/** Throws Problem where the server refuses, NoConnection where it goes away. */
export async function rehearse(body: TryBody, onProgress: (now: Progress) => void, signal: AbortSignal): Promise<TrialAnswer> {
  const answer = await fetch(addressOf("POST /api/v1/alarm-rules/rehearse", { query: { stream: true } }), {
    method: "POST", signal, credentials: "same-origin", headers: { "content-type": "application/json", accept: "application/json" }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw await problemOf(answer);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) throw new NoConnection();
    const pieces = (waiting + value).split("\n");
    waiting = pieces.pop() ?? "";
    for (const piece of pieces) {
      const line = JSON.parse(piece) as Line;
      if ("result" in line) return line.result;
      if ("problem" in line) throw new Problem(line.problem);
      onProgress(line);
    }
  }
}
