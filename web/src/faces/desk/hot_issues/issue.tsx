// One hot issue: its figures, how it rose and faded, where, its cases; taking note of its alarm, merging it with another.

import { useMemo, useState } from "react";
import { Link, useParams } from "react-router";
import type { HotIssue, HotIssueHistory } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { Chart } from "../../../shared/chart/chart";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { CityMap, type Marker } from "../../../shared/map/city_map";
import { useSession } from "../../../shared/session/session";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useNaming } from "../shared/words";
import { Acknowledge } from "./alarms";
import { texts } from "./texts";

export function Issue() {
  const { id = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const { area } = useNaming();
  const found = useAnswer("GET /api/v1/hot-issues/{issue_id}", { path: { issue_id: id } });
  const alarms = useAnswer("GET /api/v1/desk/hot-issue-alarms");
  const history = useAnswer("GET /api/v1/hot-issues/{issue_id}/history", { path: { issue_id: id } });
  const cases = useAnswer("GET /api/v1/hot-issues/{issue_id}/cases", { path: { issue_id: id }, query: { limit: 100 } });
  const markers = useMemo<Marker[]>(
    () => (cases.data?.cases ?? []).flatMap((one) => (one.lon !== null && one.lat !== null ? [{ id: one.id, lon: one.lon, lat: one.lat, look: "place" as const, title: one.number }] : [])),
    [cases.data],
  );
  if (found.error) return <section className="desk-screen"><ErrorNotice error={found.error} /><p><Link to="/desk/hot-issues">{t("back")}</Link></p></section>;
  if (!found.data) return <Loading />;
  const issue = found.data;
  const alarm = alarms.data?.find((one) => one.id === id);
  return (
    <section className="desk-screen">
      <p><Link to="/desk/hot-issues">← {t("back")}</Link></p>
      <header className="desk-head">
        <h1>{issue.title}</h1>
        <span className={`tag ${issue.tendency === "rising" ? "red" : "grey"}`}>{t(`tendency.${issue.tendency}`)}</span>
      </header>
      {alarm ? (
        <p className="card row-line">
          <b>{t("sudden.at", { at: shortTime(alarm.sudden_at, language) })}</b>
          {alarm.acknowledged_at ? t("acknowledged", { who: alarm.acknowledged_name ?? "", at: shortTime(alarm.acknowledged_at, language), note: alarm.acknowledged_note ?? "" }) : <Acknowledge id={id} />}
        </p>
      ) : null}
      <dl className="hot-figures">
        <div><dt>{t("figure.heat")}</dt><dd className="number">{Math.round(issue.heat)}</dd></div>
        <div><dt>{t("figure.letters")}</dt><dd className="number">{issue.letters}</dd></div>
        <div><dt>{t("figure.people")}</dt><dd className="number">{issue.people}</dd></div>
        <div><dt>{t("figure.period")}</dt><dd title={`${exactTime(issue.began_at, language)} – ${exactTime(issue.last_at, language)}`}>{shortTime(issue.began_at, language)} – {shortTime(issue.last_at, language)}</dd></div>
        <div><dt>{t("figure.place")}</dt><dd>{issue.places.join("、") || (issue.area ? area(issue.area) : t("area.all"))}</dd></div>
        <div><dt>{t("figure.words")}</dt><dd>{issue.words.join("、") || "–"}</dd></div>
      </dl>
      <div className="hot-pair">
        <div>
          {history.data ? <Rise history={history.data} /> : history.error ? <ErrorNotice error={history.error} /> : <Loading />}
          <Merge issue={issue} />
        </div>
        <div className="hot-map"><CityMap label={t("map.one")} height={420} markers={markers} focus={issue.lon !== null && issue.lat !== null ? { lon: issue.lon, lat: issue.lat, zoom: 13 } : null} /></div>
      </div>
      <h2>{t("cases", { n: issue.letters })}</h2>
      {cases.error ? <ErrorNotice error={cases.error} /> : null}
      {cases.data && !cases.data.cases.length ? <Empty title={t("cases.none")} /> : null}
      {cases.data?.cases.length ? (
        <table className="rows">
          <thead><tr><th>{t("column.case")}</th><th>{t("column.text")}</th><th>{t("column.reported")}</th><th>{t("column.status")}</th></tr></thead>
          <tbody>
            {cases.data.cases.map((one) => (
              <tr key={one.id}>
                <td><Link to={`/desk/cases/${one.id}`}>{one.number}</Link></td>
                <td>{one.text}</td>
                <td className="number" title={exactTime(one.reported_at, language)}>{shortTime(one.reported_at, language)}</td>
                <td>{language === "zh" ? one.status : one.status_en}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {cases.data?.next ? <p className="soft small">{t("cases.more", { n: cases.data.cases.length })}</p> : null}
    </section>
  );
}

function Rise({ history }: { history: HotIssueHistory }) {
  const t = useTexts(texts);
  const monthly = history.months.length > 3;
  const counts = monthly ? history.months.map((one) => ({ since: one.since.slice(0, 7), letters: one.letters })) : days(history);
  const names = counts.map((one) => one.since);
  return (
    <Chart label={monthly ? t("history.months") : t("history.days")} names={names} height={220} series={[{ name: t("figure.letters"), kind: "bar", tone: "brand", values: counts.map((one) => one.letters) }]}>
      <table className="rows"><thead><tr><th>{monthly ? t("month") : t("day")}</th><th>{t("figure.letters")}</th></tr></thead><tbody>{counts.map((one) => <tr key={one.since}><td className="number">{one.since}</td><td className="number">{one.letters}</td></tr>)}</tbody></table>
    </Chart>
  );
}

/** Every day from the first to the last, also those without a report. */
function days(history: HotIssueHistory): { since: string; letters: number }[] {
  const known = new Map(history.days.map((one) => [one.since, one.letters]));
  const [first, last] = [history.days[0]?.since, history.days[history.days.length - 1]?.since];
  if (!first || !last) return [];
  const found: { since: string; letters: number }[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last) && found.length < 100; at += 86_400_000) {
    const since = new Date(at).toISOString().slice(0, 10);
    found.push({ since, letters: known.get(since) ?? 0 });
  }
  return found;
}

function Merge({ issue }: { issue: HotIssue }) {
  const t = useTexts(texts);
  const { may } = useSession();
  const [open, setOpen] = useState(false);
  const [other, setOther] = useState("");
  const [reason, setReason] = useState("");
  const others = useAnswer("GET /api/v1/hot-issues", { query: { days: 90, limit: 100 } }, { enabled: open });
  const change = useChange("POST /api/v1/hot-issues/{issue_id}/merge", ["GET /api/v1/hot-issues", "GET /api/v1/hot-issues/{issue_id}", "GET /api/v1/hot-issues/{issue_id}/history", "GET /api/v1/hot-issues/{issue_id}/cases"]);
  if (!may("case", "urge") && !may("case", "supervise")) return null;
  const choices = (others.data?.issues ?? []).filter((one) => one.id !== issue.id).sort((one, next) => Number(next.class_code === issue.class_code) - Number(one.class_code === issue.class_code));
  const chosen = choices.find((one) => one.id === other);
  return (
    <section className="card">
      <h2>{t("merge")}</h2>
      <p className="soft small">{t("merge.about")}</p>
      {open ? (
        <form onSubmit={(event) => (event.preventDefault(), change.mutate({ path: { issue_id: issue.id }, body: { other, reason } }, { onSuccess: () => (setOther(""), setReason("")) }))}>
          <div className="field"><label htmlFor="merge-other">{t("merge.other")}</label><select id="merge-other" value={other} required onChange={(event) => setOther(event.target.value)}><option value="">{others.data ? t("merge.choose") : "…"}</option>{choices.map((one) => <option key={one.id} value={one.id}>{t("marker", { title: one.title, letters: one.letters })}</option>)}</select></div>
          <div className="field"><label htmlFor="merge-reason">{t("merge.reason")}</label><input id="merge-reason" value={reason} required maxLength={500} onChange={(event) => setReason(event.target.value)} /></div>
          {chosen ? <p>{t("merge.sure", { gone: chosen.title, n: chosen.letters, kept: issue.title })}</p> : null}
          <div className="row-line"><button className="button danger" disabled={!chosen || !reason.trim() || change.isPending}>{t("merge.do")}</button><button type="button" className="chip" onClick={() => setOpen(false)}>{t("cancel")}</button></div>
        </form>
      ) : <button type="button" className="button second small" onClick={() => setOpen(true)}>{t("merge.begin")}</button>}
      {change.error ? <p role="alert" className="notice-error">{messageOf(change.error)}</p> : null}
      {change.data ? <p role="status">{t("merge.done", { n: change.data.moved })}</p> : null}
    </section>
  );
}
