// One attribute of a record as a control, with what the server said of its value.

import { memo, useId } from "react";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { texts } from "./texts";
import { schemaOf, wordsOf, type Attribute, type Value } from "./values";

interface Props {
  name: string;
  attribute: Attribute | undefined;
  value: Value;
  fault: string | undefined;
  onChange: (name: string, value: Value) => void;
}

export const RecordField = memo(function RecordField({ name, attribute, value, fault, onChange }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const id = useId();
  if (!attribute) return null;
  const schema = schemaOf(attribute);
  const text = value === null || value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value);
  const number = schema.type === "integer" || schema.type === "number";
  const described = fault ? { "aria-invalid": true, "aria-describedby": `${id}-fault` } : {};
  const typed = (given: string): Value => {
    if (given === "") return null;
    if (number) return Number(given);
    return schema.type === "array" ? given.split(/[,，、]\s*/) : given;
  };
  return (
    <div className={fault ? "field field-bad" : "field"}>
      <label htmlFor={id}>{nameIn(attribute.names, language)}{attribute.unit ? ` (${attribute.unit})` : ""} {attribute.required ? null : <span className="hint">{t("optional")}</span>}</label>
      {schema.enum ? (
        <select id={id} value={text} required={attribute.required} {...described} onChange={(event) => onChange(name, schema.enum?.find((one) => String(one) === event.target.value) ?? null)}>
          <option value="">{t("choose")}</option>
          {schema.enum.map((one) => <option key={one} value={one}>{wordsOf(attribute, one, language)}</option>)}
        </select>
      ) : schema.type === "boolean" ? (
        <select id={id} value={text} {...described} onChange={(event) => onChange(name, event.target.value === "" ? null : event.target.value === "true")}>
          <option value="">{t("choose")}</option>
          <option value="true">{t("yes")}</option>
          <option value="false">{t("no")}</option>
        </select>
      ) : (
        <input
          id={id} value={text} required={attribute.required} type={number ? "number" : schema.format === "date" ? "date" : "text"} {...described}
          {...(number ? { min: schema.minimum, max: schema.maximum, step: schema.type === "integer" ? 1 : "any" } : { maxLength: schema.maxLength ?? 2000 })}
          onChange={(event) => onChange(name, typed(event.target.value))}
        />
      )}
      {fault ? <p className="field-fault" id={`${id}-fault`}>{fault}</p> : null}
    </div>
  );
});
