// What a change of a setting changed, member by member, in words.

import { useLanguage, type Language } from "../../../shared/i18n/language";
import { nameIn, useTexts, type Names } from "../../../shared/i18n/texts";
import type { Answer } from "../../../shared/api/client";
import { member, texts } from "./editing_texts";
import type { SettingWords } from "./setting_words";

type Change = Answer<"GET /api/v1/administration/changes">["items"][number];

const isMember = (name: string): name is keyof typeof member => name in member;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isNames = (value: unknown): value is Names => isRecord(value) && typeof value.zh === "string" && typeof value.en === "string";
const isGrant = (value: unknown): value is { kind: string; verbs: string[]; area?: string } => isRecord(value) && typeof value.kind === "string" && Array.isArray(value.verbs);
const isDay = (value: unknown): value is { day: string; working: boolean; name: string } => isRecord(value) && typeof value.day === "string" && typeof value.name === "string";

/** What was set, by the name that its document gives to it, else by the name of what it is about. */
export const nameOf = ({ kind, key, document, before }: Change, setting: SettingWords, language: Language): string => {
  const names = document?.names ?? before?.names;
  return isNames(names) ? nameIn(names, language) : setting.key(kind, key);
};

/** The members that differ, before and after. */
export function Difference({ change: { kind, before, document: after }, setting }: { change: Change; setting: SettingWords }) {
  const t = useTexts(texts);
  const m = useTexts(member);
  const language = useLanguage();
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]));
  const label = (name: string) => (isMember(name) ? m(name) : name);
  const comma = language === "zh" ? "、" : ", ";
  const words = (value: unknown, name: string): string => {
    if (value === undefined || value === null || value === "") return "–";
    if (typeof value === "boolean") return t(value ? "yes" : "no");
    if (isNames(value)) return nameIn(value, language);
    if (isDay(value)) return `${value.day} ${value.name}`;
    if (isGrant(value)) return `${setting.value(kind, "kind", value.kind)} ${value.verbs.map((one) => setting.value(kind, "verbs", one)).join("/")}${value.area === "post" ? ` (${setting.value(kind, "area", value.area)})` : ""}`;
    if (Array.isArray(value)) return value.map((one) => words(one, name)).join(comma) || "–";
    if (isRecord(value)) return Object.entries(value).filter(([, part]) => part !== null).map(([inner, part]) => (inner === "code" ? words(part, inner) : `${label(inner)} ${words(part, inner)}`)).join(" ");
    return typeof value === "string" ? setting.value(kind, name, value) : String(value);
  };
  const said = (document: Change["before"], other: Change["before"], name: string): string => {
    if (!document) return t("files");
    const [own, others] = [document[name], other?.[name]];
    if (!Array.isArray(own) || !Array.isArray(others)) return brief(words(own, name));
    // Of long lists only what the other has not.
    const known = new Set(others.map((one) => JSON.stringify(one)));
    return brief(words(own.filter((one) => !known.has(JSON.stringify(one))), name));
  };
  return (
    <ul className="administration-difference">
      {names.map((name) => <li key={name}>{label(name)}: <del>{said(before, after, name)}</del> → <ins>{said(after, before, name)}</ins></li>)}
      {after === null ? <li>{t("as.files")}</li> : null}
    </ul>
  );
}

const brief = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
