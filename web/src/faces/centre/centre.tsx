// The command centre (指挥): the whole city on one map, what is late, what has just happened, and any past hour again.

import { useEffect } from "react";
import { Link, Navigate, useLocation } from "react-router";
import { city } from "../../shared/city";
import { useLanguage } from "../../shared/i18n/language";
import { nameIn, useTexts } from "../../shared/i18n/texts";
import { useSession } from "../../shared/session/session";
import { Brand, CityClock, Holding, LanguageSwitch, Loading, Notices, ThemeSwitch } from "../../shared/ui/parts";
import { texts as uiTexts } from "../../shared/ui/texts";
import "./centre.css";
import { Room } from "./room";
import { texts } from "./texts";

export default function Centre() {
  const t = useTexts(texts);
  const ui = useTexts(uiTexts);
  const language = useLanguage();
  const { person } = useSession();
  const location = useLocation();
  const name = nameIn(city.names, language);
  useEffect(() => {
    document.title = `${t("centre")} · ${name}`;
  }, [t, name]);
  if (person === undefined) return <Loading />;
  if (person === null) return <Navigate to={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`} replace />;
  return (
    <div className="centre">
      <a className="skip" href="#main">{ui("skip")}</a>
      <header className="centre-bar">
        <span className="centre-brand"><Brand /> <b>{name}</b> <span className="wide-only">{t("centre")}</span></span>
        <nav aria-label={t("centre")}><Link to="/desk">{t("nav.desk")}</Link></nav>
        <div className="centre-end"><CityClock /><ThemeSwitch /><LanguageSwitch /></div>
      </header>
      <Notices map />
      <main id="main" className="centre-main">
        <Holding><Room /></Holding>
      </main>
    </div>
  );
}
