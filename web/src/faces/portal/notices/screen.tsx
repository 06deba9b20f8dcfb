// Public notices (公告): what the city tells everybody, searched by words; and one of them by its own address.

import { useEffect, useId, useState, type FormEvent } from "react";
import { Link, Route, Routes, useParams, useSearchParams } from "react-router";
import { addressOf } from "../../../shared/api/client";
import type { NoticeItem } from "../../../shared/api/description";
import { Problem } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { dayOf, exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import "./notices.css";
import { texts } from "./texts";

const kinds = ["notice", "service", "warning", "result"] as const;

export default function NoticesScreen() {
  return (
    <Routes>
      <Route index element={<Notices />} />
      <Route path=":id" element={<One />} />
    </Routes>
  );
}

function Notices() {
  const t = useTexts(texts);
  const ids = useId();
  const language = useLanguage();
  const [query, setQuery] = useSearchParams();
  const [words, setWords] = useState(query.get("q") ?? "");
  const q = query.get("q") ?? "";
  const kind = kinds.find((one) => one === query.get("kind")) ?? null;
  const after = query.get("after");
  const found = useAnswer("GET /api/v1/notices", { query: { q, kind, after } }, { keep: true });
  const put = (changes: Record<string, string>) =>
    setQuery((before) => {
      const next = new URLSearchParams(before);
      next.delete("after");
      for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
      return next;
    });
  const find = (event: FormEvent) => {
    event.preventDefault();
    put({ q: words.trim() });
  };
  return (
    <Frame title={t("title")}>
      <form className="notices-ask" role="search" onSubmit={find}>
        <label htmlFor={`${ids}-q`} className="visually-hidden">{t("find")}</label>
        <input id={`${ids}-q`} className="input" type="search" value={words} maxLength={100} placeholder={t("find")} onChange={(event) => setWords(event.target.value)} />
        <label htmlFor={`${ids}-kind`} className="visually-hidden">{t("kind")}</label>
        <select id={`${ids}-kind`} className="input" value={kind ?? ""} onChange={(event) => put({ kind: event.target.value })}>
          <option value="">{t("kind.all")}</option>
          {kinds.map((one) => <option key={one} value={one}>{t(`kind.${one}`)}</option>)}
        </select>
        <button className="button">{t("search")}</button>
      </form>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !found.data.items.length ? <Empty title={q || kind ? t("none.found") : t("none")}>{q || kind ? <Link to="/notices">{t("all")}</Link> : null}</Empty> : null}
      <ul className="notices-list">{found.data?.items.map((one) => <li key={one.id}><Line notice={one} /></li>)}</ul>
      {found.data?.next ? <p><Link className="button second" to={`?${next(query, found.data.next)}`}>{t("older")}</Link></p> : null}
      <p className="small"><a href={addressOf("GET /api/v1/notices.atom") + `?lang=${language}`}>{t("feed")}</a></p>
    </Frame>
  );
}

function next(query: URLSearchParams, after: string): URLSearchParams {
  const changed = new URLSearchParams(query);
  changed.set("after", after);
  return changed;
}

export function Line({ notice }: { notice: NoticeItem }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <Link className="card notices-line" to={`/notices/${notice.id}`}>
      <span className={`notices-kind ${notice.kind}`}>{t(`kind.${notice.kind}`)}</span>
      <b>{nameIn(notice.title, language)}</b>
      <span className="soft small"><time dateTime={notice.published_at} title={exactTime(notice.published_at, language)}>{dayOf(notice.published_at, language)}</time>{notice.office ? ` · ${nameIn(notice.office, language)}` : ""}</span>
    </Link>
  );
}

function One() {
  const { id = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const sound = /^[0-9a-f-]{36}$/i.test(id);
  const found = useAnswer("GET /api/v1/notices/{notice_id}", { path: { notice_id: id } }, { enabled: sound });
  const title = found.data ? nameIn(found.data.title, language) : "";
  useEffect(() => {
    if (title) document.title = title;
  }, [title]);
  if (!sound || (found.error instanceof Problem && found.error.status === 404)) {
    return <Frame title={t("gone")}><p>{t("gone.why")}</p><Link className="button" to="/notices">{t("all")}</Link></Frame>;
  }
  return (
    <Frame>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.data ? (
        <article className="narrow card notices-one">
          <span className={`notices-kind ${found.data.kind}`}>{t(`kind.${found.data.kind}`)}</span>
          <h1>{title}</h1>
          <p className="soft small">
            {found.data.office ? `${nameIn(found.data.office, language)} · ` : ""}<time dateTime={found.data.published_at} title={exactTime(found.data.published_at, language)}>{shortTime(found.data.published_at, language)}</time>
            {Date.parse(found.data.changed_at) - Date.parse(found.data.published_at) > 60_000 ? ` · ${t("changed", { at: shortTime(found.data.changed_at, language) })}` : ""}
            {found.data.until_at ? ` · ${t("until", { at: shortTime(found.data.until_at, language) })}` : ""}
          </p>
          {language === "en" && !found.data.text.en ? <p className="soft small">{t("only.chinese")}</p> : null}
          {nameIn(found.data.text, language).split(/\n{2,}/).map((part, place) => <p key={place} className="wrap notices-text">{part}</p>)}
        </article>
      ) : found.error ? null : <Loading />}
      <p className="narrow"><Link to="/notices">← {t("all")}</Link></p>
    </Frame>
  );
}
