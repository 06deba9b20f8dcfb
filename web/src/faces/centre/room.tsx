// The centre's room: map, figures, board, ticker and timeline, live or replayed. What is shown stands in the address.

import type { Map as LibreMap } from "maplibre-gl";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import type { CountItem } from "../../shared/api/description";
import { useAnswer } from "../../shared/api/queries";
import { city } from "../../shared/city";
import { useLanguage } from "../../shared/i18n/language";
import { useTexts } from "../../shared/i18n/texts";
import { useLive } from "../../shared/live/live";
import { CityMap } from "../../shared/map/city_map";
import { cityNow, exactTime } from "../../shared/time/clock";
import { ErrorNotice } from "../../shared/ui/parts";
import { useTheme } from "../../shared/ui/theme";
import { Board, dimensions, views, type Clock, type Dimension } from "./board";
import { Figures, type Figure } from "./figures";
import { loads, ramp, showLoad, showPast, steps, type Load } from "./layers";
import { colourAt, Walk, type PastCase } from "./past";
import { useTicker, usePeriod } from "./reading";
import { Rows, type CaseQuery, type Wanted } from "./rows";
import { Ticker } from "./ticker";
import { texts } from "./texts";
import { Timeline, speeds } from "./timeline";
import { fieldOf, fullHour, midnight, momentOf } from "./zone";

const Senses = lazy(() => import("./senses/senses"));
const pastDimensions = ["department", "street", "status", "class"] as const;
const tabs = ["map", "board", "ticker"] as const;
const refreshAfter = 2500;

