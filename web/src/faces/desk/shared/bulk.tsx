// One verb for many cases: each is asked for on its own, so that one refusal stops nothing; progress can be left alone.

import { useState, type ReactNode } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { messageOf } from "../../../shared/api/problem";
import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./texts";

export interface BulkVerb {
  key: string;
  label: string;
  /** Whether words may or must be given. */
  note?: "optional" | "needed";
  grave?: boolean;
  act: (id: string, note: string) => Promise<unknown>;
}

interface Props {
  ids: readonly string[];
  /** How a row is called in what is told. */
  nameOf: (id: string) => string;
  verbs: readonly BulkVerb[];
  onDone: () => void;
  children?: ReactNode;
}

const together = 3;

export function BulkBar({ ids, nameOf, verbs, onDone, children }: Props) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const [asking, setAsking] = useState<BulkVerb | null>(null);
  const [note, setNote] = useState("");
  const [progress, setProgress] = useState<{ n: number; all: number } | null>(null);
  const [told, setTold] = useState<{ done: number; refused: [string, string][] } | null>(null);

  const run = async (verb: BulkVerb) => {
    setAsking(null);
    const waiting = [...ids];
    const all = waiting.length;
    const refused: [string, string][] = [];
    let n = 0;
    setTold(null);
    setProgress({ n, all });
    const worker = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const name = nameOf(id);
        try {
          await verb.act(id, note);
        } catch (error) {
          refused.push([name, messageOf(error)]);
        }
        n += 1;
        setProgress({ n, all });
      }
    };
    await Promise.all(Array.from({ length: together }, worker));
    setProgress(null);
    setNote("");
    setTold({ done: all - refused.length, refused });
    await client.invalidateQueries();
    onDone();
  };
  const choose = (verb: BulkVerb) => (verb.note || verb.grave ? setAsking(verb) : void run(verb));

  if (!ids.length && !progress && !told) return null;
  return (
    <section className="bulk" aria-live="polite">
      {ids.length ? (
        <div className="bulk-row">
          <b>{t("selected", { n: ids.length })}</b>
          {verbs.map((verb) => (
            <button key={verb.key} type="button" className={`button second small${asking === verb ? " active" : ""}`} disabled={progress !== null} onClick={() => choose(verb)}>{verb.label}</button>
          ))}
          {children}
          <button type="button" className="link" onClick={onDone}>{t("clear")}</button>
        </div>
      ) : null}
      {asking ? (
        <form className="bulk-row" onSubmit={(event) => (event.preventDefault(), void run(asking))}>
          <label>{asking.note === "needed" ? t("note") : t("note.optional")} <input autoFocus value={note} maxLength={2000} required={asking.note === "needed"} onChange={(event) => setNote(event.target.value)} /></label>
          <button className={asking.grave ? "button danger small" : "button small"}>{asking.label} · {t("do")}</button>
          <button type="button" className="link" onClick={() => setAsking(null)}>{t("cancel")}</button>
        </form>
      ) : null}
      {progress ? <p role="status"><progress value={progress.n} max={progress.all} /> {t("bulk.progress", progress)}</p> : null}
      {told ? (
        <div role="status">
          <p>{t("bulk.done", { done: told.done, refused: told.refused.length })} <button type="button" className="link" onClick={() => setTold(null)}>{t("keys.close")}</button></p>
          {told.refused.length ? (
            <details open><summary>{t("bulk.reasons")}</summary><ul>{told.refused.map(([name, why]) => <li key={name}><b>{name}</b> {why}</li>)}</ul></details>
          ) : null}
        </div>
      ) : null}
    </section>
  );
}
