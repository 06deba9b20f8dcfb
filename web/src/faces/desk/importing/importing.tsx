// Importing a history (导入): choose a file, say which column is what, judge, then import. A run goes on without this page.

import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import { addressOf, call } from "../../../shared/api/client";
import type { ImportState } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { FileButton } from "../shared/file_button";
import { useNaming } from "../shared/words";
import { guess, headOf, mappingOf, targets, type Columns, type Head, type Target } from "./mapping";
import { texts } from "./texts";

const askEvery = 1200; // ms

export default function Importing() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { words } = useNaming();
  const [address, setAddress] = useSearchParams();
  const [file, setFile] = useState<File | null>(null);
  const [{ names: head, example }, setHead] = useState<Head>({ names: [], example: {} });
  const [columns, setColumns] = useState<Columns>({});
  const [type, setType] = useState("");
  const [guessed, setGuessed] = useState<Columns>({});
  const [system, setSystem] = useState("");
  const [open, setOpen] = useState("");
  const [crs, setCrs] = useState("EPSG:4490");
  const [refusal, setRefusal] = useState("");
  const state = useRun(address.get("run"));
  const chosenType = type || words?.types[0]?.id || "";

  const choose = async (chosen: File | null) => {
    setFile(chosen);
    setRefusal("");
    if (!chosen) return;
    const found = await headOf(chosen);
    setHead(found);
    setColumns(guess(found.names));
    setGuessed(guess(found.names));
    setSystem((before) => before || chosen.name.replace(/\.\w+$/, ""));
  };
  const start = async (dryRun: boolean) => {
    if (!file) return;
    setRefusal("");
    if (await hasChanged(file)) return setRefusal(t("file.changed"));
    const form = new FormData();
    form.set("file", file, file.name);
    form.set("mapping", new Blob([mappingOf({ type: chosenType, system, columns, open, crs })], { type: "application/yaml" }), "mapping.yaml");
    form.set("dry_run", String(dryRun));
    try {
      const begun = await call("POST /api/v1/imports", { body: form });
      setAddress({ run: begun.id }, { replace: true });
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  /** What the first row has in the chosen column, and who chose it. */
  const said = (name: Target): string => {
    const chosen = columns[name];
    if (!chosen) return targets.find((one) => one.name === name)?.needed ? t("needed") : "";
    const value = example[chosen];
    return `${guessed[name] === chosen ? t("by.name") : t("by.hand")}${value ? ` ${t("for.example", { value })}` : ""}`;
  };
  const ready = file !== null && Boolean(columns.number && columns.text && columns.reported_at) && system !== "" && state?.state !== "running";
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      <div className="card">
        <div className="field"><span className="label">{t("file")}</span><FileButton label={t("file")} accept=".csv,.xlsx,text/csv" onFile={(chosen) => void choose(chosen)} /></div>
        {head.length ? <p className="soft small">{t("columns", { names: head.join("、") })}</p> : null}
        <h2>{t("mapping")}</h2>
        {head.length ? <p className="soft small">{t("guessed", { n: Object.keys(guessed).length, all: targets.length })}</p> : file ? <p className="soft small">{t("sheet")}</p> : null}
        <div className="fields-grid">
          <label className="filter"><span>{t("type")}</span><select value={chosenType} onChange={(event) => setType(event.target.value)}>{words?.types.map((one) => <option key={one.id} value={one.id}>{nameIn(one, language)}</option>)}</select></label>
          <label className="filter"><span>{t("system")}</span><input value={system} maxLength={100} onChange={(event) => setSystem(event.target.value)} /></label>
          {targets.map(({ name, needed }) => (
            <label key={name} className="filter">
              <span>{t(name)}{needed ? " *" : ""}</span>
              {head.length ? (
                <select data-target={name} value={columns[name] ?? ""} onChange={(event) => setColumns({ ...columns, [name]: event.target.value })}><option value="">{t("none")}</option>{head.map((one) => <option key={one}>{one}</option>)}</select>
              ) : <input data-target={name} value={columns[name] ?? ""} onChange={(event) => setColumns({ ...columns, [name]: event.target.value })} />}
              {head.length ? <span className="guess" title={example[columns[name] ?? ""]}>{said(name)}</span> : null}
            </label>
          ))}
          <label className="filter"><span>{t("open")}</span><input value={open} onChange={(event) => setOpen(event.target.value)} /></label>
          <label className="filter"><span>{t("crs")}</span><select value={crs} onChange={(event) => setCrs(event.target.value)}>{["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"].map((one) => <option key={one}>{one}</option>)}</select></label>
        </div>
        {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
        <div className="row-line">
          <button type="button" className="button" disabled={!ready} onClick={() => void start(true)}>{t("judge")}</button>
          <button type="button" className="button second" disabled={!ready || !(state?.state === "finished" && state.dry_run)} onClick={() => void start(false)}>{t("import")}</button>
        </div>
      </div>
      {state ? <Run state={state} /> : null}
    </section>
  );
}

/** Whether a file has been written to since it was chosen: browsers refuse to read it then. */
const hasChanged = (file: File) => file.slice(0, 1).arrayBuffer().then(() => false, () => true);

/** The state of a run, asked for until it has ended. */
function useRun(id: string | null): ImportState | null {
  const [state, setState] = useState<ImportState | null>(null);
  useEffect(() => {
    if (!id) return;
    let gone = false;
    let timer: number | undefined;
    const ask = async () => {
      try {
        const found = await call("GET /api/v1/imports/{run_id}", { path: { run_id: id } });
        if (gone) return;
        setState(found);
        if (found.state === "running") timer = window.setTimeout(() => void ask(), askEvery);
      } catch {
        if (!gone) timer = window.setTimeout(() => void ask(), askEvery * 4);
      }
    };
    void ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [id]);
  return id && state?.id === id ? state : null;
}

function Run({ state }: { state: ImportState }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const remarks = state.remarks ?? [];
  return (
    <div className="card" role="status">
      {state.state === "running" ? <p><progress value={state.done} max={state.rows || 1} /> {t("running", { done: state.done, rows: state.rows })}</p> : null}
      {state.state === "failed" ? <p className="notice-error">{t("failed", { why: (language === "zh" ? state.why_zh : state.why_en) ?? "" })}</p> : null}
      {state.state === "finished" ? <p><b>{t(state.dry_run ? "judged" : "imported", { taken: state.taken ?? 0, refused: state.refused ?? 0, rows: state.rows })}</b></p> : null}
      {remarks.length ? (
        <ul className="plain-list">
          {remarks.map((one) => <li key={one.zh + one.level}><span className={`tag ${one.level === "refused" ? "red" : "yellow"}`}>{t(one.level)}</span> {nameIn(one, language)} <b className="number">× {one.count}</b></li>)}
        </ul>
      ) : null}
      {state.report && state.state !== "running" ? <a href={addressOf("GET /api/v1/imports/{run_id}/report.csv", { path: { run_id: state.id } })} download>{t("report")}</a> : null}
    </div>
  );
}
