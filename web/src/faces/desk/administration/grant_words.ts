// Grants in words: what may be done on what, and where.

import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { texts } from "./editing_texts";

interface Grant {
  kind: string;
  verbs: string[];
  area?: "any" | "post";
  organisation?: "any" | "own" | "subtree";
}

export function useGrantWords() {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/administration/grant-kinds", {}, { fresh: 600_000 });
  const kinds = new Map(found.data?.items.map((one) => [one.kind, one]));
  const verbs = new Map(found.data?.verbs.map((one) => [one.verb, one.names]));
  return {
    /** The kinds that can be granted, each with its verbs. */
    kinds,
    kind: (kind: string) => nameIn(kinds.get(kind)?.names, language) || kind,
    verb: (verb: string) => nameIn(verbs.get(verb), language) || verb,
    /** Where a grant holds. */
    reach: ({ area, organisation }: Grant) =>
      [t(`role.area.${area ?? "any"}`), ...(organisation && organisation !== "any" ? [t(`role.organisation.${organisation}`)] : [])].join(" · "),
  };
}
