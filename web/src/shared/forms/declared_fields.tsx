// Fields as a pack declares them (names and JSON Schema of one value), drawn as controls. The server judges; what the
// browser can tell of a value (kind, range, pattern, choices) it tells while one types.

import { memo, useCallback, useId } from "react";
import type { CaseTypeField } from "../api/description";
import { useLanguage } from "../i18n/language";
import { nameIn, useTexts } from "../i18n/texts";
import { texts } from "./texts";

export type FieldValue = string | number | boolean | null;
export type FieldValues = Readonly<Record<string, FieldValue>>;

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
  fields: Readonly<Record<string, CaseTypeField>>;
  values: FieldValues;
  onChange: (change: (before: FieldValues) => FieldValues) => void;
}

/** Every declared field; one that is typed in does not draw the others anew. */
export function DeclaredFields({ fields, values, onChange }: Props) {
  const set = useCallback((name: string, value: FieldValue) => onChange((before) => ({ ...before, [name]: value })), [onChange]);
  return (
    <>
      {Object.entries(fields).map(([name, field]) => (
        <DeclaredField key={name} name={name} field={field} value={values[name] ?? null} onChange={set} />
      ))}
    </>
  );
}

interface OneProps {
  name: string;
  field: CaseTypeField;
  value: FieldValue;
  onChange: (name: string, value: FieldValue) => void;
}

const DeclaredField = memo(function DeclaredField({ name, field, value, onChange }: OneProps) {
    const t = useTexts(texts);
    const language = useLanguage();
    const id = useId();
    const schema = field.schema as Schema;
    const label = <>{nameIn(field.names, language)} {field.required ? null : <span className="hint">{t("optional")}</span>}</>;
    if (schema.type === "boolean") {
      return (
        <div className="field">
          <label className="row-line"><input type="checkbox" checked={value === true} onChange={(event) => onChange(name, event.target.checked)} /> {nameIn(field.names, language)}</label>
        </div>
      );
    }
    const text = value === null ? "" : String(value);
    const number = schema.type === "integer" || schema.type === "number";
    return (
      <div className="field">
        <label htmlFor={id}>{label}</label>
        {schema.enum ? (
          <select id={id} value={text} required={field.required} onChange={(event) => onChange(name, event.target.value || null)}>
            <option value="">{t("choose")}</option>
            {schema.enum.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        ) : (
          <input
            id={id} value={text} required={field.required} type={number ? "number" : schema.format === "date" ? "date" : "text"}
            {...(number ? { min: schema.minimum, max: schema.maximum, step: schema.type === "integer" ? 1 : "any" } : { pattern: schema.pattern, maxLength: schema.maxLength ?? 1000 })}
            title={schema.pattern ? t("pattern", { pattern: schema.pattern }) : undefined}
            onChange={(event) => onChange(name, event.target.value === "" ? null : number ? Number(event.target.value) : event.target.value)}
          />
        )}
      </div>
    );
  });

/** The values that were given, as the API takes them. */
export const givenFields = (values: FieldValues): Record<string, FieldValue> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== ""));
