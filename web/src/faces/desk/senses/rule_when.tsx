// When it is an alarm: the kind of condition and what that kind asks for.

import type { Leaf, When } from "../../../shared/api/description";
import { useTexts } from "../../../shared/i18n/texts";
import { ChoiceField, DurationField, NumberField, TextField } from "./rule_fields";
import { texts } from "./rule_texts";
import { kindOf, kinds, type Kind } from "./rule_words";

interface Props {
  when: When;
  metrics: readonly (readonly [code: string, name: string])[];
  disabled: boolean;
  onChange: (when: When) => void;
}

const faults = ["stopped", "maintenance", "fault", "calibrating", "over-range", "communication", "bounds", "stuck", "spike"] as const;

/** A condition of another kind: what both have in common stays. */
function begin(kind: Kind, before: When, metric: string): When {
  const common: When = { for: before.for ?? "0s" };
  const leaves: Leaf[] = [{ metric, above: 0 }, { metric, above: 0 }];
  switch (kind) {
    case "threshold":
      return { ...common, metric: before.metric ?? metric, above: null };
    case "rate":
      return { ...common, metric: before.metric ?? metric, rate: { above: null, per: "1h", over: "30min" } };
    case "baseline":
      return { ...common, metric: before.metric ?? metric, baseline: { deviations: 6, side: "above", learn: "7d" } };
    case "absent":
      return { metric: before.metric ?? null, absent: "1h" };
    case "all":
      return { ...common, all: leaves, within: "10min" };
    case "any":
      return { ...common, any: leaves, within: "10min" };
    case "fence":
      return { ...common, fence: { kind: "route", is: "out" } };
    case "speed":
      return { ...common, speed: { above: 80 } };
    case "stay":
      return { stay: "2h" };
    case "driving":
      return { driving: "4h" };
    case "terminal":
      return { terminal: "emergency" };
    case "offline":
      return { offline: "30min" };
    default:
      return { ...common, fault: ["fault"] };
  }
}

export function WhenForm({ when, metrics, disabled, onChange }: Props) {
  const t = useTexts(texts);
  const kind = kindOf(when);
  const put = (part: Partial<When>) => onChange({ ...when, ...part });
  const first = metrics[0]?.[0] ?? "";
  const withMetric = kind === "threshold" || kind === "rate" || kind === "baseline" || kind === "absent";
  const holds = !["absent", "stay", "driving", "offline", "terminal"].includes(kind);
  return (
    <>
      <div className="form-row">
        <ChoiceField label={t("form.kind")} disabled={disabled} value={kind} choices={kinds.map((one) => [one, t(`kind.${one}`)] as const)} onChange={(one) => onChange(begin(one, when, first))} />
        {withMetric ? <ChoiceField label={t("metric")} disabled={disabled} value={when.metric ?? ""} choices={[...(kind === "absent" || !when.metric ? [["", "–"] as const] : []), ...metrics]} onChange={(metric) => put({ metric: metric || null })} /> : null}
        {kind === "threshold" ? <BoundsFields of={when} disabled={disabled} onChange={put} /> : null}
        {kind === "rate" && when.rate ? (
          <>
            <BoundsFields of={when.rate} disabled={disabled} onChange={(part) => put({ rate: { ...when.rate, ...part } })} />
            <DurationField label={t("rate.per")} disabled={disabled} value={when.rate.per} onChange={(per) => put({ rate: { ...when.rate, per } })} />
            <DurationField label={t("rate.over")} disabled={disabled} value={when.rate.over} onChange={(over) => put({ rate: { ...when.rate, over } })} />
          </>
        ) : null}
        {kind === "baseline" && when.baseline ? (
          <>
            <NumberField label={t("baseline.deviations")} disabled={disabled} value={when.baseline.deviations} onChange={(deviations) => put({ baseline: { ...when.baseline, deviations: deviations ?? 6 } })} />
            <ChoiceField label={t("baseline.side")} disabled={disabled} value={when.baseline.side ?? "both"} choices={(["above", "below", "both"] as const).map((one) => [one, t(`side.${one}`)] as const)} onChange={(side) => put({ baseline: { ...when.baseline, side } })} />
            <DurationField label={t("baseline.learn")} disabled={disabled} value={when.baseline.learn} onChange={(learn) => put({ baseline: { ...when.baseline, learn } })} />
          </>
        ) : null}
        {kind === "absent" || kind === "stay" || kind === "driving" || kind === "offline" ? <DurationField needed label={t("absent")} disabled={disabled} value={when[kind]} onChange={(value) => put({ [kind]: value })} /> : null}
        {kind === "fence" ? (
          <>
            <ChoiceField label={t("fence.is")} disabled={disabled} value={when.fence?.is ?? "out"} choices={(["in", "out"] as const).map((one) => [one, t(`fence.${one}`)] as const)} onChange={(is) => put({ fence: { ...when.fence, is } })} />
            <TextField label={t("fence.code")} disabled={disabled} value={when.fence?.code} onChange={(code) => put({ fence: { is: when.fence?.is ?? "out", code: code || null, ...(code ? {} : { kind: when.fence?.kind ?? null }) } })} />
            <TextField label={t("fence.kind")} disabled={disabled || Boolean(when.fence?.code)} value={when.fence?.kind} onChange={(kindName) => put({ fence: { ...when.fence, kind: kindName || null } })} />
          </>
        ) : null}
        {kind === "speed" ? (
          <>
            <NumberField label={`${t("above")} (km/h)`} disabled={disabled} value={when.speed?.above} onChange={(above) => put({ speed: above === null ? { over_limit: 10 } : { above } })} />
            <NumberField label={t("speed.over")} disabled={disabled} value={when.speed?.over_limit} onChange={(over) => put({ speed: over === null ? { above: 80 } : { over_limit: over } })} />
          </>
        ) : null}
        {kind === "terminal" ? <TextField needed label={t("terminal")} disabled={disabled} value={when.terminal} onChange={(terminal) => put({ terminal })} /> : null}
        {holds ? <DurationField label={t("for")} disabled={disabled} value={when.for} onChange={(value) => put({ for: value })} /> : null}
        {holds ? <DurationField label={t("clear_for")} disabled={disabled} value={when.clear_for} onChange={(value) => put({ clear_for: value })} /> : null}
      </div>
      {kind === "fault" ? (
        <p className="row-line">
          {faults.map((one) => (
            <label key={one}><input type="checkbox" disabled={disabled} checked={when.fault?.includes(one) ?? false} onChange={(event) => put({ fault: event.target.checked ? [...(when.fault ?? []), one] : (when.fault ?? []).filter((name) => name !== one) })} /> {t(`fault.${one}`)}</label>
          ))}
        </p>
      ) : null}
      {kind === "all" || kind === "any" ? <Leaves leaves={when[kind] ?? []} metrics={metrics} disabled={disabled} within={when.within} onChange={(leaves) => put({ [kind]: leaves })} onWithin={(within) => put({ within })} /> : null}
    </>
  );
}

