// The plans, each with its newest period.

import { Link } from "react-router";
import type { PlanPeriodView, PlanView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { periodWords } from "../../../shared/time/periods";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { useNaming } from "../shared/words";
import { texts } from "./texts";

export function PlanList() {
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const found = useAnswer("GET /api/v1/plans");
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  if (!found.data.items.length) return <Empty title={t("none")}>{t("none.next")}</Empty>;
  return (
    <table className="rows">
      <thead><tr><th>{t("plan")}</th><th>{t("every")}</th><th>{t("newest")}</th><th>{t("state")}</th><th>{t("next")}</th></tr></thead>
      <tbody>
        {found.data.items.map((plan) => (
          <tr key={plan.id}>
            <td data-label={t("plan")}><Link className="case-line-title" to={`/desk/plans/of/${plan.id}`}>{nameIn(plan.names, language)}</Link><small className="soft">{naming.type(plan.case_type)}</small></td>
            <td data-label={t("every")}><Every plan={plan} /></td>
            <td data-label={t("newest")}>{plan.periods[0] ? periodWords(plan.periods[0].key, language) : "–"}</td>
            <td data-label={t("state")}>{plan.periods[0] ? <PeriodState period={plan.periods[0]} /> : t("not.yet")}</td>
            <td data-label={t("next")}><time dateTime={plan.opens_next} title={exactTime(plan.opens_next, language)}>{shortTime(plan.opens_next, language)}</time></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const periods = ["week", "month", "quarter", "half-year", "year"] as const;

export function Every({ plan }: { plan: PlanView }) {
  const t = useTexts(texts);
  const known = periods.find((one) => one === plan.every);
  return <>{known ? t(`every.${known}`) : plan.every}</>;
}

/** How far a period is, in words and as a bar. */
export function PeriodState({ period }: { period: PlanPeriodView }) {
  const t = useTexts(texts);
  if (period.passed) return <Tag>{t("passed")}</Tag>;
  if (!period.tasks && !period.faults) return <span className="soft">{t("no.tasks")}</span>;
  const share = period.tasks ? Math.round((100 * period.done) / period.tasks) : 0;
  return (
    <span className="plans-state">
      <progress max={100} value={share} aria-label={t("done.of", { done: period.done, tasks: period.tasks })} />
      <span className="number">{t("done.of", { done: period.done, tasks: period.tasks })}</span>
      {period.late ? <Tag look="red">{t("late", { n: period.late })}</Tag> : null}
      {period.faults ? <Tag look="yellow">{t("faults", { n: period.faults })}</Tag> : null}
    </span>
  );
}
