// Scores (评价): a board's table of a period; every number opens the cases that it counts.

import { useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { addressOf } from "../../../shared/api/client";
import type { EarnedView, IndicatorView, ScoreBoard, ScoreRow } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { DayField } from "../shared/day_field";
import { ReachTo } from "./reach";
import { texts as common } from "../shared/texts";
import "./scores.css";
import { texts } from "./texts";

const periods = ["day", "week", "month", "quarter", "year"] as const;
type Period = (typeof periods)[number];

export default function Scores() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const boards = useAnswer("GET /api/v1/boards", {}, { fresh: 600_000 });
  const board = address.get("board") ?? boards.data?.items[0]?.id ?? "";
  const wantedPeriod = periods.find((one) => one === address.get("period")) ?? null;
  const day = address.get("day");
  const scores = useAnswer("GET /api/v1/boards/{board}/scores", { path: { board }, query: { period: wantedPeriod, day } }, { enabled: board !== "", keep: true, fresh: 30_000 });
  const set = (name: string, value: string) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      for (const gone of ["indicator", "key", "part", ...(name === "reach" ? [] : ["reach"])]) after.delete(gone);
      return after;
    });

  if (boards.error) return <ErrorNotice error={boards.error} />;
  if (!boards.data) return <Loading />;
  if (!boards.data.items.length) return <Empty title={t("none")}>{t("none.next")}</Empty>;
  const indicator = address.get("indicator");
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1>
        <label className="filter"><span>{t("board")}</span><select value={board} onChange={(event) => set("board", event.target.value)}>{boards.data.items.map((one) => <option key={one.id} value={one.id}>{nameIn(one.names, language)}</option>)}</select></label>
        <label className="filter"><span>{t("period")}</span><select value={wantedPeriod ?? scores.data?.span.period ?? ""} onChange={(event) => set("period", event.target.value)}>{periods.map((one) => <option key={one} value={one}>{t(`period.${one}`)}</option>)}</select></label>
        <span className="filter"><span>{t("day")}</span><DayField label={t("day")} value={day ?? ""} onDay={(value) => set("day", value)} /></span>
        <div className="desk-filters"><a className="chip" href={addressOf("GET /api/v1/boards/{board}/scores.xlsx", { path: { board }, query: { period: wantedPeriod, day } })} download>{t("export")}</a></div>
      </header>
      {scores.error ? <ErrorNotice error={scores.error} onRetry={() => void scores.refetch()} /> : null}
      {scores.data ? address.get("reach") ? <ReachTo reading={scores.data} onBack={() => set("reach", "")} /> : indicator ? <Behind reading={scores.data} onBack={() => set("indicator", "")} /> : <Table reading={scores.data} /> : scores.error ? null : <Loading />}
    </section>
  );
}

const figure = (value: EarnedView, unit: string | undefined): string => {
  if (value.rate === null) return value.denominator === null ? String(value.numerator) : "–";
  return unit === "percent" ? `${(value.rate * 100).toFixed(1)}%` : value.rate.toFixed(2);
};

