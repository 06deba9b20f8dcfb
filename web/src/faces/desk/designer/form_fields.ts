// The fields of a step as its drawing writes them (yiwang:field), read as declared fields, so that the preview is what the desk
// will show. The server reads the same words when the drawing is checked and published.

import type { CaseTypeField } from "../../../shared/api/description";
import type { Values } from "./settings";

export const fieldNames = ["id", "zh", "en", "kind", "required", "options", "options_en", "min", "max", "on", "show_if", "require_if"] as const;
export const kinds = ["text", "number", "integer", "choice", "yesno", "date"] as const;

const condition = /^([a-z][a-z0-9]{0,39})\s*(!=|>=|<=|=|>|<)\s*(.+)$/;
const compared: Record<string, string> = { ">": "exclusiveMinimum", ">=": "minimum", "<": "exclusiveMaximum", "<=": "maximum" };

function valueOf(kind: string, text: string): unknown {
  if (kind === "yesno") return text === "yes";
  return kind === "number" || kind === "integer" ? Number(text) : text;
}

function conditionsOf(text: string | undefined, kindOf: (field: string) => string): Record<string, unknown> {
  const found: Record<string, Record<string, unknown>> = {};
  for (const part of (text ?? "").split(";")) {
    const [, field, operator, value] = condition.exec(part.trim()) ?? [];
    if (!field || !operator || !value) continue;
    const values = value.split("|").map((one) => valueOf(kindOf(field), one.trim()));
    const schema = operator in compared ? { [compared[operator] ?? ""]: values[0] } : operator === "=" ? { enum: values } : { not: { enum: values } };
    found[field] = { ...found[field], ...schema };
  }
  return found;
}

function schemaOf(row: Values): Record<string, unknown> {
  switch (row.kind ?? "text") {
    case "choice":
      return { type: "string", enum: optionsOf(row), "x-en": Object.fromEntries(optionsOf(row).map((one, place) => [one, listOf(row.options_en)[place] ?? one])) };
    case "yesno":
      return { type: "boolean" };
    case "date":
      return { type: "string", format: "date" };
    case "number":
    case "integer":
      return { type: row.kind, ...(row.min ? { minimum: Number(row.min) } : {}), ...(row.max ? { maximum: Number(row.max) } : {}) };
    default:
      return { type: "string", maxLength: 1000 };
  }
}

const listOf = (text: string | undefined): string[] => (text ?? "").split("|").map((one) => one.trim()).filter(Boolean);
export const optionsOf = (row: Values): string[] => listOf(row.options);

/** The rows as declared fields, in their order; those without a code are left out. */
export function declaredOf(rows: readonly Values[]): Record<string, CaseTypeField> {
  const kindOf = (field: string) => rows.find((row) => row.id === field)?.kind ?? "text";
  return Object.fromEntries(
    rows.filter((row) => row.id).map((row) => [
      row.id,
      {
        names: { zh: row.zh ?? row.id ?? "", en: row.en ?? row.id ?? "" }, schema: schemaOf(row), required: row.required === "true",
        show_if: conditionsOf(row.show_if, kindOf), require_if: conditionsOf(row.require_if, kindOf),
      } as unknown as CaseTypeField,
    ]),
  );
}
