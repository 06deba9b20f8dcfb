// Beside the case: its place, its facts, what else is the same matter, the flow with the present step.

import { useState, type FormEvent, type ReactNode } from "react";
import { Link } from "react-router";
import { addressOf, call } from "../../../shared/api/client";
import type { CaseDetail, CaseWork } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { choiceIn } from "../../../shared/forms/choices";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { limitWords } from "../../../shared/time/limits";
import { CityMap, type Marker } from "../../../shared/map/city_map";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Later } from "../shared/later";
import { useNaming } from "../shared/words";
import { texts } from "./texts";

interface Props {
  item: CaseDetail;
  work: CaseWork | undefined;
  onDone: (verb: string) => void;
}

/** The id of something else. */
export const identifier = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where the drawing of the flow with the case's steps is. */
const drawingOf = (id: string, language: "zh" | "en"): string =>
  `${addressOf("GET /api/v1/instances/{instance_id}/drawing.svg", { path: { instance_id: id } })}?lang=${language}`;

export function CaseSide({ item, work, onDone }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const place = item.address || naming.area(item.area);
  const markers: Marker[] = item.lon !== null && item.lat !== null ? [{ id: item.id, lon: item.lon, lat: item.lat, look: "place", title: place }] : [];
  return (
    <aside>
      <section className="card" aria-labelledby="case-place">
        <h2 id="case-place">{t("place")}</h2>
        <p>{place}</p>
        {item.lon !== null && item.lat !== null ? (
          <>
            <Later when={work !== undefined} height={260}><CityMap label={`${t("place")}: ${place}`} height={260} markers={markers} focus={{ lon: item.lon, lat: item.lat, zoom: 15 }} /></Later>
            <p className="soft small number">{item.lon.toFixed(6)}, {item.lat.toFixed(6)} · CGCS2000 · {item.grid}</p>
          </>
        ) : <p className="soft">{t("place.none")}</p>}
      </section>
      <Facts item={item} work={work} />
      <Alike item={item} work={work} onDone={onDone} />
      {item.requests.length ? (
        <section className="card">
          <h2>{t("requests")}</h2>
          <ul className="plain-list">{item.requests.map((one) => <li key={one.id}>{one.amount} · {one.reason} <span className="soft">{one.requested_name} {shortTime(one.requested_at, language)}</span> → {t(`request.${one.state}`)}</li>)}</ul>
        </section>
      ) : null}
      {work?.drawn ? (
        <section className="card">
          <h2>{t("flow")}</h2>
          <a href={drawingOf(item.id, language)} target="_blank" rel="noopener" title={t("flow.show")}><img className="case-flow" src={`${drawingOf(item.id, language)}&at=${item.status}`} alt={`${t("flow")}: ${language === "zh" ? item.status : item.status_en}`} loading="lazy" /></a>
        </section>
      ) : null}
    </aside>
  );
}

