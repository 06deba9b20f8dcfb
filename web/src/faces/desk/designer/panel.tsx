// The settings of what is selected on the sheet: who does a step, by when, how it may end; where a way leads when.

import { Button, Checkbox, Input, Select } from "antd";
import { useState, type ReactNode } from "react";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import type { Drawn, Modeler, Modeling, Moddle, Thing } from "./modeler";
import { processOf, putSettings, settingsOf, type Values } from "./settings";
import { StepForm } from "./step_form";
import { texts } from "./texts";

const stepFields = ["stage", "status", "deadline", "clock", "warn", "en", "back", "form", "pauses"] as const;
const whoFields = ["post", "role", "organisation", "area", "person", "step", "manager", "expression", "empty"] as const;
const outcomeFields = ["id", "zh", "en", "needs"] as const;
const needs = ["note", "photos", "standard", "class", "department", "section", "handler", "limit", "satisfaction"];

interface Props {
  modeler: Modeler;
  element: Drawn | null;
  /** Counts the changes: a new one draws the fields anew, with what undo brought back. */
  change: number;
  disabled: boolean;
}

export function Panel({ modeler, element, disabled }: Props) {
  const t = useTexts(texts);
  const shown = element?.labelTarget ?? element;
  const thing = shown?.businessObject;
  const key = thing?.id ?? "process";
  if (!shown || !thing || thing.$type === "bpmn:Process" || thing.$type === "bpmn:Collaboration") {
    return (
      <section className="designer-panel" aria-label={t("panel.process")}>
        <p className="soft small">{t("panel.hint")}</p>
        <h2>{t("panel.process")}</h2>
        <ProcessFields key={key} modeler={modeler} disabled={disabled} />
      </section>
    );
  }
  const kind = thing.$type.replace("bpmn:", "");
  const title = kind === "UserTask" || kind === "ManualTask" ? t("panel.step") : kind.endsWith("Gateway") ? t("panel.gateway") : kind === "SequenceFlow" ? t("panel.flow") : kind === "EndEvent" ? t("panel.end") : kind.endsWith("Event") ? t("panel.event") : t("panel.other");
  return (
    <section className="designer-panel" aria-label={title}>
      <h2>{title} <small className="soft">{thing.id}</small></h2>
      <div key={key}>
        <Named modeler={modeler} element={shown} disabled={disabled} />
        {kind === "UserTask" || kind === "ManualTask" ? <StepFields modeler={modeler} element={shown} disabled={disabled} /> : null}
        {kind === "SequenceFlow" ? <WayFields modeler={modeler} element={shown} disabled={disabled} /> : null}
        {kind === "EndEvent" ? <EndFields modeler={modeler} element={shown} disabled={disabled} /> : null}
        {kind === "BoundaryEvent" || kind === "IntermediateCatchEvent" ? <TimerFields modeler={modeler} element={shown} disabled={disabled} /> : null}
      </div>
      <p className="soft small">{t("as.file")}</p>
    </section>
  );
}

interface Part {
  modeler: Modeler;
  element: Drawn;
  disabled: boolean;
}

function Field({ label, help, children }: { label: string; help?: string; children: ReactNode }) {
  return (
    <label className="designer-field">
      <span>{label}</span>
      {children}
      {help ? <small className="soft">{help}</small> : null}
    </label>
  );
}

/** A text that is taken over when one leaves it or presses Enter. */
function Text({ value, onText, disabled, placeholder }: { value: string | undefined; onText: (text: string) => void; disabled: boolean; placeholder?: string }) {
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    const text = typed?.trim();
    setTyped(null);
    if (text !== undefined && text !== (value ?? "")) onText(text);
  };
  return <Input value={typed ?? value ?? ""} disabled={disabled} placeholder={placeholder} onChange={(event) => setTyped(event.target.value)} onBlur={commit} onPressEnter={commit} />;
}

function Named({ modeler, element, disabled }: Part) {
  const t = useTexts(texts);
  const name = element.businessObject.get("name");
  return (
    <Field label={t("f.name")}>
      <Text value={typeof name === "string" ? name : ""} disabled={disabled} onText={(text) => modeler.get<Modeling>("modeling").updateLabel(element, text)} />
    </Field>
  );
}

