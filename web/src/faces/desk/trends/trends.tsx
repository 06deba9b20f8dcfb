// Trends (趋势): cases a day, what was expected of them and what is to be expected, with the error of such forecasts beside that
// of simply repeating last week; and the days that were out of the ordinary.

import { useMemo } from "react";
import { Link, useSearchParams } from "react-router";
import type { Answer } from "../../../shared/api/client";
import { Problem } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { Chart, type Series } from "../../../shared/chart/chart";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useNaming } from "../shared/words";
import { texts } from "./texts";

const ways = ["all", "class", "area"] as const;
const periods = [90, 180, 365, 730] as const;
const horizons = [7, 14, 30] as const;

type Line = Answer<"GET /api/v1/trends">["total"];

export default function Trends() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { words } = useNaming();
  const [address, setAddress] = useSearchParams();
  const by = ways.find((one) => one === address.get("by")) ?? "all";
  const days = periods.find((one) => String(one) === address.get("days")) ?? 365;
  const horizon = horizons.find((one) => String(one) === address.get("horizon")) ?? 14;
  const type = address.get("type");
  const area = address.get("area");
  const found = useAnswer("GET /api/v1/trends", { query: { by, days, horizon, type, area, limit: 12 } }, { keep: true, fresh: 300_000 });
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      after.delete("key");
      return after;
    });
  const choose = (key: string) => setAddress((before) => (before.set("key", key), new URLSearchParams(before)));
  const series = found.data ? [found.data.total, ...found.data.series] : [];
  const chosen = series.find((one, place) => (place ? one.key : "") === (address.get("key") ?? "")) ?? series[0];
  const tooFew = found.error instanceof Problem && found.error.code === "trends.too_few_days";
  const streets = Object.entries(words?.areas ?? {}).filter(([code]) => code.length === 9);
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      <div className="filters" role="search">
        <label className="filter"><span>{t("by")}</span><select value={by} onChange={(event) => put("by", event.target.value)}>{ways.map((one) => <option key={one} value={one}>{t(`by.${one}`)}</option>)}</select></label>
        <label className="filter"><span>{t("type")}</span><select value={type ?? ""} onChange={(event) => put("type", event.target.value)}><option value="">{t("any")}</option>{words?.types.map((one) => <option key={one.id} value={one.id}>{nameIn(one, language)}</option>)}</select></label>
        <label className="filter"><span>{t("area")}</span><select value={area ?? ""} onChange={(event) => put("area", event.target.value)}><option value="">{t("any")}</option>{streets.map(([code, name]) => <option key={code} value={code}>{nameIn(name, language)}</option>)}</select></label>
        <label className="filter"><span>{t("days")}</span><select value={days} onChange={(event) => put("days", event.target.value)}>{periods.map((one) => <option key={one} value={one}>{t("n.days", { n: one })}</option>)}</select></label>
        <label className="filter"><span>{t("horizon")}</span><select value={horizon} onChange={(event) => put("horizon", event.target.value)}>{horizons.map((one) => <option key={one} value={one}>{t("n.days", { n: one })}</option>)}</select></label>
      </div>
      {tooFew ? <Empty title={found.error?.message ?? ""}>{t("few.next")} <Link to="/desk/import">{t("few.import")}</Link></Empty> : found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && chosen && !found.error ? (
        <>
          {series.length > 1 ? (
            <div className="row-line" role="group" aria-label={t("series")} style={{ marginBottom: 8 }}>
              {series.map((one, place) => <button key={one.key || place} type="button" className="chip" aria-pressed={one === chosen} onClick={() => choose(place ? one.key : "")}>{nameIn(one, language)} <span className="number">{one.cases}</span></button>)}
            </div>
          ) : null}
          <One series={chosen} interval={found.data.interval} origins={found.data.origins} />
        </>
      ) : null}
      <Alarms />
    </section>
  );
}

