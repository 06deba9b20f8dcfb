// Where the cases of a flow wait: the drawing coloured, and the same figures as a table.

import { Segmented, Table } from "antd";
import { useState } from "react";
import { addressOf } from "../../../shared/api/client";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { lengthWords } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";

const figures = ["mean", "median", "p90"] as const;

export function Heat({ flow }: { flow: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [figure, setFigure] = useState<(typeof figures)[number]>("mean");
  const found = useAnswer("GET /api/v1/definitions/{key}/bottlenecks", { path: { key: flow } });
  const words = (seconds: number | null) => (seconds === null ? "–" : lengthWords(seconds * 1000, language));
  const percent = (share: number | null) => (share === null ? "–" : `${Math.round(share * 100)}%`);
  return (
    <>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      <p>{t("heat.by")} <Segmented value={figure} onChange={setFigure} options={figures.map((value) => ({ value, label: t(`heat.${value}`) }))} /></p>
      {found.data ? <img className="designer-heat" alt={t("heat.image")} src={addressOf("GET /api/v1/definitions/{key}/heat.svg", { path: { key: flow }, query: { figure, lang: language } })} /> : null}
      <h2>{t("heat.steps")}</h2>
      <Table
        size="small" pagination={false} rowKey="node" loading={found.isLoading} dataSource={found.data?.steps ?? []} locale={{ emptyText: t("heat.none") }}
        columns={[
          { title: t("heat.step"), render: (_, row) => (language === "zh" ? row.zh : row.en || row.zh) },
          { title: t("heat.visits"), dataIndex: "visits", align: "right" },
          { title: t("heat.mean"), align: "right", render: (_, row) => words(row.elapsed.mean) },
          { title: t("heat.median"), align: "right", render: (_, row) => words(row.elapsed.median) },
          { title: t("heat.p90"), align: "right", render: (_, row) => words(row.elapsed.p90) },
          { title: t("heat.overdue"), align: "right", render: (_, row) => percent(row.overdue_share) },
          { title: t("heat.open"), dataIndex: "open", align: "right" },
          { title: t("heat.late"), dataIndex: "open_overdue", align: "right" },
        ]}
      />
    </>
  );
}