function ProcessFields({ modeler, disabled }: { modeler: Modeler; disabled: boolean }) {
  const t = useTexts(texts);
  const found = processOf(modeler);
  if (!found) return null;
  const { root, process } = found;
  const [values = {}] = settingsOf(process, "Process", ["en", "status_done", "status_cancelled"]);
  const put = (changes: Values) => putSettings(modeler, root, process, "Process", [{ ...values, ...changes }]);
  const name = process.get("name");
  return (
    <>
      <Field label={t("f.name")}>
        <Text value={typeof name === "string" ? name : ""} disabled={disabled} onText={(text) => modeler.get<Modeling>("modeling").updateModdleProperties(root, process, { name: text })} />
      </Field>
      <Field label={t("f.en")}><Text value={values.en} disabled={disabled} onText={(en) => put({ en })} /></Field>
      <Field label={t("f.status_done")}><Text value={values.status_done} disabled={disabled} onText={(status_done) => put({ status_done })} /></Field>
    </>
  );
}

function StepFields({ modeler, element, disabled }: Part) {
  const t = useTexts(texts);
  const thing = element.businessObject;
  const [step = {}] = settingsOf(thing, "Step", stepFields);
  const [who = {}] = settingsOf(thing, "Who", whoFields);
  const put = (changes: Values) => putSettings(modeler, element, thing, "Step", [{ ...step, ...changes }]);
  const putWho = (changes: Values) => {
    const after = { ...who, ...changes };
    putSettings(modeler, element, thing, "Who", Object.values(after).some(Boolean) ? [after] : []);
  };
  return (
    <>
      <Who who={who} onWho={putWho} disabled={disabled} />
      <Field label={t("f.deadline")} help={t("f.deadline.help")}><Text value={step.deadline} disabled={disabled} onText={(deadline) => put({ deadline })} /></Field>
      <Field label={t("f.warn")} help={t("f.warn.help")}><Text value={step.warn} disabled={disabled} onText={(warn) => put({ warn })} /></Field>
      <Outcomes modeler={modeler} element={element} disabled={disabled} />
      <StepForm modeler={modeler} element={element} disabled={disabled} outcomes={settingsOf(thing, "Outcome", outcomeFields)} />
      <Round modeler={modeler} element={element} disabled={disabled} />
      <Field label={t("f.status")}><Text value={step.status} disabled={disabled} onText={(status) => put({ status })} /></Field>
      <Field label={t("f.stage")}><Text value={step.stage} disabled={disabled} onText={(stage) => put({ stage })} /></Field>
      <Field label={t("f.en")}><Text value={step.en} disabled={disabled} onText={(en) => put({ en })} /></Field>
      <Field label={t("f.form")}><Text value={step.form} disabled={disabled} onText={(form) => put({ form })} /></Field>
      <Field label={t("f.pauses")}><Text value={step.pauses} disabled={disabled} onText={(pauses) => put({ pauses })} /></Field>
    </>
  );
}

function Who({ who, onWho, disabled }: { who: Values; onWho: (changes: Values) => void; disabled: boolean }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const posts = useAnswer("GET /api/v1/posts", { query: { limit: 200 } }, { fresh: 300_000 });
  const offices = useAnswer("GET /api/v1/organisations", { query: { limit: 200 } }, { fresh: 300_000 });
  const kinds = new Map((posts.data?.items ?? []).map((post) => [post.code, nameIn(post.names, language)]));
  if (who.post && !kinds.has(who.post)) kinds.set(who.post, who.post);
  const places = [
    { value: "=centre", label: t("who.centre") },
    { value: "=department", label: t("who.department") },
    { value: "=section", label: t("who.section") },
    ...(offices.data?.items ?? []).map((office) => ({ value: office.code, label: nameIn(office.names, language) })),
  ];
  if (who.organisation && !places.some((place) => place.value === who.organisation)) places.push({ value: who.organisation, label: who.organisation });
  const people = [{ value: "=starter", label: t("who.starter") }, { value: "=handler", label: t("who.handler") }];
  if (who.person && !people.some((one) => one.value === who.person)) people.push({ value: who.person, label: who.person });
  return (
    <fieldset className="designer-set" disabled={disabled}>
      <legend>{t("who")}</legend>
      <Field label={t("who.post")}>
        <Select aria-label={t("who.post")} value={who.post} allowClear showSearch optionFilterProp="label" disabled={disabled}
          options={[...kinds].map(([value, label]) => ({ value, label: `${label} ${value}` }))} onChange={(post: string | undefined) => onWho({ post })} />
      </Field>
      <Field label={t("who.organisation")}>
        <Select aria-label={t("who.organisation")} value={who.organisation} allowClear showSearch optionFilterProp="label" disabled={disabled} placeholder={t("who.organisation.any")}
          options={places} onChange={(organisation: string | undefined) => onWho({ organisation })} />
      </Field>
      <Field label={t("who.person")}>
        <Select aria-label={t("who.person")} value={who.person} allowClear disabled={disabled} options={people} onChange={(person: string | undefined) => onWho({ person })} />
      </Field>
      <Field label={t("who.manager")}>
        <Select aria-label={t("who.manager")} value={who.manager} allowClear disabled={disabled} options={[{ value: "=starter", label: t("who.starter") }, { value: "=department", label: t("who.department") }]} onChange={(manager: string | undefined) => onWho({ manager })} />
      </Field>
      <Field label={t("who.empty")}>
        <Select aria-label={t("who.empty")} value={who.empty ?? "administrator"} disabled={disabled}
          options={(["administrator", "skip", "stop"] as const).map((value) => ({ value, label: t(`who.empty.${value}`) }))}
          onChange={(empty: string) => onWho({ empty: empty === "administrator" ? undefined : empty })} />
      </Field>
    </fieldset>
  );
}

