// The timeline: live, or any past hours again at a chosen speed.

import type { PastEvent } from "../../shared/api/description";
import { useLanguage } from "../../shared/i18n/language";
import { useTexts } from "../../shared/i18n/texts";
import { exactTime, timeOfDay } from "../../shared/time/clock";
import { texts } from "./texts";
import { fieldOf, momentOf } from "./zone";

export const speeds = [60, 300, 900, 3600] as const;
export const lengths = [1, 2, 6, 24] as const;

interface Props {
  /** Beginning of the period; null while live. */
  from: number | null;
  hours: number;
  at: number;
  speed: number;
  playing: boolean;
  events: readonly PastEvent[] | undefined;
  loading: boolean;
  onReplay: (from: number | null, hours: number) => void;
  onAt: (at: number) => void;
  onSpeed: (speed: number) => void;
  onPlay: (playing: boolean) => void;
  /** Where a replay begins by default. */
  proposed: () => number;
}

export function Timeline({ from, hours, at, speed, playing, events, loading, onReplay, onAt, onSpeed, onPlay, proposed }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const live = from === null;
  const to = (from ?? 0) + hours * 3_600_000;
  return (
    <section className="centre-timeline" aria-label={t("replay")}>
      <div className="centre-tabs" role="group">
        <button type="button" aria-pressed={live} onClick={() => onReplay(null, hours)}><i className="live-dot" aria-hidden="true" /> {t("live")}</button>
        <button type="button" aria-pressed={!live} onClick={() => live && onReplay(proposed(), hours)}>↺ {t("replay")}</button>
      </div>
      {live ? null : (
        <>
          <label>
            <span>{t("replay.from")}</span>
            <input type="datetime-local" step={60} value={fieldOf(from)} onChange={(event) => {
              const moment = momentOf(event.target.value);
              if (moment !== null) onReplay(moment, hours);
            }} />
          </label>
          <label>
            <span>{t("replay.hours")}</span>
            <select value={hours} onChange={(event) => onReplay(from, Number(event.target.value))}>
              {lengths.map((one) => <option key={one} value={one}>{t("replay.hour", { count: one })}</option>)}
            </select>
          </label>
          <button type="button" className="button play" disabled={!events} onClick={() => onPlay(!playing)}>
            {playing ? `❚❚ ${t("replay.pause")}` : `▶ ${t("replay.play")}`}
          </button>
          <label>
            <span>{t("replay.speed")}</span>
            <select value={speed} onChange={(event) => onSpeed(Number(event.target.value))}>
              {speeds.map((one) => <option key={one} value={one}>{t("replay.speed.of", { minutes: one / 60 })}</option>)}
            </select>
          </label>
          <div className="timeline-track">
            <Density events={events ?? []} from={from} to={to} />
            <input
              type="range" min={from} max={to} step={1000} value={at} aria-label={t("replay.at")}
              aria-valuetext={exactTime(at, language)} onChange={(event) => onAt(Number(event.target.value))}
            />
          </div>
          <output className="number" title={exactTime(at, language)}>
            {loading ? t("replay.loading") : <><b>{timeOfDay(at)}</b> <small className="soft">{events?.length ? t("replay.count", { count: events.length }) : t("replay.none")}</small></>}
          </output>
        </>
      )}
    </section>
  );
}

const columns = 96;

/** How much happened when: a column for each part of the period. */
function Density({ events, from, to }: { events: readonly PastEvent[]; from: number; to: number }) {
  const found = new Array<number>(columns).fill(0);
  for (const event of events) {
    const place = Math.min(columns - 1, Math.floor(((Date.parse(event.at) - from) / (to - from)) * columns));
    if (place >= 0) found[place] = (found[place] ?? 0) + 1;
  }
  const most = Math.max(1, ...found);
  return (
    <svg className="timeline-density" viewBox={`0 0 ${columns} 20`} preserveAspectRatio="none" aria-hidden="true">
      {found.map((count, place) => count > 0 ? <rect key={place} x={place + 0.1} width={0.8} y={20 - (20 * count) / most} height={(20 * count) / most} /> : null)}
    </svg>
  );
}
