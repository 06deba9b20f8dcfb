// The reporter's own say: tell more while it is open, rate the result, have it reopened.

import { useId, useState, type FormEvent, type ReactNode } from "react";
import { call } from "../../../shared/api/client";
import type { PublicCase } from "../../../shared/api/description";
import { useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import type { Known } from "./screen";
import { texts } from "./texts";

interface Props {
  found: PublicCase;
  known: Known;
  onChange: (found: PublicCase) => void;
}

const stars = [1, 2, 3, 4, 5] as const;

export function Say({ found, known, onChange }: Props) {
  const t = useTexts(texts);
  const [again, setAgain] = useState(false);
  const rated = found.satisfaction as 1 | 2 | 3 | 4 | 5 | null;
  const take = (next: PublicCase) => {
    setAgain(false);
    onChange(next);
  };
  return (
    <>
      {found.may_rate && (!rated || again) ? <Rate known={known} onChange={take} /> : null}
      {rated && !again ? (
        <p className={`${rated < 3 ? "notice-note" : "notice-good"} say-rated`}>
          {t(found.may_rate ? "rated" : "rated.before", { words: t(`rate.${rated}`) })}{" "}
          {found.may_rate ? <button type="button" className="button plain" onClick={() => setAgain(true)}>{t("rate.again")}</button> : null}
        </p>
      ) : null}
      {found.may_reopen ? (
        <NoteForm title={t("reopen")} label={t("reopen.what")} button={t("reopen.send")} send={async (note) => onChange(await call("POST /api/v1/cases/reopen", { body: { ...known, note }, quiet: true }))} />
      ) : found.state === "open" ? (
        <NoteForm title={t("add")} label={t("add.what")} button={t("add.send")} send={async (note) => onChange(await call("POST /api/v1/cases/add", { body: { ...known, note }, quiet: true }))} />
      ) : null}
    </>
  );
}

interface FormProps {
  title: string;
  button: string;
  send: () => Promise<void>;
  children: ReactNode;
}

/** A form that says what became of it; what was typed stays until it has arrived. */
function SayForm({ title, button, send, children }: FormProps) {
  const t = useTexts(texts);
  const [state, setState] = useState<"" | "busy" | "done">("");
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setState("busy");
    setError(null);
    try {
      await send();
      setState("done");
    } catch (refusal) {
      setError(refusal);
      setState("");
    }
  };
  return (
    <form className="card stack" onSubmit={(event) => void submit(event)}>
      <h2 className="say-title">{title}</h2>
      {children}
      {error ? <ErrorNotice error={error} /> : null}
      {state === "done" ? <p className="notice-good" role="status">{t("done")}</p> : null}
      <button className="button" disabled={state === "busy"}>{state === "busy" ? t("sending") : button}</button>
    </form>
  );
}

function NoteForm({ title, label, button, send }: { title: string; label: string; button: string; send: (note: string) => Promise<void> }) {
  const id = useId();
  const [note, setNote] = useState("");
  return (
    <SayForm title={title} button={button} send={async () => { await send(note.trim()); setNote(""); }}>
      <div className="field">
        <label htmlFor={id}>{label}</label>
        <textarea id={id} className="input" value={note} onChange={(event) => setNote(event.target.value)} required maxLength={2000} />
      </div>
    </SayForm>
  );
}

function Rate({ known, onChange }: Omit<Props, "found">) {
  const t = useTexts(texts);
  const id = useId();
  const [value, setValue] = useState(0);
  const [note, setNote] = useState("");
  return (
    <SayForm
      title={t("rate")} button={t("rate.send")}
      send={async () => onChange(await call("POST /api/v1/cases/rate", { body: { ...known, satisfaction: value, note: note.trim() }, quiet: true }))}
    >
      <fieldset className="follow-rate">
        <legend className="visually-hidden">{t("rate")}</legend>
        {stars.map((star) => (
          <label key={star} className={star <= value ? "on" : ""}>
            <input type="radio" name="satisfaction" value={star} checked={value === star} required onChange={() => setValue(star)} />
            <span aria-hidden="true">★</span>
            <small>{t(`rate.${star}`)}</small>
          </label>
        ))}
      </fieldset>
      <div className="field">
        <label htmlFor={id}>{t("rate.note")}</label>
        <textarea id={id} className="input" value={note} onChange={(event) => setNote(event.target.value)} maxLength={2000} />
      </div>
    </SayForm>
  );
}
