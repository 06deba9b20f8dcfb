// The publications with their last issues, and proposing a new one.

import { useState, type FormEvent } from "react";
import { Link } from "react-router";
import type { PublicationView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { DayField } from "../shared/day_field";
import { useNaming } from "../shared/words";
import { texts } from "./texts";

export const publications = "GET /api/v1/publications";
export const issueLooks = { proposed: "yellow", running: "green", ended: "grey", withdrawn: "grey", refused: "red" } as const;

export function Publications() {
  const t = useTexts(texts);
  const found = useAnswer(publications);
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  if (!found.data.items.length) return <Empty title={t("none")}>{t("none.next")}</Empty>;
  return found.data.items.map((one) => <Publication key={one.id} one={one} />);
}

function Publication({ one }: { one: PublicationView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const [proposing, setProposing] = useState(false);
  return (
    <section className="card" aria-labelledby={`publication-${one.id}`}>
      <h2 id={`publication-${one.id}`}>{nameIn(one.names, language)}</h2>
      {one.about ? <p className="soft">{nameIn(one.about, language)}</p> : null}
      {one.issues.length ? (
        <table className="rows">
          <thead><tr><th>{t("issue")}</th><th>{t("area")}</th><th>{t("rows")}</th><th>{t("state")}</th><th>{t("time")}</th></tr></thead>
          <tbody>
            {one.issues.map((issue) => (
              <tr key={issue.id}>
                <td data-label={t("issue")}><Link className="case-line-title" to={`/desk/publicity/issues/${issue.id}`}>{issue.title}</Link></td>
                <td data-label={t("area")}>{nameIn(issue.area_names, language) || t("area.all")}</td>
                <td data-label={t("rows")} className="number">{issue.rows}</td>
                <td data-label={t("state")}><Tag look={issueLooks[issue.state]}>{t(`issue.${issue.state}`)}</Tag></td>
                <td data-label={t("time")}>{issue.starts_at ? `${shortTime(issue.starts_at, language)} – ${issue.ends_at ? shortTime(issue.ends_at, language) : t("until.next")}` : shortTime(issue.proposed_at, language)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : <p className="soft">{t("issues.none")}</p>}
      {may("publication", "propose") && !proposing ? <p><button type="button" className="button second small" onClick={() => setProposing(true)}>{t("propose")}<span className="visually-hidden">: {nameIn(one.names, language)}</span></button></p> : null}
      {proposing ? <Propose one={one} onClose={() => setProposing(false)} /> : null}
    </section>
  );
}

function Propose({ one, onClose }: { one: PublicationView; onClose: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { words } = useNaming();
  const [title, setTitle] = useState(nameIn(one.names, language));
  const { person } = useSession();
  const [area, setArea] = useState(person?.organisation?.area ?? "");
  const [days, setDays] = useState({ since: "", until: "" });
  const [note, setNote] = useState("");
  const propose = useChange("POST /api/v1/publications/{publication}/issues", [publications]);
  const areas = Object.entries(words?.areas ?? {}).filter(([code]) => code.length >= 6 && code.startsWith(person?.organisation?.area ?? ""));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    propose.mutate(
      { path: { publication: one.id }, body: { title, area, note, ...(one.dated ? { since: days.since || null, until: days.until || null } : {}) } },
      { onSuccess: onClose },
    );
  };
  return (
    <form className="operation-form" onSubmit={submit}>
      <div className="field"><label htmlFor={`title-${one.id}`}>{t("issue.title")}</label><input id={`title-${one.id}`} required minLength={2} maxLength={200} value={title} autoFocus onChange={(event) => setTitle(event.target.value)} /></div>
      <div className="field"><label htmlFor={`area-${one.id}`}>{t("area")}</label>
        <select id={`area-${one.id}`} value={area} onChange={(event) => setArea(event.target.value)}>{person?.organisation?.area ? null : <option value="">{t("area.reach")}</option>}{areas.map(([code, names]) => <option key={code} value={code}>{nameIn(names, language)}</option>)}</select>
      </div>
      {one.dated ? (
        <div className="row-line">
          <DayField label={t("since")} value={days.since} onDay={(since) => setDays({ ...days, since })} /> – <DayField label={t("until")} value={days.until} onDay={(until) => setDays({ ...days, until })} />
        </div>
      ) : null}
      <div className="field"><label htmlFor={`note-${one.id}`}>{t("note")}</label><textarea id={`note-${one.id}`} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} /></div>
      {propose.error ? <p className="notice-error" role="alert">{messageOf(propose.error)}</p> : null}
      <div className="row-line"><button className="button" disabled={propose.isPending}>{t("propose.send")}</button><button type="button" className="button second" onClick={onClose}>{t("cancel")}</button></div>
    </form>
  );
}
