// The first page: what one can do here, what was begun, what happens to a report.

import { useEffect, useState } from "react";
import { Link } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { city } from "../../../shared/city";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { all } from "../../../shared/keeping/database";
import { dayOf } from "../../../shared/time/clock";
import { Frame } from "../frame";
import { forgetReceipt, followAddress, notedReceipts } from "../noted";
import type { Draft } from "../report/draft";
import "./home.css";
import { texts } from "./texts";

const steps = ["how.1", "how.2", "how.3", "how.4"] as const;

export function Home() {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <Frame>
      <section className="home-hero">
        <h1>{t("title", { city: nameIn(city.names, language) })}</h1>
        <p>{t("lead")}</p>
        <Link className="home-report" to="/report">
          <svg aria-hidden="true" viewBox="0 0 24 24" width="34" height="34" fill="none" stroke="currentColor" strokeWidth="1.9" strokeLinejoin="round"><path d="M12 21s-7-6.2-7-11.5a7 7 0 0 1 14 0C19 14.8 12 21 12 21z" /><path d="M12 6.5v3.800M12 12.9v.1" strokeLinecap="round" strokeWidth="2.2" /></svg>
          <span><b>{t("report")}</b><small>{t("report.more")}</small></span>
        </Link>
      </section>
      <Begun />
      <div className="home-ways">
        <Link className="card home-way" to="/follow"><b>{t("follow")}</b><span className="soft">{t("follow.more")}</span></Link>
        <Link className="card home-way" to="/standards"><b>{t("standards")}</b><span className="soft">{t("standards.more")}</span></Link>
      </div>
      <News />
      <Noted />
      <section aria-labelledby="how">
        <h2 id="how" className="home-heading">{t("how")}</h2>
        <ol className="home-steps">
          {steps.map((step) => <li key={step}><b>{t(step)}</b><span className="soft small">{t(`${step}.more`)}</span></li>)}
        </ol>
      </section>
    </Frame>
  );
}

/** What this device still holds of a report that was begun. */
function Begun() {
  const t = useTexts(texts);
  const [draft, setDraft] = useState<Draft | null>(null);
  useEffect(() => {
    let gone = false;
    all<Draft>("drafts").then(
      (found) => {
        if (!gone) setDraft(found.sort((one, other) => other.changedAt - one.changedAt)[0] ?? null);
      },
      () => undefined, // nothing can be kept here; the form says so where it matters
    );
    return () => {
      gone = true;
    };
  }, []);
  if (!draft) return null;
  return (
    <section className="card home-begun" aria-label={t(draft.sent ? "left.sent" : "left")}>
      <div><b>{t(draft.sent ? "left.sent" : "left")}</b><p className="soft home-begun-text">{draft.text.trim() || t("left.text")}</p></div>
      <Link className="button second" to="/report">{t("left.go")}</Link>
    </section>
  );
}

/** The newest notices, where there are any. */
function News() {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/notices", { query: { limit: 3 } }, { fresh: 60_000 });
  if (!found.data?.items.length) return null;
  return (
    <section aria-labelledby="news">
      <h2 id="news" className="home-heading">{t("news")}</h2>
      <ul className="home-noted">
        {found.data.items.map((one) => <li key={one.id} className="card"><Link to={`/notices/${one.id}`}><b>{nameIn(one.title, language)}</b><span className="soft small">{dayOf(one.published_at, language)}</span></Link></li>)}
      </ul>
      <p className="small"><Link to="/notices">{t("news.all")}</Link></p>
    </section>
  );
}

function Noted() {
  const t = useTexts(texts);
  const [receipts, setReceipts] = useState(notedReceipts);
  if (!receipts.length) return null;
  return (
    <section aria-labelledby="mine">
      <h2 id="mine" className="home-heading">{t("mine")}</h2>
      <ul className="home-noted">
        {receipts.map((one) => (
          <li key={one.number} className="card">
            <Link to={followAddress(one)}><b className="number">{one.number}</b><span className="soft small">{one.text}</span></Link>
            <button type="button" className="button plain" aria-label={t("mine.forget", { number: one.number })} onClick={() => setReceipts(forgetReceipt(one.number))}>✕</button>
          </li>
        ))}
      </ul>
    </section>
  );
}
