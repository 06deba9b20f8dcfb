// The rows of the plan (规划条目) as this city covers them: a clause counts only by a scenario step that passed. To read only.

import { useState } from "react";
import { useSearchParams } from "react-router";
import { addressOf } from "../../../shared/api/client";
import type { PlanClauseView, PlanRowView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import "./plan_rows.css";
import { texts } from "./texts";

const levels = ["proved", "working", "declared", "none"] as const;
const looks = { covered: "green", stale: "yellow", failed: "red", not_run: "grey", no_step: "grey", unanswered: "grey" } as const;
const levelLooks = { proved: "green", working: "blue", declared: "grey", none: "grey" } as const;

export default function PlanRows() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const all = address.get("all") === "1";
  const level = levels.find((one) => one === address.get("level"));
  const pack = address.get("pack") ?? "";
  const found = useAnswer("GET /api/v1/plan-rows", { query: { answered: !all } }, { keep: true, fresh: 60_000 });
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const changed = new URLSearchParams(before);
      if (value) changed.set(name, value);
      else changed.delete(name);
      return changed;
    }, { replace: true });
  const rows = (found.data?.items ?? []).filter((row) => (!level || row.level === level) && (!pack || row.packs.includes(pack)));
  const nameOf = (id: string) => nameIn(found.data?.packs[id], language) || id;
  const packs = [...new Set((found.data?.items ?? []).flatMap((row) => row.packs))].sort();
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1><p className="soft">{t("about")}</p>
        <div className="desk-filters"><a className="chip" href={addressOf("GET /api/v1/plan-rows/workbook")} download>{t("workbook")}</a></div>
      </header>
      {found.data ? <p className="plan-sum">{t("sum", { rows: found.data.rows, answered: found.data.answered, clauses: found.data.clauses, covered: found.data.covered })}</p> : null}
      {found.data && !found.data.covered ? <p className="soft">{t("sum.none")} <code>yiwang plan --run</code></p> : null}
      <div className="filters" role="search">
        <label className="filter"><span>{t("level")}</span><select value={level ?? ""} onChange={(event) => put("level", event.target.value)}><option value="">{t("any")}</option>{levels.map((one) => <option key={one} value={one}>{t(`level.${one}`)}</option>)}</select></label>
        <label className="filter"><span>{t("pack")}</span><select value={pack} onChange={(event) => put("pack", event.target.value)}><option value="">{t("any")}</option>{packs.map((one) => <option key={one} value={one}>{nameOf(one)}</option>)}</select></label>
        <label className="row-line"><input type="checkbox" checked={all} onChange={(event) => put("all", event.target.checked ? "1" : "")} /> {t("all")}</label>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      {rows.length ? (
        <table className="rows">
          <thead><tr><th>{t("row")}</th><th>{t("level")}</th><th>{t("covered")}</th><th>{t("pack")}</th></tr></thead>
          <tbody>{rows.map((row) => <Row key={row.id} row={row} nameOf={nameOf} />)}</tbody>
        </table>
      ) : null}
      {found.data?.runs.length ? (
        <section className="card plan-runs" aria-labelledby="plan-runs">
          <h2 id="plan-runs">{t("runs")}</h2>
          <table className="rows">
            <thead><tr><th>{t("pack")}</th><th>{t("run.at")}</th><th>{t("run.passed")}</th><th>{t("run.failed")}</th></tr></thead>
            <tbody>
              {found.data.runs.map((run) => (
                <tr key={run.pack} className={run.failed ? "red" : run.stale ? "yellow" : ""}>
                  <td data-label={t("pack")}>{nameOf(run.pack)} <small className="soft number">{run.version}</small></td>
                  <td data-label={t("run.at")}>{run.at ? <time dateTime={run.at} title={exactTime(run.at, language)}>{shortTime(run.at, language)}</time> : t("run.never")} {run.stale ? <Tag look="yellow">{t("run.stale")}</Tag> : null}</td>
                  <td data-label={t("run.passed")} className="number">{run.passed}</td>
                  <td data-label={t("run.failed")} className="number">{run.failed}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
    </section>
  );
}

function Row({ row, nameOf }: { row: PlanRowView; nameOf: (pack: string) => string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [open, setOpen] = useState(false);
  const name = nameIn(row.names, language);
  return (
    <>
      <tr>
        <td data-label={t("row")}><button type="button" className="link" aria-expanded={open} onClick={() => setOpen(!open)}>{name}</button><small className="soft">{row.id}</small></td>
        <td data-label={t("level")}><Tag look={levelLooks[row.level]}>{t(`level.${row.level}`)}</Tag></td>
        <td data-label={t("covered")}><span className="plan-share"><progress max={row.clauses || 1} value={row.covered} aria-label={t("covered.of", { covered: row.covered, clauses: row.clauses })} /> <span className="number">{row.covered}/{row.clauses}</span></span></td>
        <td data-label={t("pack")}>{row.packs.map(nameOf).join(language === "zh" ? "、" : ", ") || "–"}</td>
      </tr>
      {open ? <tr><td colSpan={4}><ol className="plan-clauses">{row.items.map((one) => <Clause key={one.id} one={one} />)}</ol></td></tr> : null}
    </>
  );
}

function Clause({ one }: { one: PlanClauseView }) {
  const t = useTexts(texts);
  return (
    <li>
      <Tag look={looks[one.state]}>{t(`state.${one.state}`)}</Tag> <span className="number soft">{one.id}</span> {one.words}
      {one.by.length ? <small className="soft">{one.by.join(" · ")}</small> : null}
    </li>
  );
}
