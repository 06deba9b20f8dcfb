// Breaking a matter down (任务分解) on the case page: giving its tasks out, how they stand, reporting progress of one.

import { useState } from "react";
import { Link } from "react-router";
import type { BreakdownKind, BreakdownView, CaseDetail, PartView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { cityNow, exactTime, shortTime } from "../../../shared/time/clock";
import { periodWords } from "../../../shared/time/periods";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { texts } from "./breakdown_texts";

export const breakdown = "GET /api/v1/cases/{case_id}/breakdown";
export const progress = "GET /api/v1/cases/{case_id}/progress";

/** How the tasks of this matter stand. */
export function BrokenDown({ item, kind }: { item: CaseDetail; kind: BreakdownKind }) {
  const waits = item.tasks.some(({ node }) => node === kind.node); // not broken down yet
  const found = useAnswer(breakdown, { path: { case_id: item.id } }, { enabled: !waits });
  if (!found.data || waits) return null;
  return <Parts found={found.data} kind={kind} />;
}

function Parts({ found, kind }: { found: BreakdownView; kind: BreakdownKind }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="card" aria-labelledby="case-parts">
      <h2 id="case-parts">{nameIn(kind.names, language)} · {t("parts", { n: found.parts.length })}</h2>
      <div className="row-line"><Percent of={found.percent} label={t("whole")} /><span className="soft small">{found.divided_by} · {shortTime(found.divided_at, language)}{found.settled_at ? ` · ${t("settled", { at: shortTime(found.settled_at, language) })}` : ""}</span></div>
      <table className="rows parts">
        <thead><tr><th>{t("task")}</th><th>{t("office")}</th><th>{t("percent")}</th><th>{t("due")}</th><th>{t("state")}</th></tr></thead>
        <tbody>
          {found.parts.map((part) => (
            <tr key={part.case_id} className={lookOf(kind, part) ?? ""}>
              <td data-label={t("task")}><Link to={`/desk/cases/${part.case_id}`} className="case-line-title">{part.nth}. {part.title}</Link>{part.weight !== 1 ? <small className="soft">{t("weight.n", { n: part.weight })}</small> : null}</td>
              <td data-label={t("office")}>{nameIn(part.organisation, language) || "–"}</td>
              <td data-label={t("percent")}><Percent of={part.percent} label={part.title} />{part.missed ? <small className="soft">{t("missed", { n: part.missed })}</small> : null}</td>
              <td data-label={t("due")}><Due part={part} /></td>
              <td data-label={t("state")}><span>{language === "zh" ? part.status : part.status_en} <Card kind={kind} part={part} /></span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const lookOf = (kind: BreakdownKind, part: PartView) => {
  const colour = kind.cards.find(({ id }) => id === part.card)?.colour;
  return colour === "red" || colour === "yellow" ? colour : undefined;
};

function Card({ kind, part }: { kind: BreakdownKind; part: PartView }) {
  const language = useLanguage();
  const card = kind.cards.find(({ id }) => id === part.card);
  return card ? <Tag look={lookOf(kind, part) ?? "grey"}>{nameIn(card.names, language)}</Tag> : null;
}

function Due({ part }: { part: PartView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  if (part.ended_at) return <time dateTime={part.ended_at} title={exactTime(part.ended_at, language)}>{t(part.late ? "ended.late" : "ended", { at: shortTime(part.ended_at, language) })}</time>;
  return part.due_at ? <ClockMark colour={part.late ? "red" : "green"} due={part.due_at} /> : <>–</>;
}

export function Percent({ of, label }: { of: number; label: string }) {
  return <span className="percent"><progress max={100} value={of} aria-label={label} /> <span className="number">{of}%</span></span>;
}

/** Reports of progress that this task owes and has given. */
export function Progress({ item, kind }: { item: CaseDetail; kind: BreakdownKind }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const found = useAnswer(progress, { path: { case_id: item.id } });
  if (found.error) return item.channel ? null : <ErrorNotice error={found.error} />; // a case of this type that is no part of anything
  if (!found.data) return null;
  const { part, reports, parent } = found.data;
  const now = cityNow();
  return (
    <section className="card" aria-labelledby="case-progress">
      <h2 id="case-progress">{t("progress")} <Card kind={kind} part={part} /></h2>
      <p className="row-line"><Link to={`/desk/cases/${parent}`}>{t("parent")}</Link><Percent of={part.percent} label={t("percent")} /><Due part={part} /></p>
      {reports.length ? (
        <ol className="case-story">
          {[...reports].reverse().map((one) => (
            <li key={one.period}>
              <span>{periodWords(one.period, language)}</span>
              <div>
                {one.given_at ? <><b>{one.percent}%</b> <span className="soft">{one.given_by} · {shortTime(one.given_at, language)}</span></> : Date.parse(one.due_at) < now ? <Tag look="red">{t("not.given")}</Tag> : <span>{t("owed", { at: shortTime(one.due_at, language) })}</span>}
                {one.text ? <p className="case-note">{one.text}</p> : null}
              </div>
            </li>
          ))}
        </ol>
      ) : null}
      {kind.progress_every && !part.ended_at && may("plan", "report") ? <Report caseId={item.id} percent={part.percent} again={Boolean(reports.at(-1)?.given_at)} /> : null}
    </section>
  );
}

function Report({ caseId, percent, again }: { caseId: string; percent: number; again: boolean }) {
  const t = useTexts(texts);
  const [share, setShare] = useState(String(percent));
  const [text, setText] = useState("");
  const send = useChange("POST /api/v1/cases/{case_id}/progress", [progress, breakdown, "GET /api/v1/cases/{case_id}/work"]);
  return (
    <form
      className="progress-form"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate({ path: { case_id: caseId }, body: { percent: Number(share), text } }, { onSuccess: () => setText("") });
      }}
    >
      <div className="field">
        <label htmlFor="progress-percent">{t("report.percent")}</label>
        <input id="progress-percent" type="number" min={0} max={100} step={1} required value={share} onChange={(event) => setShare(event.target.value)} />
      </div>
      <div className="field">
        <label htmlFor="progress-text">{t("report.text")}</label>
        <textarea id="progress-text" required minLength={2} maxLength={2000} value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      {again ? <p className="soft small">{t("again")}</p> : null}
      {send.error ? <p className="notice-error" role="alert">{messageOf(send.error)}</p> : null}
      {send.isSuccess ? <p className="soft" role="status">{t("reported")}</p> : null}
      <button className="button" disabled={send.isPending}>{t("report")}</button>
    </form>
  );
}
