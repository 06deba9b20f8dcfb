// Sudden issues that nobody has taken note of: one line each, with the note that says who looks after it.

import { useState } from "react";
import { Link } from "react-router";
import type { HotIssueAlarm } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { agoWords, exactTime, useCityNow } from "../../../shared/time/clock";
import { texts } from "./texts";

const shown = 4;

export function Alarms() {
  const t = useTexts(texts);
  const [all, setAll] = useState(false);
  const found = useAnswer("GET /api/v1/desk/hot-issue-alarms");
  const open = (found.data ?? []).filter((one) => one.acknowledged_at === null);
  if (!open.length) return null;
  return (
    <section className="card hot-alarms" aria-label={t("alarms", { n: open.length })}>
      <h2>{t("alarms", { n: open.length })}</h2>
      <ul className="plain-list">{(all ? open : open.slice(0, shown)).map((one) => <Alarm key={one.id} alarm={one} />)}</ul>
      {open.length > shown && !all ? <button type="button" className="chip" onClick={() => setAll(true)}>{t("alarms.all", { n: open.length })}</button> : null}
    </section>
  );
}

function Alarm({ alarm }: { alarm: HotIssueAlarm }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const now = useCityNow();
  return (
    <li className="row-line">
      <Link to={`/desk/hot-issues/${alarm.id}`}><b>{alarm.title}</b></Link>
      <span className="soft" title={exactTime(alarm.sudden_at, language)}>{agoWords(alarm.sudden_at, now, language)}</span>
      <span>{t("counts", { letters: alarm.letters, people: alarm.people })}</span>
      <Acknowledge id={alarm.id} />
    </li>
  );
}

/** The button that says: seen, and what is being done. */
export function Acknowledge({ id }: { id: string }) {
  const t = useTexts(texts);
  const { may } = useSession();
  const [asking, setAsking] = useState(false);
  const [note, setNote] = useState("");
  const change = useChange("POST /api/v1/hot-issues/{issue_id}/acknowledge", ["GET /api/v1/desk/hot-issue-alarms"]);
  if (!may("case", "urge") && !may("case", "supervise")) return null;
  if (!asking) return <button type="button" className="button small second" onClick={() => setAsking(true)}>{t("acknowledge")}</button>;
  return (
    <form className="row-line" onSubmit={(event) => (event.preventDefault(), change.mutate({ path: { issue_id: id }, body: { note } }))}>
      <label className="row-line"><span className="visually-hidden">{t("acknowledge.note")}</span><input autoFocus value={note} maxLength={500} placeholder={t("acknowledge.note")} onChange={(event) => setNote(event.target.value)} /></label>
      <button className="button small" disabled={change.isPending}>{t("acknowledge.do")}</button>
      <button type="button" className="chip" onClick={() => setAsking(false)}>{t("cancel")}</button>
      {change.error ? <span role="alert" className="notice-error">{messageOf(change.error)}</span> : null}
    </form>
  );
}
