// Following a report by number and code, without an account: where it stands, what was done, and the reporter's own say.

import { useCallback, useEffect, useId, useState, type FormEvent } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { call } from "../../../shared/api/client";
import type { PublicCase } from "../../../shared/api/description";
import { useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { followAddress, forgetReceipt, notedReceipts, noteReceipt } from "../noted";
import { CaseView } from "./case_view";
import "./follow.css";
import { Papers } from "./papers";
import { Say } from "./say";
import { texts } from "./texts";

export interface Known {
  number: string;
  code: string;
}

export default function FollowScreen() {
  const t = useTexts(texts);
  const { hash } = useLocation();
  const navigate = useNavigate();
  const given = new URLSearchParams(hash.slice(1));
  const number = given.get("number") ?? "";
  const code = given.get("code") ?? "";
  const [found, setFound] = useState<PublicCase | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const look = useCallback(async (known: Known) => {
    setBusy(true);
    setError(null);
    try {
      setFound(await call("POST /api/v1/cases/follow", { body: known, quiet: true }));
    } catch (refusal) {
      setFound(null);
      setError(refusal);
    } finally {
      setBusy(false);
    }
  }, []);

  useEffect(() => {
    if (number && code) void look({ number, code });
    else setFound(null);
  }, [number, code, look]);

  if (found) {
    const known = { number, code };
    return (
      <Frame>
        <div className="narrow stack">
          <CaseView found={found} />
          <Papers known={known} seen={found.status} />
          <Say found={found} known={known} onChange={setFound} />
          <div className="row follow-end">
            <button type="button" className="button second" onClick={() => void navigate("/follow")}>{t("other")}</button>
            <Link className="button plain" to={`/records#${new URLSearchParams({ number, code })}`}>{t("records")}</Link>
            <NoteButton known={known} text={found.text} />
          </div>
        </div>
      </Frame>
    );
  }
  return (
    <Frame title={t("title")}>
      <div className="narrow stack">
        <AskForm
          given={{ number, code }} busy={busy}
          onAsk={(known) => (known.number === number && known.code === code ? void look(known) : void navigate(followAddress(known)))}
        />
        {error ? <ErrorNotice error={error} onRetry={number && code ? () => void look({ number, code }) : undefined} /> : null}
      </div>
    </Frame>
  );
}

function AskForm({ given, busy, onAsk }: { given: Known; busy: boolean; onAsk: (known: Known) => void }) {
  const t = useTexts(texts);
  const ids = useId();
  const [number, setNumber] = useState(given.number);
  const [code, setCode] = useState(given.code);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk({ number: number.trim().toUpperCase(), code: code.trim().toUpperCase() });
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <div className="field">
        <label htmlFor={`${ids}-number`}>{t("number")}</label>
        <input id={`${ids}-number`} className="input number" value={number} onChange={(event) => setNumber(event.target.value)} required maxLength={60} autoComplete="off" autoCapitalize="characters" spellCheck={false} placeholder="CG20260618000001" />
      </div>
      <div className="field">
        <label htmlFor={`${ids}-code`}>{t("code")}</label>
        <input id={`${ids}-code`} className="input" value={code} onChange={(event) => setCode(event.target.value)} required maxLength={20} autoComplete="off" autoCapitalize="characters" spellCheck={false} aria-describedby={`${ids}-where`} />
        <span id={`${ids}-where`} className="soft small">{t("code.where")}</span>
      </div>
      <button className="button big" disabled={busy}>{t(busy ? "looking" : "look")}</button>
    </form>
  );
}

function NoteButton({ known, text }: { known: Known; text: string }) {
  const t = useTexts(texts);
  const [noted, setNoted] = useState(() => notedReceipts().some((one) => one.number === known.number));
  const turn = () => {
    if (noted) forgetReceipt(known.number);
    else noteReceipt({ ...known, text });
    setNoted(!noted);
  };
  return <button type="button" className="button plain" onClick={turn}>{t(noted ? "note.forget" : "note.device")}</button>;
}
