// A question about a row; it becomes a case that is followed by number and code.

import { useId, useState, type FormEvent } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import type { PublicRowView, QuestionReceipt } from "../../../shared/api/description";
import { useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";

export function Question({ row, onDone }: { row: PublicRowView; onDone: () => void }) {
  const t = useTexts(texts);
  const ids = useId();
  const [text, setText] = useState("");
  const [name, setName] = useState("");
  const [phone, setPhone] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [receipt, setReceipt] = useState<QuestionReceipt | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      setReceipt(await call("POST /api/v1/public/publicity-questions", { body: { row: row.id, text: text.trim(), name: name.trim(), phone: phone.trim() }, quiet: true }));
    } catch (refusal) {
      setError(refusal);
    } finally {
      setBusy(false);
    }
  };
  if (receipt) {
    const known = new URLSearchParams({ number: receipt.number, code: receipt.code });
    return (
      <div className="card stack" role="status">
        <p>{t("asked", { number: receipt.number, code: receipt.code })}</p>
        <p className="row"><Link className="button" to={`/follow#${known}`}>{t("asked.follow")}</Link></p>
      </div>
    );
  }
  return (
    <form className="card stack" onSubmit={(event) => void submit(event)} aria-labelledby={`${ids}-title`}>
      <h2 id={`${ids}-title`}>{t("ask.title", { n: row.nth })}</h2>
      <div className="field">
        <label htmlFor={`${ids}-text`}>{t("ask.text")}</label>
        <textarea id={`${ids}-text`} className="input" value={text} onChange={(event) => setText(event.target.value)} required minLength={4} maxLength={1000} rows={3} autoFocus />
      </div>
      <div className="field">
        <label htmlFor={`${ids}-name`}>{t("ask.name")}</label>
        <input id={`${ids}-name`} className="input" value={name} onChange={(event) => setName(event.target.value)} maxLength={60} autoComplete="name" />
      </div>
      <div className="field">
        <label htmlFor={`${ids}-phone`}>{t("ask.phone")}</label>
        <input id={`${ids}-phone`} className="input" type="tel" value={phone} onChange={(event) => setPhone(event.target.value)} maxLength={20} autoComplete="tel" />
      </div>
      {error ? <ErrorNotice error={error} /> : null}
      <p className="row">
        <button className="button" disabled={busy}>{t(busy ? "ask.sending" : "ask.send")}</button>
        <button type="button" className="button second" onClick={onDone}>{t("ask.cancel")}</button>
      </p>
    </form>
  );
}
