// One's own rows (本人查询): by name and the last characters of the identity number; nothing of it stays in the address.

import { useId, useState, type FormEvent } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import type { OwnRowList } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { Empty, ErrorNotice } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { Rows } from "./rows";
import { texts } from "./texts";
import { titleOf } from "./titles";

export function Own() {
  const t = useTexts(texts);
  const language = useLanguage();
  const ids = useId();
  const [name, setName] = useState("");
  const [digits, setDigits] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [found, setFound] = useState<OwnRowList | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      setFound(await call("POST /api/v1/public/own-rows", { body: { name: name.trim(), digits: digits.trim().toUpperCase() }, quiet: true }));
    } catch (refusal) {
      setFound(null);
      setError(refusal);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Frame title={t("own")}>
      <div className="stack">
        <p>{t("own.lead")}</p>
        <form className="card stack narrow" onSubmit={(event) => void submit(event)}>
          <div className="field">
            <label htmlFor={`${ids}-name`}>{t("own.name")}</label>
            <input id={`${ids}-name`} className="input" value={name} onChange={(event) => setName(event.target.value)} required maxLength={50} autoComplete="off" />
          </div>
          <div className="field">
            <label htmlFor={`${ids}-digits`}>{t("own.digits")}</label>
            <input id={`${ids}-digits`} className="input number" value={digits} onChange={(event) => setDigits(event.target.value)} required minLength={4} maxLength={18} pattern="[0-9]*[0-9Xx]" autoComplete="off" spellCheck={false} />
          </div>
          <button className="button big" disabled={busy}>{t(busy ? "own.looking" : "own.look")}</button>
        </form>
        {error ? <ErrorNotice error={error} /> : null}
        {found && !found.items.length ? <Empty title={t("own.none")}>{null}</Empty> : null}
        {found?.items.map((one) => (
          <section key={one.row.id} className="card">
            <h2><Link to={`/publicity/${one.issue.id}`}>{titleOf(one.issue, language)}</Link></h2>
            <Rows columns={one.issue.columns} rows={[one.row]} />
          </section>
        ))}
        <p><Link to="/publicity">← {t("all")}</Link></p>
      </div>
    </Frame>
  );
}
