// One plan: its last twelve periods, and what the chosen one opened for each object.

import { useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import type { PlanPeriodView, PlanTaskView } from "../../../shared/api/description";
import { messageOf, Problem } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { periodWords } from "../../../shared/time/periods";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { texts as common } from "../shared/texts";
import { useNaming } from "../shared/words";
import { Every, PeriodState } from "./list";
import { texts } from "./texts";

const most = 100;

export function PlanPage() {
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const { id = "" } = useParams();
  const [address, setAddress] = useSearchParams();
  const found = useAnswer("GET /api/v1/plans/{plan}", { path: { plan: id } });
  const back = <p><Link to="/desk/plans">{t("back")}</Link></p>;
  if (found.error instanceof Problem && found.error.status === 404) return <>{back}<Empty title={t("unknown")} /></>;
  if (found.error) return <>{back}<ErrorNotice error={found.error} onRetry={() => void found.refetch()} /></>;
  if (!found.data) return <>{back}<Loading /></>;
  const plan = found.data;
  const chosen = plan.periods.find(({ key }) => key === address.get("period")) ?? plan.periods.find(({ passed }) => !passed) ?? plan.periods[0];
  return (
    <>
      {back}
      <h2 className="plans-name">{nameIn(plan.names, language)}</h2>
      <p className="soft">
        <Every plan={plan} /> · {naming.type(plan.case_type)} · {t("next.at")} <time dateTime={plan.opens_next} title={exactTime(plan.opens_next, language)}>{shortTime(plan.opens_next, language)}</time>
      </p>
      {plan.periods.length ? (
        <ol className="plans-periods">
          {plan.periods.map((period) => (
            <li key={period.key}>
              <button type="button" aria-pressed={period.key === chosen?.key} onClick={() => setAddress({ period: period.key }, { replace: true })}>
                <b>{periodWords(period.key, language)}</b> <span className="soft small number">{period.first_day.slice(5)} – {period.last_day.slice(5)}</span>
                <PeriodState period={period} />
              </button>
            </li>
          ))}
        </ol>
      ) : <Empty title={t("not.yet")}>{t("not.yet.next", { at: shortTime(plan.opens_next, language) })}</Empty>}
      {chosen?.passed ? <p className="soft">{t("passed.about")}</p> : null}
      {chosen && !chosen.passed ? <Tasks key={chosen.key} plan={plan.id} period={chosen} /> : null}
    </>
  );
}

function Tasks({ plan, period }: { plan: string; period: PlanPeriodView }) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const operation = "GET /api/v1/plans/{plan}/periods/{period}/tasks";
  const first = useAnswer(operation, { path: { plan, period: period.key }, query: { limit: most } });
  const [more, setMore] = useState<{ items: PlanTaskView[]; after: string | null } | null>(null);
  const [refusal, setRefusal] = useState("");
  if (first.error) return <ErrorNotice error={first.error} onRetry={() => void first.refetch()} />;
  if (!first.data) return <Loading />;
  const rows = [...first.data.items, ...(more?.items ?? [])];
  const after = more ? more.after : first.data.after;
  const goOn = async () => {
    setRefusal("");
    try {
      const page = await call(operation, { path: { plan, period: period.key }, query: { limit: most, after: after ?? "" } });
      setMore({ items: [...(more?.items ?? []), ...page.items], after: page.after });
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  const opened = shortTime(period.opens_at, language);
  return (
    <section aria-labelledby="plan-tasks">
      <h3 id="plan-tasks">{t("tasks.of", { period: periodWords(period.key, language) })} <small className="soft" title={exactTime(period.opens_at, language)}>{t("opened", { at: opened })}</small></h3>
      {rows.length ? (
        <table className="rows">
          <thead><tr><th>{t("object")}</th><th>{t("office")}</th><th>{t("case")}</th><th>{t("state")}</th><th>{t("due")}</th></tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.object} className={row.fault ? "yellow" : row.late ? "red" : ""}>
                <td data-label={t("object")}>{row.title}</td>
                <td data-label={t("office")}>{nameIn(row.organisation, language) || "–"}</td>
                <td data-label={t("case")} className="number">{row.case_id ? <Link to={`/desk/cases/${row.case_id}`}>{row.number}</Link> : "–"}</td>
                <td data-label={t("state")}>{row.fault ? <span><Tag look="yellow">{t("fault")}</Tag> <span className="wrap">{row.fault}</span></span> : <span>{language === "zh" ? row.status : row.status_en} {row.late ? <Tag look="red">{t("late.one")}</Tag> : null}</span>}</td>
                <td data-label={t("due")}>{row.closed_at ? t("ended", { at: shortTime(row.closed_at, language) }) : row.due_at ? <ClockMark colour={row.late ? "red" : "green"} due={row.due_at} /> : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : <Empty title={t("tasks.none")}>{t("tasks.none.why")}</Empty>}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      {after ? <button type="button" className="button second" onClick={() => void goOn()}>{c("more")}</button> : null}
    </section>
  );
}
