// The drawing of a chart with ECharts: colours of the theme, tooltips as plain text, no style of its own in the page.

import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { useTheme } from "../ui/theme";
import type { ChartProps, Series } from "./types";

use([BarChart, LineChart, CustomChart, GridComponent, LegendComponent, TooltipComponent, DataZoomComponent, AriaComponent, SVGRenderer]);

const most = 70; // names that are drawn without a slider

export default function ChartView({ label, names, series, height = 280, unit = "" }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  useEffect(() => {
    if (!host.current) return;
    const chart = init(host.current, null, { renderer: "svg" });
    chart.setOption(optionOf(names, series, unit, host.current));
    const resized = new ResizeObserver(() => chart.resize());
    resized.observe(host.current);
    return () => {
      resized.disconnect();
      chart.dispose();
    };
  }, [names, series, unit, theme]);
  return <div ref={host} className="chart-view" style={{ height }} role="img" aria-label={label} />;
}

function optionOf(names: readonly string[], series: readonly Series[], unit: string, host: HTMLElement): EChartsCoreOption {
  const style = getComputedStyle(host);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const tones = { ink: token("--ink"), brand: token("--brand"), soft: token("--line-strong"), warm: token("--yellow"), red: token("--red") };
  return {
    animation: false,
    textStyle: { color: token("--ink"), fontFamily: "inherit" },
    grid: { left: 8, right: 16, top: 34, bottom: names.length > most ? 46 : 8, containLabel: true },
    legend: { top: 0, textStyle: { color: token("--ink") }, data: series.map((one) => one.name) },
    tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: token("--paper"), textStyle: { color: token("--ink") }, valueFormatter: (value: unknown) => (value === null || value === undefined ? "–" : `${Array.isArray(value) ? value.join("–") : String(value)}${unit}`) },
    dataZoom: names.length > most ? [{ type: "slider", startValue: names.length - most, endValue: names.length - 1, height: 18, bottom: 6 }] : [],
    xAxis: { type: "category", data: [...names], axisLabel: { color: token("--soft") }, axisLine: { lineStyle: { color: token("--line-strong") } } },
    yAxis: { type: "value", minInterval: 1, axisLabel: { color: token("--soft") }, splitLine: { lineStyle: { color: token("--line") } } },
    series: series.flatMap((one) => drawn(one, tones[one.tone])),
  };
}

/** A band is two lines: an unseen one below, and the width above it, filled. */
function drawn(one: Series, colour: string): object[] {
  if (one.kind === "band") {
    const pairs = one.values.map((value) => (Array.isArray(value) ? (value as readonly [number, number]) : null));
    const hidden = { type: "line", stack: one.name, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
    return [
      { ...hidden, name: `${one.name} `, data: pairs.map((pair) => pair?.[0] ?? null) },
      { ...hidden, name: one.name, color: colour, areaStyle: { color: colour, opacity: 0.18 }, data: pairs.map((pair) => (pair ? pair[1] - pair[0] : null)) },
    ];
  }
  return [
    {
      name: one.name, type: one.kind, data: [...one.values], color: colour, symbol: "none", barMaxWidth: 18,
      ...(one.kind === "line" ? { lineStyle: { width: 2, type: one.dashed ? "dashed" : "solid" } } : {}),
    },
  ];
}
