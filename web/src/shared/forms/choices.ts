// A choice of a declared field in the reader's language: the schema's annotation `x-en` says its values in English.

import type { Language } from "../i18n/language";

export const choiceIn = (schema: unknown, value: string | number, language: Language): string =>
  (language === "en" ? (schema as { "x-en"?: Record<string, string> } | null | undefined)?.["x-en"]?.[String(value)] : undefined) ?? String(value);
