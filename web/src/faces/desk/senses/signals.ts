// What devices may be and measure, from the packs: names, units and digits of metrics, kinds of device; and values in words.

import { useMemo } from "react";
import type { MetricView, ProfileView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";

export interface Signals {
  ready: boolean;
  metrics: readonly MetricView[];
  profiles: readonly ProfileView[];
  metric: (code: string | null) => MetricView | undefined;
  profile: (id: string) => ProfileView | undefined;
  /** The metric's name; its code where it is not known. */
  named: (code: string | null) => string;
  /** The value with its digits and unit, or what it means where the metric is a state. */
  show: (code: string | null, value: number | null | undefined) => string;
  unit: (code: string | null) => string;
}

/** Units that say nothing beside a number. */
export const plainUnit = (unit: string): string => (unit === "1" || unit === "state" ? "" : unit);

export function useSignals(): Signals {
  const language = useLanguage();
  const { may } = useSession();
  const found = useAnswer("GET /api/v1/devices/signals", {}, { fresh: 600_000, enabled: may("device", "read") || may("alarm", "read") }).data;
  return useMemo(() => {
    const metrics = new Map((found?.metrics ?? []).map((one) => [one.code, one]));
    const profiles = new Map((found?.profiles ?? []).map((one) => [one.id, one]));
    const metric = (code: string | null) => (code === null ? undefined : metrics.get(code));
    const unit = (code: string | null) => plainUnit(metric(code)?.unit ?? "");
    return {
      ready: found !== undefined,
      metrics: [...metrics.values()],
      profiles: [...profiles.values()],
      metric,
      profile: (id) => profiles.get(id),
      named: (code) => nameIn(metric(code)?.names, language) || (code ?? ""),
      unit,
      show: (code, value) => {
        if (value === null || value === undefined) return "–";
        const known = metric(code);
        const state = known?.states[String(value)];
        if (state) return nameIn(state, language);
        return `${value.toFixed(known?.decimals ?? 2)}${unit(code) ? ` ${unit(code)}` : ""}`;
      },
    };
  }, [found, language]);
}
