// A rule's condition in one line of words, and forms of declarations that miss what is empty.

import type { RuleDeclaration, When } from "../../../shared/api/description";
import type { Signals } from "./signals";

export const kinds = ["threshold", "rate", "absent", "all", "any", "baseline", "fence", "speed", "stay", "driving", "terminal", "fault", "offline"] as const;
export type Kind = (typeof kinds)[number];

export const kindOf = (when: When): Kind => kinds.find((kind) => kind !== "threshold" && when[kind] !== undefined && when[kind] !== null) ?? "threshold";

const lasting = (text: string | undefined): string => (text && text !== "0s" ? ` · ${text}` : "");
const bounds = (of: { above?: number | null; below?: number | null }): string =>
  [typeof of.above === "number" ? `> ${of.above}` : "", typeof of.below === "number" ? `< ${of.below}` : ""].filter(Boolean).join(" / ");

/** `PM2.5 > 75 µg/m³ · 10min` */
export function conditionOf(when: When, signals: Signals): string {
  const kind = kindOf(when);
  const name = signals.named(when.metric ?? null);
  const unit = signals.unit(when.metric ?? null);
  switch (kind) {
    case "threshold":
      return `${name} ${bounds(when)} ${unit}${lasting(when.for)}`;
    case "rate":
      return `${name} ${bounds(when.rate ?? {})} ${unit} / ${when.rate?.per ?? "1h"}${lasting(when.for)}`;
    case "all":
    case "any":
      return (when[kind] ?? []).map((leaf) => `${signals.named(leaf.metric)} ${bounds(leaf)}`).join(kind === "all" ? " + " : " | ") + lasting(when.for);
    case "baseline":
      return `${name} ±${when.baseline?.deviations ?? 6}σ${lasting(when.for)}`;
    case "fence":
      return `${when.fence?.code ?? when.fence?.kind ?? "*"} ${when.fence?.is === "in" ? "⊂" : "⊄"}${lasting(when.for)}`;
    case "speed":
      return `> ${when.speed?.above ?? `+${when.speed?.over_limit ?? 0}`} km/h${lasting(when.for)}`;
    case "fault":
      return `${when.fault?.join(", ") ?? ""}${lasting(when.for)}`;
    default:
      return `${name ? `${name} ` : ""}${String(when[kind] ?? "")}${lasting(kind === "absent" || kind === "offline" || kind === "stay" || kind === "driving" ? undefined : when.for)}`;
  }
}

/** The same without members that are empty, as it is sent and compared. */
export function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null && one !== undefined && one !== "" && !(Array.isArray(one) && !one.length))
      .map(([name, one]) => [name, without(one)]),
  );
}

export const clean = (declaration: RuleDeclaration): RuleDeclaration => without(declaration) as RuleDeclaration;

export const fresh = (profile: string, metric: string | undefined): RuleDeclaration => ({
  names: { zh: "", en: "" }, profile, when: { metric: metric ?? null, above: null, for: "10min" }, severity: "minor",
});
