// A score from 0 to 100, and looking again while a check is under way.

import { useEffect, useRef } from "react";
import "./quality.css";

export const figure = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : value.toFixed(1));

export function Score({ score }: { score: number | null }) {
  if (score === null) return <>–</>;
  return <span className="quality-score"><meter min={0} max={100} low={80} high={95} optimum={100} value={score}>{score}</meter> <b className="number">{score.toFixed(1)}</b></span>;
}

/** Call `look` every two seconds while `watching`. */
export function useWatch(watching: boolean, look: () => void) {
  const latest = useRef(look);
  useEffect(() => {
    latest.current = look;
  });
  useEffect(() => {
    if (!watching) return;
    const timer = window.setInterval(() => latest.current(), 2_000);
    return () => clearInterval(timer);
  }, [watching]);
}
