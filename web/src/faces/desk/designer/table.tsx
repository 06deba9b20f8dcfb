// A decision table edited as a table: conditions on the left, answers on the right, one rule a row.

import { Alert, App, Button, Select, Space, Tag } from "antd";
import { useEffect, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { call, type Body } from "../../../shared/api/client";
import type { TableFindingView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Unknown } from "./unknown";
import { cellText, cellValue } from "./cells";
import { texts } from "./texts";

type Table = Body<"PUT /api/v1/decisions/{key}/draft">;
type Rule = NonNullable<Table["rules"]>[number];

export function DecisionTableScreen() {
  const { key = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { may } = useSession();
  const { message } = App.useApp();
  const versions = useAnswer("GET /api/v1/decisions", { query: { key, limit: 200 } });
  const newest = [...(versions.data?.items ?? [])].sort((one, other) => other.version - one.version);
  const [chosen, setChosen] = useState<number | null>(null);
  const version = chosen ?? newest[0]?.version ?? null;
  const stored = useAnswer("GET /api/v1/decisions/{key}/versions/{version}", { path: { key, version: version ?? 1 } }, { enabled: version !== null });
  const [table, setTable] = useState<Table | null>(null);
  const [findings, setFindings] = useState<readonly TableFindingView[]>([]);
  const [answer, setAnswer] = useState("");
  const [asked, setAsked] = useState<Record<string, string>>({});
  useEffect(() => {
    if (stored.data) {
      setTable(stored.data.table as Table);
      setFindings(stored.data.findings);
    }
  }, [stored.data]);
  const editable = may("definition", "edit");
  if (versions.error || stored.error) return <ErrorNotice error={versions.error ?? stored.error} />;
  if (versions.data && !newest.length) return <Unknown code={key} />;
  if (!table) return <Loading />;
  const rules = table.rules ?? [];
  const put = (changed: Rule[]) => setTable({ ...table, rules: changed });
  const change = (place: number, changes: Partial<Rule>) => put(rules.map((rule, index) => (index === place ? { ...rule, ...changes } : rule)));
  const wrong = new Set(findings.filter((one) => one.level === "error").map((one) => one.rule));

  const save = async (): Promise<boolean> => {
    try {
      const saved = await call("PUT /api/v1/decisions/{key}/draft", { path: { key }, body: table });
      setFindings(saved.findings);
      setChosen(saved.decision.version);
      await client.invalidateQueries({ queryKey: ["GET /api/v1/decisions"] });
      void message.success(t("saved"));
      return !saved.findings.some((one) => one.level === "error");
    } catch (error) {
      void message.error(messageOf(error), 8);
      return false;
    }
  };
  const publish = async () => {
    if (!(await save())) return;
    try {
      const done = await call("POST /api/v1/decisions/{key}/publish", { path: { key } });
      void message.success(t("published", { version: done.decision.version }));
      await client.invalidateQueries();
    } catch (error) {
      void message.error(messageOf(error), 8);
    }
  };
  const ask = async () => {
    try {
      const inputs = Object.fromEntries((table.inputs ?? []).map((input) => [input.expression || input.id, cellValue(asked[input.id] ?? "")]));
      const found = await call("POST /api/v1/decisions/{key}/evaluate", { path: { key }, body: { inputs: inputs as never, version } });
      setAnswer(`${JSON.stringify(found.outputs)} ${nameIn(found.reason, language)}`);
    } catch (error) {
      setAnswer(messageOf(error));
    }
  };
  return (
    <>
      <Space wrap className="designer-head">
        <Button onClick={() => void navigate("/desk/designer")}>← {t("back")}</Button>
        <h1>{nameIn(newest[0]?.names, language)} <small className="soft">{key}</small></h1>
        <Select aria-label={t("version")} value={version} onChange={setChosen} popupMatchSelectWidth={false} options={newest.map((one) => ({ value: one.version, label: `${t("version")} ${one.version} · ${t(`state.${one.state}`)}` }))} />
        <Tag>{t("table.hit")} {table.hit}</Tag>
        <Button disabled={!editable} onClick={() => void save()}>{t("save")}</Button>
        <Button type="primary" disabled={!may("definition", "publish")} onClick={() => void publish()}>{t("publish")}</Button>
      </Space>
      {findings.map((one, place) => <Alert key={place} type={one.level} showIcon title={`${one.rule ? `${t("table.rule")} ${one.rule} · ` : ""}${language === "zh" ? one.zh : one.en}`} />)}
      <div className="decision-table">
        <table>
          <thead>
            <tr>
              <th scope="col">#</th>
              {(table.inputs ?? []).map((input) => <th key={input.id} scope="col">{nameIn(input.label, language) || input.id}<small>{input.expression || input.id} · {input.type}</small></th>)}
              {table.outputs.map((output) => <th key={output.name} scope="col" className="out">{nameIn(output.label, language) || output.name}<small>{output.name} · {output.type}</small></th>)}
              <th scope="col">{t("table.reason")}</th>
              <th scope="col"><span className="visually-hidden">{t("remove")}</span></th>
            </tr>
          </thead>
          <tbody>
            {rules.map((rule, place) => (
              <tr key={place} className={wrong.has(place + 1) ? "wrong" : ""}>
                <td className="number">{place + 1}</td>
                {(table.inputs ?? []).map((input) => (
                  <td key={input.id}><Cell label={`${t("table.rule")} ${place + 1} ${input.id}`} placeholder={t("table.any")} value={cellText(rule.when?.[input.id])} disabled={!editable} onCell={(text) => change(place, { when: withCell(rule.when, input.id, text) as never })} /></td>
                ))}
                {table.outputs.map((output) => (
                  <td key={output.name} className="out"><Cell label={`${t("table.rule")} ${place + 1} ${output.name}`} placeholder="" value={cellText(rule.then?.[output.name])} disabled={!editable} onCell={(text) => change(place, { then: withCell(rule.then, output.name, text) as never })} /></td>
                ))}
                <td><Cell label={`${t("table.rule")} ${place + 1} ${t("table.reason")}`} placeholder="" value={rule.reason?.zh ?? ""} disabled={!editable} onCell={(zh) => change(place, { reason: { en: "", ...rule.reason, zh } })} /></td>
                <td>
                  <Button size="small" type="text" disabled={!editable || place === 0} aria-label={`${t("table.up")} ${place + 1}`} onClick={() => put(moved(rules, place))}>↑</Button>
                  <Button size="small" type="text" danger disabled={!editable} aria-label={`${t("remove")} ${place + 1}`} onClick={() => put(rules.filter((_, index) => index !== place))}>✕</Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Button disabled={!editable} onClick={() => put([...rules, {}])}>{t("table.add")}</Button>
      <h2>{t("table.try")}</h2>
      <Space wrap>
        {(table.inputs ?? []).map((input) => (
          <label key={input.id} className="designer-field"><span>{nameIn(input.label, language) || input.id}</span><input value={asked[input.id] ?? ""} onChange={(event) => setAsked({ ...asked, [input.id]: event.target.value })} /></label>
        ))}
        <Button onClick={() => void ask()}>{t("table.try")}</Button>
      </Space>
      {answer ? <p role="status">{t("table.answer", { answer })}</p> : null}
    </>
  );
}

function withCell(cells: Record<string, unknown> | undefined, name: string, text: string): Record<string, unknown> {
  const { [name]: _, ...others } = cells ?? {};
  return text ? { ...others, [name]: cellValue(text) } : others;
}

const moved = (rules: readonly Rule[], place: number): Rule[] => rules.map((rule, index) => (index === place ? rules[place - 1] : index === place - 1 ? rules[place] : rule) ?? rule);

function Cell({ value, label, placeholder, disabled, onCell }: { value: string; label: string; placeholder: string; disabled: boolean; onCell: (text: string) => void }) {
  return <input key={value} defaultValue={value} aria-label={label} placeholder={placeholder} disabled={disabled} onBlur={(event) => event.target.value !== value && onCell(event.target.value.trim())} />;
}
