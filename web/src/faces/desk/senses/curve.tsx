// The curve of a metric of a device, from a year to a minute: whatever is looked at is asked for in as many points as the
// screen has room for. By keys and buttons as well as by wheel and slider.

import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useAnswer } from "../../../shared/api/queries";
import "../../../shared/chart/chart.css";
import { texts as chartTexts } from "../../../shared/chart/texts";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { cityNow, clockSpeed, exactTime, shortTime } from "../../../shared/time/clock";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { texts } from "./curve_texts";
import type { CurvePoint } from "./curve_types";
import type { Limit } from "./rule_names";
import { useSignals } from "./signals";

const View = lazy(() => import("./curve_view"));
const hour = 3_600_000;
const year = 366 * 24 * hour;
const spans = { "span.hour": hour, "span.day": 24 * hour, "span.week": 168 * hour, "span.month": 720 * hour, "span.year": year } as const;
const askEvery = 5_000; // ms of the watcher's own time

interface Props {
  label: string;
  device: string;
  metric: string;
  /** Seconds between readings, as the kind of device declares. */
  interval: number;
  limits: readonly Limit[];
}

export function Curve({ label, device, metric, interval, limits }: Props) {
  const t = useTexts(texts);
  const chart = useTexts(chartTexts);
  const language = useLanguage();
  const signals = useSignals();
  const host = useRef<HTMLElement>(null);
  const [room, setRoom] = useState(800);
  const [table, setTable] = useState(false);
  const [outer, setOuter] = useState(() => ({ from: cityNow() - year, to: cityNow() }));
  const [view, setView] = useState(() => ({ since: cityNow() - 24 * hour, until: cityNow(), follows: true }));
  useEffect(() => {
    if (!host.current) return;
    const resized = new ResizeObserver(([entry]) => setRoom(Math.max(200, Math.round((entry?.contentRect.width ?? 800) / 100) * 100)));
    resized.observe(host.current);
    return () => resized.disconnect();
  }, []);
  // What ends now goes on with the clock.
  useEffect(() => {
    if (!view.follows) return;
    const timer = window.setInterval(() => {
      if (document.hidden) return;
      const now = cityNow();
      setOuter({ from: now - year, to: now });
      setView((before) => ({ ...before, since: now - (before.until - before.since), until: now }));
    }, askEvery);
    return () => clearInterval(timer);
  }, [view.follows]);
  const look = (since: number, until: number) => {
    const now = cityNow();
    const span = Math.min(Math.max(until - since, 60_000), year);
    const end = Math.min(until, now);
    setOuter({ from: now - year, to: now });
    setView({ since: Math.max(end - span, now - year), until: end, follows: now - end < Math.max(span / 100, 2000 * clockSpeed()) });
  };
  const span = view.until - view.since;
  const found = useAnswer(
    "GET /api/v1/readings/series",
    { query: { device, metric, since: new Date(view.since).toISOString(), until: new Date(view.until + 1000).toISOString(), points: room } },
    { keep: true, fresh: view.follows ? 0 : 60_000 },
  );
  const series = found.data?.device === device && found.data.metric === metric ? found.data : undefined;
  const points = useMemo<CurvePoint[]>(
    () => (series?.points ?? []).map((one) => ({ at: Date.parse(one.at), value: one.mean, low: series?.step ? one.low : null, high: series?.step ? one.high : null, sound: one.valid_share >= 1 })),
    [series],
  );
  const gap = Math.max(interval * 3, (series?.step ?? 0) * 1.5) * 1000;
  const lines = useMemo(() => limits.map((one) => ({ value: one.value, name: one.side === "above" ? "≤" : "≥" })), [limits]);
  const range = useMemo(() => ({ ...outer, since: view.since, until: view.until }), [outer, view]);
  const holes = points.filter((one, place) => place > 0 && one.at - (points[place - 1]?.at ?? 0) > gap).length;
  const bad = points.filter((one) => !one.sound).length;
  return (
    <figure className="chart" ref={host}>
      <figcaption><b>{label}</b><button type="button" className="chip" aria-pressed={table} onClick={() => setTable(!table)}>{table ? chart("chart") : chart("table")}</button></figcaption>
      <div className="curve-bar">
        {(Object.keys(spans) as (keyof typeof spans)[]).map((name) => (
          <button key={name} type="button" className="chip" aria-pressed={view.follows && Math.abs(span - spans[name]) < 1000} onClick={() => look(cityNow() - spans[name], cityNow())}>{t(name)}</button>
        ))}
        <button type="button" className="chip" onClick={() => look(view.since - span / 2, view.until - span / 2)}>‹ {t("earlier")}</button>
        <button type="button" className="chip" onClick={() => look(view.since + span / 2, view.until + span / 2)}>{t("later")} ›</button>
        <button type="button" className="chip" onClick={() => look(view.since + span / 4, view.until - span / 4)}>+ {t("closer")}</button>
        <button type="button" className="chip" onClick={() => look(view.since - span / 2, view.until + span / 2)}>− {t("wider")}</button>
        <span className="curve-span soft small number" title={`${exactTime(view.since, language)} – ${exactTime(view.until, language)}`}>{shortTime(view.since, language)} – {shortTime(view.until, language)}</span>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {table ? (
        <div className="chart-table" tabIndex={0}>
          <table className="rows">
            <thead><tr><th>{t("time")}</th><th>{t("mean")}</th><th>{t("low")}</th><th>{t("high")}</th><th>{t("count")}</th><th>{t("valid")}</th></tr></thead>
            <tbody>
              {[...(series?.points ?? [])].reverse().slice(0, 1000).map((one) => (
                <tr key={one.at}><td className="number">{shortTime(one.at, language)}</td><td className="number">{signals.show(metric, one.mean)}</td><td className="number">{signals.show(metric, one.low)}</td><td className="number">{signals.show(metric, one.high)}</td><td className="number">{one.count}</td><td className="number">{Math.round(one.valid_share * 100)}%</td></tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <Suspense fallback={<Loading />}>
          <View label={label} name={signals.named(metric)} unit={signals.unit(metric)} points={points} limits={lines} gap={gap} range={range} onRange={(since, until) => Math.abs(since - view.since) + Math.abs(until - view.until) > 1000 ? look(since, until) : undefined} />
        </Suspense>
      )}
      <p className="soft small" aria-live="polite">
        {series ? points.length ? t(`source.${series.source}`, { n: points.length }) : t("none") : "…"}
        {holes ? ` · ${t("gaps", { n: holes })}` : ""}{bad ? ` · ${t("bad", { n: bad })}` : ""}
      </p>
    </figure>
  );
}
