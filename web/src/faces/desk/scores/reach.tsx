// The way to a score (达标分析): which cases would have to go otherwise for one object to reach the target.

import { useState } from "react";
import { useSearchParams } from "react-router";
import type { ReachView, ScoreBoard } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { texts } from "./texts";

export function ReachTo({ reading, onBack }: { reading: ScoreBoard; onBack: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address] = useSearchParams();
  const key = address.get("reach") ?? "";
  const [target, setTarget] = useState<number>(reading.board.target ?? 90);
  const found = useAnswer("GET /api/v1/boards/{board}/scores/{key}/reach", { path: { board: reading.board.id, key }, query: { target, period: reading.span.period, day: address.get("day") } }, { keep: true });
  const name = nameIn(found.data?.object.names ?? reading.rows.find((one) => one.object.key === key)?.object.names, language);
  return (
    <>
      <div className="desk-head">
        <h2>{t("reach.title", { name, target })}</h2>
        <label className="filter"><span>{t("reach.target")}</span><input type="number" min={0} max={1000} step={1} value={target} onChange={(event) => event.target.value && setTarget(Number(event.target.value))} /></label>
        <div className="desk-filters"><button type="button" className="chip" onClick={onBack}>{t("back")}</button></div>
      </div>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {!found.data && !found.error ? <Loading /> : null}
      {found.data ? (
        <>
          <p><b>{found.data.reached ? t("reach.reached", { score: shown(found.data.score), target: found.data.target }) : found.data.reachable ? t("reach.can", { score: shown(found.data.score), target: found.data.target }) : t("reach.cannot", { score: shown(found.data.score), target: found.data.target, best: shown(found.data.best) })}</b></p>
          {found.data.together.length ? <><h3>{t("reach.together")}</h3><Changes rows={found.data.together} /></> : null}
          {found.data.single.length ? <><h3>{t("reach.single")}</h3><Changes rows={found.data.single} /></> : null}
          {!found.data.reached && !found.data.single.length ? <p className="soft">{t("reach.nothing")}</p> : null}
        </>
      ) : null}
    </>
  );
}

const shown = (score: number | null): string => (score === null ? "–" : score.toFixed(1));

function Changes({ rows }: { rows: ReachView["single"] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <table className="rows">
      <thead><tr><th>{t("reach.what")}</th><th>{t("reach.cases")}</th><th>{t("reach.score")}</th><th /></tr></thead>
      <tbody>
        {rows.map((one) => (
          <tr key={one.id}>
            <td>{nameIn(one.names, language)}</td>
            <td className="number">{t("reach.of", { cases: one.cases, available: one.available })}</td>
            <td className="number">{shown(one.score)}</td>
            <td>{one.enough ? <span className="tag green">{t("reach.enough")}</span> : null} {one.possible ? null : <span className="tag grey">{t("reach.past")}</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