function Outcomes({ modeler, element, disabled }: Part) {
  const t = useTexts(texts);
  const thing = element.businessObject;
  const rows = settingsOf(thing, "Outcome", outcomeFields);
  const put = (wanted: Values[]) => putSettings(modeler, element, thing, "Outcome", wanted);
  const change = (place: number, changes: Values) => put(rows.map((row, index) => (index === place ? { ...row, ...changes } : row)));
  const add = () => {
    const known = new Set(rows.map((row) => row.id));
    let number = rows.length + 1;
    while (known.has(`outcome${number}`)) number += 1;
    put([...rows, known.has("refuse") ? { id: `outcome${number}`, zh: "其他", en: "Other" } : { id: "refuse", zh: "不同意", en: "Refuse", needs: "note" }]);
  };
  return (
    <fieldset className="designer-set" disabled={disabled}>
      <legend>{t("outcomes")}</legend>
      <small className="soft">{t("outcomes.help")}</small>
      {rows.map((row, place) => (
        <div key={row.id ?? place} className="designer-outcome">
          <Text value={row.zh} placeholder={t("outcome.zh")} disabled={disabled} onText={(zh) => change(place, { zh })} />
          <Text value={row.en} placeholder={t("outcome.en")} disabled={disabled} onText={(en) => change(place, { en })} />
          <Text value={row.id} placeholder={t("f.id")} disabled={disabled} onText={(id) => change(place, { id })} />
          <Select mode="multiple" aria-label={t("outcome.needs")} placeholder={t("outcome.needs")} disabled={disabled} value={(row.needs ?? "").split(",").map((need) => need.trim()).filter(Boolean)}
            options={needs.map((value) => ({ value, label: value }))} onChange={(values: string[]) => change(place, { needs: values.join(",") || undefined })} />
          <Button size="small" type="text" danger disabled={disabled || rows.length === 1} aria-label={`${t("remove")} ${row.zh ?? ""}`} onClick={() => put(rows.filter((_, index) => index !== place))}>✕</Button>
        </div>
      ))}
      <Button size="small" disabled={disabled} onClick={add}>{t("outcome.add")}</Button>
    </fieldset>
  );
}

function Round({ modeler, element, disabled }: Part) {
  const t = useTexts(texts);
  const thing = element.businessObject;
  const loop = thing.get("loopCharacteristics") as Thing | undefined;
  const [sign = {}] = settingsOf(thing, "Sign", ["rule", "need", "early"]);
  const rule = loop ? (sign.rule ?? "all") : "none";
  const put = (wanted: string) => {
    const modeling = modeler.get<Modeling>("modeling");
    const moddle = modeler.get<Moddle>("moddle");
    if (wanted === "none") {
      modeling.updateModdleProperties(element, thing, { loopCharacteristics: undefined });
      putSettings(modeler, element, thing, "Sign", []);
      return;
    }
    if (!loop) {
      const multi = moddle.create("yiwang:Multi", { people: "holders" });
      const inside = moddle.create("bpmn:ExtensionElements", { values: [multi] });
      const made = moddle.create("bpmn:MultiInstanceLoopCharacteristics", { extensionElements: inside });
      multi.$parent = inside;
      inside.$parent = made;
      made.$parent = thing;
      modeling.updateModdleProperties(element, thing, { loopCharacteristics: made });
    }
    putSettings(modeler, element, thing, "Sign", [{ ...sign, rule: wanted, need: wanted === "share" ? (sign.need ?? "60%") : wanted === "count" ? (sign.need ?? "2") : undefined }]);
  };
  return (
    <>
      <Field label={t("round")}>
        <Select aria-label={t("round")} value={rule} disabled={disabled} onChange={put}
          options={(["none", "all", "first", "share", "count"] as const).map((value) => ({ value, label: t(`round.${value}`) }))} />
      </Field>
      {rule === "share" || rule === "count" ? (
        <Field label={t("round.need")}><Text value={sign.need} disabled={disabled} onText={(need) => putSettings(modeler, element, thing, "Sign", [{ ...sign, need }])} /></Field>
      ) : null}
    </>
  );
}