export function Room() {
  const t = useTexts(texts);
  const language = useLanguage();
  const theme = useTheme();
  const navigate = useNavigate();
  const [address, setAddress] = useSearchParams();
  const [map, setMap] = useState<LibreMap | null>(null);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [focus, setFocus] = useState<{ lon: number; lat: number; zoom: number } | null>(null);
  const [tab, setTab] = useState<(typeof tabs)[number]>("map");
  const [panels, setPanels] = useState(true);

  const put = useCallback(
    (changes: Record<string, string | null>) => {
      setAddress(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) value === null ? after.delete(name) : after.set(name, value);
          return after;
        },
        { replace: true },
      );
    },
    [setAddress],
  );
  const by = dimensions.find((one) => one === address.get("by")) ?? "department";
  const view = views.find((one) => one === address.get("view")) ?? "cases";
  const load = loads.find((one) => one === address.get("load")) ?? "none";
  const from = address.get("replay") ? momentOf(address.get("replay") ?? "") : null;
  const hours = Number(address.get("hours")) || 1;
  const speed = speeds.find((one) => String(one) === address.get("speed")) ?? 300;

  const replay = useReplay(from, hours, speed);
  const past = replay.cases;
  const live = from === null;

  const summary = useAnswer("GET /api/v1/cases/summary", {}, { enabled: live, keep: true });
  const counts = useAnswer("GET /api/v1/boards/open-cases", { query: { by } }, { enabled: live, keep: true });
  const loaded = useAnswer("GET /api/v1/boards/open-cases", { query: { by: load === "none" ? "street" : load } }, { enabled: live && load !== "none", keep: true });
  const ticker = useTicker(live);
  const streets = useAnswer("GET /api/v1/areas/{code}/children", { path: { code: city.division }, query: { limit: 200 } }, { fresh: Infinity });
  useFresh(live);

  const named = useCallback(
    (row: CountItem): CountItem => {
      const area = streets.data?.areas.find((one) => one.code === row.key);
      return area ? { ...row, zh: area.name_zh, en: area.name_en || area.name_zh } : row;
    },
    [streets.data],
  );
  const boardRows = useMemo(
    () => (past ? countPast(past, by, replay.at, t("none.yet")) : counts.data?.items)?.map(named),
    [past, replay.at, by, counts.data, named, t],
  );

  useEffect(() => {
    if (!map) return;
    const draw = () => {
      if (!map.isStyleLoaded() && !map.getSource("areas")) return;
      const rows = load === "none" ? [] : past ? countPast(past, load, replay.at, "") : (loaded.data?.items ?? []);
      showLoad(map, load, rows, theme);
      showPast(map, past, replay.at, theme, speed * 2000);
    };
    draw();
    map.on("styledata", draw);
    return () => {
      map.off("styledata", draw);
    };
  }, [map, load, loaded.data, past, replay.at, theme, speed]);

  // The panels cover the map's edges: the city is shown between them.
  const ready = (made: LibreMap) => {
    const { clientWidth: width, clientHeight: height } = made.getContainer();
    const side = width > 1100 ? Math.min(width * 0.24, 620) : 12;
    if (width > 820) made.fitBounds(city.bounds, { padding: { top: height * 0.11, bottom: height * 0.16, left: side, right: side }, animate: false });
    setMap(made);
  };

  const figures = useMemo<Figure[]>(() => (past ? figuresPast(past, replay) : figuresNow(summary.data)), [past, replay, summary.data]);
  const openFigure = (id: Figure["id"]) => setWanted({ title: t(`figure.${id}`), query: queryOfFigure[id]() });
  const openRow = (row: CountItem, clock: Clock | null) => {
    const name = language === "zh" ? row.zh : row.en || row.zh;
    setWanted({ title: clock ? `${name} · ${t(`clock.${clock}`)}` : name, query: { state: "open", ...queryOfRow(by, row), ...(clock ? { clock } : {}) } });
  };
  const startReplay = (begin: number | null, length: number) => {
    put({ replay: begin === null ? null : fieldOf(begin), hours: begin === null || length === 1 ? null : String(length) });
    setWanted(null);
  };
  const loadRows = past && load !== "none" ? countPast(past, load, replay.at, "") : loaded.data?.items;
  const tickerRows = past ? (replay.period?.events ?? []).slice(Math.max(0, replay.passed - 40), replay.passed).reverse() : ticker.rows;
  const failed = summary.error ?? counts.error ?? replay.error;

  return (
    <div className={`centre-room tab-${tab}${panels ? "" : " bare"}${wanted ? " with-rows" : ""}`}>
      <div className="centre-map">
        <CityMap label={t("map")} height="100%" cases={live} onCase={(id) => void navigate(`/desk/cases/${id}`)} onReady={ready} focus={focus} />
        <fieldset className="centre-layers">
          <legend className="visually-hidden">{t("layers")}</legend>
          <label>{t("load")}{" "}
            <select value={load} onChange={(event) => put({ load: event.target.value === "none" ? null : event.target.value })}>
              {loads.map((one) => <option key={one} value={one}>{t(`load.${one}`)}</option>)}
            </select>
          </label>
          {live ? <Suspense fallback={null}><Senses map={map} shown={address.get("senses")} metric={address.get("metric") ?? ""} onShown={(shown) => put({ senses: shown })} onMetric={(metric) => put({ metric })} /></Suspense> : null}
          {load !== "none" && loadRows ? <Legend rows={loadRows} theme={theme} label={t("load.legend")} /> : null}
          <button type="button" className="bar-button wide-only" aria-pressed={!panels} onClick={() => setPanels(!panels)}>{panels ? t("panel.hide") : t("panel.show")}</button>
        </fieldset>
        {live ? null : (
          <div className="centre-banner" role="status">
            ↺ {t("replay.banner", { time: exactTime(replay.at, language) })} <button type="button" className="button second" onClick={() => startReplay(null, 1)}>{t("replay.back")}</button>
            {replay.period?.more ? <small>{t("replay.some")}</small> : null}
          </div>
        )}
      </div>
      <Figures figures={figures} past={!live} onRows={live ? openFigure : null} />
      {failed ? <ErrorNotice error={failed} /> : null}
      <div className="centre-phone-tabs centre-tabs" role="group">
        {tabs.map((one) => <button key={one} type="button" aria-pressed={one === tab} onClick={() => setTab(one)}>{t(`tab.${one}`)}</button>)}
      </div>
      <Board by={by} choices={live ? dimensions : pastDimensions} onBy={(one) => put({ by: one === "department" ? null : one })} rows={boardRows} more={Boolean(live && counts.data?.more)} onRows={live ? openRow : () => undefined}
        view={live ? view : "cases"} onView={live ? (one) => put({ view: one === "cases" ? null : one }) : null} onShow={(place) => (setTab("map"), setFocus({ ...place, zoom: 15 }))}
      />
      <Ticker rows={tickerRows} past={!live} ready={live ? ticker.ready : Boolean(replay.period)} />
      <Timeline
        from={from} hours={hours} at={replay.at} speed={speed} playing={replay.playing} events={replay.period?.events} loading={replay.loading}
        onReplay={startReplay} onAt={replay.setAt} onPlay={replay.play} onSpeed={(one) => put({ speed: one === 300 ? null : String(one) })}
        proposed={() => fullHour(cityNow() - 3_600_000)}
      />
      {wanted ? <Rows wanted={wanted} onClose={() => setWanted(null)} onShow={(place) => (setTab("map"), setFocus({ ...place, zoom: 16 }))} /> : null}
    </div>
  );
}

function Legend({ rows, theme, label }: { rows: readonly CountItem[]; theme: "light" | "dark"; label: string }) {
  const starts = steps(rows);
  const most = Math.max(1, ...rows.map((row) => row.open));
  return (
    <span className="centre-legend small" aria-label={label}>
      {starts.map((start, place) => {
        const end = (starts[place + 1] ?? most + 1) - 1;
        return <span key={start}><i style={{ background: ramp[theme][place] }} aria-hidden="true" /> {start === end ? start : `${start}–${end}`}</span>;
      })}
    </span>
  );
}

