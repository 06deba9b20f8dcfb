// Values of a record in people's words, as its type declares them.

import type { Answer } from "../../../shared/api/client";
import type { Language } from "../../../shared/i18n/language";
import { nameIn } from "../../../shared/i18n/texts";
import { city } from "../../../shared/city";

export type ThingType = Answer<"GET /api/v1/types/{type}">;
export type Thing = Answer<"GET /api/v1/things/{type}/{id}">;
export type Relation = Answer<"GET /api/v1/things/{type}/{id}/relations">["items"][number];
export type Attribute = ThingType["attributes"][string];
export type Value = Thing["attributes"][string];

export interface Schema {
  type?: string;
  enum?: (string | number)[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  format?: string;
}

export const schemaOf = (attribute: Attribute | undefined): Schema => (attribute?.schema ?? {}) as Schema;

export const labelOf = (type: ThingType, name: string, language: Language): string => nameIn(type.attributes[name]?.names, language) || name;

/** A value as people read it; `–` where there is none. */
export function wordsOf(attribute: Attribute | undefined, value: Value | undefined, language: Language): string {
  if (value === undefined || value === null || value === "") return "–";
  if (Array.isArray(value)) return value.map((one) => wordsOf(attribute, one as Value, language)).join(language === "zh" ? "、" : ", ");
  if (typeof value === "boolean") return language === "zh" ? (value ? "是" : "否") : value ? "yes" : "no";
  const words = attribute?.words[String(value)];
  if (words) return nameIn(words, language);
  const text = typeof value === "number" ? value.toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { useGrouping: !Number.isInteger(value) || value > 9999, maximumFractionDigits: 6 }) : typeof value === "object" ? JSON.stringify(value) : String(value);
  return attribute?.unit ? `${text} ${attribute.unit}` : text;
}

export const columnsOf = (type: ThingType): string[] => (type.list_columns.length ? type.list_columns : Object.keys(type.attributes).slice(0, 6));

/** The groups of the detail page; attributes that no group names come last. */
export function groupsOf(type: ThingType): string[][] {
  const named = new Set(type.detail.flat());
  const rest = Object.keys(type.attributes).filter((name) => !named.has(name));
  return rest.length ? [...type.detail, rest] : type.detail;
}

/** A moment of the city's zone as a calendar gives it (`2026-06-18T08:30`, or a day) with its zone, for the API. */
export function momentOf(text: string | null): string | undefined {
  if (!text) return undefined;
  const whole = text.length === 10 ? `${text}T00:00` : text;
  const guess = Date.parse(`${whole}Z`);
  if (Number.isNaN(guess)) return undefined;
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: city.timezone, dateStyle: "short", timeStyle: "medium" }).format(guess);
  const ahead = Date.parse(`${parts.replace(" ", "T")}Z`) - Math.floor(guess / 1000) * 1000;
  return new Date(guess - ahead).toISOString();
}

/** A moment as the address holds it, in the city's zone, to the millisecond and never before it. */
export function placeOf(at: string): string {
  const whole = Date.parse(at) + 1;
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: city.timezone, dateStyle: "short", timeStyle: "medium" }).format(whole);
  return `${parts.replace(" ", "T")}.${String(whole % 1000).padStart(3, "0")}`;
}

/** The two moments of the address, as queries take them. */
export const momentsOf = (address: URLSearchParams): { valid_at?: string; known_at?: string } => {
  const valid = momentOf(address.get("valid_at"));
  const known = momentOf(address.get("known_at"));
  return { ...(valid ? { valid_at: valid } : {}), ...(known ? { known_at: known } : {}) };
};
