// The filters of the case list; all of them stand in the address, so that a list can be sent, bookmarked and saved.

import { useState, type FormEvent, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { texts as ui } from "../../../shared/ui/texts";
import { DayField } from "../shared/day_field";
import { useNaming } from "../shared/words";
import type { CaseQuery } from "./asking";
import { texts } from "./texts";

const names = ["q", "state", "clock", "area", "department", "type", "stage", "reported_from", "reported_to"] as const;
const states = ["open", "closed", "folded", "not_accepted", "void"] as const;
const colours = ["red", "yellow", "green", "blue", "grey"] as const;
const kept = "yiwang-saved-filters";

const looksLikeNumber = (text: string): boolean => text.length >= 8 && !/\s/.test(text) && (text.match(/\d/g)?.length ?? 0) >= 6;

/** The filters of the address as the API takes them. */
export function queryOf(address: URLSearchParams): CaseQuery {
  const found: Record<string, string> = {};
  for (const name of [...names, "box", "channel", "class_code", "urgency", "status"]) {
    const value = address.get(name);
    if (value) found[name] = value;
  }
  if (found.q && looksLikeNumber(found.q)) {
    found.number = found.q;
    delete found.q;
  }
  for (const name of ["reported_from", "reported_to"] as const) {
    if (found[name]?.length === 10) found[name] = `${found[name]}T${name === "reported_from" ? "00:00:00" : "23:59:59"}+08:00`;
  }
  return found as CaseQuery;
}

interface Saved {
  name: string;
  query: string;
}

function readSaved(): Saved[] {
  try {
    return JSON.parse(localStorage.getItem(kept) ?? "[]") as Saved[];
  } catch {
    return [];
  }
}

export function Filters({ children }: { children?: ReactNode }) {
  const t = useTexts(texts);
  const u = useTexts(ui);
  const language = useLanguage();
  const naming = useNaming();
  const [address, setAddress] = useSearchParams();
  const [words, setWords] = useState(address.get("q") ?? "");
  const [saved, setSaved] = useState(readSaved);
  const [more, setMore] = useState(() => innerWidth > 720); // on a phone the list comes first

  const set = (name: string, value: string) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      return after;
    }, { replace: true });
  const find = (event: FormEvent) => {
    event.preventDefault();
    set("q", words.trim());
  };
  const keep = () => {
    const name = prompt(t("save.name"))?.trim();
    if (!name) return;
    store([...saved.filter((one) => one.name !== name), { name: name.slice(0, 40), query: address.toString() }].slice(-20));
  };
  const store = (list: Saved[]) => {
    localStorage.setItem(kept, JSON.stringify(list));
    setSaved(list);
  };
  const choice = (name: (typeof names)[number], label: string, options: readonly (readonly [string, string])[]) => (
    <label className="filter">
      <span>{label}</span>
      <select value={address.get(name) ?? ""} onChange={(event) => set(name, event.target.value)}>
        <option value="">{t("any")}</option>
        {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </label>
  );
  const known = naming.words;
  const streets = Object.entries(known?.areas ?? {}).filter(([code]) => code.length === 9);
  return (
    <div className="filters" role="search">
      <form className="filter-search" onSubmit={find}>
        <input type="search" value={words} maxLength={100} onChange={(event) => setWords(event.target.value)} placeholder={t("search")} aria-label={t("search")} data-search />
        <button className="button small">{t("find")}</button>
      </form>
      {more ? null : <button type="button" className="chip" onClick={() => setMore(true)}>{t("more")}</button>}
      {more ? (
        <>
      {choice("state", t("state"), states.map((one) => [one, t(`state.${one}`)]))}
      {choice("clock", t("clock"), colours.map((one) => [one, u(`clock.${one}`)]))}
      {choice("area", t("area"), streets.map(([code, name]) => [code, nameIn(name, language)]))}
      {choice("department", t("department"), (known?.departments ?? []).map((one) => [one.code, nameIn(one, language)]))}
      {choice("type", t("type"), (known?.types ?? []).map((one) => [one.id, nameIn(one, language)]))}
      {choice("stage", t("stage"), Object.entries(known?.stages ?? {}).map(([key, name]) => [key, nameIn(name, language)]))}
      <span className="filter"><span>{t("from")}</span><DayField label={t("from")} value={address.get("reported_from") ?? ""} onDay={(day) => set("reported_from", day)} /></span>
      <span className="filter"><span>{t("to")}</span><DayField label={t("to")} value={address.get("reported_to") ?? ""} onDay={(day) => set("reported_to", day)} /></span>
        </>
      ) : null}
      <div className="filter-end">
        {names.some((name) => address.has(name)) ? (
          <>
            <button type="button" className="chip" onClick={() => (setWords(""), setAddress({}))}>{t("clear")}</button>
            <button type="button" className="chip" onClick={keep}>{t("save")}</button>
          </>
        ) : null}
        {saved.map((one) => (
          <span key={one.name} className="saved">
            <button type="button" className="chip" aria-pressed={one.query === address.toString()} onClick={() => (setWords(new URLSearchParams(one.query).get("q") ?? ""), setAddress(new URLSearchParams(one.query)))}>{one.name}</button>
            <button type="button" aria-label={t("saved.remove", { name: one.name })} onClick={() => store(saved.filter((other) => other !== one))}>✕</button>
          </span>
        ))}
        {children}
      </div>
    </div>
  );
}
