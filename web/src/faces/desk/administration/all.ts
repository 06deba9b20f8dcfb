// Lists that are read whole because people choose from them: page after page, with an end.

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { call, type Operation } from "../../../shared/api/client";

const mostPages = 25;

interface Page {
  items: unknown[];
  next: string | number | null;
}

/** All items of a paged list with the query's conditions; at most 25 pages of 200. */
export function useAll<Item>(operation: Operation & `GET ${string}`, query: Record<string, unknown> = {}): UseQueryResult<Item[], Error> {
  return useQuery<Item[], Error>({
    queryKey: [operation, "all", query],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const found: unknown[] = [];
      let after: string | number | null = null;
      for (let pages = 0; pages < mostPages; pages += 1) {
        const asked = { query: { ...query, limit: 200, ...(after === null ? {} : { after }) }, signal };
        const page = (await (call as unknown as (name: Operation, asked: unknown) => Promise<unknown>)(operation, asked)) as Page;
        found.push(...page.items);
        after = page.next;
        if (after === null) break;
      }
      return found as Item[];
    },
  });
}
