// An alarm rule as a form: every member of its declaration, nothing else. What it means is said beside each field.

import type { RuleDeclaration, Step } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useNaming } from "../shared/words";
import { ChoiceField, DurationField, Labelled, NumberField, TextField } from "./rule_fields";
import { texts } from "./rule_texts";
import { texts as alarmTexts } from "./alarm_texts";
import { WhenForm } from "./rule_when";
import { severities } from "./severity";
import { useSignals } from "./signals";

interface Props {
  rule: RuleDeclaration;
  onChange: (rule: RuleDeclaration) => void;
  disabled: boolean;
}

export function RuleForm({ rule, onChange, disabled }: Props) {
  const t = useTexts(texts);
  const a = useTexts(alarmTexts);
  const language = useLanguage();
  const signals = useSignals();
  const put = (part: Partial<RuleDeclaration>) => onChange({ ...rule, ...part });
  const chosen = [rule.profile, ...(rule.profiles ?? [])].filter((id): id is string => Boolean(id));
  const measured = chosen.map((id) => signals.profile(id)?.measures.map((one) => one.metric) ?? []);
  const metrics = [...new Set(measured.flat())].map((code) => [code, `${signals.named(code)}${signals.unit(code) ? ` (${signals.unit(code)})` : ""}`] as const);
  const grades = severities.map((one) => [one, a(`severity.${one}`)] as const);
  const choose = (id: string, on: boolean) => {
    const ids = on ? [...chosen, id] : chosen.filter((one) => one !== id);
    put(ids.length === 1 ? { profile: ids[0] ?? null, profiles: [] } : { profile: null, profiles: ids });
  };
  return (
    <>
      <fieldset>
        <legend>{t("form.what")}</legend>
        <div className="form-row">
          <TextField needed most={500} label={t("names.zh")} disabled={disabled} value={rule.names.zh} onChange={(zh) => put({ names: { ...rule.names, zh } })} />
          <TextField needed most={500} label={t("names.en")} disabled={disabled} value={rule.names.en} onChange={(en) => put({ names: { ...rule.names, en } })} />
        </div>
        <p className="row-line">
          {signals.profiles.map((one) => <label key={one.id}><input type="checkbox" disabled={disabled} checked={chosen.includes(one.id)} onChange={(event) => choose(one.id, event.target.checked)} /> {nameIn(one.names, language)}</label>)}
        </p>
        <TextField wide most={2000} label={t("areas")} disabled={disabled} value={rule.areas?.join(", ")} onChange={(text) => put({ areas: text.split(/[,,\s]+/).filter(Boolean) })} />
      </fieldset>
      <fieldset>
        <legend>{t("form.when")}</legend>
        <WhenForm when={rule.when} metrics={metrics} disabled={disabled} onChange={(when) => put({ when })} />
      </fieldset>
      <fieldset>
        <legend>{t("form.severity")}</legend>
        <div className="form-row">
          <ChoiceField label={t("severity.of")} disabled={disabled} value={rule.severity ?? "minor"} choices={grades} onChange={(severity) => put({ severity })} />
        </div>
        <Steps steps={rule.steps ?? []} grades={grades} disabled={disabled} onChange={(steps) => put({ steps })} />
      </fieldset>
      <fieldset>
        <legend>{t("form.schedule")}</legend>
        <div className="form-row">
          <TextField label={t("schedule.from")} disabled={disabled} most={5} value={rule.schedule?.from ?? "00:00"} onChange={(from) => put({ schedule: { ...rule.schedule, from } })} />
          <TextField label={t("schedule.until")} disabled={disabled} most={5} value={rule.schedule?.until ?? "24:00"} onChange={(until) => put({ schedule: { ...rule.schedule, until } })} />
          <ChoiceField label={t("schedule.days")} disabled={disabled} value={rule.schedule?.days ?? "all"} choices={(["all", "work", "off"] as const).map((one) => [one, t(`days.${one}`)] as const)} onChange={(days) => put({ schedule: { ...rule.schedule, days } })} />
        </div>
      </fieldset>
      <fieldset>
        <legend>{t("form.fold")}</legend>
        <label className="row-line"><input type="checkbox" disabled={disabled} checked={Boolean(rule.fold)} onChange={(event) => put({ fold: event.target.checked ? { by: "area", within: "10min", least: 5 } : null })} /> {t("fold.on")}</label>
        {rule.fold ? <Folding rule={rule} chosen={chosen} disabled={disabled} put={put} /> : null}
      </fieldset>
      <fieldset>
        <legend>{t("form.opens")}</legend>
        <Opening rule={rule} disabled={disabled} put={put} grades={grades} />
      </fieldset>
    </>
  );
}

interface StepsProps {
  steps: readonly Step[];
  grades: readonly (readonly [Step["severity"], string])[];
  disabled: boolean;
  onChange: (steps: Step[]) => void;
}

