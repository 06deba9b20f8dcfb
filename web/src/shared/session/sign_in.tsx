// The sign-in form: as a page of its own, and as a dialog over whatever one was doing.

import { useEffect, useId, useMemo, useRef, useState, type FormEvent } from "react";
import type { DemoPerson } from "../api/description";
import { messageOf } from "../api/problem";
import { useAnswer } from "../api/queries";
import { city } from "../city";
import { useLanguage } from "../i18n/language";
import { nameIn, useTexts } from "../i18n/texts";
import { useSession } from "./session";
import "./sign_in.css";
import { texts } from "./texts";

interface FormProps {
  login?: string | undefined;
  onDone?: (() => void) | undefined;
}

/** Login and password; in a demo city, its people. */
export function SignInForm({ login = "", onDone }: FormProps) {
  const t = useTexts(texts);
  const { signIn } = useSession();
  const [name, setName] = useState(login);
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const ids = useId();

  const enter = async (who: string, secret: string) => {
    setBusy(true);
    setRefusal("");
    try {
      await signIn(who, secret);
      onDone?.();
    } catch (error) {
      setRefusal(messageOf(error));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter(name, password);
  };

  return (
    <div className={city.demo ? "sign-in sign-in-demo" : "sign-in"}>
      <form onSubmit={submit} className="sign-in-form">
        <label htmlFor={`${ids}-login`}>{t("login")}</label>
        <input id={`${ids}-login`} value={name} onChange={(event) => setName(event.target.value)} autoComplete="username" required maxLength={100} />
        <label htmlFor={`${ids}-password`}>{t("password")}</label>
        <input id={`${ids}-password`} type="password" value={password} onChange={(event) => setPassword(event.target.value)} autoComplete="current-password" required maxLength={200} />
        {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
        <button className="button" disabled={busy}>{t("do")}</button>
        <p className="soft">{t("residents")}</p>
      </form>
      {city.demo ? <DemoPeople busy={busy} onChoose={(who) => void enter(who, city.demo?.password ?? "")} /> : null}
    </div>
  );
}

const none: DemoPerson[] = [];

function DemoPeople({ busy, onChoose }: { busy: boolean; onChoose: (login: string) => void }) {
  const people = useAnswer("GET /api/v1/city", {}, { fresh: Infinity }).data?.demo?.people ?? none;
  const t = useTexts(texts);
  const language = useLanguage();
  const [wanted, setWanted] = useState("");
  const shown = useMemo(() => {
    const words = wanted.trim().toLowerCase();
    if (!words) return people.filter((one) => one.first);
    return people
      .filter((one) => [one.login, one.name, one.office.zh, one.office.en, one.work.zh, one.work.en].some((text) => text.toLowerCase().includes(words)))
      .slice(0, 24);
  }, [people, wanted]);
  return (
    <section className="sign-in-people" aria-label={t("demo")}>
      <h2>{t("demo")}</h2>
      <input type="search" value={wanted} onChange={(event) => setWanted(event.target.value)} placeholder={t("find")} aria-label={t("find")} />
      <ul>
        {shown.map((one) => (
          <li key={one.login}>
            <button type="button" disabled={busy} onClick={() => onChoose(one.login)} data-login={one.login}>
              <b>{one.name}</b> <span>{nameIn(one.work, language) || t("administrator")}</span>
              <small>{nameIn(one.office, language)} · {one.login}</small>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface DialogProps {
  again: boolean;
  login?: string | undefined;
  onCancel: () => void;
}

/** The form over the page that one was on. */
export default function SignInDialog({ again, login, onCancel }: DialogProps) {
  const t = useTexts(texts);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="sign-in-dialog" onCancel={onCancel} aria-labelledby="sign-in-title">
      <header>
        <h1 id="sign-in-title">{again ? t("again") : t("title")}</h1>
        <button type="button" className="button second" onClick={onCancel}>{t("cancel")}</button>
      </header>
      {again ? <p>{t("again.why")}</p> : null}
      <SignInForm login={login} />
    </dialog>
  );
}
