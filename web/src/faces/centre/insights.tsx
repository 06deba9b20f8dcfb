// Beside the cases: hot issues by heat, and how the offices stand on the first board; each leads to its rows.

import { Link } from "react-router";
import { useAnswer } from "../../shared/api/queries";
import { useLanguage } from "../../shared/i18n/language";
import { nameIn, useTexts } from "../../shared/i18n/texts";
import { useSession } from "../../shared/session/session";
import { texts } from "./texts";

const shown = 8;
const fresh = 30_000;

interface Props {
  /** Show a place on the map. */
  onShow: (place: { lon: number; lat: number }) => void;
}

export function HotIssues({ onShow }: Props) {
  const t = useTexts(texts);
  const found = useAnswer("GET /api/v1/hot-issues", { query: { days: 7, limit: shown } }, { fresh });
  const alarms = useAnswer("GET /api/v1/desk/hot-issue-alarms", {}, { fresh });
  const open = (alarms.data ?? []).filter((one) => one.acknowledged_at === null).length;
  return (
    <>
      {open ? <p><Link className="centre-alarm" to="/desk/hot-issues?sudden=1">{t("hot.alarms", { n: open })}</Link></p> : null}
      {found.error ? <p className="soft">{t("hot.hidden")}</p> : null}
      {found.data && !found.data.issues.length ? <p className="soft">{t("hot.none")}</p> : null}
      <ol className="centre-insights">
        {(found.data?.issues ?? []).map((one) => (
          <li key={one.id}>
            <Link to={`/desk/hot-issues/${one.id}`}>{one.title}</Link>
            <span className="number">{t("hot.counts", { people: one.people, week: one.week })} {one.tendency === "rising" ? "↑" : one.tendency === "fading" ? "↓" : ""}</span>
            {one.lon !== null && one.lat !== null ? <button type="button" className="bar-button" aria-label={t("hot.show", { title: one.title })} onClick={() => onShow({ lon: one.lon ?? 0, lat: one.lat ?? 0 })}>◎</button> : null}
          </li>
        ))}
      </ol>
      <p className="small"><Link to="/desk/hot-issues">{t("hot.all")}</Link> · <Link to="/desk/trends">{t("trends")}</Link></p>
    </>
  );
}

export function Scores() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const boards = useAnswer("GET /api/v1/boards", {}, { fresh: 600_000, enabled: may("score", "read") });
  const board = boards.data?.items[0];
  const scores = useAnswer("GET /api/v1/boards/{board}/scores", { path: { board: board?.id ?? "" } }, { enabled: Boolean(board), fresh });
  if (!may("score", "read")) return <p className="soft">{t("scores.hidden")}</p>;
  const rows = (scores.data?.rows ?? []).filter((one) => one.score !== null).slice(0, shown * 2);
  return (
    <>
      {board ? <p className="small soft">{nameIn(board.names, language)}{scores.data ? ` · ${scores.data.span.first} – ${scores.data.span.last}` : ""}</p> : null}
      {scores.data && !rows.length ? <p className="soft">{t("scores.none")}</p> : null}
      <ol className="centre-insights">
        {rows.map((one) => (
          <li key={one.object.key}>
            <Link to={`/desk/scores?board=${board?.id ?? ""}&reach=${one.object.key}`}>{nameIn(one.object.names, language)}</Link>
            <b className="number">{one.score?.toFixed(1)}</b>
          </li>
        ))}
      </ol>
      {board ? <p className="small"><Link to={`/desk/scores?board=${board.id}`}>{t("scores.all")}</Link> · <Link to="/desk/misdispatch">{t("misdispatch")}</Link></p> : null}
    </>
  );
}
