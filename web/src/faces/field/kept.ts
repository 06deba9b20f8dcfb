// Answers of the server that are kept on the telephone, to be read where there is no network.

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { NoConnection } from "../../shared/api/problem";
import { find, keep } from "../../shared/keeping/database";

export interface Kept<Answer> {
  answer: Answer;
  /** Device time of the reading, milliseconds. */
  at: number;
  /** There was no network: this is what was read at `at`. */
  old: boolean;
}

interface Stored<Answer> {
  id: string;
  answer: Answer;
  at: number;
}

/** Ask, keep, and fall back on what was kept. */
export async function askOrRecall<Answer>(id: string, ask: () => Promise<Answer>): Promise<Kept<Answer>> {
  try {
    const answer = await ask();
    const at = Date.now();
    await keep("known", { id, answer, at }).catch(() => undefined);
    return { answer, at, old: false };
  } catch (error) {
    if (!(error instanceof NoConnection)) throw error;
    const stored = await find<Stored<Answer>>("known", id).catch(() => undefined);
    if (!stored) throw error;
    return { answer: stored.answer, at: stored.at, old: true };
  }
}

/** `useAnswer` for the field: what it reads is there without a network too. */
export function useKept<Answer>(id: string, ask: () => Promise<Answer>, { enabled = true, fresh = 15_000 } = {}): UseQueryResult<Kept<Answer>, Error> {
  return useQuery<Kept<Answer>, Error>({
    queryKey: ["kept", id],
    queryFn: () => askOrRecall(id, ask),
    enabled,
    staleTime: fresh,
    retry: false,
    // What was recalled is asked for again as soon as there may be a network.
    refetchInterval: (query) => (query.state.data?.old || query.state.error ? 15_000 : false),
    refetchOnReconnect: "always",
  });
}

export const recall = async <Answer>(id: string): Promise<Answer | undefined> =>
  (await find<Stored<Answer>>("known", id).catch(() => undefined))?.answer;
