// The rules of matching of this city; they change only when packs do.

import type { MatchRuleView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";

export const useRules = (enabled = true): MatchRuleView[] | undefined => useAnswer("GET /api/v1/matches", {}, { fresh: 600_000, enabled }).data?.items;

/** Rules by which a person may be asked. */
export const useCanBeAsked = (): string[] => useRules()?.map(({ id }) => id) ?? [];
