// Merges that a record has part in, on its page: what was merged into it, by whom; taking that back.

import { useState } from "react";
import { Link } from "react-router";
import { Problem } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { Reason } from "../exchange/parts";
import { texts } from "./texts";

const outdated = ["GET /api/v1/duplicates", "GET /api/v1/duplicates/pairs", "GET /api/v1/things/{type}", "GET /api/v1/things/{type}/{id}", "GET /api/v1/things/{type}/{id}/merges", "GET /api/v1/things/{type}/{id}/history", "GET /api/v1/things/{type}/{id}/relations"] as const;

/** Nothing where the record was never merged. */
export function Merges({ type, id, editable }: { type: string; id: string; editable: boolean }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/things/{type}/{id}/merges", { path: { type, id } });
  const undo = useChange("POST /api/v1/merges/{id}/undo", outdated);
  const [taking, setTaking] = useState<string | null>(null);
  if (!found.data?.items.length) return null;
  return (
    <section className="card" aria-labelledby="record-merges">
      <h2 id="record-merges">{t("merges")}</h2>
      {undo.isSuccess ? <p role="status">{t("undone")}</p> : null}
      <ul className="record-relations">
        {found.data.items.map((one) => (
          <li key={one.id}>
            <span>
              {t(`merges.${one.direction}`, { at: shortTime(one.at, language), by: one.by, title: one.other_title || one.other.slice(-6) })}
              {one.reason ? ` · ${one.reason}` : ""}
              {one.undone_at ? <span className="soft"> · {t("merges.undone", { by: one.undone_by, at: shortTime(one.undone_at, language) })}</span> : null}
            </span>
            {editable && one.direction === "from" && !one.undone_at ? <button type="button" className="chip" disabled={undo.isPending} onClick={() => setTaking(one.id)}>{t("merges.undo")}</button> : null}
          </li>
        ))}
      </ul>
      {taking ? (
        <Reason
          title={t("merges.undo")} about={t("merges.undo.sure")} label={t("merges.undo.why")} needed danger pending={undo.isPending} error={undo.error} onClose={() => (undo.reset(), setTaking(null))}
          onReason={(reason) => undo.mutate({ path: { id: taking }, body: { reason } }, { onSuccess: () => setTaking(null) })}
        />
      ) : null}
    </section>
  );
}

/** Where a record went that was merged into another. */
export function MergedInto({ type, error }: { type: string; error: Error }) {
  const t = useTexts(texts);
  if (!(error instanceof Problem) || error.code !== "thing.merged") return null;
  return <p><Link to={`/desk/records/${type}/${String(error.data.into)}`}>{t("merged.open")}</Link></p>;
}
