// What a chart shows: series over the same days or names.

export interface Series {
  name: string;
  kind: "line" | "bar" | "band";
  /** A band has its lower and upper ends; null leaves a gap. */
  values: readonly (number | null | readonly [low: number, high: number])[];
  tone: "ink" | "brand" | "soft" | "warm" | "red";
  dashed?: boolean;
}

export interface ChartProps {
  /** The message, and what the chart is for those who do not see it. */
  label: string;
  names: readonly string[];
  series: readonly Series[];
  height?: number;
  unit?: string;
}
