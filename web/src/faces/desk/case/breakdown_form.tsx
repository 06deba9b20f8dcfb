// Giving the tasks of a matter out (派发): what, which office, until when, how much it weighs. What is typed is kept until
// it is sent.

import { Select } from "antd";
import { useMemo, useState, type FormEvent } from "react";
import type { BreakdownKind, CaseDetail, OrganisationView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { limitWords } from "../../../shared/time/limits";
import { useAll } from "../administration/all";
import { breakdown } from "./breakdown";
import { texts } from "./breakdown_texts";

interface Row {
  key: number;
  title: string;
  text: string;
  organisation: string;
  count: string;
  unit: string;
  weight: string;
}

const units = ["工作日", "自然日", "工作时"] as const;
const empty = (key: number): Row => ({ key, title: "", text: "", organisation: "", count: "20", unit: units[0], weight: "1" });
const keptOf = (id: string): string => `yiwang-breakdown-${id}`;

function recall(id: string): Row[] {
  const kept = JSON.parse(sessionStorage.getItem(keptOf(id)) ?? "[]") as Row[];
  return kept.length ? kept : [empty(1)];
}

export function BreakdownForm({ item, kind, onDone }: { item: CaseDetail; kind: BreakdownKind; onDone: (verb: string) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [rows, setRows] = useState<Row[]>(() => recall(item.id));
  const [note, setNote] = useState("");
  const offices = useAll<OrganisationView>("GET /api/v1/organisations");
  const divide = useChange("POST /api/v1/cases/{case_id}/breakdown", [breakdown]);
  const options = useMemo(() => (offices.data ?? []).filter((one) => one.active).map((one) => ({ value: one.code, label: nameIn(one.names, language) })), [offices.data, language]);
  const keep = (after: Row[]) => {
    setRows(after);
    sessionStorage.setItem(keptOf(item.id), JSON.stringify(after));
  };
  const change = (key: number, part: Partial<Row>) => keep(rows.map((row) => (row.key === key ? { ...row, ...part } : row)));
  const whole = rows.every((row) => row.organisation && row.title.trim().length > 1);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!whole) return;
    const parts = rows.map((row) => ({ title: row.title, text: row.text, organisation: row.organisation, limit: `${Number(row.count)}${row.unit}`, weight: Number(row.weight) }));
    divide.mutate({ path: { case_id: item.id }, body: { parts, note } }, {
      onSuccess: () => {
        sessionStorage.removeItem(keptOf(item.id));
        onDone(nameIn(kind.names, language));
      },
    });
  };
  return (
    <form className="operation-form" onSubmit={submit} onKeyDown={(event) => event.key === "Enter" && event.ctrlKey && event.currentTarget.requestSubmit()}>
      {rows.map((row, index) => (
        <fieldset key={row.key} className="part-row">
          <legend>{t("task.n", { n: index + 1 })}</legend>
          <div className="field part-title">
            <label htmlFor={`part-title-${row.key}`}>{t("task")}</label>
            <input id={`part-title-${row.key}`} required minLength={2} maxLength={200} value={row.title} onChange={(event) => change(row.key, { title: event.target.value })} />
          </div>
          <div className="field part-office">
            <label htmlFor={`part-office-${row.key}`}>{t("office")}</label>
            <Select id={`part-office-${row.key}`} showSearch={{ optionFilterProp: "label" }} options={options} loading={offices.isPending} placeholder={t("office.choose")} value={row.organisation || undefined} onChange={(organisation: string) => change(row.key, { organisation })} popupMatchSelectWidth={false} />
          </div>
          <div className="field">
            <label htmlFor={`part-limit-${row.key}`}>{t("limit")}</label>
            <span className="row-line part-limit">
              <input id={`part-limit-${row.key}`} type="number" min={1} max={1000} step={1} required value={row.count} onChange={(event) => change(row.key, { count: event.target.value })} />
              <select aria-label={t("unit")} value={row.unit} onChange={(event) => change(row.key, { unit: event.target.value })}>{units.map((unit) => <option key={unit} value={unit}>{language === "zh" ? unit : limitWords(`2${unit}`, language).slice(2)}</option>)}</select>
            </span>
          </div>
          <div className="field">
            <label htmlFor={`part-weight-${row.key}`}>{t("weight")}</label>
            <input id={`part-weight-${row.key}`} className="part-weight" type="number" min={0.1} max={1000} step="any" required value={row.weight} onChange={(event) => change(row.key, { weight: event.target.value })} />
          </div>
          <div className="field part-title">
            <label htmlFor={`part-text-${row.key}`}>{t("text")}</label>
            <textarea id={`part-text-${row.key}`} maxLength={3000} value={row.text} onChange={(event) => change(row.key, { text: event.target.value })} />
          </div>
          {rows.length > 1 ? <button type="button" className="link" onClick={() => keep(rows.filter(({ key }) => key !== row.key))}>{t("remove.n", { n: index + 1 })}</button> : null}
        </fieldset>
      ))}
      <p><button type="button" className="button second small" onClick={() => keep([...rows, empty(Math.max(...rows.map(({ key }) => key)) + 1)])}>{t("add")}</button></p>
      <div className="field">
        <label htmlFor="breakdown-note">{t("note")}</label>
        <textarea id="breakdown-note" maxLength={1000} value={note} onChange={(event) => setNote(event.target.value)} />
      </div>
      {offices.error ? <p className="notice-error" role="alert">{messageOf(offices.error)}</p> : null}
      {divide.error ? <p className="notice-error" role="alert">{messageOf(divide.error)}</p> : null}
      <button className="button" disabled={divide.isPending || !whole}>{t("divide", { n: rows.length })}</button>
    </form>
  );
}
