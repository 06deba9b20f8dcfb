// Fields as a pack declares them (names, JSON Schema of one value, when they are asked for), drawn as controls. The server
// judges; what the browser can tell (kind, range, pattern, choices, what else must be given) it tells while one types.

import { memo, useId, useMemo } from "react";
import type { CaseTypeField } from "../api/description";
import { useLanguage } from "../i18n/language";
import { nameIn, useTexts } from "../i18n/texts";
import { choiceIn } from "./choices";
import { stateOf, watchedBy, type Fields, type FieldValue } from "./conditions";
import { useFields, type FieldStore } from "./field_store";
import { texts } from "./texts";

interface Schema {
  type?: string;
  enum?: (string | number)[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  format?: string;
}

interface Props {
  fields: Fields;
  store: FieldStore;
}

/** Lists and objects (the evidence of sensors) are not typed in by anybody. */
const typed = (field: CaseTypeField): boolean => !["object", "array"].includes((field.schema as Schema).type ?? "");

/** Every declared field that is asked for now. */
export const DeclaredFields = memo(function DeclaredFields({ fields, store }: Props) {
  return Object.entries(fields).filter(([, field]) => typed(field)).map(([name, field]) =>
    Object.keys(field.show_if).length || Object.keys(field.require_if).length ? (
      <ConditionalField key={name} name={name} fields={fields} store={store} />
    ) : (
      <DeclaredField key={name} name={name} field={field} required={field.required} store={store} />
    ),
  );
});

/** A field that hangs on others: it looks at them, and at them only. */
function ConditionalField({ name, fields, store }: { name: string; fields: Fields; store: FieldStore }) {
  const watched = useMemo(() => watchedBy(fields, name), [fields, name]);
  const state = useFields(store, watched, (values) => {
    const { shown, required } = stateOf(fields, name, values);
    return shown ? (required ? "required" : "optional") : "absent";
  });
  const field = fields[name];
  return field && state !== "absent" ? <DeclaredField name={name} field={field} required={state === "required"} store={store} /> : null;
}

interface OneProps {
  name: string;
  field: CaseTypeField;
  required: boolean;
  store: FieldStore;
}

const DeclaredField = memo(function DeclaredField({ name, field, required, store }: OneProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const id = useId();
  const own = useMemo(() => [name], [name]);
  const value = useFields(store, own, (values) => values[name] ?? null);
  const set = (given: FieldValue) => store.set(name, given);
  const schema = field.schema as Schema;
  // The hint keeps its room while the field must be given: a form of a hundred fields is not laid out anew with a key.
  const label = <>{nameIn(field.names, language)} <span className={required ? "hint unseen" : "hint"}>{t("optional")}</span></>;
  if (schema.type === "boolean" && required) {
    // A box left empty would be no answer: who must say yes or no chooses one of them.
    return (
      <div className="field">
        <label htmlFor={id}>{label}</label>
        <select id={id} value={value === null ? "" : String(value)} required onChange={(event) => set(event.target.value === "" ? null : event.target.value === "true")}>
          <option value="">{t("choose")}</option>
          <option value="true">{t("yes")}</option>
          <option value="false">{t("no")}</option>
        </select>
      </div>
    );
  }
  if (schema.type === "boolean") {
    return (
      <div className="field">
        <label className="row-line"><input type="checkbox" checked={value === true} onChange={(event) => set(event.target.checked)} /> {nameIn(field.names, language)}</label>
      </div>
    );
  }
  const text = value === null ? "" : String(value);
  const number = schema.type === "integer" || schema.type === "number";
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {schema.enum ? (
        <select id={id} value={text} required={required} onChange={(event) => set(event.target.value || null)}>
          <option value="">{t("choose")}</option>
          {schema.enum.map((one) => <option key={one} value={one}>{choiceIn(schema, one, language)}</option>)}
        </select>
      ) : (
        <input
          id={id} value={text} required={required} type={number ? "number" : schema.format === "date" ? "date" : "text"}
          {...(number ? { min: schema.minimum, max: schema.maximum, step: schema.type === "integer" ? 1 : "any" } : { pattern: schema.pattern, maxLength: schema.maxLength ?? 1000 })}
          title={schema.pattern ? t("pattern", { pattern: schema.pattern }) : undefined}
          onChange={(event) => set(event.target.value === "" ? null : number ? Number(event.target.value) : event.target.value)}
        />
      )}
    </div>
  );
});
