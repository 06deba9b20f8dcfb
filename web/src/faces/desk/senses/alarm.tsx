// One alarm: how grave, since when, its curve half an hour before and after, what happened, what can be done.

import { Link, useParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { Problem } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useNaming } from "../shared/words";
import { texts } from "./alarm_texts";
import { AlarmVerbs } from "./alarm_verbs";
import { Cells } from "./alarms";
import { EvidenceCurve } from "./evidence_curve";
import { useFresh } from "./fresh";
import { useRuleNames } from "./rule_names";
import { AlarmTags, Severity } from "./severity";
import { useSignals } from "./signals";

export function AlarmPage() {
  const { id = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const signals = useSignals();
  const rules = useRuleNames();
  const found = useAnswer("GET /api/v1/alarms/{alarm_id}", { path: { alarm_id: id } });
  const children = useAnswer("GET /api/v1/alarms", { query: { parent: id, state: "all", limit: 200 } }, { enabled: (found.data?.alarm.children ?? 0) > 0 });
  useFresh(["GET /api/v1/alarms/{alarm_id}", "GET /api/v1/alarms"], (entry) => entry.kind === "alarm" && entry.id === id);
  if (found.error instanceof Problem && found.error.status === 404) return <Empty title={t("gone")}><Link to="/desk/senses/alarms">{t("back")}</Link></Empty>;
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  const { alarm, story, curves, may } = found.data;
  const time = (at: string) => <time dateTime={at} title={exactTime(at, language)}>{shortTime(at, language)}</time>;
  const title = nameIn(alarm.names, language);
  return (
    <>
      <p><Link to="/desk/senses/alarms">← {t("back")}</Link></p>
      <header className="desk-head"><h1>{title}</h1><Severity of={alarm.severity} /><span><AlarmTags alarm={alarm} /></span></header>
      <AlarmVerbs ids={[alarm.id]} nameOf={() => title} offered={may} onDone={() => void found.refetch()}><span className="soft">{alarm.over ? t("fact.over") : t("fact.normal")}</span></AlarmVerbs>
      <div className="senses-columns">
        <div>
          <section className="card">
            {curves.length ? curves.map((curve) => (
              <EvidenceCurve key={curve.metric} metric={curve.metric} points={curve.points} limit={curve.metric === alarm.metric ? alarm.limit : null} at={alarm.raised_at} />
            )) : <p className="soft">{t("curve.none")}</p>}
          </section>
          {alarm.children ? (
            <section className="card" aria-labelledby="alarm-children">
              <h2 id="alarm-children">{t("children")}</h2>
              <table className="rows">
                <thead><tr><th>{t("column.severity")}</th><th>{t("column.alarm")}</th><th>{t("column.value")}</th><th>{t("column.since")}</th><th>{t("column.state")}</th><th>{t("column.case")}</th></tr></thead>
                <tbody>{(children.data?.items ?? []).map((one) => <tr key={one.id}><Cells alarm={one} storm={null} /></tr>)}</tbody>
              </table>
            </section>
          ) : null}
          <section className="card" aria-labelledby="alarm-story">
            <h2 id="alarm-story">{t("story")}</h2>
            <ol className="plain-list">
              {story.map((row) => (
                <li key={`${row.at} ${row.verb}`}>{time(row.at)} <b>{nameIn(row, language)}</b> <span className="soft">{row.by}</span>{row.note ? <p className="case-note">{row.note}</p> : null}</li>
              ))}
            </ol>
          </section>
        </div>
        <aside className="card">
          <dl className="facts">
            {alarm.device ? <div><dt>{t("fact.device")}</dt><dd><Link to={`/desk/senses/devices/code/${alarm.device}`}>{nameIn(alarm.device_names, language)}</Link></dd></div> : <div><dt>{t("fact.device")}</dt><dd>{t("storm", { n: alarm.children })}</dd></div>}
            <div><dt>{t("fact.value")}</dt><dd>{signals.named(alarm.metric)} {signals.show(alarm.metric, alarm.value)}{alarm.limit !== null ? <small className="soft"> · {t("value.limit", { limit: signals.show(alarm.metric, alarm.limit) })}</small> : null}{alarm.peak !== null ? <small className="soft"> · {t("value.peak", { peak: signals.show(alarm.metric, alarm.peak) })}</small> : null}</dd></div>
            <div><dt>{t("fact.rule")}</dt><dd><Link to={`/desk/senses/rules/${alarm.rule}`}>{rules.nameOf(alarm.rule)}</Link></dd></div>
            <div><dt>{t("fact.began")}</dt><dd>{time(alarm.began_at)}</dd></div>
            <div><dt>{t("fact.raised")}</dt><dd>{time(alarm.raised_at)}</dd></div>
            {alarm.acknowledged_at ? <div><dt>{t("fact.acknowledged")}</dt><dd>{time(alarm.acknowledged_at)} {alarm.acknowledged_by}</dd></div> : null}
            {alarm.cleared_at ? <div><dt>{t("fact.cleared")}</dt><dd>{time(alarm.cleared_at)}</dd></div> : null}
            {alarm.closed_at ? <div><dt>{t("fact.closed")}</dt><dd>{time(alarm.closed_at)} {alarm.closed_by}</dd></div> : null}
            <div><dt>{t("fact.area")}</dt><dd>{naming.area(alarm.area)}</dd></div>
            <div><dt>{t("fact.case")}</dt><dd>{alarm.case_id ? <Link to={`/desk/cases/${alarm.case_id}`}>{alarm.case_number}</Link> : "–"}</dd></div>
            {alarm.folded_into ? <div><dt>{t("fact.parent")}</dt><dd><Link to={`/desk/senses/alarms/${alarm.folded_into}`}>{t("fact.parent.show")}</Link></dd></div> : null}
          </dl>
          {alarm.lon !== null && alarm.lat !== null ? <CityMap label={t("map")} height={240} markers={[{ id: alarm.id, lon: alarm.lon, lat: alarm.lat, look: "place", title }]} focus={{ lon: alarm.lon, lat: alarm.lat, zoom: 15 }} /> : null}
        </aside>
      </div>
    </>
  );
}
