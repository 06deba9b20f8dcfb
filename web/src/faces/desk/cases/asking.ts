// The questions of the case list, so that they can be asked before the list itself is drawn.

import { infiniteQueryOptions } from "@tanstack/react-query";
import { call, type Query } from "../../../shared/api/client";
import { queryClient } from "../../../shared/api/queries";

export type CaseQuery = Query<"GET /api/v1/cases">;

const operation = "GET /api/v1/cases";
const rows = 50;

export const casesOf = (asked: CaseQuery) =>
  infiniteQueryOptions({
    queryKey: [operation, asked],
    queryFn: ({ pageParam, signal }) => call(operation, { query: { ...asked, after: pageParam, limit: rows }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

/** The first page without filters. */
export const askCasesAhead = (): void => void queryClient.prefetchInfiniteQuery(casesOf({}));

/** What the page of a case shows. */
export function askCaseAhead(id: string): void {
  for (const name of ["GET /api/v1/cases/{case_id}", "GET /api/v1/cases/{case_id}/work"] as const) {
    void queryClient.prefetchQuery({
      queryKey: [name, { case_id: id }, null],
      queryFn: ({ signal }) => call(name, { path: { case_id: id }, signal }),
    });
  }
}
