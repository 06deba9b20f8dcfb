// A chart with one message. ECharts is loaded when a chart is first shown; what it shows stands in a table beside it, which
// the screen gives as children, one click away.

import { lazy, Suspense, useState, type ReactNode } from "react";
import { useTexts } from "../i18n/texts";
import { Loading } from "../ui/parts";
import "./chart.css";
import { texts } from "./texts";
import type { ChartProps } from "./types";

const View = lazy(() => import("./chart_view"));

interface Props extends ChartProps {
  /** The same figures as a table. */
  children?: ReactNode;
}

export function Chart({ children, ...chart }: Props) {
  const t = useTexts(texts);
  const [table, setTable] = useState(false);
  return (
    <figure className="chart">
      <figcaption>
        <b>{chart.label}</b>
        {children ? <button type="button" className="chip" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t("chart") : t("table")}</button> : null}
      </figcaption>
      {table ? <div className="chart-table">{children}</div> : <Suspense fallback={<Loading />}><View {...chart} /></Suspense>}
    </figure>
  );
}

export type { ChartProps, Series } from "./types";
