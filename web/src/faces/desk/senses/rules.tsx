// Alarm rules: what is in force, from which pack, whether the city words it its own way; each leads to its editor.

import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { useFresh } from "./fresh";
import { declared } from "./rule_names";
import { texts } from "./rule_texts";
import { conditionOf } from "./rule_words";
import { Severity } from "./severity";
import { useSignals } from "./signals";

const operation = "GET /api/v1/alarm-rules";

export function Rules() {
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const { may } = useSession();
  const signals = useSignals();
  const [code, setCode] = useState("");
  const found = useAnswer(operation, { query: { limit: 200 } });
  useFresh([operation], (entry) => entry.kind === "alarm_rule");
  const rows = found.data?.items ?? [];
  return (
    <>
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      {may("alarm", "edit") ? (
        <form className="filters" onSubmit={(event) => (event.preventDefault(), void navigate(`/desk/senses/rules/${code}?new=1`))}>
          <label className="filter"><span>{t("new.code")}</span><input required pattern="[a-z][a-z0-9\-]*" maxLength={60} value={code} onChange={(event) => setCode(event.target.value)} /></label>
          <button className="button second small">{t("new")} · {t("new.do")}</button>
        </form>
      ) : null}
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <Empty title={t("none")} /> : null}
      {rows.length ? (
        <table className="rows">
          <thead><tr><th>{t("column.rule")}</th><th>{t("column.condition")}</th><th>{t("column.kinds")}</th><th>{t("column.severity")}</th><th>{t("column.origin")}</th><th>{t("column.state")}</th></tr></thead>
          <tbody>
            {rows.map((row) => {
              const rule = declared(row);
              return (
                <tr key={row.id}>
                  <td><Link className="case-line-title" to={`/desk/senses/rules/${row.code}`}>{nameIn(rule.names, language)}</Link><small className="soft">{row.code}</small></td>
                  <td>{t(`kind.${row.kind as "threshold"}`)}<small className="soft">{conditionOf(rule.when, signals)}</small></td>
                  <td>{[rule.profile, ...(rule.profiles ?? [])].flatMap((id) => (id ? [nameIn(signals.profile(id)?.names, language) || id] : [])).join(language === "zh" ? "、" : ", ")}</td>
                  <td><Severity of={rule.severity ?? "minor"} /></td>
                  <td>{row.origin === "pack" ? t("origin.pack", { pack: row.pack }) : t("origin.city")}</td>
                  <td><Tag look={row.state === "published" ? "green" : "grey"}>{t(`state.${row.state}`)}</Tag> <small className="soft">{t("version", { n: row.version })}</small></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      ) : null}
    </>
  );
}
