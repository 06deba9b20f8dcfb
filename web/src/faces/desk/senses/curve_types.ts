// What a curve draws. Times in milliseconds since 1970, values in the unit of the metric.

export interface CurvePoint {
  at: number;
  value: number | null;
  /** Least and greatest where the point stands for many readings. */
  low: number | null;
  high: number | null;
  /** Whether all that it stands for was valid. */
  sound: boolean;
}

export interface CurveProps {
  label: string;
  name: string;
  unit: string;
  points: readonly CurvePoint[];
  limits: readonly { value: number; name: string }[];
  moments?: readonly { at: number; name: string }[];
  height?: number;
  /** A distance in milliseconds beyond which two points are not joined and the gap is shaded; null: all are joined. */
  gap: number | null;
  /** What can be seen by zooming, and what is seen now; null: just the points. */
  range: { from: number; to: number; since: number; until: number } | null;
  onRange?: (since: number, until: number) => void;
}
