// Alarm rules by code, with their names; their limits for a metric of a kind of device.

import { useMemo } from "react";
import type { RuleAnswer, RuleDeclaration } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";

export const declared = (rule: RuleAnswer): RuleDeclaration => rule.declaration as unknown as RuleDeclaration;

export interface Limit {
  side: "above" | "below";
  value: number;
  rule: string;
}

export function useRuleNames() {
  const language = useLanguage();
  const { may } = useSession();
  const found = useAnswer("GET /api/v1/alarm-rules", { query: { limit: 200 } }, { fresh: 60_000, enabled: may("alarm", "read") });
  const items = found.data?.items;
  return useMemo(() => {
    const known = new Map((items ?? []).map((one) => [one.code, one]));
    return {
      items: items ?? [],
      nameOf: (code: string) => {
        const rule = known.get(code);
        return rule ? nameIn(declared(rule).names, language) : code;
      },
      limits: (profile: string, metric: string): Limit[] =>
        (items ?? []).flatMap((one) => {
          const { profile: only, profiles = [], when } = declared(one);
          if (one.state !== "published" || when.metric !== metric || when.rate || ![only, ...profiles].includes(profile)) return [];
          return (["above", "below"] as const).flatMap((side) => {
            const value = when[side];
            return typeof value === "number" ? [{ side, value, rule: one.code }] : [];
          });
        }),
    };
  }, [items, language]);
}
