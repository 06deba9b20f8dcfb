// One vehicle: its track of a day played again on the map, its trips, the fences that it crossed, its waybills.

import { useMemo, useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { Problem } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { cityNow, exactTime, lengthWords, shortTime, timeOfDay } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { fieldOf, momentOf } from "../../centre/zone";
import { DayField } from "../shared/day_field";
import { useLiveVehicles } from "./live_vehicles";
import { Track } from "./track";
import { texts } from "./vehicle_texts";

const day = 86_400_000;

export function Vehicle() {
  const { code = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const [asked] = useState(() => ({ since: cityNow() - day, until: cityNow() }));
  const given = (name: string) => { // an empty text is no moment, but browsers read one into it
    const text = address.get(name);
    return text ? momentOf(text) : null;
  };
  const since = given("since") ?? asked.since;
  const until = given("until") ?? asked.until;
  const span = useMemo(() => ({ since: new Date(since).toISOString(), until: new Date(Math.max(until, since + 60_000)).toISOString() }), [since, until]);
  const put = (from: number, to: number) => setAddress({ since: fieldOf(from), until: fieldOf(to) }, { replace: true });
  const here = useLiveVehicles({ vehicle: code })?.[0];
  const track = useAnswer("GET /api/v1/vehicles/{vehicle}/track", { path: { vehicle: code }, query: { ...span, points: 3000 } }, { fresh: 300_000 });
  const trips = useAnswer("GET /api/v1/vehicles/{vehicle}/trips", { path: { vehicle: code }, query: { ...span, limit: 100 } });
  const crossings = useAnswer("GET /api/v1/vehicles/{vehicle}/crossings", { path: { vehicle: code }, query: { ...span, limit: 100 } });
  const waybills = useAnswer("GET /api/v1/vehicles/{vehicle}/waybills", { path: { vehicle: code }, query: { limit: 10 } });
  if (track.error instanceof Problem && track.error.status === 404) return <Empty title={t("gone")}><Link to="/desk/senses/vehicles">{t("back")}</Link></Empty>;
  const name = here ? (here.plate ?? nameIn(here, language)) : code;
  const time = (at: string) => <time dateTime={at} title={exactTime(at, language)}>{shortTime(at, language)}</time>;
  return (
    <>
      <p><Link to="/desk/senses/vehicles">← {t("back")}</Link></p>
      <header className="desk-head">
        <h1>{name}</h1>
        {here ? <span className={`online-mark ${here.online ? "on" : "off"}`}><i aria-hidden="true" />{here.speed >= 3 ? t("speed", { n: here.speed }) : t("standing")}</span> : null}
        <Link to={`/desk/senses/devices/code/${code}`}>{t("device")} →</Link>
      </header>
      <div className="filters">
        <span className="filter"><span>{t("track.from")}</span><DayField time label={t("track.from")} value={fieldOf(since)} onDay={(field) => field && put(momentOf(field) ?? since, until)} /></span>
        <span className="filter"><span>{t("track.until")}</span><DayField time label={t("track.until")} value={fieldOf(until)} onDay={(field) => field && put(since, momentOf(field) ?? until)} /></span>
        <p className="soft small">{t("track.told")}</p>
      </div>
      {track.error ? <ErrorNotice error={track.error} onRetry={() => void track.refetch()} /> : null}
      {track.isPending && !track.error ? <Loading /> : null}
      {track.data ? track.data.positions ? <Track key={span.since + span.until} name={name} track={track.data} /> : <Empty title={t("track.none")} /> : null}
      <div className="senses-columns">
        <section className="card" aria-labelledby="vehicle-trips">
          <h2 id="vehicle-trips">{t("trips")}</h2>
          {trips.data && !trips.data.items.length ? <p className="soft">{t("trips.none")}</p> : null}
          {trips.data?.items.length ? (
            <table className="rows">
              <thead><tr><th>{t("trip.when")}</th><th>{t("trip.length")}</th><th>{t("trip.driving")}</th><th>{t("trip.standing")}</th><th>{t("trip.top")}</th><th>{t("trip.driver")}</th></tr></thead>
              <tbody>
                {trips.data.items.map((one) => (
                  <tr key={one.started_at}>
                    <td>{time(one.started_at)} – {one.open ? t("trip.open") : timeOfDay(one.ended_at).slice(0, 5)} <button type="button" className="link small" onClick={() => put(Math.floor(Date.parse(one.started_at) / 60_000) * 60_000, Math.ceil(Date.parse(one.ended_at) / 60_000) * 60_000)}>{t("trip.show")}</button></td>
                    <td className="number">{one.kilometres.toFixed(1)} km</td>
                    <td className="number">{lengthWords(one.driving_seconds * 1000, language)}</td>
                    <td className="number">{lengthWords(one.standing_seconds * 1000, language)}</td>
                    <td className="number">{t("speed", { n: one.greatest_speed })}</td>
                    <td>{one.driver || "–"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : null}
        </section>
        <aside>
          <section className="card" aria-labelledby="vehicle-crossings">
            <h2 id="vehicle-crossings">{t("crossings")}</h2>
            {crossings.data && !crossings.data.items.length ? <p className="soft">{t("crossings.none")}</p> : null}
            <ul className="plain-list">
              {(crossings.data?.items ?? []).map((one) => <li key={`${one.fence} ${one.entered_at}`}><b>{one.fence}</b> <small className="soft">{t("crossing.in", { at: shortTime(one.entered_at, language) })} · {one.left_at ? t("crossing.out", { at: shortTime(one.left_at, language) }) : t("crossing.inside")}</small></li>)}
            </ul>
          </section>
          {waybills.data?.items.length ? (
            <section className="card"><h2>{t("waybills")}</h2><ul className="plain-list">{waybills.data.items.map((one) => <li key={one.received_at}>{time(one.received_at)} <span className="case-note">{one.text}</span></li>)}</ul></section>
          ) : null}
        </aside>
      </div>
    </>
  );
}