function One({ series, interval, origins }: { series: Line; interval: number; origins: number }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const name = nameIn(series, language);
  const names = useMemo(() => [...series.history.map((one) => one.day), ...series.forecast.map((one) => one.day)], [series]);
  const drawn = useMemo<Series[]>(() => {
    const ahead = series.forecast.map(() => null);
    return [
      { name: t("interval", { share: Math.round(interval * 100) }), kind: "band", tone: "brand", values: [...series.history.map((one) => [one.low, one.high] as const), ...series.forecast.map((one) => [one.low, one.high] as const)] },
      { name: t("cases"), kind: "line", tone: "ink", values: [...series.history.map((one) => one.cases), ...ahead] },
      { name: t("expected"), kind: "line", tone: "brand", dashed: true, values: [...series.history.map((one) => one.expected), ...series.forecast.map((one) => one.expected)] },
      { name: t("naive"), kind: "line", tone: "soft", dashed: true, values: [...series.history.map((_, place) => series.history[place - 7]?.cases ?? null), ...series.forecast.map((_, place) => series.history[series.history.length - 7 + (place % 7)]?.cases ?? null)] },
    ];
  }, [series, interval, t]);
  return (
    <div className="card">
      <Chart label={t("chart", { name, n: series.cases })} names={names} series={drawn} height={340}>
        <table className="rows">
          <thead><tr><th>{t("day")}</th><th>{t("cases")}</th><th>{t("expected")}</th><th>{t("low.high")}</th></tr></thead>
          <tbody>
            {series.forecast.map((one) => <tr key={one.day}><td className="number">{one.day} <span className="tag blue">{t("ahead")}</span></td><td>–</td><td className="number">{one.expected.toFixed(1)}</td><td className="number">{one.low}–{one.high}</td></tr>)}
            {[...series.history].reverse().map((one) => <tr key={one.day}><td className="number">{one.day}</td><td className="number">{one.cases}</td><td className="number">{one.expected.toFixed(1)}</td><td className="number">{one.low}–{one.high}</td></tr>)}
          </tbody>
        </table>
      </Chart>
      <Error error={series.error} origins={origins} />
    </div>
  );
}

/** How good such forecasts were, in words and beside the naive one. */
function Error({ error, origins }: { error: Line["error"]; origins: number }) {
  const t = useTexts(texts);
  if (!error) return <p className="soft">{t("error.none")}</p>;
  const better = error.mase < error.naive_mase;
  return (
    <>
      <p><b>{better ? t("better", { percent: Math.round((1 - error.mase / error.naive_mase) * 100) }) : t("worse")}</b></p>
      <table className="rows" style={{ width: "auto" }}>
        <thead><tr><th /><th>{t("mase")}</th><th>{t("rmsse")}</th></tr></thead>
        <tbody>
          <tr><th scope="row">{t("forecast")}</th><td className="number">{error.mase.toFixed(3)}</td><td className="number">{error.rmsse.toFixed(3)}</td></tr>
          <tr><th scope="row">{t("naive")}</th><td className="number">{error.naive_mase.toFixed(3)}</td><td className="number">{error.naive_rmsse.toFixed(3)}</td></tr>
        </tbody>
      </table>
      <p className="soft small">{t("error.about", { days: error.days, origins, covered: Math.round(error.covered * 100) })}</p>
    </>
  );
}

function Alarms() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { area } = useNaming();
  const found = useAnswer("GET /api/v1/trends/alarms", { query: { limit: 50 } });
  return (
    <section aria-labelledby="trend-alarms">
      <h2 id="trend-alarms">{t("alarms")}</h2>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {found.data && !found.data.items.length ? <p className="soft">{t("alarms.none")}</p> : null}
      {found.data?.items.length ? (
        <table className="rows">
          <thead><tr><th>{t("day")}</th><th>{t("what")}</th><th>{t("area")}</th><th>{t("cases")}</th><th>{t("expected")}</th><th>{t("chance")}</th></tr></thead>
          <tbody>
            {found.data.items.map((one) => (
              <tr key={one.id}>
                <td className="number">{one.day}</td>
                <td><span className={`tag ${one.kind === "more" ? "red" : "blue"}`}>{t(`kind.${one.kind}`)}</span> <Link to={`/desk/cases?reported_from=${one.day}&reported_to=${one.day}${one.class_code ? `&class_code=${one.class_code}` : ""}${one.area ? `&area=${one.area}` : ""}`}>{language === "zh" ? one.class_zh : one.class_en}</Link></td>
                <td>{one.area ? area(one.area) : t("any")}</td>
                <td className="number">{one.cases}</td>
                <td className="number">{one.expected.toFixed(1)} ({one.low}–{one.high})</td>
                <td className="number">{one.chance < 0.0001 ? "< 0.01%" : `${(one.chance * 100).toFixed(2)}%`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}
