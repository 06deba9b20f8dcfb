// The drawing of a curve over time with ECharts: value, band of extremes, limits, gaps shaded, what is not valid marked.

import { LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useEffectEvent, useRef } from "react";
import { city } from "../../../shared/city";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { exactTime } from "../../../shared/time/clock";
import { useTheme } from "../../../shared/ui/theme";
import type { CurvePoint, CurveProps } from "./curve_types";
import { texts } from "./curve_texts";

use([LineChart, ScatterChart, GridComponent, TooltipComponent, DataZoomComponent, MarkAreaComponent, MarkLineComponent, AriaComponent, SVGRenderer]);

const minute = 60_000;
const day = 86_400_000;

export default function CurveView(props: CurveProps) {
  const t = useTexts(texts);
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const zooming = useRef<number | undefined>(undefined);
  const language = useLanguage();
  const theme = useTheme();
  const zoomed = useEffectEvent(() => {
    const [zoom] = (chart.current?.getOption() as { dataZoom?: { startValue: number; endValue: number }[] } | undefined)?.dataZoom ?? [];
    if (zoom) props.onRange?.(zoom.startValue, zoom.endValue);
  });
  useEffect(() => {
    if (!host.current) return;
    const made = init(host.current, null, { renderer: "svg" });
    chart.current = made;
    made.on("datazoom", () => {
      clearTimeout(zooming.current);
      zooming.current = window.setTimeout(() => zoomed(), 250);
    });
    const resized = new ResizeObserver(() => made.resize());
    resized.observe(host.current);
    return () => {
      clearTimeout(zooming.current);
      resized.disconnect();
      chart.current = null;
      made.dispose();
    };
  }, []);
  const { points, limits, moments, name, unit, gap, range } = props;
  useEffect(() => {
    if (!host.current || !chart.current) return;
    chart.current.setOption(optionOf(props, host.current, { noData: t("gap"), invalid: t("invalid"), spread: t("spread") }, (at) => exactTime(at, language)), { replaceMerge: ["series"] });
  }, [points, limits, moments, name, unit, gap, range?.from, range?.to, range?.since, range?.until, theme, language]);
  return <div ref={host} className="chart-view" style={{ height: props.height ?? 320 }} role="img" aria-label={props.label} />;
}

