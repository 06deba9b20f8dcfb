// Open data (开放数据): what the offices have opened to everybody; found by words, looked at, taken away.

import { useId, useState, type FormEvent } from "react";
import { Link, Route, Routes, useSearchParams } from "react-router";
import type { DatasetView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { Dataset } from "./dataset";
import "./opendata.css";
import { texts } from "./texts";
import { cycleOf, themes } from "./words";

const page = 20;

export default function OpenDataScreen() {
  return (
    <Routes>
      <Route index element={<Datasets />} />
      <Route path=":id" element={<Dataset />} />
    </Routes>
  );
}

function Datasets() {
  const t = useTexts(texts);
  const ids = useId();
  const [query, setQuery] = useSearchParams();
  const [words, setWords] = useState(query.get("q") ?? "");
  const q = query.get("q") ?? "";
  const theme = themes.find((one) => one === query.get("theme")) ?? "";
  const start = Math.max(0, Math.min(10_000, Number.parseInt(query.get("start") ?? "0", 10) || 0));
  const found = useAnswer("GET /opendata/datasets", { query: { q: q.slice(0, 100), theme, start, limit: page } }, { keep: true });
  const put = (changes: Record<string, string>) =>
    setQuery((before) => {
      const next = new URLSearchParams(before);
      next.delete("start");
      for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
      return next;
    });
  const find = (event: FormEvent) => {
    event.preventDefault();
    put({ q: words.trim() });
  };
  const total = found.data?.total ?? 0;
  return (
    <Frame title={t("title")}>
      <p className="soft">{t("lead")}</p>
      <form className="opendata-ask" role="search" onSubmit={find}>
        <label htmlFor={`${ids}-q`} className="visually-hidden">{t("find")}</label>
        <input id={`${ids}-q`} className="input" type="search" value={words} maxLength={100} placeholder={t("find")} onChange={(event) => setWords(event.target.value)} />
        <label htmlFor={`${ids}-theme`} className="visually-hidden">{t("theme")}</label>
        <select id={`${ids}-theme`} className="input" value={theme} onChange={(event) => put({ theme: event.target.value })}>
          <option value="">{t("theme.all")}</option>
          {themes.map((one) => <option key={one} value={one}>{t(`theme.${one}`)} {found.data?.themes[one] ?? 0}</option>)}
        </select>
        <button className="button">{t("search")}</button>
      </form>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !total ? (
        <Empty title={q || theme ? t("none.found") : t("none")}>{q || theme ? <>{t("none.found.more")} <Link to="/open-data" onClick={() => setWords("")}>{t("all")}</Link></> : null}</Empty>
      ) : null}
      {total ? <p className="soft small" role="status">{t("found", { n: total })}</p> : null}
      <ul className="opendata-list">{found.data?.items.map((one) => <li key={one.id}><Line dataset={one} /></li>)}</ul>
      <p className="row">
        {start > 0 ? <button type="button" className="button second" onClick={() => put({ start: String(Math.max(0, start - page)) })}>{t("before")}</button> : null}
        {start + page < total ? <button type="button" className="button second" onClick={() => put({ start: String(start + page) })}>{t("more")}</button> : null}
      </p>
    </Frame>
  );
}

function Line({ dataset }: { dataset: DatasetView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <Link className="card opendata-line" to={`/open-data/${dataset.id}`}>
      <b>{nameIn(dataset.names, language)}</b>
      <span>{nameIn(dataset.about, language)}</span>
      <span className="soft small">{nameIn(dataset.provider, language)} · {t("cycle")} {t(cycleOf(dataset.cycle))}</span>
      <span className="opendata-forms">{dataset.forms.map((one) => <span key={one}>{one.toUpperCase()}</span>)}</span>
    </Link>
  );
}
