// Checking a document (文书核验): by number and code, or by its file, which is compared and not kept. Number and code stand
// behind the # of the address, so that they stay out of logs.

import { useEffect, useId, useState, type FormEvent } from "react";
import { useLocation, useNavigate } from "react-router";
import { addressOf, call, callForFile, type Answer } from "../../../shared/api/client";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { saveFile } from "../../../shared/save_file";
import { texts } from "./texts";
import "./verify.css";

type CheckView = Answer<"POST /api/v1/documents/check">;

interface Known {
  number: string;
  code: string;
}

const looks = { valid: "notice-good", void: "notice-warn", replaced: "notice-warn", altered: "notice-error", unknown: "notice-error" } as const;

export default function VerifyScreen() {
  const t = useTexts(texts);
  const ids = useId();
  const navigate = useNavigate();
  const given = new URLSearchParams(useLocation().hash.slice(1));
  const asked: Known = { number: given.get("number") ?? "", code: given.get("code") ?? "" };
  const [known, setKnown] = useState(asked);
  const [found, setFound] = useState<{ check: CheckView; known: Known | null } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [again, setAgain] = useState(0);

  const ask = async (asking: () => Promise<CheckView>, by: Known | null) => {
    setBusy(true);
    setError(null);
    setFound(null);
    try {
      setFound({ check: await asking(), known: by });
    } catch (refusal) {
      setError(refusal);
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    if (!asked.number || !asked.code) return;
    const by = { number: asked.number, code: asked.code };
    setKnown(by);
    void ask(() => call("POST /api/v1/documents/check", { body: by, quiet: true }), by);
  }, [asked.number, asked.code, again]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = { number: known.number.trim(), code: known.code.trim().toUpperCase() };
    if (wanted.number === asked.number && wanted.code === asked.code) setAgain(again + 1);
    else void navigate(`/verify#${new URLSearchParams({ ...wanted })}`);
  };
  const file = (chosen: File | undefined) => {
    if (!chosen) return;
    const form = new FormData();
    form.set("file", chosen, chosen.name);
    void ask(() => call("POST /api/v1/documents/check-file", { body: form, quiet: true }), null);
  };
  return (
    <Frame title={t("title")}>
      <div className="narrow stack">
        <p>{t("lead")}</p>
        <div aria-live="polite">
          {error ? <ErrorNotice error={error} /> : null}
          {found ? <Result check={found.check} known={found.known} /> : null}
        </div>
        <form className="card stack" onSubmit={submit}>
          <h2>{t("by.number")}</h2>
          <div className="field">
            <label htmlFor={`${ids}-number`}>{t("number")}</label>
            <input id={`${ids}-number`} className="input" value={known.number} required maxLength={120} autoComplete="off" spellCheck={false} onChange={(event) => setKnown({ ...known, number: event.target.value })} />
          </div>
          <div className="field">
            <label htmlFor={`${ids}-code`}>{t("code")}</label>
            <input id={`${ids}-code`} className="input" value={known.code} required maxLength={40} autoComplete="off" autoCapitalize="characters" spellCheck={false} aria-describedby={`${ids}-where`} onChange={(event) => setKnown({ ...known, code: event.target.value })} />
            <span id={`${ids}-where`} className="soft small">{t("code.where")}</span>
          </div>
          <button className="button big" disabled={busy}>{t(busy ? "checking" : "check")}</button>
        </form>
        <section className="card stack">
          <h2>{t("by.file")}</h2>
          <div className="field">
            <label htmlFor={`${ids}-file`}>{t("file")}</label>
            <input id={`${ids}-file`} className="input" type="file" accept="application/pdf" disabled={busy} aria-describedby={`${ids}-kept`} onChange={(event) => file(event.target.files?.[0])} />
            <span id={`${ids}-kept`} className="soft small">{t("not.kept")}</span>
          </div>
        </section>
        <p className="soft small"><a href="/plain/verify">{t("plain")}</a></p>
      </div>
    </Frame>
  );
}

function Result({ check, known }: { check: CheckView; known: Known | null }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [refusal, setRefusal] = useState<unknown>(null);
  const time = (at: string | null | undefined) => (at ? <time dateTime={at}>{exactTime(at, language)}</time> : null);
  const copy = async (by: Known) => {
    setRefusal(null);
    try {
      saveFile((await callForFile("POST /api/v1/documents/copy", { body: by, quiet: true })).file, `${by.number}.pdf`);
    } catch (error) {
      setRefusal(error);
    }
  };
  const rows = [
    ["number", check.number],
    ["office", check.office],
    ["issued", time(check.issued_at)],
    ["signed", time(check.signed_at)],
    ["ended", time(check.ended_at)],
    ["replaced", check.replaced_by],
  ] as const;
  return (
    <section className="card stack" role="status">
      <p className={`${looks[check.result]} verify-result`}>{check.result === "valid" ? "✓ " : "✕ "}{nameIn(check.result_words, language)}</p>
      {check.names ? <h2 className="verify-name">{nameIn(check.names, language)}</h2> : null}
      <dl className="verify-facts">
        {rows.map(([key, value]) => (value ? <div key={key}><dt>{t(key)}</dt><dd>{value}</dd></div> : null))}
      </dl>
      {known && check.result !== "unknown" ? <p><button type="button" className="button second" onClick={() => void copy(known)}>{t("copy")}</button></p> : null}
      {refusal ? <ErrorNotice error={refusal} /> : null}
      {check.digest ? (
        <details>
          <summary>{t("technical")}</summary>
          <dl className="verify-facts">
            <div><dt>SM3</dt><dd>{check.digest}</dd></div>
            <div><dt>SM2</dt><dd>{check.signature}</dd></div>
            {check.key ? <div><dt>{t("key")}</dt><dd><a href={addressOf("GET /api/v1/documents/keys/{id}", { path: { id: check.key.id } })}>{check.key.public_key}</a></dd></div> : null}
          </dl>
        </details>
      ) : null}
    </section>
  );
}
