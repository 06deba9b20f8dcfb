// A score board of this city: weights and targets of its indicators, grades, the score aimed at.

import { InputNumber, Table } from "antd";
import { useState } from "react";
import type { JsonValue } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { HistoryButton, SaveDialog, useSetting, type Document } from "./editing";
import { texts } from "./editing_texts";

interface Measure {
  indicator: string;
  weight: number | null;
  full_at: number | null;
}

interface Grade {
  id: string;
  names: { zh: string; en: string };
  at_least: number;
}

interface Props {
  board: string;
  name: string;
  /** The indicators' names and own weights. */
  named: (indicator: string) => string;
  onClose: () => void;
}

export function BoardEditor({ board, name, named, onClose }: Props) {
  const t = useTexts(texts);
  const standing = useAnswer("GET /api/v1/administration/standing", { query: { kind: "board", key: board } }, { fresh: 0 });
  const [changes, setChanges] = useState<Document>({});
  const { put } = useSetting();
  const document: Document | null = standing.data?.document ? { ...standing.data.document, ...changes } : null;
  const save = (why: string) => put("board", board, standing.data?.version ?? 0, why, document);
  return (
    <SaveDialog open wide title={t("edit.of", { name })} ready={document !== null} onClose={onClose} onSave={save}>
      {standing.error ? <ErrorNotice error={standing.error} /> : null}
      {document ? <Inside document={document} named={named} onChange={(part) => setChanges((before) => ({ ...before, ...part }))} /> : <Loading />}
      <p className="soft small">{t("formula")} <HistoryButton kind="board" settingKey={board} name={name} /></p>
    </SaveDialog>
  );
}

function Inside({ document, named, onChange }: { document: Document; named: Props["named"]; onChange: (part: Document) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const measures = document.measures as unknown as Measure[];
  const grades = (document.grades ?? []) as unknown as Grade[];
  const target = document.target as number | null;
  const put = (indicator: string, part: Partial<Measure>) => onChange({ measures: measures.map((one) => (one.indicator === indicator ? { ...one, ...part } : one)) as unknown as JsonValue });
  const grade = (id: string, least: number) => onChange({ grades: grades.map((one) => (one.id === id ? { ...one, at_least: least } : one)) as unknown as JsonValue });
  return (
    <>
      <Table
        size="small" rowKey="indicator" pagination={false} dataSource={measures}
        columns={[
          { title: t("kind.indicator"), render: (_, row) => named(row.indicator) },
          { title: t("weight"), render: (_, row) => <InputNumber min={0} max={1000} value={row.weight} aria-label={`${t("weight")} ${named(row.indicator)}`} onChange={(weight) => put(row.indicator, { weight })} /> },
          { title: t("full_at"), render: (_, row) => <InputNumber min={1} max={100} value={row.full_at === null ? null : Math.round(row.full_at * 1000) / 10} aria-label={`${t("full_at")} ${named(row.indicator)}`} onChange={(share) => put(row.indicator, { full_at: share === null ? null : share / 100 })} /> },
        ]}
      />
      <p className="soft small">{t("total", { sum: measures.reduce((sum, one) => sum + (one.weight ?? 0), 0) })}</p>
      <label className="administration-why"><span>{t("target")}</span><InputNumber min={0} max={1000} value={target} onChange={(value) => onChange({ target: value })} /></label>
      {grades.map((one) => (
        <label key={one.id} className="administration-why"><span>{t("grade.least", { name: nameIn(one.names, language) })}</span><InputNumber min={0} max={1000} value={one.at_least} onChange={(least) => grade(one.id, least ?? 0)} /></label>
      ))}
    </>
  );
}
