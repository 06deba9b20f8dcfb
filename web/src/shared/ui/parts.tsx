// Small parts that every face uses; none of them needs Ant Design, so that the portal stays light.

import { Component, type ErrorInfo, type ReactNode } from "react";
import { messageOf } from "../api/problem";
import { city } from "../city";
import { setLanguage, useLanguage } from "../i18n/language";
import { nameIn, textNow, useTexts } from "../i18n/texts";
import { useOffline } from "../live/live";
import { dayOf, exactTime, isSimulated, timeOfDay, useCityNow } from "../time/clock";
import { ClockSpeed } from "./clock_speed";
import { texts } from "./texts";
import { setTheme, useTheme } from "./theme";

/** The sign of the city: a net with one bright knot. */
export function Brand({ size = 26 }: { size?: number }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 64 64" width={size} height={size}>
      <rect width="64" height="64" rx="14" fill="#1d6db3" />
      <g fill="none" stroke="#fff" strokeWidth="4" strokeLinecap="round">
        <path d="M12 32h40" strokeWidth="6" />
        <path d="M20 14c-5 11-5 25 0 36M44 14c5 11 5 25 0 36M32 12v40" opacity=".55" />
      </g>
      <circle cx="44" cy="32" r="6" fill="#ffc53d" />
    </svg>
  );
}

export function LanguageSwitch() {
  const language = useLanguage();
  const t = useTexts(texts);
  return (
    <button type="button" className="bar-button" lang={language === "zh" ? "en" : "zh"} onClick={() => setLanguage(language === "zh" ? "en" : "zh")}>
      {t("language")}
    </button>
  );
}

export function ThemeSwitch() {
  const theme = useTheme();
  const t = useTexts(texts);
  return (
    <button type="button" className="bar-button" onClick={() => setTheme(theme === "dark" ? "light" : "dark")}>
      {theme === "dark" ? t("theme.light") : t("theme.dark")}
    </button>
  );
}

export function CityClock() {
  const now = useCityNow();
  const language = useLanguage();
  const t = useTexts(texts);
  const title = `${t("city.time")}${isSimulated() ? ` · ${t("simulated")}` : ""} · ${exactTime(now, language)}`;
  return (
    <>
      <span className="city-clock number" title={title}>
        <b>{timeOfDay(now)}</b> <span className="wide-only">{dayOf(now, language)}</span>
      </span>
      <ClockSpeed />
    </>
  );
}

/** What must be said on top of every screen: no live connection; a demo city; how true the map is. */
export function Notices({ map = false }: { map?: boolean }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const offline = useOffline();
  return (
    <>
      {offline ? <div className="notice-offline" role="status">{t("offline")}</div> : null}
      {city.demo ? (
        <div className="notice-demo">
          {t("demo")} {map && city.map_note ? nameIn(city.map_note, language) : ""}
        </div>
      ) : null}
    </>
  );
}

/** What went wrong, in the server's words, with a way on. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const t = useTexts(texts);
  return (
    <div className="notice-error" role="alert">
      <b>{t("went.wrong")}</b> {messageOf(error)}{" "}
      {onRetry ? <button type="button" className="button second" onClick={onRetry}>{t("again")}</button> : null}
    </div>
  );
}

/** An empty list: what that means and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty" role="status">
      <b>{title}</b>
      {children ? <p className="soft">{children}</p> : null}
    </div>
  );
}

export function Loading() {
  const t = useTexts(texts);
  return <p className="loading soft" role="status"><progress aria-hidden="true" /> {t("loading")}</p>;
}

/** Holds a screen's failure, so that the others go on. */
export class Holding extends Component<{ children: ReactNode }, { failed: Error | null }> {
  override state: { failed: Error | null } = { failed: null };

  static getDerivedStateFromError(failed: Error): { failed: Error } {
    return { failed };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="empty" role="alert">
        <p>{textNow(texts["screen.broken"])}</p>
        <p><code>{this.state.failed.message}</code></p>
        <button type="button" className="button" onClick={() => location.reload()}>{textNow(texts.reload)}</button>
      </div>
    );
  }
}
