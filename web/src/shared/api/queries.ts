// Reading with a memory: answers are kept while they are fresh, and asked for anew when something happened to them.

import { QueryClient, useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query";
import { call, type Answer, type Asked, type Operation } from "./client";
import { Problem } from "./problem";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => !(error instanceof Problem) && count < 3,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
      refetchOnWindowFocus: false,
      networkMode: "always", // a city's server may be on a network that the browser takes for offline
    },
    mutations: { networkMode: "always" },
  },
});

interface Reading {
  enabled?: boolean;
  /** Milliseconds for which the answer is fresh. */
  fresh?: number;
  /** Keep showing the answer to the question before while this one is under way. */
  keep?: boolean;
}

/** The answer of a GET, kept and shared: `useAnswer("GET /api/v1/tasks", { query: { stage } })`. */
export function useAnswer<Name extends Operation & `GET ${string}`>(
  operation: Name,
  asked?: Asked<Name>,
  { enabled = true, fresh, keep = false }: Reading = {},
): UseQueryResult<Answer<Name>, Error> {
  const { path, query } = (asked ?? {}) as { path?: unknown; query?: unknown };
  return useQuery<Answer<Name>, Error>({
    queryKey: [operation, path ?? null, query ?? null],
    queryFn: ({ signal }) => (call as (name: Name, asked: unknown) => Promise<Answer<Name>>)(operation, { ...asked, signal }),
    enabled,
    ...(fresh === undefined ? {} : { staleTime: fresh }),
    ...(keep ? { placeholderData: (before: Answer<Name> | undefined) => before as never } : {}),
  });
}

/** A changing request: `const finish = useChange("POST /api/v1/tasks/{task_id}/complete", ["GET /api/v1/tasks"])`. */
export function useChange<Name extends Operation>(
  operation: Name,
  outdates: readonly Operation[] = [],
): UseMutationResult<Answer<Name>, Error, Asked<Name>> {
  const client = useQueryClient();
  return useMutation<Answer<Name>, Error, Asked<Name>>({
    mutationFn: (asked) => (call as (name: Name, asked: unknown) => Promise<Answer<Name>>)(operation, asked),
    onSuccess: async () => {
      await Promise.all(outdates.map((name) => client.invalidateQueries({ queryKey: [name] })));
    },
  });
}
