// The editor of an alarm rule: a form of its declaration; draft, try on the past, publish; versions and what differs.

import { useEffect, useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import type { RuleAnswer, RuleDeclaration } from "../../../shared/api/description";
import { messageOf, Problem } from "../../../shared/api/problem";
import { queryClient, useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { Compare } from "./rule_compare";
import { RuleForm } from "./rule_form";
import { declared } from "./rule_names";
import { texts } from "./rule_texts";
import { Trial } from "./rule_trial";
import { clean, fresh } from "./rule_words";
import { useSignals } from "./signals";

const versionsOf = "GET /api/v1/alarm-rules/{code}/versions";

export function Rule() {
  const { code = "" } = useParams();
  const t = useTexts(texts);
  const [address] = useSearchParams();
  const signals = useSignals();
  const found = useAnswer(versionsOf, { path: { code } });
  const unknown = found.error instanceof Problem && found.error.status === 404;
  if (unknown && address.get("new") === "1") {
    const [first] = signals.profiles;
    return first ? <Editor key={`${code} new`} code={code} versions={[]} begin={fresh(first.id, first.measures[0]?.metric)} /> : <Loading />;
  }
  if (unknown) return <Empty title={t("gone", { code })}><Link to="/desk/senses/rules">{t("back")}</Link></Empty>;
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  const [newest] = found.data?.items ?? [];
  if (!found.data || !newest) return <Loading />;
  const current = found.data.items.find((one) => one.state === "draft") ?? found.data.items.find((one) => one.state === "published") ?? newest;
  return <Editor key={code} code={code} versions={found.data.items} begin={declared(current)} />;
}

function Editor({ code, versions, begin }: { code: string; versions: readonly RuleAnswer[]; begin: RuleDeclaration }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const [rule, setRule] = useState(begin);
  const [note, setNote] = useState("");
  const [told, setTold] = useState("");
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState<"publish" | "revert" | null>(null);
  const [beside, setBeside] = useState<RuleAnswer | null>(null);
  const draft = versions.find((one) => one.state === "draft");
  const cityWords = versions.some((one) => one.origin === "city" && one.state === "published");
  const edits = may("alarm", "edit");
  useEffect(() => {
    document.title = `${nameIn(begin.names, language) || code} · ${t("title")}`;
  }, [begin, code, language, t]);
  const attempt = async (act: () => Promise<string>) => {
    setBusy(true);
    setRefusal("");
    setTold("");
    try {
      setTold(await act());
      setAsking(null);
      await Promise.all([versionsOf, "GET /api/v1/alarm-rules"].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  const save = () => call("PUT /api/v1/alarm-rules/{code}/draft", { path: { code }, body: { declaration: clean(rule), note } });
  return (
    <>
      <p><Link to="/desk/senses/rules">← {t("back")}</Link></p>
      <header className="desk-head"><h1>{nameIn(rule.names, language) || code}</h1><span className="soft">{code}</span>{draft ? <Tag look="yellow">{t("state.draft")} · {t("version", { n: draft.version })}</Tag> : null}</header>
      <p className="soft">{edits ? t("editing") : t("read.only")}</p>
      <div className="senses-columns">
        <div>
          <form onSubmit={(event) => (event.preventDefault(), void attempt(async () => t("draft.saved", { n: (await save()).version })))}>
            <RuleForm rule={rule} onChange={setRule} disabled={!edits} />
            {edits ? (
              <div className="card">
                <label className="field"><span>{t("note")}</span><input maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} /></label>
                <p className="row-line">
                  <button className="button" disabled={busy}>{t("draft.save")}</button>
                  {may("alarm", "publish") ? <button type="button" className="button second" disabled={busy || !draft} title={draft ? undefined : t("draft.none")} onClick={() => setAsking("publish")}>{t("publish")}</button> : null}
                  {draft ? <button type="button" className="button second" disabled={busy} onClick={() => void attempt(async () => (await call("DELETE /api/v1/alarm-rules/{rule_id}", { path: { rule_id: draft.id } }), t("draft.none")))}>{t("draft.discard")}</button> : null}
                  {cityWords && may("alarm", "publish") ? <button type="button" className="button second" disabled={busy} onClick={() => setAsking("revert")}>{t("revert")}</button> : null}
                </p>
                {asking === "publish" && draft ? (
                  <p className="row-line"><b>{t("publish.sure", { n: draft.version })}</b>
                    <button type="button" className="button danger" disabled={busy} onClick={() => void attempt(async () => (await call("POST /api/v1/alarm-rules/{rule_id}/publish", { path: { rule_id: draft.id } }), t("published")))}>{t("publish.do")}</button>
                    <button type="button" className="link" onClick={() => setAsking(null)}>{t("cancel")}</button>
                  </p>
                ) : null}
                {asking === "revert" ? (
                  <p className="row-line">
                    <button type="button" className="button danger" disabled={busy} onClick={() => void attempt(async () => (await call("POST /api/v1/alarm-rules/{code}/revert", { path: { code } }), t("revert")))}>{t("revert.do")}</button>
                    <button type="button" className="link" onClick={() => setAsking(null)}>{t("cancel")}</button>
                  </p>
                ) : null}
                {told ? <p className="case-told" role="status">{told}</p> : null}
                {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
              </div>
            ) : null}
          </form>
          {beside ? <Compare version={beside} rule={rule} onClose={() => setBeside(null)} /> : null}
        </div>
        <aside>
          {may("alarm", "test") ? <Trial rule={rule} /> : null}
          {versions.length ? (
            <section className="card" aria-labelledby="rule-versions">
              <h2 id="rule-versions">{t("versions")}</h2>
              <ul className="plain-list">
                {versions.map((one) => (
                  <li key={one.id}>
                    <b>{t("version", { n: one.version })}</b> <Tag look={one.state === "published" ? "green" : one.state === "draft" ? "yellow" : "grey"}>{t(`state.${one.state}`)}</Tag> {one.origin === "pack" ? t("origin.pack", { pack: one.pack }) : t("origin.city")}
                    <small className="soft">{t("versions.by", { by: one.published_by || one.created_by, at: shortTime(one.published_at ?? one.created_at, language) })} {one.note}</small>
                    <span className="row-line"><button type="button" className="link small" onClick={() => setBeside(one)}>{t("compare")}</button>{edits ? <button type="button" className="link small" onClick={() => setRule(declared(one))}>{t("load")}</button> : null}</span>
                  </li>
                ))}
              </ul>
            </section>
          ) : null}
        </aside>
      </div>
    </>
  );
}
