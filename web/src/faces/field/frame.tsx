// Around every screen of the field face: whose it is, whether there is a network, what waits to be sent; four large ways.

import { useEffect, type ReactNode } from "react";
import { NavLink } from "react-router";
import { city } from "../../shared/city";
import { useLanguage } from "../../shared/i18n/language";
import { nameIn, useTexts } from "../../shared/i18n/texts";
import { useSession } from "../../shared/session/session";
import { lengthWords } from "../../shared/time/clock";
import { Brand, LanguageSwitch } from "../../shared/ui/parts";
import { useWrongClock } from "./clock";
import { sendNow, unsent, useQueue } from "./queue/queue";
import { texts } from "./texts";
import { useInstallation } from "./worker_registration";
import { forgetWorker, type Worker } from "./who";
import { useNetwork } from "./network";

const icons = {
  today: "M5 4h14v16H5zM8.5 9h7M8.5 13h7M8.5 17h4",
  report: "M4 7.5h3.2L9 5h6l1.8 2.5H20v12H4zM12 10a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.600z",
  patrol: "M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11zM12 8v2.500M12 13v.1",
  queue: "M12 20V6M6.5 11 12 5.5 17.5 11M5 20h14",
} as const;

export function FieldFrame({ worker, children }: { worker: Worker; children: ReactNode }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { items, held } = useQueue();
  const { ask, person } = useSession();
  const network = useNetwork();
  const wrong = useWrongClock();
  const install = useInstallation();
  const waiting = unsent(items);
  const name = nameIn(city.names, language);
  useEffect(() => {
    document.title = `${t("title")} · ${name}`;
  }, [t, name]);
  const signIn = () => void ask().then((signedIn) => (signedIn ? sendNow() : undefined));
  const needsSignIn = held === "sign-in" || (person === null && network);
  return (
    <div className="field-face">
      <header className="field-bar">
        <Brand size={24} /> <b>{worker.name}</b>
        <Leave worker={worker} waiting={waiting.length} />
        <span className="field-bar-end">
          {install ? <button type="button" className="bar-button" onClick={install}>{t("install")}</button> : null}
          <LanguageSwitch />
        </span>
      </header>
      <div aria-live="polite">
        {network ? null : <p className="field-notice offline"><Cloud /> {t("offline")}</p>}
        {needsSignIn ? <p className="field-notice warn">{t("sign.in")} <button type="button" className="button" onClick={signIn}>{t("sign.in.do")}</button></p> : null}
        {wrong !== null ? <p className="field-notice warn">{t("phone.clock", { word: t(wrong > 0 ? "fast" : "slow"), length: lengthWords(wrong, language) })}</p> : null}
      </div>
      <main id="main" className="field-main">{children}</main>
      <nav className="field-tabs" aria-label={t("nav")}>
        <NavLink to="/field" end><Icon path={icons.today} />{t("today")}</NavLink>
        <NavLink to="/field/report"><Icon path={icons.report} />{t("report")}</NavLink>
        <NavLink to="/field/patrol"><Icon path={icons.patrol} />{t("patrol")}</NavLink>
        <NavLink to="/field/queue"><Icon path={icons.queue} />{t("queue")}{waiting.length ? <span className="field-count">{waiting.length}</span> : null}</NavLink>
      </nav>
    </div>
  );
}

function Leave({ worker, waiting }: { worker: Worker; waiting: number }) {
  const t = useTexts(texts);
  const { person, signOut } = useSession();
  if (!person) return <small>{worker.login}</small>;
  const leave = async () => {
    if (waiting && !confirm(t("out.anyway", { n: waiting }))) return;
    await forgetWorker();
    await signOut();
  };
  return <button type="button" className="bar-button small" onClick={() => void leave()}>{t("out")}</button>;
}

function Icon({ path }: { path: string }) {
  return <svg aria-hidden="true" viewBox="0 0 24 24" width="26" height="26" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round"><path d={path} /></svg>;
}

function Cloud() {
  return <svg aria-hidden="true" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round"><path d="M7 18h10a4 4 0 0 0 .6-7.950A6 6 0 0 0 6.2 11 3.6 3.6 0 0 0 7 18zM4 3l16 18" /></svg>;
}
