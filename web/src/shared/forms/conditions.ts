// When a declared field is asked for: `show_if` and `require_if` name other fields with a JSON Schema of their value. Only
// those keywords are known that the check of packs lets through; the server judges by the same declaration.

import type { CaseTypeField } from "../api/description";

export type FieldValue = string | number | boolean | null;
export type FieldValues = Readonly<Record<string, FieldValue>>;
export type Fields = Readonly<Record<string, CaseTypeField>>;

interface ValueSchema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  not?: ValueSchema;
}

type Conditions = Readonly<Record<string, unknown>>;

export interface FieldState {
  shown: boolean;
  required: boolean;
}

const patterns = new Map<string, RegExp>();
function matches(pattern: string, text: string): boolean {
  let found = patterns.get(pattern);
  if (!found) patterns.set(pattern, (found = new RegExp(pattern, "u")));
  return found.test(text);
}

function isOf(kind: string, value: unknown): boolean {
  if (kind === "integer") return Number.isInteger(value);
  if (kind === "null") return value === null;
  return typeof value === kind;
}

/** Whether a value is one that the schema describes. */
export function fits(schema: ValueSchema, value: unknown): boolean {
  if (schema.type !== undefined && ![schema.type].flat().some((kind) => isOf(kind, value))) return false;
  if ("const" in schema && value !== schema.const) return false;
  if (schema.enum && !schema.enum.includes(value)) return false;
  if (typeof value === "number") {
    if (schema.minimum !== undefined && value < schema.minimum) return false;
    if (schema.maximum !== undefined && value > schema.maximum) return false;
    if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum) return false;
    if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum) return false;
  }
  if (typeof value === "string") {
    const length = schema.minLength === undefined && schema.maxLength === undefined ? 0 : [...value].length;
    if (schema.minLength !== undefined && length < schema.minLength) return false;
    if (schema.maxLength !== undefined && length > schema.maxLength) return false;
    if (schema.pattern !== undefined && !matches(schema.pattern, value)) return false;
  }
  return schema.not === undefined || !fits(schema.not, value);
}

const given = (value: FieldValue | undefined): boolean => value !== undefined && value !== null && value !== "";
const conditionsOf = (field: CaseTypeField | undefined): readonly Conditions[] => [field?.show_if ?? {}, field?.require_if ?? {}];

/** The other fields on which it hangs whether a field is asked for, with those on which they hang in turn. */
export function watchedBy(fields: Fields, name: string): readonly string[] {
  const found = new Set<string>();
  const look = (one: string) => {
    for (const other of conditionsOf(fields[one]).flatMap(Object.keys)) {
      if (found.has(other)) continue;
      found.add(other);
      look(other);
    }
  };
  look(name);
  found.delete(name);
  return [...found];
}

function hold(fields: Fields, conditions: Conditions, values: FieldValues, asked: readonly string[]): boolean {
  return Object.entries(conditions).every(
    ([other, schema]) => !asked.includes(other) && given(values[other]) && fits(schema as ValueSchema, values[other]) && isShown(fields, other, values, asked),
  );
}

/** What is not shown counts as not given to the fields that hang on it. */
function isShown(fields: Fields, name: string, values: FieldValues, asked: readonly string[]): boolean {
  return hold(fields, fields[name]?.show_if ?? {}, values, [...asked, name]);
}

/** Whether a field is asked for, and whether it must be given, while the others are as they are. */
export function stateOf(fields: Fields, name: string, values: FieldValues): FieldState {
  const field = fields[name];
  const shown = isShown(fields, name, values, []);
  const needed = Object.keys(field?.require_if ?? {}).length > 0 && hold(fields, field?.require_if ?? {}, values, [name]);
  return { shown, required: shown && (Boolean(field?.required) || needed) };
}

/** The values that were given and are asked for, as the API takes them. */
export const givenFields = (fields: Fields, values: FieldValues): Record<string, FieldValue> =>
  Object.fromEntries(Object.entries(values).filter(([name, value]) => given(value) && fields[name] && stateOf(fields, name, values).shown));
