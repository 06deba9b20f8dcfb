// Documents (文书) of the case: number, version and state of each; the PDF; issuing, voiding and replacing with a reason.

import { useState } from "react";
import { addressOf, callForFile } from "../../../shared/api/client";
import type { CaseDetail, DocumentView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { queryClient, useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { saveFile } from "../../../shared/save_file";
import { useSession } from "../../../shared/session/session";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { ReasonDialog } from "../shared/reason_dialog";
import { texts } from "./documents_texts";

export const documents = "GET /api/v1/documents";
const looks = { issued: "green", void: "grey", replaced: "grey" } as const;

export function Documents({ item, ready }: { item: CaseDetail; ready: boolean }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const found = useAnswer(documents, { query: { case: item.id } }, { enabled: ready });
  const issue = useChange("POST /api/v1/documents", [documents]);
  const [kind, setKind] = useState("");
  const list = found.data;
  const mayIssue = may("document", "issue");
  if (found.error) return <section className="card"><h2>{t("title")}</h2><ErrorNotice error={found.error} onRetry={() => void found.refetch()} /></section>;
  if (!list || (!list.items.length && !list.offered.length)) return null;
  const chosen = list.offered.find(({ type }) => type === kind) ?? list.offered[0];
  return (
    <section className="card" aria-labelledby="case-documents">
      <h2 id="case-documents">{t("title")}</h2>
      {list.items.length ? (
        <table className="rows">
          <thead><tr><th>{t("name")}</th><th>{t("number")}</th><th>{t("state")}</th><th>{t("issued")}</th><th><span className="visually-hidden">{t("do")}</span></th></tr></thead>
          <tbody>{list.items.map((one) => <Row key={one.id} one={one} mayEnd={may("document", "void")} again={list.offered.some(({ type }) => type === one.type)} />)}</tbody>
        </table>
      ) : <p className="soft">{t(mayIssue ? "none.issue" : "none")}</p>}
      {mayIssue && chosen ? (
        <div className="row-line case-documents-issue">
          <label>{t("kind")}{" "}
            <select value={chosen.type} onChange={(event) => setKind(event.target.value)}>{list.offered.map((one) => <option key={one.type} value={one.type}>{nameIn(one.names, language)}</option>)}</select>
          </label>
          <button type="button" className="button second small" disabled={issue.isPending} onClick={() => issue.mutate({ body: { case: item.id, type: chosen.type } })}>{t(issue.isPending ? "issuing" : "issue")}</button>
          <span className="soft small">{t("pattern", { pattern: chosen.number })}</span>
          {issue.error ? <p className="notice-error" role="alert">{messageOf(issue.error)}</p> : null}
          {issue.data ? <p className="soft" role="status">{t("issue.done", { number: issue.data.number })}</p> : null}
        </div>
      ) : null}
    </section>
  );
}

/** `again`: it can be issued anew; for a closed case most cannot. */
function Row({ one, mayEnd, again }: { one: DocumentView; mayEnd: boolean; again: boolean }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [asking, setAsking] = useState<"void" | "replace" | null>(null);
  const [refusal, setRefusal] = useState("");
  const voiding = useChange("POST /api/v1/documents/{id}/void", [documents]);
  const replacing = useChange("POST /api/v1/documents/{id}/replace", [documents]);
  const change = asking === "replace" ? replacing : voiding;
  const name = nameIn(one.names, language);
  const fetchPdf = async () => {
    setRefusal("");
    try {
      const { file } = await callForFile("GET /api/v1/documents/{id}/pdf", { path: { id: one.id } });
      saveFile(file, `${one.number}.pdf`);
      if (!one.signed_at) void queryClient.invalidateQueries({ queryKey: [documents] });
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  return (
    <tr>
      <td data-label={t("name")}>{name} {one.version > 1 ? <span className="soft">{t("version", { n: one.version })}</span> : null} {one.personal ? <Tag look="yellow">{t("personal")}</Tag> : null}</td>
      <td data-label={t("number")} className="number">{one.number}<small className="soft">{one.office}</small></td>
      <td data-label={t("state")}>
        <span><Tag look={looks[one.state]}>{nameIn(one.state_words, language)}</Tag> {one.signed_at ? null : <Tag look="blue">{t("unsigned")}</Tag>}</span>
        {one.ended_at ? <small className="soft">{shortTime(one.ended_at, language)} {one.ended_by} · {one.ended_reason}</small> : null}
      </td>
      <td data-label={t("issued")}><time dateTime={one.issued_at} title={exactTime(one.issued_at, language)}>{shortTime(one.issued_at, language)}</time><small className="soft">{one.issued_by}{one.delivered ? ` · ${t("delivered")}` : ""}</small></td>
      <td>
        <div className="row-line">
          <a className="button second small" href={addressOf("GET /api/v1/documents/{id}/pdf", { path: { id: one.id } })} target="_blank" rel="noopener" aria-label={`${t("open")} ${one.number}`}>{t("open")}</a>
          <button type="button" className="button second small" aria-label={`${t("download")} ${one.number}`} onClick={() => void fetchPdf()}>{t("download")}</button>
          {mayEnd && again && one.state === "issued" ? <button type="button" className="button second small" aria-label={`${t("replace")} ${one.number}`} onClick={() => setAsking("replace")}>{t("replace")}</button> : null}
          {mayEnd && one.state === "issued" ? <button type="button" className="button second small" aria-label={`${t("void")} ${one.number}`} onClick={() => setAsking("void")}>{t("void")}</button> : null}
        </div>
        {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
        {asking ? (
          <ReasonDialog
            title={`${t(asking)}: ${name} ${one.number}`} about={t(`${asking}.about`)} verb={t(asking)} grave={asking === "void"} pending={change.isPending} error={change.error}
            onClose={() => (change.reset(), setAsking(null))} onReason={(reason) => change.mutate({ path: { id: one.id }, body: { reason } }, { onSuccess: () => setAsking(null) })}
          />
        ) : null}
      </td>
    </tr>
  );
}
