// Rehearsing a version on real cases (演练): how the cases of a period would have gone, beside how they went.

import { Alert, Button, InputNumber, Select, Space, Table } from "antd";
import { useState } from "react";
import { call, type Answer } from "../../../shared/api/client";
import type { HeadView } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { cityNow, lengthWords } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./rehearse_texts";
import { texts as designer } from "./texts";

const periods = [7, 30, 90] as const;
type Report = Answer<"POST /api/v1/definitions/{key}/simulations">;
type Side = Report["real"];

export function Rehearse({ flow, versions }: { flow: string; versions: readonly HeadView[] }) {
  const t = useTexts(texts);
  const d = useTexts(designer);
  const { may } = useSession();
  const [version, setVersion] = useState<number | null>(null);
  const [days, setDays] = useState<number>(30);
  const [cases, setCases] = useState(500);
  const [report, setReport] = useState<Report | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const chosen = version ?? versions[0]?.version ?? null;
  const allowed = may("definition", "edit") || may("definition", "publish");
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      const to = new Date(cityNow());
      setReport(await call("POST /api/v1/definitions/{key}/simulations", { path: { key: flow }, body: { version: chosen, cases, from: new Date(to.getTime() - days * 86_400_000).toISOString(), to: to.toISOString() } }));
    } catch (refusal) {
      setReport(null);
      setError(refusal);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <p className="soft">{t("about")}</p>
      <Space wrap className="designer-tools">
        <label>{d("version")} <Select aria-label={d("version")} value={chosen} onChange={setVersion} options={versions.map((one) => ({ value: one.version, label: `${one.version} · ${d(`state.${one.state}`)}` }))} /></label>
        <label>{t("period")} <Select aria-label={t("period")} value={days} onChange={setDays} options={periods.map((value) => ({ value, label: t("days", { n: value }) }))} /></label>
        <label>{t("most")} <InputNumber aria-label={t("most")} min={1} max={2000} value={cases} onChange={(value) => setCases(value ?? 500)} /></label>
        <Button type="primary" loading={busy} disabled={!allowed || chosen === null} onClick={() => void run()}>{t("run")}</Button>
      </Space>
      {allowed ? null : <p className="soft">{d("read.only")}</p>}
      {error ? <ErrorNotice error={error} /> : null}
      {report ? <Result report={report} /> : null}
    </>
  );
}

function Result({ report }: { report: Report }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const time = (seconds: number | null | undefined) => (seconds === null || seconds === undefined ? "–" : lengthWords(seconds * 1000, language));
  const figures: [key: "cases" | "ended" | "overdue" | "mean" | "p90", of: (side: Side) => string][] = [
    ["cases", (side) => String(side.cases)],
    ["ended", (side) => String(side.ended)],
    ["overdue", (side) => String(side.overdue)],
    ["mean", (side) => time(side.elapsed.mean)],
    ["p90", (side) => time(side.elapsed.p90)],
  ];
  return (
    <>
      <h2>{t("result", { n: report.found })}</h2>
      <Table
        size="small" pagination={false} rowKey={([key]) => key} dataSource={figures}
        columns={[
          { title: "", render: (_, [key]) => t(`figure.${key}`) },
          { title: t("real"), align: "right", render: (_, [, of]) => of(report.real) },
          { title: t("ended.simulated"), align: "right", render: (_, [, of]) => of(report.simulated_ended) },
          { title: t("simulated"), align: "right", render: (_, [, of]) => of(report.simulated) },
        ]}
      />
      {report.stuck.length ? <Alert type="warning" showIcon title={t("stuck")} description={<ul>{report.stuck.map((one) => <li key={one.node + one.zh}>{nameIn(one, language)} × {one.count}</li>)}</ul>} /> : null}
      <h2>{t("steps")}</h2>
      <Table
        size="small" pagination={false} rowKey="node" dataSource={report.steps}
        columns={[
          { title: t("step"), render: (_, row) => nameIn(row, language) },
          { title: t("visits.real"), align: "right", render: (_, row) => row.real?.visits ?? "–" },
          { title: t("visits.simulated"), align: "right", render: (_, row) => row.simulated?.visits ?? "–" },
          { title: t("mean.real"), align: "right", render: (_, row) => time(row.real?.elapsed.mean) },
          { title: t("mean.simulated"), align: "right", render: (_, row) => time(row.simulated?.elapsed.mean) },
          { title: t("overdue.real"), align: "right", render: (_, row) => row.real?.overdue ?? "–" },
          { title: t("overdue.simulated"), align: "right", render: (_, row) => row.simulated?.overdue ?? "–" },
        ]}
      />
      <h2>{t("assumed")}</h2>
      <ul>{report.assumptions.map((one) => <li key={one.zh}>{nameIn(one, language)}</li>)}</ul>
    </>
  );
}
