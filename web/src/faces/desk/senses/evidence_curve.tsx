// The curve around an alarm, with the limit and the moment of the alarm; the same values as a table, one click away.

import { lazy, Suspense, useMemo, useState } from "react";
import "../../../shared/chart/chart.css";
import { texts as chartTexts } from "../../../shared/chart/texts";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { Loading } from "../../../shared/ui/parts";
import { texts } from "./alarm_texts";
import type { CurvePoint } from "./curve_types";
import { useSignals } from "./signals";

const View = lazy(() => import("./curve_view"));

interface Props {
  metric: string;
  points: readonly { at: string; value: number }[];
  limit: number | null;
  at: string;
}

export function EvidenceCurve({ metric, points, limit, at }: Props) {
  const t = useTexts(texts);
  const chart = useTexts(chartTexts);
  const language = useLanguage();
  const { named, show, unit } = useSignals();
  const [table, setTable] = useState(false);
  const drawn = useMemo<CurvePoint[]>(() => points.map((one) => ({ at: Date.parse(one.at), value: one.value, low: null, high: null, sound: true })), [points]);
  const limits = useMemo(() => (limit === null ? [] : [{ value: limit, name: t("curve.limit") }]), [limit, t]);
  const moments = useMemo(() => [{ at: Date.parse(at), name: t("curve.at") }], [at, t]);
  const label = t("curve", { name: named(metric) });
  return (
    <figure className="chart">
      <figcaption><b>{label}</b><button type="button" className="chip" aria-pressed={table} onClick={() => setTable(!table)}>{table ? chart("chart") : chart("table")}</button></figcaption>
      {table ? (
        <div className="chart-table" tabIndex={0}><table className="rows"><thead><tr><th>{t("curve.time")}</th><th>{t("curve.value")}</th></tr></thead><tbody>{points.map((one) => <tr key={one.at}><td className="number">{shortTime(one.at, language)}</td><td className="number">{show(metric, one.value)}</td></tr>)}</tbody></table></div>
      ) : (
        <Suspense fallback={<Loading />}><View label={label} name={named(metric)} unit={unit(metric)} points={drawn} limits={limits} moments={moments} height={260} gap={null} range={null} /></Suspense>
      )}
    </figure>
  );
}
