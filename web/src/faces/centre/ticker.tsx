// The ticker: what happened, the latest first. Each line leads to its case.

import { Link } from "react-router";
import type { PastEvent } from "../../shared/api/description";
import { useLanguage } from "../../shared/i18n/language";
import { useTexts } from "../../shared/i18n/texts";
import { exactTime, timeOfDay } from "../../shared/time/clock";
import { keyOf } from "./reading";
import { texts } from "./texts";

export function Ticker({ rows, past, ready }: { rows: readonly PastEvent[]; past: boolean; ready: boolean }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="centre-ticker" aria-labelledby="ticker-title">
      <h2 id="ticker-title">{past ? t("ticker.past") : t("ticker")}</h2>
      {ready && !rows.length ? <p className="soft">{t("ticker.empty")}</p> : null}
      <ol>
        {rows.map((row) => (
          <li key={keyOf(row)} className={row.closed ? "done" : row.verb === "case.opened" ? "new" : ""}>
            <time dateTime={row.at} title={exactTime(row.at, language)} className="number">{timeOfDay(row.at).slice(0, 5)}</time>
            <span>
              <b>{language === "zh" ? row.zh : row.en}</b> {language === "zh" ? row.class_name : row.class_name_en}
              <small className="soft">
                {" "}<Link to={`/desk/cases/${row.id}`}>{row.number}</Link>
                {row.department ? ` · ${language === "zh" ? row.department.zh : row.department.en}` : ""}
              </small>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
