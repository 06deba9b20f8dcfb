// Wrong dispatch (误派): of the closed cases of a class, how many had first gone to the wrong department, and what it cost.

import { useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { cityNow } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useNaming } from "../shared/words";
import { Corrections } from "./corrections";
import { texts } from "./texts";

const periods = [7, 30, 90, 366] as const;
const orders = ["wrong", "rate", "refused", "detour_hours", "closed"] as const;

export default function Misdispatch() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { words } = useNaming();
  const [address, setAddress] = useSearchParams();
  const [order, setOrder] = useState<(typeof orders)[number]>("wrong");
  const days = periods.find((one) => String(one) === address.get("days")) ?? 30;
  const type = address.get("type");
  // The period ends with the hour, so that the same question is asked again while one looks.
  const since = useMemo(() => new Date(Math.floor(cityNow() / 3_600_000) * 3_600_000 - days * 86_400_000).toISOString(), [days]);
  const found = useAnswer("GET /api/v1/advice/figures", { query: { type, closed_from: since } }, { keep: true });
  const put = (name: string, value: string) => setAddress((before) => (value ? before.set(name, value) : before.delete(name), new URLSearchParams(before)));
  const rows = [...(found.data ?? [])].sort((one, other) => (other[order] ?? -1) - (one[order] ?? -1));
  const closed = rows.reduce((sum, one) => sum + one.closed, 0);
  const wrong = rows.reduce((sum, one) => sum + one.wrong, 0);
  const refused = rows.reduce((sum, one) => sum + one.refused, 0);
  const head = (key: (typeof orders)[number]) => (
    <th aria-sort={order === key ? "descending" : undefined}><button type="button" className="sorter" onClick={() => setOrder(key)}>{t(`column.${key}`)}{order === key ? " ↓" : ""}</button></th>
  );
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      <div className="filters" role="search">
        <label className="filter"><span>{t("days")}</span><select value={days} onChange={(event) => put("days", event.target.value)}>{periods.map((one) => <option key={one} value={one}>{t("n.days", { n: one })}</option>)}</select></label>
        <label className="filter"><span>{t("type")}</span><select value={type ?? ""} onChange={(event) => put("type", event.target.value)}><option value="">{t("any")}</option>{words?.types.map((one) => <option key={one.id} value={one.id}>{nameIn(one, language)}</option>)}</select></label>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      {rows.length ? (
        <>
          <p><b>{closed ? t("sum", { closed, wrong, rate: ((100 * wrong) / closed).toFixed(1), refused }) : t("sum.none")}</b></p>
          <table className="rows">
            <thead><tr><th>{t("column.class")}</th>{head("closed")}{head("wrong")}{head("rate")}{head("refused")}{head("detour_hours")}</tr></thead>
            <tbody>
              {rows.map((one) => (
                <tr key={one.class_code ?? ""}>
                  <td>{one.class_code ? <Link to={`/desk/cases?state=closed&class_code=${one.class_code}`}>{nameIn(one, language)}</Link> : nameIn(one, language)}</td>
                  <td data-label={t("column.closed")} className="number">{one.closed}</td>
                  <td data-label={t("column.wrong")} className="number">{one.wrong}</td>
                  <td data-label={t("column.rate")} className="number">{one.rate === null ? "–" : `${(one.rate * 100).toFixed(1)}%`}</td>
                  <td data-label={t("column.refused")} className="number">{one.refused}</td>
                  <td data-label={t("column.detour_hours")} className="number">{one.detour_hours === null ? "–" : t("hours", { n: one.detour_hours.toFixed(1) })}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="soft small">{t("explained")} <Link to="/desk/designer">{t("tables")}</Link></p>
        </>
      ) : null}
      <Corrections />
    </section>
  );
}
