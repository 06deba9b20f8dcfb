// What a reporter sees of a case.

import type { PublicCase } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { texts } from "./texts";

export function CaseView({ found }: { found: PublicCase }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const say = (zh: string | null, en: string | null) => (language === "zh" ? zh : en || zh) ?? "";
  const { head } = found;
  return (
    <>
      <section className="card stack">
        <div className="follow-head">
          <h1>{say(found.class_name, found.class_name_en)}</h1>
          <span className={found.state === "closed" ? "follow-status closed" : "follow-status"}>{say(found.status, found.status_en)}</span>
        </div>
        <p className="soft small number follow-times">
          {found.number} · {t("reported", { time: shortTime(found.reported_at, language) })}
          {found.closed_at ? ` · ${t("closed", { time: shortTime(found.closed_at, language) })}` : ""}
          {found.due_at && found.state === "open" ? ` · ${t("due", { time: shortTime(found.due_at, language) })}` : ""}
        </p>
        <p className="wrap follow-text">{found.text}</p>
        {found.address ? <p className="soft wrap follow-text">{found.address}</p> : null}
        <Photos found={found} />
        {head ? <p className="notice-note">{t("together", { number: head.number, status: say(head.status, head.status_en), n: head.reports })}</p> : null}
      </section>
      {found.notices.length ? (
        <section className="card">
          <h2>{t("notices")}</h2>
          {found.notices.map((one) => (
            <p key={one.at + one.zh} className="follow-notice wrap"><time className="soft small" dateTime={one.at}>{shortTime(one.at, language)}</time><br />{say(one.zh, one.en)}</p>
          ))}
        </section>
      ) : null}
      <section className="card">
        <h2>{t("story")}</h2>
        <ol className="follow-story">
          {[...found.story].reverse().map((row, index) => {
            const note = row.data.note;
            return (
              <li key={`${row.at}-${index}`}>
                <time className="soft small number" dateTime={row.at} title={exactTime(row.at, language)}>{shortTime(row.at, language)}</time>
                <div><b>{say(row.zh, row.en)}</b>{row.status ? <span className="soft"> → {say(row.status, row.status_en)}</span> : null}</div>
                {typeof note === "string" && note ? <blockquote className="wrap">{note}</blockquote> : null}
              </li>
            );
          })}
        </ol>
      </section>
    </>
  );
}

function Photos({ found }: { found: PublicCase }) {
  const t = useTexts(texts);
  const shown = found.attachments.filter((one) => one.thumbnail);
  if (!shown.length) return null;
  return (
    <ul className="follow-photos">
      {shown.map((one, index) => {
        const kind = t(one.kind === "after" ? "kind.after" : one.kind === "check" ? "kind.check" : "kind.report");
        const claim = `?claim=${encodeURIComponent(one.claim)}`;
        return (
          <li key={one.id}>
            <a href={one.url + claim} target="_blank" rel="noreferrer">
              <img src={one.thumbnail + claim} alt={t("photo", { n: index + 1, kind })} loading="lazy" />
              <small>{kind}</small>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
