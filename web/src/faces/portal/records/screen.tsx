// Who has read my record (谁看过我的信息): with number and code, each time that an office was shown name and telephone number.

import { useCallback, useEffect, useId, useState, type FormEvent } from "react";
import { useLocation, useNavigate } from "react-router";
import { call } from "../../../shared/api/client";
import type { RecordsRead } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { texts } from "./texts";

export default function RecordsScreen() {
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const ids = useId();
  const given = new URLSearchParams(useLocation().hash.slice(1));
  const [number, setNumber] = useState(given.get("number") ?? "");
  const [code, setCode] = useState(given.get("code") ?? "");
  const [found, setFound] = useState<RecordsRead | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const look = useCallback(async (body: { number: string; code: string }) => {
    setBusy(true);
    setError(null);
    try {
      setFound(await call("POST /api/v1/cases/records-read", { body, quiet: true }));
    } catch (refusal) {
      setFound(null);
      setError(refusal);
    } finally {
      setBusy(false);
    }
  }, []);
  const asked = { number: given.get("number") ?? "", code: given.get("code") ?? "" };
  useEffect(() => {
    if (asked.number && asked.code) void look({ number: asked.number, code: asked.code });
  }, [asked.number, asked.code, look]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const known = { number: number.trim().toUpperCase(), code: code.trim().toUpperCase() };
    if (known.number === asked.number && known.code === asked.code) void look(known);
    else void navigate(`/records#${new URLSearchParams(known)}`);
  };
  return (
    <Frame title={t("title")}>
      <div className="narrow stack">
        <p>{t("lead")}</p>
        <form className="card stack" onSubmit={submit}>
          <div className="field">
            <label htmlFor={`${ids}-number`}>{t("number")}</label>
            <input id={`${ids}-number`} className="input number" value={number} onChange={(event) => setNumber(event.target.value)} required maxLength={60} autoComplete="off" autoCapitalize="characters" spellCheck={false} />
          </div>
          <div className="field">
            <label htmlFor={`${ids}-code`}>{t("code")}</label>
            <input id={`${ids}-code`} className="input" value={code} onChange={(event) => setCode(event.target.value)} required maxLength={20} autoComplete="off" autoCapitalize="characters" spellCheck={false} />
          </div>
          <button className="button big" disabled={busy}>{t(busy ? "looking" : "look")}</button>
        </form>
        {error ? <ErrorNotice error={error} /> : null}
        {found && !found.reads.length ? <Empty title={t("none", { number: found.number })}>{t("none.more")}</Empty> : null}
        {found?.reads.length ? (
          <section className="card" aria-live="polite">
            <h2>{t("reads", { number: found.number, n: found.reads.length })}</h2>
            <ol className="follow-story">
              {found.reads.map((one) => (
                <li key={one.at + one.purpose + (one.registry?.zh ?? "")}>
                  <time className="soft small number" dateTime={one.at} title={exactTime(one.at, language)}>{shortTime(one.at, language)}</time>
                  <div><b>{one.office ? nameIn(one.office, language) : t("no.office")}</b> <span className="soft">{one.posts.map((post) => nameIn(post, language)).join("、")}</span>{one.registry ? <span className="soft"> · {t("register", { name: nameIn(one.registry, language) })}</span> : null}</div>
                  <blockquote className="wrap">{t("purpose", { purpose: one.purpose })}</blockquote>
                </li>
              ))}
            </ol>
          </section>
        ) : null}
        <p className="soft small">{t("rights")}</p>
      </div>
    </Frame>
  );
}
