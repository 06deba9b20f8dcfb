// A track played again: the way on the map, an arrow where the vehicle was at the moment that the slider says.

import type { Feature } from "geojson";
import type { LayerSpecification, Map as LibreMap } from "maplibre-gl";
import { useEffect, useMemo, useState } from "react";
import type { TrackAnswer } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { colours } from "../../../shared/map/style";
import { exactTime } from "../../../shared/time/clock";
import { useTheme, type Theme } from "../../../shared/ui/theme";
import { boundsOf, type Point } from "./ground";
import { useLayers } from "./map_layers";
import { texts } from "./vehicle_texts";

const speeds = [10, 60, 300, 1200] as const;

interface Moment {
  at: number;
  place: Point;
  speed: number;
}

/** Where it was at a moment: between the two points around it, in the same stretch; else at the last one before. */
function placeAt(parts: readonly (readonly Moment[])[], at: number): Moment | null {
  let last: Moment | null = null;
  for (const part of parts) {
    for (const [index, one] of part.entries()) {
      if (one.at > at) {
        const before = part[index - 1];
        if (!before) return last ?? one;
        const share = (at - before.at) / Math.max(1, one.at - before.at);
        return { at, speed: before.speed, place: [before.place[0] + (one.place[0] - before.place[0]) * share, before.place[1] + (one.place[1] - before.place[1]) * share] };
      }
      last = one;
    }
  }
  return last;
}

function layersOf(theme: Theme): LayerSpecification[] {
  const c = colours[theme];
  return [
    { id: "track-line", type: "line", source: "track", filter: ["==", ["geometry-type"], "LineString"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ["step", ["get", "speed"], c.grey, 5, c.green, 60, c.yellow, 80, c.red], "line-width": 4 } },
    { id: "track-here", type: "circle", source: "track", filter: ["==", ["get", "here"], true], paint: { "circle-color": c.place, "circle-radius": 9, "circle-stroke-color": c.halo, "circle-stroke-width": 2.5 } },
  ];
}

export function Track({ name, track }: { name: string; track: TrackAnswer }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const theme = useTheme();
  const parts = useMemo(
    () => track.segments.map((part) => part.points.map((place, index): Moment => ({ place, at: Date.parse(part.at[index] ?? ""), speed: part.speed[index] ?? 0 }))),
    [track],
  );
  const [first, last] = [parts[0]?.[0]?.at ?? 0, parts.at(-1)?.at(-1)?.at ?? 0];
  const [map, setMap] = useState<LibreMap | null>(null);
  const [at, setAt] = useState(first);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(300);
  useEffect(() => {
    if (!playing) return;
    let before = performance.now();
    const timer = window.setInterval(() => {
      const now = performance.now();
      const passed = (now - before) * speed;
      before = now;
      setAt((moment) => Math.min(last, moment + passed));
    }, 100);
    return () => clearInterval(timer);
  }, [playing, speed, last]);
  useEffect(() => {
    if (at >= last) setPlaying(false);
  }, [at, last]);
  const lines = useMemo(
    () => parts.flatMap((part) => part.slice(1).map((one, index): Feature => ({ type: "Feature", properties: { speed: one.speed }, geometry: { type: "LineString", coordinates: [part[index]?.place ?? one.place, one.place] } }))),
    [parts],
  );
  const here = placeAt(parts, at);
  const features = useMemo(
    () => (here ? [...lines, { type: "Feature", properties: { here: true }, geometry: { type: "Point", coordinates: here.place } } satisfies Feature] : lines),
    [lines, here?.place[0], here?.place[1]],
  );
  useLayers(map, "track", features, useMemo(() => layersOf(theme), [theme]));
  useEffect(() => {
    const bounds = boundsOf(parts.flat().map((one) => one.place));
    if (map && bounds) map.fitBounds(bounds, { padding: 50, maxZoom: 16, animate: false });
  }, [map, parts]);
  return (
    <section className="card" aria-label={t("track")}>
      <CityMap label={t("track.map", { name })} height={460} onReady={setMap} />
      <div className="replay-bar">
        <button type="button" className="button small" onClick={() => (at >= last && setAt(first), setPlaying(!playing))}>{playing ? t("pause") : t("play")}</button>
        <input type="range" aria-label={t("play.at")} aria-valuetext={exactTime(at, language)} min={first} max={last} step={1000} value={at} onChange={(event) => (setPlaying(false), setAt(Number(event.target.value)))} />
        <label>{t("play.speed")} <select value={speed} onChange={(event) => setSpeed(Number(event.target.value))}>{speeds.map((one) => <option key={one} value={one}>{t("play.times", { n: one })}</option>)}</select></label>
        <output className="number">{exactTime(at, language)} · {t("speed", { n: here?.speed ?? 0 })}</output>
      </div>
      <p className="soft small">{t("track.points", { n: track.positions, gaps: Math.max(0, track.segments.length - 1) })}</p>
    </section>
  );
}
