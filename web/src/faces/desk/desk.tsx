// The desk (席位): the frame around its screens. Nobody gets in unsigned; screens load when somebody goes there.

import { Suspense, useEffect } from "react";
import { Navigate, NavLink, Route, Routes, useLocation } from "react-router";
import { city } from "../../shared/city";
import { useLanguage } from "../../shared/i18n/language";
import { nameIn, useTexts } from "../../shared/i18n/texts";
import { useSession } from "../../shared/session/session";
import { AntdFrame } from "../../shared/ui/antd_frame";
import { Brand, CityClock, Holding, LanguageSwitch, Loading, Notices, ThemeSwitch } from "../../shared/ui/parts";
import { texts as uiTexts } from "../../shared/ui/texts";
import "./desk.css";
import { screens } from "./screens";
import { useNaming } from "./shared/words";
import { texts } from "./texts";

export default function Desk() {
  const { person } = useSession();
  const location = useLocation();
  if (person === undefined) return <Loading />;
  if (person === null) {
    return <Navigate to={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`} replace />;
  }
  return (
    <AntdFrame>
      <DeskBar />
      <Notices />
      <main id="main" className="desk-main">
        <Holding key={location.pathname.split("/")[2] ?? ""}>
          <Suspense fallback={<Loading />}>
            <Routes>
              {screens.map(({ path, screen: Screen }) => (
                <Route key={path} path={path ? `${path}/*` : "/"} element={<Screen />} />
              ))}
              <Route path="*" element={<Navigate to="/desk" replace />} />
            </Routes>
          </Suspense>
        </Holding>
      </main>
    </AntdFrame>
  );
}

function DeskBar() {
  const t = useTexts(texts);
  const ui = useTexts(uiTexts);
  const language = useLanguage();
  const session = useSession();
  const { words } = useNaming();
  const name = nameIn(city.names, language);
  useEffect(() => {
    document.title = `${t("desk")} · ${name}`;
  }, [t, name]);
  return (
    <>
      <a className="skip" href="#main">{ui("skip")}</a>
      <header className="desk-bar">
        <NavLink to="/desk" className="desk-brand" end><Brand /> <span className="wide-only">{language === "zh" ? "一网" : "Yiwang"} <small>{name}</small></span></NavLink>
        <nav aria-label={t("nav.main")}>
          {screens.filter((one) => one.shown(session, words)).map((one) => (
            <NavLink key={one.path} to={one.path ? `/desk/${one.path}` : "/desk"} end={!one.path}>{t(one.text)}</NavLink>
          ))}
          <NavLink to="/centre">{t("nav.centre")}</NavLink>
          <NavLink to="/field">{t("nav.field")}</NavLink>
        </nav>
        <div className="desk-end">
          <CityClock />
          <ThemeSwitch />
          <LanguageSwitch />
          <span title={nameIn(session.person?.organisation?.names, language)}>{session.person?.name}</span>
          <button type="button" className="bar-button" onClick={() => void session.signOut()}>{t("sign.out")}</button>
        </div>
      </header>
    </>
  );
}