const clock = new Intl.DateTimeFormat("en-GB", { timeZone: city.timezone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** Labels of the axis in the city's zone, as coarse as the span allows. */
function tick(at: number, span: number): string {
  const part = Object.fromEntries(clock.formatToParts(at).map((one) => [one.type, one.value]));
  if (span > 200 * day) return `${part.year ?? ""}-${part.month ?? ""}`;
  if (span > 3 * day) return `${part.month ?? ""}-${part.day ?? ""}`;
  if (span > 10 * minute) return `${part.hour ?? ""}:${part.minute ?? ""}`;
  return `${part.hour ?? ""}:${part.minute ?? ""}:${part.second ?? ""}`;
}

/** Stretches without data: between points too far apart, and where a point has no value. */
function gapsOf(points: readonly CurvePoint[], gap: number | null): [number, number][] {
  if (gap === null) return [];
  const found: [number, number][] = [];
  let before: number | null = null;
  for (const point of points) {
    if (point.value === null) continue;
    if (before !== null && point.at - before > gap) found.push([before, point.at]);
    before = point.at;
  }
  return found;
}

function optionOf({ points, limits, moments = [], name, unit, gap, range }: CurveProps, host: HTMLElement, words: { noData: string; invalid: string; spread: string }, exact: (at: number) => string): EChartsCoreOption {
  const style = getComputedStyle(host);
  const token = (one: string) => style.getPropertyValue(one).trim();
  const gaps = gapsOf(points, gap);
  const broken: (readonly [number, number | null, number | null, number | null])[] = [];
  let place = 0;
  for (const point of points) {
    const hole = gaps[place];
    if (hole && point.at >= hole[1]) {
      broken.push([hole[0] + 1, null, null, null]);
      place += 1;
    }
    broken.push([point.at, point.value, point.low, point.high]);
  }
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0];
  const span = range ? range.until - range.since : last - first;
  const numbers = points.flatMap((point) => [point.value, point.low, point.high]).concat(limits.map((one) => one.value)).filter((one) => one !== null);
  const floor = numbers.length ? Math.min(...numbers) : 0;
  const unsound = points.filter((point) => !point.sound);
  const dashed = { type: "dashed" as const, width: 1.5 };
  const line = { type: "line", symbol: "none", connectNulls: false, animation: false };
  return {
    animation: false,
    textStyle: { color: token("--ink"), fontFamily: "inherit" },
    grid: { left: 8, right: 60, top: 16, bottom: range ? 52 : 8, containLabel: true },
    tooltip: {
      trigger: "axis", renderMode: "richText", backgroundColor: token("--paper"), textStyle: { color: token("--ink") },
      formatter: (shown: readonly { seriesId?: string; data: readonly (number | null)[] }[]) => {
        const one = shown.find((part) => part.seriesId === "value")?.data;
        if (!one) return "";
        const [at, value, low, high] = one;
        const spread = low !== null && low !== undefined && high !== null && high !== undefined && low !== high ? `\n${words.spread} ${low.toFixed(2)}–${high.toFixed(2)}` : "";
        return `${exact(at ?? 0)}\n${name} ${value === null || value === undefined ? "–" : `${value.toFixed(2)} ${unit}`}${spread}`;
      },
    },
    xAxis: {
      type: "time", min: range?.from ?? "dataMin", max: range?.to ?? "dataMax",
      axisLabel: { color: token("--soft"), hideOverlap: true, formatter: (at: number) => tick(at, span) }, axisLine: { lineStyle: { color: token("--line-strong") } },
    },
    yAxis: { type: "value", scale: true, name: unit, nameTextStyle: { color: token("--soft") }, axisLabel: { color: token("--soft") }, splitLine: { lineStyle: { color: token("--line") } } },
    ...(range ? {
      dataZoom: [
        { id: "wheel", type: "inside", filterMode: "none", startValue: range.since, endValue: range.until, minValueSpan: minute },
        { id: "slider", type: "slider", filterMode: "none", startValue: range.since, endValue: range.until, minValueSpan: minute, showDataShadow: false, height: 20, bottom: 8, labelFormatter: (at: number) => tick(at, 4 * day), textStyle: { color: token("--soft") } },
      ],
    } : {}),
    series: [
      { ...line, id: "low", stack: "band", stackStrategy: "all", silent: true, lineStyle: { opacity: 0 }, data: broken.map(([at, , low]) => [at, low]) },
      { ...line, id: "spread", stack: "band", stackStrategy: "all", silent: true, lineStyle: { opacity: 0 }, areaStyle: { color: token("--brand"), opacity: 0.18 }, data: broken.map(([at, , low, high]) => [at, low === null || high === null ? null : high - low]) },
      {
        ...line, id: "value", name, color: token("--brand"), lineStyle: { width: 2 }, data: broken, encode: { x: 0, y: 1 }, showSymbol: points.length < 3, symbol: points.length < 3 ? "circle" : "none",
        markLine: {
          symbol: "none", silent: true,
          data: [
            ...limits.map((one) => ({ yAxis: one.value, lineStyle: { ...dashed, color: token("--red") }, label: { formatter: `${one.name} ${one.value}`, color: token("--red"), position: "end" as const } })),
            ...moments.map((one) => ({ xAxis: one.at, lineStyle: { ...dashed, color: token("--yellow") }, label: { formatter: one.name, color: token("--yellow"), position: "end" as const } })),
          ],
        },
        markArea: { silent: true, itemStyle: { color: token("--grey"), opacity: 0.14 }, label: { color: token("--soft"), fontSize: 11, position: "insideBottom" }, data: gaps.map(([from, to]) => [{ xAxis: from, name: to - from > span / 12 ? words.noData : "" }, { xAxis: to }]) },
      },
      { id: "unsound", type: "scatter", name: words.invalid, symbol: "triangle", symbolSize: 7, color: token("--yellow"), silent: true, data: unsound.map((point) => [point.at, point.value ?? floor]) },
    ],
  };
}
