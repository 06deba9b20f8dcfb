// Which matters the city handles, by which standard and within which time: open to everybody.

import { useId, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import type { ClassItem } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { limitWords } from "../../../shared/time/limits";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { residentKinds } from "../case_types";
import { Frame } from "../frame";
import "./standards.css";
import { texts } from "./texts";

export default function StandardsScreen() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [query, setQuery] = useSearchParams();
  const types = useAnswer("GET /api/v1/case-types", undefined, { fresh: 3_600_000 });
  const ids = useId();
  const open = residentKinds(types.data ?? []);
  const type = query.get("type") ?? open[0]?.type ?? "";
  const [words, setWords] = useState(query.get("q") ?? "");
  const put = (name: string, value: string) =>
    setQuery((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  return (
    <Frame title={t("title")}>
      <p className="soft">{t("lead")}</p>
      {types.error ? <ErrorNotice error={types.error} onRetry={() => void types.refetch()} /> : null}
      <div className="standards-ask">
        <div className="field">
          <label htmlFor={`${ids}-find`} className="visually-hidden">{t("find")}</label>
          <input
            id={`${ids}-find`} className="input" type="search" value={words} placeholder={t("find")} maxLength={60}
            onChange={(event) => {
              setWords(event.target.value);
              put("q", event.target.value.trim());
            }}
          />
        </div>
        {open.length > 1 ? (
          <div className="field">
            <label htmlFor={`${ids}-type`} className="visually-hidden">{t("type")}</label>
            <select id={`${ids}-type`} className="input" value={type} onChange={(event) => put("type", event.target.value)}>
              {open.map((one) => <option key={one.type} value={one.type}>{nameIn(one.names, language)}</option>)}
            </select>
          </div>
        ) : null}
      </div>
      {type ? <Classes type={type} words={words.trim().toLowerCase()} /> : types.isPending ? <Loading /> : null}
    </Frame>
  );
}

function Classes({ type, words }: { type: string; words: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/case-types/{key}/classes", { path: { key: type } }, { fresh: 3_600_000 });
  const groups = useMemo(() => {
    const made = new Map<string, ClassItem[]>();
    for (const one of found.data ?? []) {
      if (words && ![one.names.zh, one.names.en, one.group.zh, one.group.en, one.code].some((text) => text.toLowerCase().includes(words))) continue;
      const group = nameIn(one.group, language);
      made.set(group, [...(made.get(group) ?? []), one]);
    }
    return [...made];
  }, [found.data, words, language]);
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  if (!groups.length) return <Empty title={t("none", { words })}>{t("none.more")}</Empty>;
  const few = groups.reduce((sum, [, list]) => sum + list.length, 0) <= 12;
  return (
    <div className="stack">
      {groups.map(([group, list]) => (
        <details key={`${group}/${few}`} className="card standards-group" open={few}>
          <summary><b>{group}</b> <span className="soft small">{t("count", { n: list.length })}</span></summary>
          {list.map((one) => <Kind key={one.code} one={one} />)}
        </details>
      ))}
    </div>
  );
}

function Kind({ one }: { one: ClassItem }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="standards-kind">
      <h2>{nameIn(one.names, language)} <small className="soft number">{one.code}</small></h2>
      {one.standards.length ? null : <p className="soft small">{t("no.standard")}</p>}
      {one.standards.map((standard) => (
        <dl key={standard.id}>
          <div><dt>{t("filing")}</dt><dd>{nameIn(standard.filing, language)}</dd></div>
          <div><dt>{t("closing")}</dt><dd>{nameIn(standard.closing, language)}</dd></div>
          <div><dt>{t("limit")}</dt><dd><b>{limitWords(standard.limit, language)}</b>{standard.urgency === "urgent" ? <> · {t("urgent")}</> : null}</dd></div>
        </dl>
      ))}
    </section>
  );
}
