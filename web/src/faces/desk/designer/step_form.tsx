// The form of a step: which fields it asks for, when, and how that looks at the desk.

import { Button, Checkbox, Input, Select } from "antd";
import { useMemo, useState } from "react";
import { DeclaredFields } from "../../../shared/forms/declared_fields";
import { FieldStore } from "../../../shared/forms/field_store";
import { useTexts } from "../../../shared/i18n/texts";
import { declaredOf, fieldNames, kinds } from "./form_fields";
import { texts } from "./form_texts";
import type { Drawn, Modeler } from "./modeler";
import { putSettings, settingsOf, type Values } from "./settings";

interface Props {
  modeler: Modeler;
  element: Drawn;
  disabled: boolean;
  /** The step's outcomes: a field may be asked for some of them only. */
  outcomes: readonly Values[];
}

export function StepForm({ modeler, element, disabled, outcomes }: Props) {
  const t = useTexts(texts);
  const thing = element.businessObject;
  const rows = settingsOf(thing, "Field", fieldNames);
  const [open, setOpen] = useState<string | null>(null);
  const put = (wanted: Values[]) => putSettings(modeler, element, thing, "Field", wanted);
  const change = (place: number, changes: Values) => put(rows.map((row, index) => (index === place ? { ...row, ...changes } : row)));
  const move = (place: number, to: number) => {
    const moved = [...rows];
    const [row] = moved.splice(place, 1);
    if (row) moved.splice(to, 0, row);
    put(moved);
  };
  const add = () => {
    const known = new Set(rows.map((row) => row.id));
    let number = rows.length + 1;
    while (known.has(`field${number}`)) number += 1;
    put([...rows, { id: `field${number}`, zh: texts["new"][0], en: texts["new"][1], kind: "text" }]);
    setOpen(`field${number}`);
  };
  return (
    <fieldset className="designer-set" disabled={disabled}>
      <legend>{t("form")}</legend>
      <small className="soft">{t("form.help")}</small>
      {rows.map((row, place) => (
        <div key={row.id ?? place} className="designer-field-row">
          <button type="button" className="link-button" aria-expanded={open === row.id} onClick={() => setOpen(open === row.id ? null : (row.id ?? null))}>{row.zh} <small>{row.id} · {t(`kind.${(row.kind ?? "text") as (typeof kinds)[number]}`)}{row.required === "true" ? ` · ${t("required")}` : ""}</small></button>
          <span>
            <Button size="small" type="text" disabled={disabled || place === 0} aria-label={t("up", { name: row.zh ?? "" })} onClick={() => move(place, place - 1)}>↑</Button>
            <Button size="small" type="text" danger disabled={disabled} aria-label={t("remove", { name: row.zh ?? "" })} onClick={() => put(rows.filter((_, index) => index !== place))}>✕</Button>
          </span>
          {open === row.id ? <One row={row} outcomes={outcomes} disabled={disabled} onChange={(changes) => { change(place, changes); if (changes.id) setOpen(changes.id); }} /> : null}
        </div>
      ))}
      <Button size="small" disabled={disabled} onClick={add}>{t("add")}</Button>
      {rows.length ? <Preview rows={rows} /> : null}
    </fieldset>
  );
}

function One({ row, outcomes, disabled, onChange }: { row: Values; outcomes: readonly Values[]; disabled: boolean; onChange: (changes: Values) => void }) {
  const t = useTexts(texts);
  const text = (name: (typeof fieldNames)[number], label: string, help?: string) => (
    <label className="designer-field"><span>{label}</span>
      <Input key={`${name} ${row[name] ?? ""}`} defaultValue={row[name] ?? ""} disabled={disabled} onBlur={(event) => event.target.value.trim() !== (row[name] ?? "") && onChange({ [name]: event.target.value.trim() || undefined })} onPressEnter={(event) => event.currentTarget.blur()} />
      {help ? <small className="soft">{help}</small> : null}
    </label>
  );
  const number = row.kind === "number" || row.kind === "integer";
  return (
    <div>
      {text("zh", t("zh"))}
      {text("en", t("en"))}
      {text("id", t("id"), t("id.help"))}
      <label className="designer-field"><span>{t("kind")}</span>
        <Select aria-label={t("kind")} value={row.kind ?? "text"} disabled={disabled} onChange={(kind: string) => onChange({ kind, options: kind === "choice" ? (row.options ?? t("options.first")) : undefined })} options={kinds.map((value) => ({ value, label: t(`kind.${value}`) }))} />
      </label>
      {row.kind === "choice" ? text("options", t("options"), t("options.help")) : null}
      {row.kind === "choice" ? text("options_en", t("options.en"), t("options.en.help")) : null}
      {number ? text("min", t("min")) : null}
      {number ? text("max", t("max")) : null}
      <Checkbox checked={row.required === "true"} disabled={disabled} onChange={(event) => onChange({ required: event.target.checked ? "true" : undefined })}>{t("required")}</Checkbox>
      <label className="designer-field"><span>{t("on")}</span>
        <Select aria-label={t("on")} mode="multiple" disabled={disabled} placeholder={t("on.all")} value={(row.on ?? "").split(",").map((one) => one.trim()).filter(Boolean)} options={outcomes.map((one) => ({ value: one.id ?? "", label: one.zh ?? one.id }))} onChange={(values: string[]) => onChange({ on: values.join(",") || undefined })} />
      </label>
      {text("show_if", t("show_if"), t("if.help"))}
      {text("require_if", t("require_if"))}
    </div>
  );
}

/** The form as whoever does the step will see it. */
function Preview({ rows }: { rows: readonly Values[] }) {
  const t = useTexts(texts);
  const written = JSON.stringify(rows);
  const store = useMemo(() => new FieldStore(), []);
  const fields = useMemo(() => declaredOf(JSON.parse(written) as Values[]), [written]);
  return (
    <section className="designer-form-preview" aria-label={t("preview")}>
      <h3>{t("preview")}</h3>
      <DeclaredFields fields={fields} store={store} />
    </section>
  );
}
