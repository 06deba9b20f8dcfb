// Matching (供需匹配): who was asked by which rule and what became of it, and what the offers did.

import { Link, NavLink, Route, Routes, useSearchParams } from "react-router";
import type { MatchRuleView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { cityDay, cityNow, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { DayField } from "../shared/day_field";
import { dayAfter, momentOf } from "../shared/moments";
import { texts as common } from "../shared/texts";
import { useRules } from "./asked";
import Invitations from "./invitations";
import { texts } from "./texts";
import { Answering, figures, ofCase, proposals, Score, State, Why } from "./why";

const states = ["open", "accepted", "refused", "expired", "withdrawn", "done"] as const;

export default function Matches() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const { may } = useSession();
  const rules = useRules();
  const rule = rules?.find(({ id }) => id === address.get("rule")) ?? rules?.[0];
  const query = address.get("rule") ? `?rule=${encodeURIComponent(address.get("rule") ?? "")}` : "";
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1><p className="soft">{t("about")}</p>
        {may("match", "read") ? (
          <nav className="desk-filters" aria-label={t("title")}>
            <NavLink className="chip" to={`/desk/matches${query}`} end>{t("tab.proposals")}</NavLink>
            <NavLink className="chip" to={`/desk/matches/figures${query}`}>{t("tab.figures")}</NavLink>
          </nav>
        ) : null}
      </header>
      {rules && rules.length > 1 ? <label className="filter">{t("rule")} <select value={rule?.id} onChange={(event) => setAddress({ rule: event.target.value })}>{rules.map((one) => <option key={one.id} value={one.id}>{nameIn(one.names, language)}</option>)}</select></label> : null}
      {rules ? null : <Loading />}
      {rules && !rule ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      <Invitations />
      {rule && may("match", "read") ? (
        <Routes>
          <Route index element={<Proposals key={rule.id} rule={rule} />} />
          <Route path="figures" element={<Figures key={rule.id} rule={rule} />} />
        </Routes>
      ) : null}
    </section>
  );
}

function usePut() {
  const [, setAddress] = useSearchParams();
  return (name: string, value: string) =>
    setAddress((before) => {
      const changed = new URLSearchParams(before);
      if (value) changed.set(name, value);
      else changed.delete(name);
      if (name !== "after") changed.delete("after");
      return changed;
    });
}

function Proposals({ rule }: { rule: MatchRuleView }) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const { may } = useSession();
  const [address] = useSearchParams();
  const put = usePut();
  const state = states.find((one) => one === address.get("state"));
  const found = useAnswer(proposals, { path: { rule: rule.id }, query: { ...(state ? { state: [state] } : {}), after: address.get("after") } }, { keep: true });
  const assign = useChange("POST /api/v1/matches/{rule}/assign", [proposals, ofCase, figures]);
  const items = found.data?.items;
  return (
    <>
      <div className="filters" role="search">
        <label className="filter"><span>{t("state")}</span><select value={state ?? ""} onChange={(event) => put("state", event.target.value)}><option value="">{t("any")}</option>{states.map((one) => <option key={one} value={one}>{t(`state.${one}`)}</option>)}</select></label>
        {may("match", "propose") ? <button type="button" className="button second small" disabled={assign.isPending} onClick={() => assign.mutate({ path: { rule: rule.id } })}>{t(assign.isPending ? "assigning" : "assign")}</button> : null}
        {assign.data ? <span role="status">{t("assigned", { ...assign.data })}</span> : null}
        {assign.error ? <span className="notice-error" role="alert">{messageOf(assign.error)}</span> : null}
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {items && !items.length ? <Empty title={t("nothing")}>{t("nothing.next")}</Empty> : null}
      {items?.length ? (
        <table className="rows">
          <thead><tr><th>{t("need")}</th><th>{t("offer")}</th><th>{t("fit")}</th><th>{t("state")}</th><th>{t("asked")}</th><th><span className="visually-hidden">{t("do")}</span></th></tr></thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.id}>
                <td data-label={t("need")} className="number">{one.need_kind === "case" ? <Link to={`/desk/cases/${one.need_id}`}>{one.number}</Link> : one.number}</td>
                <td data-label={t("offer")}>{one.offer}</td>
                <td data-label={t("fit")}><Score score={one.score} metres={one.metres} /><Why why={one.why} /></td>
                <td data-label={t("state")}><span><State one={one} /></span></td>
                <td data-label={t("asked")}><span>{shortTime(one.proposed_at, language)} {one.by_hand ? <Tag>{t("by.hand")}</Tag> : null}</span></td>
                <td>{may("match", "answer") ? <Answering one={one} /> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {found.data?.after ? <button type="button" className="button second" onClick={() => put("after", found.data?.after ?? "")}>{c("more")}</button> : null}
    </>
  );
}

function Figures({ rule }: { rule: MatchRuleView }) {
  const t = useTexts(texts);
  const [address] = useSearchParams();
  const put = usePut();
  const since = address.get("since") ?? `${cityDay(cityNow()).slice(0, 4)}-01-01`;
  const until = address.get("until") ?? cityDay(cityNow());
  const found = useAnswer(figures, { path: { rule: rule.id }, query: { since: momentOf(since) ?? "", until: dayAfter(until) } }, { keep: true });
  const sums = found.data;
  const satisfaction = (value: number | null) => (value === null ? "–" : value.toFixed(1));
  return (
    <>
      <div className="filters" role="search">
        <div className="filter"><span>{t("since")}</span><DayField label={t("since")} value={since} onDay={(value) => put("since", value)} /></div>
        <div className="filter"><span>{t("until")}</span><DayField label={t("until")} value={until} onDay={(value) => put("until", value)} /></div>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {sums ? (
        <dl className="match-sums">
          {([["served", sums.served], ["serving", sums.serving], ["amount", sums.amount], ["satisfaction", satisfaction(sums.satisfaction)]] as const).map(([key, value]) => <div key={key}><dt>{t(key)}</dt><dd className="number">{value}</dd></div>)}
        </dl>
      ) : null}
      {sums && !sums.items.length ? <Empty title={t("figures.none")} /> : null}
      {sums?.items.length ? (
        <table className="rows">
          <thead><tr><th>{t("offer")}</th>{(["asked", "accepted", "refused", "expired", "done", "amount", "satisfaction"] as const).map((key) => <th key={key}>{t(key)}</th>)}</tr></thead>
          <tbody>
            {sums.items.map((row) => (
              <tr key={row.offer_id}>
                <td data-label={t("offer")}>{row.offer}</td>
                {(["asked", "accepted", "refused", "expired", "done", "amount"] as const).map((key) => <td key={key} data-label={t(key)} className="number">{row[key]}</td>)}
                <td data-label={t("satisfaction")} className="number">{satisfaction(row.satisfaction)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </>
  );
}
