// What rules found in records (异常核查): each rule with its figures, its findings with rows and reason; set aside with a reason.

import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import type { Answer } from "../../../shared/api/client";
import type { AnomalyRuleView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { ReasonDialog } from "../shared/reason_dialog";
import { texts as common } from "../shared/texts";
import "./publicity.css";
import { texts } from "./texts";

const rules = "GET /api/v1/anomalies";
const findings = "GET /api/v1/anomalies/{rule}/findings";
const states = ["open", "cleared", "set_aside"] as const;
const severities = { hint: "grey", warning: "yellow", grave: "red" } as const;
const stateLooks = { open: "red", cleared: "green", set_aside: "grey" } as const;
type Finding = Answer<typeof findings>["items"][number];

export function Findings() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const found = useAnswer(rules);
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  if (!found.data.items.length) return <Empty title={t("rules.none")}>{t("rules.none.next")}</Empty>;
  const chosen = found.data.items.find(({ id }) => id === address.get("rule")) ?? found.data.items[0];
  return (
    <>
      <ol className="publicity-rules">
        {found.data.items.map((rule) => (
          <li key={rule.id}>
            <button type="button" aria-pressed={rule.id === chosen?.id} onClick={() => setAddress({ rule: rule.id })}>
              <b>{nameIn(rule.names, language)}</b> <Tag look={severities[rule.severity]}>{t(`severity.${rule.severity}`)}</Tag>
              <span>{t("counts", { open: rule.open, set_aside: rule.set_aside, cleared: rule.cleared })}</span>
              <span className="soft small">{rule.fault ? <span className="tag red">{t("fault")}</span> : null} {rule.ran_at ? t("ran", { at: shortTime(rule.ran_at, language) }) : t("never.ran")}</span>
            </button>
          </li>
        ))}
      </ol>
      {chosen ? <OfRule key={chosen.id} rule={chosen} /> : null}
    </>
  );
}

function OfRule({ rule }: { rule: AnomalyRuleView }) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const { may } = useSession();
  const [address, setAddress] = useSearchParams();
  const state = states.find((one) => one === address.get("state")) ?? "open";
  const found = useAnswer(findings, { path: { rule: rule.id }, query: { state, after: address.get("after"), limit: 50 } }, { keep: true });
  const run = useChange("POST /api/v1/anomalies/{rule}/run", [rules, findings]);
  const items = found.data?.items;
  return (
    <section aria-labelledby="findings">
      <h2 id="findings">{nameIn(rule.names, language)}</h2>
      {rule.about ? <p className="soft">{nameIn(rule.about, language)}</p> : null}
      {rule.fault ? <p className="notice-error" role="alert">{rule.fault}</p> : null}
      <div className="filters" role="search">
        <label className="filter"><span>{t("state")}</span><select value={state} onChange={(event) => setAddress({ rule: rule.id, state: event.target.value })}>{states.map((one) => <option key={one} value={one}>{t(`finding.${one}`)}</option>)}</select></label>
        {may("anomaly", "run") ? <button type="button" className="button second small" disabled={run.isPending} onClick={() => run.mutate({ path: { rule: rule.id } })}>{t(run.isPending ? "running" : "run")}</button> : null}
        {run.data ? <span role="status">{t("ran.found", { found: run.data.found, fresh: run.data.new, cleared: run.data.cleared })}</span> : null}
        {run.error ? <span className="notice-error" role="alert">{messageOf(run.error)}</span> : null}
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {items && !items.length ? <Empty title={t(`none.${state}`)} /> : null}
      <ol className="plain-list">{items?.map((one) => <li key={one.id}><OneFinding one={one} /></li>)}</ol>
      {found.data?.after ? <button type="button" className="button second" onClick={() => setAddress({ rule: rule.id, state, after: found.data?.after ?? "" })}>{c("more")}</button> : null}
    </section>
  );
}

function OneFinding({ one }: { one: Finding }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const [asking, setAsking] = useState(false);
  const setAside = useChange("POST /api/v1/anomaly-findings/{finding_id}/set-aside", [rules, findings]);
  return (
    <article className="card">
      <p><b>{nameIn(one.reason, language)}</b> <Tag look={stateLooks[one.state]}>{t(`finding.${one.state}`)}</Tag></p>
      <ul className="plain-list">
        {one.records.map((record) => (
          <li key={record.id}>
            {record.title ? <Link to={`/desk/records/${record.type}/${record.id}`}>{record.title}</Link> : <span className="soft">{t("record.hidden")}</span>}
            <small className="soft">{Object.values(record.attributes).filter((value) => value !== null && value !== "").map(String).join(" · ")}</small>
          </li>
        ))}
      </ul>
      <p className="soft small">
        {nameIn(one.area_names, language)} <time dateTime={one.found_at} title={exactTime(one.found_at, language)}>{t("found.at", { at: shortTime(one.found_at, language) })}</time>
        {one.case_id ? <> · <Link to={`/desk/cases/${one.case_id}`}>{t("case", { number: one.case_number })}</Link></> : one.fault ? <> · {one.fault}</> : null}
        {one.set_aside_at ? <> · {t("aside.by", { who: one.set_aside_by, why: one.set_aside_reason })}</> : null}
      </p>
      {one.state === "open" && may("anomaly", "set_aside") ? <button type="button" className="button second small" onClick={() => setAsking(true)}>{t("aside")}</button> : null}
      {asking ? (
        <ReasonDialog
          title={t("aside")} about={t("aside.about")} verb={t("aside")} pending={setAside.isPending} error={setAside.error} onClose={() => (setAside.reset(), setAsking(false))}
          onReason={(reason) => setAside.mutate({ path: { finding_id: one.id }, body: { reason } }, { onSuccess: () => setAsking(false) })}
        />
      ) : null}
    </article>
  );
}
