// What offices did with the tasks that they were given (统计、考核), best first; the times stand in the address.

import { useSearchParams } from "react-router";
import type { BreakdownKind } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { cityDay, cityNow } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { DayField } from "../shared/day_field";
import { dayAfter, momentOf } from "../shared/moments";
import { texts } from "./texts";

export function Figures({ kinds }: { kinds: readonly BreakdownKind[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const kind = kinds.find(({ id }) => id === address.get("kind")) ?? kinds[0];
  const since = address.get("since") ?? `${cityDay(cityNow()).slice(0, 4)}-01-01`;
  const until = address.get("until") ?? cityDay(cityNow());
  const found = useAnswer(
    "GET /api/v1/breakdowns/{kind}/figures",
    { path: { kind: kind?.id ?? "" }, query: { since: momentOf(since) ?? new Date(0).toISOString(), until: dayAfter(until) } },
    { enabled: kind !== undefined, keep: true },
  );
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const changed = new URLSearchParams(before);
      if (value) changed.set(name, value);
      else changed.delete(name);
      return changed;
    }, { replace: true });
  if (!kind) return <Empty title={t("figures.none.kind")} />;
  return (
    <>
      <div className="filters" role="search">
        {kinds.length > 1 ? <label className="filter"><span>{t("kind")}</span><select value={kind.id} onChange={(event) => put("kind", event.target.value)}>{kinds.map((one) => <option key={one.id} value={one.id}>{nameIn(one.names, language)}</option>)}</select></label> : null}
        <div className="filter"><span>{t("since")}</span><DayField label={t("since")} value={since} onDay={(value) => put("since", value)} /></div>
        <div className="filter"><span>{t("until")}</span><DayField label={t("until")} value={until} onDay={(value) => put("until", value)} /></div>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !found.data.items.length ? <Empty title={t("figures.none")}>{t("figures.none.next")}</Empty> : null}
      {found.data?.items.length ? (
        <table className="rows" aria-label={nameIn(found.data.names, language)}>
          <thead><tr><th>{t("office")}</th><th>{t("tasks")}</th><th>{t("done")}</th><th>{t("in.time")}</th><th>{t("late.tasks")}</th><th>{t("missed")}</th><th>{t("percent")}</th><th>{t("cards")}</th><th>{t("score")}</th></tr></thead>
          <tbody>
            {found.data.items.map((row, index) => (
              <tr key={row.organisation?.zh ?? index}>
                <td data-label={t("office")}>{nameIn(row.organisation, language) || "–"}</td>
                <td data-label={t("tasks")} className="number">{row.tasks}</td>
                <td data-label={t("done")} className="number">{row.done}</td>
                <td data-label={t("in.time")} className="number">{row.in_time}</td>
                <td data-label={t("late.tasks")} className="number">{row.late}</td>
                <td data-label={t("missed")} className="number">{row.missed}</td>
                <td data-label={t("percent")} className="number">{Math.round(row.percent)}%</td>
                <td data-label={t("cards")}><span>{kind.cards.filter(({ id }) => row.cards[id]).map((card) => <span key={card.id}><Tag look={card.colour === "red" ? "red" : "yellow"}>{nameIn(card.names, language)} {row.cards[card.id]}</Tag> </span>)}</span></td>
                <td data-label={t("score")} className="number"><b>{row.score ?? "–"}</b></td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </>
  );
}
