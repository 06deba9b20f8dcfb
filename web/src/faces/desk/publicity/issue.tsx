// One issue: what everybody would see, masked, and the decision about it.

import { useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import type { PublicRowView, StaffIssueView } from "../../../shared/api/description";
import { Problem } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage, type Language } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { exactTime, isMoment, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { ReasonDialog } from "../shared/reason_dialog";
import { texts as common } from "../shared/texts";
import { issueLooks, publications } from "./publications";
import { texts } from "./texts";

const one = "GET /api/v1/publicity-issues/{issue_id}";
const lists = [publications, one] as const;

export function IssuePage() {
  const t = useTexts(texts);
  const { id = "" } = useParams();
  const found = useAnswer(one, { path: { issue_id: id } });
  const back = <p><Link to="/desk/publicity">{t("back")}</Link></p>;
  if (found.error instanceof Problem && found.error.status === 404) return <>{back}<Empty title={t("issue.gone")} /></>;
  if (found.error) return <>{back}<ErrorNotice error={found.error} onRetry={() => void found.refetch()} /></>;
  if (!found.data) return <>{back}<Loading /></>;
  return <>{back}<Issue issue={found.data} /></>;
}

function Issue({ issue }: { issue: StaffIssueView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const facts = [
    [t("publication"), nameIn(issue.names, language)],
    [t("area"), nameIn(issue.area_names, language) || t("area.all")],
    [t("proposed"), `${issue.proposed_by} · ${exactTime(issue.proposed_at, language)}`],
    [t("note"), issue.note],
    [t("decided"), issue.decided_at ? `${issue.decided_by} · ${exactTime(issue.decided_at, language)}` : ""],
    [t("reason"), issue.reason],
    [t("runs"), issue.starts_at ? `${exactTime(issue.starts_at, language)} – ${issue.ends_at ? exactTime(issue.ends_at, language) : t("until.next")}` : ""],
  ] as const;
  return (
    <>
      <section className="card">
        <h2>{issue.title} <Tag look={issueLooks[issue.state]}>{t(`issue.${issue.state}`)}</Tag></h2>
        <dl className="facts">{facts.map(([name, value]) => (value ? <div key={name}><dt>{name}</dt><dd>{value}</dd></div> : null))}</dl>
        <Decide issue={issue} />
      </section>
      <Rows issue={issue} />
    </>
  );
}

function Decide({ issue }: { issue: StaffIssueView }) {
  const t = useTexts(texts);
  const { may } = useSession();
  const [asking, setAsking] = useState<"approve" | "refuse" | "withdraw" | null>(null);
  const approve = useChange("POST /api/v1/publicity-issues/{issue_id}/approve", lists);
  const refuse = useChange("POST /api/v1/publicity-issues/{issue_id}/refuse", lists);
  const withdraw = useChange("POST /api/v1/publicity-issues/{issue_id}/withdraw", lists);
  const change = asking === "approve" ? approve : asking === "refuse" ? refuse : withdraw;
  const path = { issue_id: issue.id };
  const close = () => (change.reset(), setAsking(null));
  const done = { onSuccess: () => setAsking(null) };
  return (
    <div className="row-line">
      {issue.state === "proposed" && may("publication", "approve") ? (
        <>
          <button type="button" className="button" onClick={() => setAsking("approve")}>{t("approve")}</button>
          <button type="button" className="button second" onClick={() => setAsking("refuse")}>{t("refuse")}</button>
        </>
      ) : null}
      {(issue.state === "proposed" || issue.state === "running") && may("publication", "withdraw") ? <button type="button" className="button second" onClick={() => setAsking("withdraw")}>{t("withdraw")}</button> : null}
      {asking ? (
        <ReasonDialog
          title={`${t(asking)}: ${issue.title}`} about={t(`${asking}.about`)} verb={t(asking)} optional={asking === "approve"} grave={asking === "withdraw"} pending={change.isPending} error={change.error} onClose={close}
          onReason={(reason) => (asking === "approve" ? approve.mutate({ path, body: { note: reason } }, done) : asking === "refuse" ? refuse.mutate({ path, body: { reason } }, done) : withdraw.mutate({ path, body: { reason } }, done))}
        />
      ) : null}
    </div>
  );
}

function Rows({ issue }: { issue: StaffIssueView }) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const words = address.get("words") ?? "";
  const after = Number(address.get("after") ?? 0);
  const found = useAnswer("GET /api/v1/publicity-issues/{issue_id}/rows", { path: { issue_id: issue.id }, query: { words, after, limit: 50 } }, { keep: true });
  const items = found.data?.items;
  return (
    <section className="card" aria-labelledby="issue-rows">
      <h2 id="issue-rows">{t("rows.of", { n: issue.rows })}</h2>
      <form role="search" className="row-line" onSubmit={(event) => (event.preventDefault(), setAddress({ words: String(new FormData(event.currentTarget).get("words") ?? "") }))}>
        <label>{t("search")} <input name="words" defaultValue={words} maxLength={60} /></label> <button className="button second small">{t("look")}</button>
      </form>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {items && !items.length ? <Empty title={t("rows.none")} /> : null}
      {items?.length ? (
        <div className="publicity-wide" tabIndex={0} role="region" aria-label={t("rows.of", { n: issue.rows })}>
          <table className="rows">
            <thead><tr><th>{t("nth")}</th>{issue.columns.map((column) => <th key={column.name}>{nameIn(column.names, language)}{column.unit ? ` (${column.unit})` : ""}</th>)}</tr></thead>
            <tbody>{items.map((row) => <tr key={row.id}><td className="number" data-label={t("nth")}>{row.nth}</td>{issue.columns.map((column) => <td key={column.name} data-label={nameIn(column.names, language)}>{valueIn(issue, row, column.name, language)}</td>)}</tr>)}</tbody>
          </table>
        </div>
      ) : null}
      {found.data?.after ? <button type="button" className="button second" onClick={() => setAddress({ ...(words ? { words } : {}), after: String(found.data?.after ?? "") })}>{c("more")}</button> : null}
    </section>
  );
}

export function valueIn(issue: StaffIssueView, row: PublicRowView, column: string, language: Language): string {
  const value = row.values[column];
  if (value === null || value === undefined || value === "") return "–";
  if (isMoment(value)) return shortTime(value, language);
  const word = issue.columns.find(({ name }) => name === column)?.words[String(value)];
  return word ? nameIn(word, language) : typeof value === "object" ? JSON.stringify(value) : String(value);
}
