// A patrol: begin, walk, report what is wrong, end; the worker's own record of it.

import { useCallback, useEffect, useState } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { all, forget } from "../../../shared/keeping/database";
import { metreWords } from "../../../shared/place/here";
import { lengthWords, shortTime, useCityNow } from "../../../shared/time/clock";
import { useKept } from "../kept";
import type { Worker } from "../who";
import { useRecording, type Track } from "./recording";
import { useSending } from "./sending";
import { texts } from "./texts";

export default function PatrolScreen({ worker }: { worker: Worker }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { track, low, trouble, begin, end, note } = useRecording(worker.account);
  const { waiting, times, sendNow } = useSending(worker.account, track, note);
  const [earlier, setEarlier] = useState<Track[]>([]);
  const look = useCallback(() => {
    all<Track>("tracks").then((found) => setEarlier(found.filter((one) => one.account === worker.account && one.endedAt !== null).reverse()), () => undefined);
  }, [worker.account]);
  useEffect(look, [look, times]); // what was sent may have been refused
  const remove = (id: string) => {
    if (confirm(t("delete.sure"))) void forget("tracks", id).then(look);
  };
  return (
    <div className="stack">
      <h1>{t("title")}</h1>
      {track ? (
        <section className="field-card stack">
          <Figures track={track} />
          {trouble ? <p className="field-warn" role="alert">{language === "zh" ? trouble[0] : trouble[1]}</p> : null}
          {low ? <p className="field-warn">{t("low")}</p> : null}
          {track.points.length ? <Sketch track={track} /> : trouble ? null : <p role="status">{t("waiting")}</p>}
          <Link className="button second" to="/field/report">{t("report")}</Link>
          <button type="button" className="button big" onClick={() => void end().then(look).then(sendNow)}>{t("end")}</button>
        </section>
      ) : <button type="button" className="button big" onClick={begin}>{t("begin")}</button>}
      {waiting ? <p className="soft" role="status">{t("unsent")}</p> : null}
      <Walked account={worker.account} times={times} />
      <p className="soft">{t("private")}<br />{t("saving")}</p>
      <section className="stack" aria-labelledby="earlier">
        <h2 id="earlier">{t("earlier")}</h2>
        {earlier.length ? null : <p className="soft">{t("none")}</p>}
        <ul className="field-list">
          {earlier.map((one) => (
            <li key={one.id} className="field-card">
              <span className="field-task-top">
                <b>{shortTime(one.startedAt, language)}</b>
                <button type="button" className="button plain" aria-label={t("delete", { time: shortTime(one.startedAt, language) })} onClick={() => remove(one.id)}>{t("delete.do")}</button>
              </span>
              {one.refused ? <span className="field-warn">{language === "zh" ? one.refused[0] : one.refused[1]}</span> : null}
              <span>{metreWords(one.metres, language === "zh")} · {lengthWords((one.endedAt ?? one.startedAt) - one.startedAt, language)}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

/** How far one's grid was walked today, as the shift leader sees it, too. */
function Walked({ account, times }: { account: string; times: number }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useKept(`walked ${account}`, () => call("GET /api/v1/patrols", { query: { mine: true }, quiet: true }));
  const { refetch } = found;
  useEffect(() => {
    if (times) void refetch();
  }, [times, refetch]);
  const told = found.data?.answer;
  if (!told) return null;
  return (
    <section className="stack" aria-labelledby="walked">
      <h2 id="walked">{t("walked")}</h2>
      {told.items.length ? null : <p className="soft">{t("walked.none")}</p>}
      {told.items.map((one) => (
        <p key={one.area} className="field-card">
          {nameIn(one.area_names, language) || one.area}: {one.walked === null ? "" : <b>{t("walked.share", { share: Math.round(one.walked * 100) })}</b>} · {metreWords(one.metres, language === "zh")}
        </p>
      ))}
      <p className="soft small">{t("walked.who", { days: told.kept_days })}</p>
    </section>
  );
}

function Figures({ track }: { track: Track }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const now = useCityNow();
  return (
    <div className="field-figures">
      <span><b>{track.metres < 5 ? "0" : metreWords(track.metres, language === "zh")}</b>{t("length")}</span>
      <span><b>{lengthWords(now - track.startedAt, language)}</b>{t("time")}</span>
      <span><b>{track.points.length}</b>{t("points")}</span>
    </div>
  );
}

/** The way as a line: no map is loaded for it, which spares the battery. */
function Sketch({ track }: { track: Track }) {
  const t = useTexts(texts);
  const squeeze = Math.cos(((track.points[0]?.lat ?? 0) * Math.PI) / 180);
  const flat = track.points.map((one) => [one.lon * squeeze, -one.lat] as const);
  const xs = flat.map(([x]) => x);
  const ys = flat.map(([, y]) => y);
  const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys), 0.0005);
  const middle = [(Math.max(...xs) + Math.min(...xs)) / 2, (Math.max(...ys) + Math.min(...ys)) / 2] as const;
  const drawn = flat.map(([x, y]) => [50 + ((x - middle[0]) / span) * 84, 50 + ((y - middle[1]) / span) * 84] as const);
  const first = drawn[0];
  const last = drawn.at(-1);
  return (
    <svg className="field-track" viewBox="0 0 100 100" role="img" aria-label={t("track")}>
      <polyline points={drawn.map((one) => one.join(",")).join(" ")} fill="none" stroke="var(--brand)" strokeWidth="1.6" strokeLinejoin="round" />
      {first ? <circle cx={first[0]} cy={first[1]} r="2.2" fill="var(--paper)" stroke="var(--brand)" strokeWidth="1" /> : null}
      {last ? <circle cx={last[0]} cy={last[1]} r="2.6" fill="var(--red)" /> : null}
    </svg>
  );
}