/** Walks through a past period: position, playing, and the cases of the moment. */
function useReplay(from: number | null, hours: number, speed: number) {
  const period = usePeriod(from, hours);
  const [position, setPosition] = useState(from ?? 0);
  const [playing, play] = useState(false);
  const data = period.data ?? null;
  const walk = useMemo(() => (data ? new Walk(data) : null), [data]);
  useEffect(() => {
    setPosition(from ?? 0);
    play(false);
  }, [from, hours]);
  useEffect(() => {
    if (walk && from !== null) play(true);
  }, [walk, from]);
  const began = useRef(0);
  useEffect(() => {
    if (!playing || !data) return;
    began.current = performance.now();
    const timer = window.setInterval(() => {
      const now = performance.now();
      const passed = (now - began.current) * speed;
      began.current = now;
      setPosition((at) => Math.min(data.to, at + passed));
    }, 200);
    return () => clearInterval(timer);
  }, [playing, data, speed]);
  useEffect(() => {
    if (data && position >= data.to) play(false);
  }, [data, position]);
  const at = data ? Math.max(data.from, Math.min(position, data.to)) : (from ?? 0);
  // A new map for each moment, so that what hangs on it is drawn anew.
  const cases = useMemo(() => (walk ? new Map(walk.to(at)) : from === null ? null : new Map<string, PastCase>()), [walk, at, from]);
  return {
    period: data, cases: from === null ? null : cases, at, playing, passed: walk?.passed ?? 0, loading: period.isFetching && !data, error: period.error,
    setAt: (moment: number) => (play(false), setPosition(moment)),
    play: (wish: boolean) => {
      if (wish && data && position >= data.to) setPosition(data.from);
      play(wish);
    },
  };
}

/** Figures and boards are asked for anew some moments after something happened. */
function useFresh(live: boolean): void {
  const client = useQueryClient();
  const timer = useRef<number | undefined>(undefined);
  const later = () => {
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined;
      if (!live) return;
      void client.invalidateQueries({ queryKey: ["GET /api/v1/cases/summary"] });
      void client.invalidateQueries({ queryKey: ["GET /api/v1/boards/open-cases"] });
    }, refreshAfter);
  };
  useLive((entry) => {
    if (entry.kind === "case") later();
  }, later);
  useEffect(() => () => clearTimeout(timer.current), []);
}

const figuresNow = (found: Partial<Record<Figure["id"], number>> | undefined): Figure[] =>
  (["open", "overdue", "due_soon", "suspended", "reported_today", "closed_today"] as const).map((id) => ({ id, count: found?.[id] }));

function figuresPast(cases: ReadonlyMap<string, PastCase>, { at, period, passed }: { at: number; period: { events: readonly { at: string; verb: string }[] } | null; passed: number }): Figure[] {
  const colours = { red: 0, yellow: 0, green: 0, blue: 0, grey: 0 };
  for (const item of cases.values()) colours[colourAt(item, at)] += 1;
  const told = period?.events.slice(0, passed) ?? [];
  return [
    { id: "open", count: cases.size },
    { id: "overdue", count: colours.red },
    { id: "due_soon", count: colours.yellow },
    { id: "suspended", count: colours.blue },
    { id: "reported_today", count: told.filter((event) => event.verb === "case.opened").length },
    { id: "closed_today", count: told.filter((event) => event.verb === "case.closed").length },
  ];
}

const queryOfFigure: Record<Figure["id"], () => CaseQuery> = {
  open: () => ({ state: "open" }),
  overdue: () => ({ clock: "red" }),
  due_soon: () => ({ clock: "yellow" }),
  suspended: () => ({ clock: "blue" }),
  reported_today: () => ({ reported_from: new Date(midnight(cityNow())).toISOString() }),
  closed_today: () => ({ closed_from: new Date(midnight(cityNow())).toISOString() }),
};

const filterOf = { department: "department", street: "area", status: "status", class: "class_code", channel: "channel", type: "type" } as const;
const queryOfRow = (by: Dimension, row: CountItem): CaseQuery => (row.key === null ? { [`without`]: by } : { [filterOf[by]]: row.key }) as CaseQuery;

/** The same counting as the server's, over the cases of a past moment. */
function countPast(cases: ReadonlyMap<string, PastCase>, by: Dimension | Exclude<Load, "none">, at: number, without: string): CountItem[] {
  const found = new Map<string, CountItem>();
  for (const item of cases.values()) {
    const [key, zh, en] = valueOf(item, by);
    const row = found.get(key) ?? { key: key || null, zh: key ? zh : without, en: key ? en : without, open: 0, red: 0, yellow: 0, green: 0, blue: 0, grey: 0 };
    row.open += 1;
    row[colourAt(item, at)] += 1;
    found.set(key, row);
  }
  return [...found.values()].sort((one, other) => other.open - one.open || (one.key ?? "").localeCompare(other.key ?? ""));
}

function valueOf(item: PastCase, by: Dimension | Exclude<Load, "none">): [key: string, zh: string, en: string] {
  switch (by) {
    case "department":
      return item.department ? [item.department.code, item.department.zh, item.department.en] : ["", "", ""];
    case "status":
      return [item.status, item.status, item.status_en];
    case "class":
      return item.class_code ? [item.class_code, item.class_name, item.class_name_en] : ["", "", ""];
    case "street":
      return [item.area.slice(0, 9), item.area.slice(0, 9), item.area.slice(0, 9)];
    case "grid":
      return [item.grid, item.grid, item.grid];
    case "community":
      return [item.area.slice(0, 12), item.area.slice(0, 12), item.area.slice(0, 12)];
    default:
      return [item.type, item.type, item.type];
  }
}