function Steps({ steps, grades, disabled, onChange }: StepsProps) {
  const t = useTexts(texts);
  const put = (place: number, step: Step) => onChange(steps.map((one, at) => (at === place ? step : one)));
  return (
    <>
      {steps.map((step, place) => (
        <div key={place} className="form-row">
          <NumberField label={`${t("step")}: ${t("above")}`} disabled={disabled || typeof step.below === "number"} value={step.above} onChange={(above) => put(place, { severity: step.severity, above })} />
          <NumberField label={t("below")} disabled={disabled || typeof step.above === "number"} value={step.below} onChange={(below) => put(place, { severity: step.severity, below })} />
          <ChoiceField label={t("severity.of")} disabled={disabled} value={step.severity} choices={grades} onChange={(severity) => put(place, { ...step, severity })} />
          <button type="button" className="link" disabled={disabled} onClick={() => onChange(steps.filter((_, at) => at !== place))}>{t("leaf.remove")}</button>
        </div>
      ))}
      {steps.length < 6 ? <button type="button" className="button second small" disabled={disabled} onClick={() => onChange([...steps, { above: null, severity: "major" }])}>{t("step.add")}</button> : null}
    </>
  );
}

interface PartProps {
  rule: RuleDeclaration;
  disabled: boolean;
  put: (part: Partial<RuleDeclaration>) => void;
}

function Folding({ rule, chosen, disabled, put }: PartProps & { chosen: readonly string[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const signals = useSignals();
  const attributes = Object.entries(signals.profile(chosen[0] ?? "")?.attributes ?? {});
  const choices = [["area", t("fold.area")], ["organisation", t("fold.organisation")], ...attributes.map(([key, names]) => [`attribute:${key}`, t("fold.attribute", { name: nameIn(names, language) })])] as [string, string][];
  return (
    <div className="form-row">
      <ChoiceField label={t("fold.by")} disabled={disabled} value={rule.fold?.by ?? "area"} choices={choices} onChange={(by) => put({ fold: { ...rule.fold, by } })} />
      <DurationField label={t("within")} disabled={disabled} value={rule.fold?.within ?? "10min"} onChange={(within) => put({ fold: { ...rule.fold, within } })} />
      <NumberField label={t("fold.least")} disabled={disabled} value={rule.fold?.least ?? 5} onChange={(least) => put({ fold: { ...rule.fold, least: least ?? 2 } })} />
    </div>
  );
}

function Opening({ rule, disabled, put, grades }: PartProps & { grades: StepsProps["grades"] }) {
  const t = useTexts(texts);
  const { words, type } = useNaming();
  const { opens } = rule;
  const [first] = words?.types ?? [];
  const classes = useAnswer("GET /api/v1/case-types/{key}/classes", { path: { key: opens?.case ?? "" } }, { enabled: Boolean(opens?.case), fresh: 600_000 });
  const language = useLanguage();
  if (!opens) {
    return <label className="row-line"><input type="checkbox" disabled={disabled || !first} checked={false} onChange={() => put({ opens: { case: first?.id ?? "", class: "", text: { zh: `{device} ${rule.names.zh}:{value} {unit}`, en: `{device} ${rule.names.en}: {value} {unit}` } } })} /> {t("opens.on")}</label>;
  }
  const change = (part: Partial<typeof opens>) => put({ opens: { ...opens, ...part } });
  return (
    <>
      <label className="row-line"><input type="checkbox" disabled={disabled} checked onChange={() => put({ opens: null })} /> {t("opens.on")}</label>
      <div className="form-row">
        <ChoiceField label={t("opens.case")} disabled={disabled} value={opens.case} choices={(words?.types ?? []).map((one) => [one.id, type(one.id)] as const)} onChange={(id) => change({ case: id })} />
        <Labelled label={t("opens.class")}>{(id) => <><input id={id} list={`${id}-classes`} required disabled={disabled} pattern="[0-9A-Z]{2,12}" value={opens.class} onChange={(event) => change({ class: event.target.value })} /><datalist id={`${id}-classes`}>{(classes.data ?? []).map((one) => <option key={one.code} value={one.code}>{nameIn(one.names, language)}</option>)}</datalist></>}</Labelled>
        <ChoiceField label={t("opens.from")} disabled={disabled} value={opens.from_severity ?? "warning"} choices={grades} onChange={(severity) => change({ from_severity: severity })} />
        <ChoiceField label={t("opens.clear")} disabled={disabled} value={opens.clear ?? "note"} choices={(["note", "close"] as const).map((one) => [one, t(`clear.${one}`)] as const)} onChange={(clear) => change({ clear })} />
        <DurationField label={t("opens.after")} disabled={disabled} value={opens.after} onChange={(after) => change({ after })} />
      </div>
      <TextField needed wide most={500} label={t("opens.zh")} disabled={disabled} value={opens.text.zh} onChange={(zh) => change({ text: { ...opens.text, zh } })} />
      <TextField needed wide most={500} label={t("opens.en")} disabled={disabled} value={opens.text.en} onChange={(en) => change({ text: { ...opens.text, en } })} />
    </>
  );
}
