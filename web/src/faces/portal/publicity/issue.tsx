// One issue: what it is, its rows by words and dates, page by page; below a row a question may be asked.

import { useEffect, useId, useState, type FormEvent } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import type { IssueView, PublicRowView } from "../../../shared/api/description";
import { Problem } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { Question } from "./question";
import { Rows } from "./rows";
import { texts } from "./texts";
import { titleOf } from "./titles";

export function Issue() {
  const { id = "" } = useParams();
  const t = useTexts(texts);
  const found = useAnswer("GET /api/v1/public/publicity/{issue_id}", { path: { issue_id: id } });
  const language = useLanguage();
  const title = found.data ? titleOf(found.data, language) : "";
  useEffect(() => {
    if (title) document.title = title;
  }, [title]);
  if (found.error instanceof Problem && found.error.status === 404) {
    return <Frame title={t("gone")}><p>{t("gone.why")}</p><Link className="button" to="/publicity">{t("all")}</Link></Frame>;
  }
  return (
    <Frame {...(title ? { title } : {})}>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.data ? <Shown issue={found.data} /> : found.error ? null : <Loading />}
      <p><Link to="/publicity">← {t("all")}</Link></p>
    </Frame>
  );
}

function Shown({ issue }: { issue: IssueView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <div className="stack">
      <section className="card">
        {issue.about ? <p>{nameIn(issue.about, language)}</p> : null}
        <dl className="publicity-facts">
          {issue.office ? <div><dt>{t("office")}</dt><dd>{nameIn(issue.office, language)}</dd></div> : null}
          {issue.area_names ? <div><dt>{t("area")}</dt><dd>{nameIn(issue.area_names, language)}</dd></div> : null}
          {issue.starts_at ? <div><dt>{t("starts")}</dt><dd><time dateTime={issue.starts_at} title={exactTime(issue.starts_at, language)}>{shortTime(issue.starts_at, language)}</time></dd></div> : null}
          <div><dt>{t("ends")}</dt><dd>{issue.ends_at ? <time dateTime={issue.ends_at} title={exactTime(issue.ends_at, language)}>{shortTime(issue.ends_at, language)}</time> : t("open")}</dd></div>
        </dl>
        {issue.own ? <p><Link className="button second" to="/publicity/own">{t("own")}</Link></p> : null}
      </section>
      <Listed issue={issue} />
    </div>
  );
}

function Listed({ issue }: { issue: IssueView }) {
  const t = useTexts(texts);
  const ids = useId();
  const [query, setQuery] = useSearchParams();
  const [words, setWords] = useState(query.get("q") ?? "");
  const [since, setSince] = useState(query.get("since") ?? "");
  const [until, setUntil] = useState(query.get("until") ?? "");
  const [asking, setAsking] = useState<PublicRowView | null>(null);
  const after = Math.max(0, Number.parseInt(query.get("after") ?? "0", 10) || 0);
  const found = useAnswer(
    "GET /api/v1/public/publicity/{issue_id}/rows",
    { path: { issue_id: issue.id }, query: { words: query.get("q") ?? "", since: query.get("since"), until: query.get("until"), after } },
    { keep: true },
  );
  const put = (changes: Record<string, string>) =>
    setQuery((before) => {
      const next = new URLSearchParams(before);
      next.delete("after");
      for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
      return next;
    });
  const find = (event: FormEvent) => {
    event.preventDefault();
    put({ q: words.trim(), since, until });
  };
  const rows = found.data?.items ?? [];
  return (
    <section className="card" aria-live="polite">
      <form className="publicity-ask" role="search" onSubmit={find}>
        <label htmlFor={`${ids}-q`} className="visually-hidden">{t("find")}</label>
        <input id={`${ids}-q`} className="input" type="search" value={words} maxLength={100} placeholder={t("find")} onChange={(event) => setWords(event.target.value)} />
        <label htmlFor={`${ids}-since`}>{t("since")}</label>
        <input id={`${ids}-since`} className="input" type="date" value={since} onChange={(event) => setSince(event.target.value)} />
        <label htmlFor={`${ids}-until`}>{t("until")}</label>
        <input id={`${ids}-until`} className="input" type="date" value={until} onChange={(event) => setUntil(event.target.value)} />
        <button className="button">{t("search")}</button>
      </form>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <Empty title={t("none.rows")}>{null}</Empty> : null}
      {rows.length ? <Rows columns={issue.columns} rows={rows} {...(issue.asks ? { onAsk: setAsking } : {})} /> : null}
      {asking ? <Question key={asking.id} row={asking} onDone={() => setAsking(null)} /> : null}
      <p className="row">
        {after ? <button type="button" className="button second" onClick={() => put({})}>{t("first")}</button> : null}
        {found.data?.after ? <button type="button" className="button second" onClick={() => put({ after: String(found.data.after) })}>{t("more")}</button> : null}
      </p>
    </section>
  );
}
