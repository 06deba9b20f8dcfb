// The rows behind a figure: a list at the side, with the way to the desk.

import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { call, type Answer, type Query } from "../../shared/api/client";
import { useLanguage } from "../../shared/i18n/language";
import { useTexts } from "../../shared/i18n/texts";
import { shortTime } from "../../shared/time/clock";
import { ClockMark } from "../../shared/ui/clock_mark";
import { ErrorNotice, Loading } from "../../shared/ui/parts";
import { texts } from "./texts";

export type CaseQuery = Query<"GET /api/v1/cases">;
export interface Wanted {
  title: string;
  query: CaseQuery;
}
type Item = Answer<"GET /api/v1/cases">["items"][number];

interface Props {
  wanted: Wanted;
  onClose: () => void;
  onShow: (item: { lon: number; lat: number }) => void;
}

export function Rows({ wanted, onClose, onShow }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [items, setItems] = useState<Item[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const key = JSON.stringify(wanted.query);

  const read = async (after: string | null, signal?: AbortSignal) => {
    setError(null);
    try {
      const found = await call("GET /api/v1/cases", { query: { ...wanted.query, limit: 50, ...(after ? { after } : {}) }, ...(signal ? { signal } : {}) });
      setItems((before) => (after && before ? [...before, ...found.items] : found.items));
      setNext(found.next);
    } catch (reason) {
      if (!(reason instanceof DOMException)) setError(reason);
    }
  };
  useEffect(() => {
    const asked = new AbortController();
    setItems(null);
    void read(null, asked.signal);
    heading.current?.focus();
    return () => asked.abort();
  }, [key]);

  return (
    <aside className="centre-rows" aria-labelledby="rows-title" onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <header>
        <h2 id="rows-title" ref={heading} tabIndex={-1}>{wanted.title}</h2>
        <button type="button" className="bar-button" onClick={onClose} aria-label={t("rows.close")}>✕</button>
      </header>
      {error ? <ErrorNotice error={error} onRetry={() => void read(null)} /> : null}
      {items === null && !error ? <Loading /> : null}
      {items?.length === 0 ? <p className="soft">{t("rows.empty")}</p> : null}
      <ol>
        {(items ?? []).map((item) => (
          <li key={item.id}>
            <div className="rows-head">
              <Link to={`/desk/cases/${item.id}`} title={t("rows.desk")}>{item.number}</Link>
              <ClockMark colour={item.clock} due={item.handled_at || item.closed_at ? null : item.due_at} />
            </div>
            <p className="rows-text">{item.text}</p>
            <p className="small soft">
              {language === "zh" ? item.class_name : item.class_name_en} · {language === "zh" ? item.status : item.status_en}
              {item.department ? ` · ${language === "zh" ? item.department.zh : item.department.en}` : ""} · {shortTime(item.reported_at, language)}
              {item.lon !== null && item.lat !== null ? (
                <button type="button" className="link-button" onClick={() => onShow({ lon: item.lon ?? 0, lat: item.lat ?? 0 })}>◎ {t("tab.map")}</button>
              ) : null}
            </p>
          </li>
        ))}
      </ol>
      {items?.length ? <p className="small soft">{t("rows.count", { count: items.length })}</p> : null}
      {next ? <button type="button" className="button second" onClick={() => void read(next)}>{t("rows.more")}</button> : null}
    </aside>
  );
}
