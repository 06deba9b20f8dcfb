// The desk (席位): the frame around its screens. Nobody gets in unsigned; screens load when somebody goes there.

import { memo, Suspense, useEffect, useRef, type ReactNode } from "react";
import { Navigate, NavLink, Route, Routes, useLocation } from "react-router";
import { city } from "../../shared/city";
import { useLanguage } from "../../shared/i18n/language";
import { nameIn, useTexts } from "../../shared/i18n/texts";
import { useSession } from "../../shared/session/session";
import { AntdFrame } from "../../shared/ui/antd_frame";
import { Brand, CityClock, Holding, LanguageSwitch, Loading, Notices, ThemeSwitch } from "../../shared/ui/parts";
import { texts as uiTexts } from "../../shared/ui/texts";
import "./desk.css";
import { Closed } from "./closed";
import { screens, worksCases, type Screen } from "./screens";
import { useNaming } from "./shared/words";
import { texts } from "./texts";

/** Paths of the screens that are fetched ahead of anybody going there. */
const often = ["", "cases", "intake"];

export default function Desk() {
  const { person } = useSession();
  const signedIn = Boolean(person);
  // The screens that everybody goes to next are fetched while nothing else is to be done.
  useEffect(() => {
    if (!signedIn) return;
    const later = window.setTimeout(() => screens.filter((one) => often.includes(one.path)).forEach((one) => void one.screen.ahead()), 400);
    return () => clearTimeout(later);
  }, [signedIn]);
  if (person === undefined) return <Loading />;
  if (person === null) return <SignInFirst />;
  return (
    <AntdFrame>
      <DeskBar />
      <Notices />
      <Room />
    </AntdFrame>
  );
}

function SignInFirst() {
  const location = useLocation();
  return <Navigate to={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`} replace />;
}

/** The screen of the address. Going from one to another draws only this anew, not the frame. */
function Room() {
  const location = useLocation();
  return (
    <main id="main" className="desk-main">
      <Holding key={location.pathname.split("/")[2] ?? ""}>
        <Suspense fallback={<Loading />}>
          <Routes>
            {screens.map((one) => (
              <Route key={one.path} path={one.path ? `${one.path}/*` : "/"} element={one.path ? <Opened screen={one} /> : <First><one.screen /></First>} />
            ))}
            <Route path="*" element={<Navigate to="/desk" replace />} />
          </Routes>
        </Suspense>
      </Holding>
    </main>
  );
}

/** A screen, or, to whom it is closed, the words that say so. */
function Opened({ screen }: { screen: Screen }) {
  const { may } = useSession();
  return screen.needs && !screen.needs.some((grant) => may(...grant)) ? <Closed screen={screen} /> : <screen.screen />;
}

/** The desk's first screen: my tasks; for those to whom no tasks come, the first screen that is theirs. */
function First({ children }: { children: ReactNode }) {
  const session = useSession();
  const { words } = useNaming();
  const first = words ? screens.find((one) => one.shown(session, words)) : undefined;
  return first?.path ? <Navigate to={`/desk/${first.path}`} replace /> : children;
}

const DeskBar = memo(function DeskBar() {
  const t = useTexts(texts);
  const ui = useTexts(uiTexts);
  const language = useLanguage();
  const session = useSession();
  const { words } = useNaming();
  const name = nameIn(city.names, language);
  useEffect(() => {
    document.title = `${t("desk")} · ${name}`;
  }, [t, name]);
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    const root = document.documentElement;
    // What sticks below the bar keeps its distance when the bar takes two lines.
    const watching = new ResizeObserver(() => root.style.setProperty("--bar-height", `${bar.current?.offsetHeight ?? 46}px`));
    if (bar.current) watching.observe(bar.current);
    return () => {
      watching.disconnect();
      root.style.removeProperty("--bar-height");
    };
  }, []);
  return (
    <>
      <a className="skip" href="#main">{ui("skip")}</a>
      <header className="desk-bar" ref={bar}>
        <NavLink to="/desk" className="desk-brand" end title={name}><Brand /> <span className="wide-only">{language === "zh" ? "一网" : "Yiwang"} <small>{name}</small></span></NavLink>
        <nav aria-label={t("nav.main")}>
          {screens.filter((one) => one.shown(session, words)).map((one) => (
            <NavLink
              key={one.path} to={one.path ? `/desk/${one.path}` : "/desk"} end={!one.path}
              onPointerEnter={() => void one.screen.ahead()} onPointerDown={one.ask} onClick={one.ask}
            >
              {t(one.text)}
            </NavLink>
          ))}
          <NavLink to="/centre">{t("nav.centre")}</NavLink>
          {worksCases(words) ? <NavLink to="/field">{t("nav.field")}</NavLink> : null}
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
});
