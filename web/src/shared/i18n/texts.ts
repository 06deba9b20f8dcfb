// Texts: each face and each shared room has one dictionary file, in which both languages of a text stand side by side, so
// that neither can be forgotten. `{name}` in a text is filled in.

import { useMemo } from "react";
import { language, useLanguage, type Language } from "./language";

export type Pair = readonly [zh: string, en: string];
export type Values = Readonly<Record<string, string | number>>;

/** A name in both languages, as the API tells them. */
export interface Names {
  zh: string;
  en: string;
}

/** Declare a dictionary: `export const texts = dictionary({ "tasks.title": ["我的任务", "My tasks"] })`. */
export const dictionary = <Key extends string>(texts: Record<Key, Pair>): Record<Key, Pair> => texts;

function fill(text: string, values?: Values): string {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

const pick = (pair: Pair, wanted: Language): string => (wanted === "zh" ? pair[0] : pair[1]);

export type Translate<Key extends string> = (key: Key, values?: Values) => string;

/** `const t = useTexts(texts); t("tasks.title")` */
export function useTexts<Key extends string>(texts: Record<Key, Pair>): Translate<Key> {
  const wanted = useLanguage();
  return useMemo(() => (key, values) => fill(pick(texts[key], wanted), values), [texts, wanted]);
}

/** Outside of components: the text in the language of now. */
export const textNow = (pair: Pair, values?: Values): string => fill(pick(pair, language()), values);

/** A name of the API in the language of now; a name without English is shown in Chinese. */
export const nameIn = (names: Names | null | undefined, wanted: Language): string =>
  names ? (wanted === "en" && names.en ? names.en : names.zh) : "";