function WayFields({ modeler, element, disabled }: Part) {
  const t = useTexts(texts);
  const thing = element.businessObject;
  const source = thing.get("sourceRef") as Thing | undefined;
  if (!source?.$type.endsWith("Gateway")) return null;
  const isDefault = source.get("default") === thing;
  const body = (thing.get("conditionExpression") as Thing | undefined)?.get("body");
  const condition = typeof body === "string" ? body : "";
  const outcomes = outcomesBefore(element.source);
  const modeling = modeler.get<Modeling>("modeling");
  const put = (text: string) => {
    const made = text ? modeler.get<Moddle>("moddle").create("bpmn:FormalExpression", { body: text, language: "https://cel.dev" }) : undefined;
    if (made) made.$parent = thing;
    modeling.updateProperties(element, { conditionExpression: made });
  };
  return (
    <>
      <Checkbox checked={isDefault} disabled={disabled} onChange={(event) => {
        if (element.source) modeling.updateProperties(element.source, { default: event.target.checked ? thing : undefined });
        if (event.target.checked) put("");
      }}>{t("default")}</Checkbox>
      {isDefault ? null : (
        <>
          {outcomes.length ? (
            <Field label={t("condition.outcome")}>
              <Select aria-label={t("condition.outcome")} disabled={disabled} allowClear value={/^outcome == "([^"]+)"$/.exec(condition)?.[1]}
                options={outcomes.map((one) => ({ value: one.id ?? "", label: one.zh ?? one.id }))} onChange={(id: string | undefined) => put(id ? `outcome == "${id}"` : "")} />
            </Field>
          ) : null}
          <Field label={t("condition")} help={t("condition.help")}><Text value={condition} disabled={disabled} onText={put} /></Field>
        </>
      )}
    </>
  );
}

/** How the step before a gateway may end. */
function outcomesBefore(gateway: Drawn | undefined): Values[] {
  const before = gateway?.incoming?.map((way) => way.source?.businessObject).find((thing) => thing?.$type === "bpmn:UserTask");
  return before ? settingsOf(before, "Outcome", outcomeFields) : [];
}

function EndFields({ modeler, element, disabled }: Part) {
  const t = useTexts(texts);
  const thing = element.businessObject;
  const [step = {}] = settingsOf(thing, "Step", ["stage", "status", "en"]);
  const put = (changes: Values) => {
    const after = { ...step, ...changes };
    putSettings(modeler, element, thing, "Step", Object.values(after).some(Boolean) ? [after] : []);
  };
  return (
    <>
      <Field label={t("f.status")}><Text value={step.status} disabled={disabled} onText={(status) => put({ status })} /></Field>
      <Field label={t("f.stage")}><Text value={step.stage} disabled={disabled} onText={(stage) => put({ stage })} /></Field>
    </>
  );
}

function TimerFields({ modeler, element, disabled }: Part) {
  const t = useTexts(texts);
  const definition = ((element.businessObject.get("eventDefinitions") as Thing[] | undefined) ?? []).find((one) => one.$type === "bpmn:TimerEventDefinition");
  if (!definition) return null;
  const [deadline = {}] = settingsOf(definition, "Deadline", ["text"]);
  const duration = (definition.get("timeDuration") as Thing | undefined)?.get("body");
  const put = (text: string) => {
    modeler.get<Modeling>("modeling").updateModdleProperties(element, definition, { timeDuration: undefined });
    putSettings(modeler, element, definition, "Deadline", text ? [{ text }] : []);
  };
  return <Field label={t("f.timer")} help={t("f.deadline.help")}><Text value={deadline.text ?? (typeof duration === "string" ? duration : "")} disabled={disabled} onText={put} /></Field>;
}