function Facts({ item, work }: { item: CaseDetail; work: CaseWork | undefined }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const time = (at: string) => <time dateTime={at} title={exactTime(at, language)}>{shortTime(at, language)}</time>;
  const rows: [string, ReactNode][] = [
    [t("class"), <>{item.class_code ?? "–"} {language === "zh" ? item.class_name : item.class_name_en} <small className="soft">{item.class_system}</small></>],
    [t("channel"), nameIn(work?.channel, language) || item.channel],
    [t("reported"), time(item.reported_at)],
  ];
  if (item.department) rows.push([t("department"), [nameIn(item.department, language), nameIn(item.section, language), item.handler].filter(Boolean).join(" · ")]);
  if (item.limit) rows.push([t("limit"), <>{limitWords(item.limit, language)} {item.due_at ? <>· {time(item.due_at)}</> : null}</>]);
  for (const step of item.still) rows.push([t("still"), t("still.since", { step: nameIn(step, language), at: shortTime(step.since, language) })]);
  for (const [key, at] of [["filed", item.filed_at], ["dispatched", item.dispatched_at], ["handled", item.handled_at], ["checked", item.checked_at], ["closed", item.closed_at]] as const) {
    if (at) rows.push([t(key), time(at)]);
  }
  if (item.rework_count) rows.push([t("rework"), item.rework_count]);
  if (item.satisfaction) rows.push([t("satisfaction"), "★".repeat(item.satisfaction)]);
  rows.push(...useDeclared(item, language));
  return (
    <section className="card" aria-labelledby="case-facts">
      <h2 id="case-facts">{t("facts")}</h2>
      <dl className="facts">
        {rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
        <div><dt>{t("reporter")}</dt><dd><Reporter item={item} may={work?.may_unmask ?? false} /></dd></div>
      </dl>
    </section>
  );
}

/** The fields that the case's type declares, by their names. */
function useDeclared(item: CaseDetail, language: "zh" | "en"): [string, ReactNode][] {
  const types = useAnswer("GET /api/v1/case-types", {}, { fresh: 600_000, enabled: Object.keys(item.fields).length > 0 }).data;
  const declared = { ...types?.find((one) => one.id === item.type)?.fields, ...item.step_fields };
  const t = useTexts(texts);
  const known = (key: string) => nameIn(declared[key]?.names, language) || (key === "agency" ? t("agency") : key); // the importer's own field
  return Object.entries(item.fields)
    .filter(([, value]) => value !== null && value !== "" && typeof value !== "object" && !identifier.test(String(value))) // evidence and published rows have cards of their own
    .map(([key, value]) => [known(key), typeof value === "boolean" ? t(value ? "yes" : "no") : typeof value === "string" ? choiceIn(declared[key]?.schema, value, language) : String(value)]);
}

function Reporter({ item, may }: { item: CaseDetail; may: boolean }) {
  const t = useTexts(texts);
  const [purpose, setPurpose] = useState("");
  const [shown, setShown] = useState<{ name: string; phone: string } | null>(null);
  const [refusal, setRefusal] = useState("");
  const reporter = shown ?? item.reporter;
  const show = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const answer = await call("GET /api/v1/cases/{case_id}", { path: { case_id: item.id }, query: { purpose } });
      setShown(answer.reporter);
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  return (
    <>
      {reporter.name || "–"} <span className="number">{reporter.phone}</span>
      {may && !shown && (item.reporter.name || item.reporter.phone) ? (
        <form className="row-line" onSubmit={(event) => void show(event)}>
          <input value={purpose} required maxLength={200} aria-label={t("unmask.why")} placeholder={t("unmask.why")} onChange={(event) => setPurpose(event.target.value)} />
          <button className="button second small">{t("unmask")}</button>
        </form>
      ) : null}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
    </>
  );
}

/** What is folded with it, and what may be the same matter, with the reason. */
function Alike({ item, work, onDone }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [refusal, setRefusal] = useState("");
  const mayFold = Boolean(work?.forms.some((form) => form.key === "fold"));
  const alike = useAnswer("GET /api/v1/cases/{case_id}/alike", { path: { case_id: item.id }, query: { limit: 5 } }, { enabled: mayFold && item.state === "open", fresh: 60_000 });
  const likely = (alike.data ?? []).filter((one) => one.probability >= 0.3 && one.id !== item.id && !item.folded.some((known) => known.id === one.id));
  const fold = async (head: string) => {
    try {
      await call("POST /api/v1/cases/{case_id}/fold", { path: { case_id: item.id }, body: { head } });
      onDone(t("alike.fold"));
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  if (!item.head && !item.folded.length && !likely.length) return null;
  return (
    <section className="card" aria-labelledby="case-same">
      <h2 id="case-same">{t("same")}</h2>
      <ul className="plain-list">
        {item.head ? <li>{t("head")}: <Link to={`/desk/cases/${item.head.id}`}>{item.head.number}</Link> <span className="soft">{item.head.text}</span></li> : null}
        {item.folded.map((one) => <li key={one.id}><Link to={`/desk/cases/${one.id}`}>{one.number}</Link> <span className="soft">{one.text}</span></li>)}
      </ul>
      {likely.length ? <h3>{t("alike")}</h3> : null}
      <ul className="plain-list">
        {likely.map((one) => (
          <li key={one.number}>
            <b>{Math.round(one.probability * 100)}%</b> {one.id ? <Link to={`/desk/cases/${one.id}`}>{one.number}</Link> : one.number} <span className="soft">{one.text}</span>
            <small className="soft">{one.reasons.filter((reason) => reason.bits > 0).map((reason) => nameIn(reason, language)).join(language === "zh" ? ";" : "; ")}</small>
            {mayFold && one.foldable ? <button type="button" className="chip" onClick={() => void fold(one.number)}>{t("alike.fold")}</button> : null}
          </li>
        ))}
      </ul>
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
    </section>
  );
}
