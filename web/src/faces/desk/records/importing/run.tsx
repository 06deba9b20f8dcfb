// How far an import is, what it would change or has changed, and its files. It goes on without this page.

import { useCallback, useEffect, useState } from "react";
import { Link } from "react-router";
import { addressOf, call } from "../../../../shared/api/client";
import type { ThingImportView } from "../../../../shared/api/description";
import { messageOf, Problem } from "../../../../shared/api/problem";
import { useLanguage } from "../../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../../shared/i18n/texts";
import { Tag } from "../../shared/case_line";
import { labelOf, wordsOf, type ThingType, type Value } from "../values";
import { texts } from "./texts";

const askEvery = 1000; // ms
const one = "GET /api/v1/things/{type}/imports/{run_id}";

interface Watched {
  state: ThingImportView | null;
  /** Why there is none. */
  lost: string;
  again: () => void;
}

/** The state of a run, asked for until it has ended; a server that is away for a while is asked again. */
export function useImport(type: string, id: string | null): Watched {
  const [found, setFound] = useState<ThingImportView | null>(null);
  const [lost, setLost] = useState("");
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!id) return;
    let gone = false;
    let timer: number | undefined;
    const ask = async () => {
      try {
        const state = await call(one, { path: { type, run_id: id } });
        if (gone) return;
        setFound(state);
        setLost("");
        if (state.state === "running") timer = window.setTimeout(() => void ask(), askEvery);
      } catch (error) {
        if (gone) return;
        setLost(messageOf(error));
        if (!(error instanceof Problem)) timer = window.setTimeout(() => void ask(), askEvery * 3);
      }
    };
    void ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [type, id, round]);
  const again = useCallback(() => setRound((before) => before + 1), []);
  return { state: id && found?.id === id ? found : null, lost: id ? lost : "", again };
}

interface Props {
  type: ThingType;
  state: ThingImportView;
  onAgain: () => void;
  children: React.ReactNode;
}

export function Run({ type, state, onAgain, children }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [refusal, setRefusal] = useState("");
  const resume = async () => {
    setRefusal("");
    try {
      await call("POST /api/v1/things/{type}/imports/{run_id}/resume", { path: { type: type.id, run_id: state.id } });
      onAgain();
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  const file = (name: "report" | "refused") => addressOf("GET /api/v1/things/{type}/imports/{run_id}/{name}.csv", { path: { type: type.id, run_id: state.id, name } });
  const refused = state.counts.refused ?? 0;
  const ended = state.state === "finished";
  return (
    <section className="card" aria-labelledby="import-run">
      <h2 id="import-run">{t(state.dry_run ? "run.dry" : "run.real")} · {state.file}</h2>
      <div role="status">
        {state.state === "running" ? <p><progress value={state.done} max={state.rows || 1} aria-label={t("progress")} /> {t("running", { done: state.done, rows: state.rows })}</p> : null}
        {ended ? <p><b>{t(state.dry_run ? "judged" : "imported", { rows: state.rows })}</b></p> : null}
        {state.state === "interrupted" ? <p className="notice-error">{t("interrupted", { done: state.done, rows: state.rows })} {state.resumable ? "" : t("interrupted.again")}</p> : null}
        {state.state === "failed" ? <p className="notice-error">{t("failed", { why: language === "zh" ? state.why_zh : state.why_en })}</p> : null}
      </div>
      {state.resumable ? <p className="row-line"><button type="button" className="button" onClick={() => void resume()}>{t("resume")}</button></p> : null}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      <ul className="import-counts">
        {(["new", "changed", "same", "refused"] as const).map((name) => <li key={name} className={name}><b className="number">{state.counts[name] ?? 0}</b> {t(`count.${name}`)}</li>)}
      </ul>
      {state.remarks.length ? <ul className="plain-list">{state.remarks.map((remark) => <li key={remark.zh}><Tag look="yellow">{t("remark")}</Tag> {remark.row ? `${t("row", { row: remark.row })} ` : ""}{nameIn(remark, language)}</li>)}</ul> : null}
      {state.changes?.samples.length ? <Samples type={type} changes={state.changes} /> : null}
      {state.report && refused && state.state !== "running" ? (
        <div className="import-files">
          <p>{t("refused.about", { n: refused })}</p>
          <p className="row-line"><a className="button second small" href={file("report")} download>{t("report")}</a>{ended ? <a className="button second small" href={file("refused")} download>{t("refused.file")}</a> : null}</p>
        </div>
      ) : null}
      {ended && !state.dry_run ? <p><Link to={`/desk/records/${type.id}`}>{t("to.list")}</Link></p> : null}
      {children}
    </section>
  );
}

function Samples({ type, changes }: { type: ThingType; changes: NonNullable<ThingImportView["changes"]> }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const label = (name: string) => (name === "geometry" && !type.attributes[name] ? t("place") : labelOf(type, name, language));
  return (
    <>
      <h3 className="import-head">{t("changes", { n: changes.looked_at })}</h3>
      <p className="row-line">{Object.entries(changes.fields).map(([name, count]) => <Tag key={name} look="blue">{label(name)} × {count}</Tag>)}</p>
      <ul className="import-samples">
        {changes.samples.map((sample) => (
          <li key={sample.row}>
            <Link to={`/desk/records/${type.id}/${sample.thing}`}>{t("row", { row: sample.row })}</Link>
            {Object.keys(sample.attributes).length ? Object.entries(sample.attributes).map(([name, [before, after]]) => (
              <span key={name}>{label(name)} <del>{wordsOf(type.attributes[name], before as Value, language)}</del> → <ins>{wordsOf(type.attributes[name], after as Value, language)}</ins></span>
            )) : <span>{t("place.moved")}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
