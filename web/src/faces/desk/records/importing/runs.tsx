// The imports of an office: who, when, which file, what became of its rows.

import { useAnswer } from "../../../../shared/api/queries";
import { useLanguage } from "../../../../shared/i18n/language";
import { useTexts } from "../../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../../shared/time/clock";
import { ErrorNotice } from "../../../../shared/ui/parts";
import { Tag } from "../../shared/case_line";
import { texts } from "./texts";

const looks = { running: "blue", interrupted: "yellow", finished: "green", failed: "red" } as const;

export function Runs({ type, chosen, onRun }: { type: string; chosen: string | null; onRun: (id: string) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/things/{type}/imports", { path: { type } });
  const items = found.data?.items ?? [];
  return (
    <section className="card" aria-labelledby="import-runs">
      <h2 id="import-runs">{t("runs")}</h2>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.data && !items.length ? <p className="soft">{t("runs.none")}</p> : null}
      {items.length ? (
        <table className="rows">
          <thead><tr><th>{t("runs.when")}</th><th>{t("runs.who")}</th><th>{t("runs.file")}</th><th>{t("runs.what")}</th><th>{t("runs.counts")}</th></tr></thead>
          <tbody>
            {items.map((run) => (
              <tr key={run.id} className={run.id === chosen ? "at" : ""}>
                <td title={exactTime(run.started_at, language)}>{shortTime(run.started_at, language)}</td>
                <td>{run.by || "–"}</td>
                <td>{run.own ? <button type="button" className="link" onClick={() => onRun(run.id)}>{run.file}</button> : run.file}</td>
                <td>{t(run.dry_run ? "run.dry" : "run.real")} <Tag look={looks[run.state]}>{t(`state.${run.state}`)}</Tag></td>
                <td>{(["new", "changed", "same", "refused"] as const).filter((name) => run.counts[name]).map((name) => `${t(`count.${name}`)} ${run.counts[name] ?? 0}`).join(" · ") || `${run.done} / ${run.rows}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}
