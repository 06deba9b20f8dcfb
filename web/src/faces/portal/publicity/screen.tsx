// What is made public (公示公开): issues that run now, their rows by words and dates, one's own rows, a question about a row.

import { useId } from "react";
import { Link, Route, Routes, useSearchParams } from "react-router";
import type { IssueView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { Issue } from "./issue";
import { Own } from "./own";
import "./publicity.css";
import { texts } from "./texts";
import { titleOf } from "./titles";

export default function PublicityScreen() {
  return (
    <Routes>
      <Route index element={<Issues />} />
      <Route path="own" element={<Own />} />
      <Route path=":id" element={<Issue />} />
    </Routes>
  );
}

function Issues() {
  const t = useTexts(texts);
  const ids = useId();
  const language = useLanguage();
  const [query, setQuery] = useSearchParams();
  const chosen = query.get("publication") ?? "";
  const found = useAnswer("GET /api/v1/public/publicity", { query: {} });
  const items = found.data?.items ?? [];
  const kinds = new Map(items.map((one) => [one.publication, nameIn(one.names, language)]));
  const shown = items.filter((one) => !chosen || one.publication === chosen);
  return (
    <Frame title={t("title")}>
      <p className="soft">{t("lead")}</p>
      <div className="publicity-ask">
        <label htmlFor={`${ids}-kind`} className="visually-hidden">{t("publication")}</label>
        <select id={`${ids}-kind`} className="input" value={chosen} onChange={(event) => setQuery(event.target.value ? { publication: event.target.value } : {})}>
          <option value="">{t("publication.all")}</option>
          {[...kinds].map(([id, name]) => <option key={id} value={id}>{name}</option>)}
        </select>
        <Link className="button second" to="/publicity/own">{t("own")}</Link>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !shown.length ? <Empty title={t("none")}>{null}</Empty> : null}
      <ul className="publicity-list">{shown.map((one) => <li key={one.id}><Line issue={one} /></li>)}</ul>
    </Frame>
  );
}

function Line({ issue }: { issue: IssueView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <Link className="card publicity-line" to={`/publicity/${issue.id}`}>
      <b>{titleOf(issue, language)}</b>
      <span>{issue.title === issue.names.zh ? "" : `${nameIn(issue.names, language)} · `}{t("rows", { n: issue.rows })}</span>
      <span className="soft small">
        {issue.office ? `${nameIn(issue.office, language)} · ` : ""}
        {issue.starts_at ? <time dateTime={issue.starts_at} title={exactTime(issue.starts_at, language)}>{shortTime(issue.starts_at, language)}</time> : null}
      </span>
    </Link>
  );
}
