// Two versions of a flow beside each other, in words.

import { Alert, Select, Space, Table } from "antd";
import { useState } from "react";
import type { HeadView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";

export function Compare({ flow, versions }: { flow: string; versions: readonly HeadView[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [pair, setPair] = useState<[number | null, number | null]>([null, null]);
  const from = pair[0] ?? versions[1]?.version ?? null;
  const to = pair[1] ?? versions[0]?.version ?? null;
  const found = useAnswer(
    "GET /api/v1/definitions/{key}/compare",
    { path: { key: flow }, query: { from: from ?? 1, to: to ?? 1 } },
    { enabled: from !== null && to !== null },
  );
  if (versions.length < 2) return <p className="soft">{t("compare.one")}</p>;
  const options = versions.map((one) => ({ value: one.version, label: `${one.version} · ${t(`state.${one.state}`)}` }));
  return (
    <>
      <Space wrap className="designer-tools">
        <label>{t("compare.from")} <Select aria-label={t("compare.from")} value={from} options={options} onChange={(value) => setPair([value, to])} /></label>
        <label>{t("compare.to")} <Select aria-label={t("compare.to")} value={to} options={options} onChange={(value) => setPair([from, value])} /></label>
      </Space>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {found.data?.same ? <Alert type="info" title={t("compare.same")} /> : null}
      {found.data?.only_looks && !found.data.same ? <Alert type="info" title={t("compare.looks")} /> : null}
      {found.data?.changes.length ? (
        <Table
          size="small" pagination={false} rowKey={(row) => `${row.element} ${row.kind} ${row.aspect}`} dataSource={found.data.changes}
          columns={[
            { title: t("compare.change"), render: (_, row) => nameIn(row, language) },
            { title: t("compare.element"), dataIndex: "element" },
            { title: t("compare.before"), render: (_, row) => nameIn(row.before, language) },
            { title: t("compare.after"), render: (_, row) => nameIn(row.after, language) },
          ]}
        />
      ) : null}
    </>
  );
}