function Table({ reading }: { reading: ScoreBoard }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const [sort, setSort] = useState<{ by: string; down: boolean }>({ by: "score", down: true });
  const known = useMemo(() => new Map(reading.indicators.map((one) => [one.id, one])), [reading]);
  const columns = reading.board.measures.map((id) => known.get(id)).filter((one): one is IndicatorView => one !== undefined);
  const rows = useMemo(() => {
    const value = (row: ScoreRow): number => (sort.by === "score" ? (row.score ?? -1) : (row.measures.find((one) => one.indicator === sort.by)?.rate ?? -1));
    return [...reading.rows].sort((one, other) => (sort.down ? value(other) - value(one) : value(one) - value(other)));
  }, [reading, sort]);
  const open = (indicator: string, key: string, part: string) => {
    const after = new URLSearchParams(address);
    for (const [name, value] of [["indicator", indicator], ["key", key], ["part", part]] as const) after.set(name, value);
    setAddress(after);
  };
  const reachTo = (key: string): string => {
    const after = new URLSearchParams(address);
    after.set("reach", key);
    return `?${after}`;
  };
  const head = (by: string, words: string, title?: string) => (
    <th aria-sort={sort.by === by ? (sort.down ? "descending" : "ascending") : undefined}><button type="button" className="sorter" title={title} onClick={() => setSort({ by, down: sort.by === by ? !sort.down : true })}>{words}{sort.by === by ? (sort.down ? " ↓" : " ↑") : ""}</button></th>
  );
  return (
    <>
      <p className="soft small">
        {t("span", { first: reading.span.first, last: reading.span.last })} · <span title={exactTime(reading.as_of, language)}>{t("as.of", { at: shortTime(reading.as_of, language) })}</span>
        {reading.waiting.length ? ` · ${t("waiting", { names: reading.waiting.map((id) => nameIn(known.get(id)?.names, language) || id).join("、") })}` : ""}
      </p>
      {rows.length ? (
        <div className="scroll">
          <table className="rows scores">
            <thead>
              <tr>
                {reading.board.ranking ? <th>{t("rank")}</th> : null}
                <th>{t("object")}</th>
                {head("score", t("score"))}
                <th>{t("grade")}</th>
                {columns.map((one) => <FragmentHead key={one.id} one={one} head={head} language={language} />)}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.object.key}>
                  {reading.board.ranking ? <td className="number">{row.rank ?? "–"}</td> : null}
                  <td><b>{nameIn(row.object.names, language)}</b>{row.score === null ? null : <small><Link to={reachTo(row.object.key)}>{t("reach", { target: reading.board.target ?? 90 })}</Link></small>}</td>
                  <td><Bar score={row.score} full={reading.board.full} /></td>
                  <td>{nameIn(row.grade_names, language)}</td>
                  {columns.map((one) => {
                    const value = row.measures.find((measure) => measure.indicator === one.id);
                    if (!value) return <td key={one.id} data-label={nameIn(one.names, language)}>–</td>;
                    return (
                      <td key={one.id} className="number" data-label={nameIn(one.names, language)}>
                        <button type="button" className="link" onClick={() => open(one.id, row.object.key, "numerator")}>{figure(value, one.unit)}</button>
                        {value.denominator === null ? null : (
                          <small className="soft">
                            <button type="button" className="link" onClick={() => open(one.id, row.object.key, "numerator")}>{value.numerator}</button>/<button type="button" className="link" onClick={() => open(one.id, row.object.key, "denominator")}>{value.denominator}</button>
                            {value.points === null ? "" : ` · ${value.points.toFixed(1)}`}
                          </small>
                        )}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : <Empty title={t("empty")}>{t("empty.next")}</Empty>}
    </>
  );
}

function FragmentHead({ one, head, language }: { one: IndicatorView; head: (by: string, words: string, title?: string) => React.JSX.Element; language: "zh" | "en" }) {
  return head(one.id, nameIn(one.names, language), `${one.numerator}${one.denominator ? ` / ${one.denominator}` : ""} · ${one.source}`);
}

function Bar({ score, full }: { score: number | null; full: number }) {
  if (score === null) return <>–</>;
  return <span className="score"><meter min={0} max={full || 100} value={score}>{score}</meter> <b className="number">{score.toFixed(1)}</b></span>;
}

/** The cases that a number counts. */
function Behind({ reading, onBack }: { reading: ScoreBoard; onBack: () => void }) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const indicator = address.get("indicator") ?? "";
  const key = address.get("key") ?? "";
  const part = address.get("part") ?? "numerator";
  const row = reading.rows.find((one) => one.object.key === key);
  const names = reading.indicators.find((one) => one.id === indicator)?.names;
  const period = reading.span.period as Period;
  const cases = useAnswer("GET /api/v1/indicators/{indicator}/cases", {
    path: { indicator },
    query: { kind: row?.object.kind ?? reading.board.object, key, part, board: reading.board.id, period, day: address.get("day"), after: address.get("after"), limit: 100 },
  });
  const choose = (name: string, value: string) => setAddress((before) => (before.set(name, value), new URLSearchParams(before)));
  return (
    <>
      <div className="desk-head">
        <h2>{t("behind", { name: nameIn(names, language), object: nameIn(row?.object.names, language) || key })}</h2>
        <div className="desk-filters">
          {(["numerator", "denominator"] as const).map((one) => <button key={one} type="button" className="chip" aria-pressed={part === one} onClick={() => choose("part", one)}>{t(`behind.${one}`)}</button>)}
          <button type="button" className="chip" onClick={onBack}>{t("back")}</button>
        </div>
      </div>
      {cases.error ? <ErrorNotice error={cases.error} /> : null}
      <table className="rows">
        <thead><tr><th>{t("column.day")}</th><th>{t("column.case")}</th><th>{t("column.text")}</th><th>{t("column.status")}</th></tr></thead>
        <tbody>{cases.data?.items.map((one) => <tr key={`${one.case_id}${one.day}`}><td className="number">{one.day}{one.times > 1 ? ` ×${one.times}` : ""}</td><td><Link to={`/desk/cases/${one.case_id}`}>{one.number}</Link></td><td>{one.text}</td><td>{one.status}</td></tr>)}</tbody>
      </table>
      {cases.data?.next ? <button type="button" className="button second" onClick={() => choose("after", cases.data?.next ?? "")}>{c("more")}</button> : <p className="soft small rows-end">{c("end", { n: cases.data?.items.length ?? 0 })}</p>}
    </>
  );
}
