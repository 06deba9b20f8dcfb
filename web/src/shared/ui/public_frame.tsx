// The frame of pages that need no account: a bar, the page, nothing else.

import { useEffect, type ReactNode } from "react";
import { Link } from "react-router";
import { city } from "../city";
import { useLanguage } from "../i18n/language";
import { nameIn, useTexts } from "../i18n/texts";
import { Brand, CityClock, LanguageSwitch, Notices, ThemeSwitch } from "./parts";
import "./public_frame.css";
import { texts } from "./texts";

interface Props {
  title?: string;
  /** Links of this face, right of the name. */
  navigation?: ReactNode;
  children: ReactNode;
}

export function PublicFrame({ title, navigation, children }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const name = nameIn(city.names, language);
  useEffect(() => {
    document.title = title ? `${title} · ${name}` : name;
  }, [title, name]);
  return (
    <>
      <a className="skip" href="#main">{t("skip")}</a>
      <header className="public-bar">
        <Link to="/" className="public-brand"><Brand /> {language === "zh" ? "一网" : "Yiwang"} <small>{name}</small></Link>
        {navigation ? <nav>{navigation}</nav> : null}
        <div className="public-end"><CityClock /><ThemeSwitch /><LanguageSwitch /></div>
      </header>
      <Notices />
      <main id="main" className="public-main">
        {title ? <h1>{title}</h1> : null}
        {children}
      </main>
    </>
  );
}