interface Bounded {
  above?: number | null;
  below?: number | null;
  clear_below?: number | null;
  clear_above?: number | null;
}

function BoundsFields({ of, disabled, onChange }: { of: Bounded; disabled: boolean; onChange: (part: Bounded) => void }) {
  const t = useTexts(texts);
  return (
    <>
      <NumberField label={t("above")} disabled={disabled} value={of.above} needed={typeof of.below !== "number"} onChange={(above) => onChange({ above })} />
      <NumberField label={t("clear_below")} disabled={disabled || typeof of.above !== "number"} value={of.clear_below} onChange={(value) => onChange({ clear_below: value })} />
      <NumberField label={t("below")} disabled={disabled} value={of.below} needed={typeof of.above !== "number"} onChange={(below) => onChange({ below })} />
      <NumberField label={t("clear_above")} disabled={disabled || typeof of.below !== "number"} value={of.clear_above} onChange={(value) => onChange({ clear_above: value })} />
    </>
  );
}

interface LeavesProps {
  leaves: readonly Leaf[];
  metrics: Props["metrics"];
  disabled: boolean;
  within: string | undefined;
  onChange: (leaves: Leaf[]) => void;
  onWithin: (within: string) => void;
}

function Leaves({ leaves, metrics, disabled, within, onChange, onWithin }: LeavesProps) {
  const t = useTexts(texts);
  const put = (place: number, part: Partial<Leaf>) => onChange(leaves.map((one, at) => (at === place ? { ...one, ...part } : one)));
  return (
    <>
      {leaves.map((leaf, place) => (
        <div key={place} className="form-row">
          <ChoiceField label={t("metric")} disabled={disabled} value={leaf.metric} choices={metrics} onChange={(metric) => put(place, { metric })} />
          <BoundsFields of={leaf} disabled={disabled} onChange={(part) => put(place, part)} />
          {leaves.length > 2 ? <button type="button" className="link" disabled={disabled} onClick={() => onChange(leaves.filter((_, at) => at !== place))}>{t("leaf.remove")}</button> : null}
        </div>
      ))}
      <div className="form-row">
        {leaves.length < 8 ? <button type="button" className="button second small" disabled={disabled} onClick={() => onChange([...leaves, { metric: metrics[0]?.[0] ?? "", above: null }])}>{t("leaf.add")}</button> : null}
        <DurationField label={t("within")} disabled={disabled} value={within} onChange={onWithin} />
      </div>
    </>
  );
}
