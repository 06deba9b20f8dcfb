// Monthly statements: what was taken, by provider, consumer and resource; both sides see the same figures.

import { Input, Table } from "antd";
import { useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { cityDay, cityNow } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Wide } from "./parts";
import { texts } from "./texts";

const figures = ["requests", "refused", "rows", "bytes"] as const;

export function Statements() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const month = address.get("month") ?? cityDay(cityNow()).slice(0, 7);
  const found = useAnswer("GET /api/v1/exchange/statements/{month}", { path: { month } }, { keep: true });
  return (
    <>
      <label className="filter"><span>{t("month")}</span><Input type="month" value={month} style={{ width: 180 }} onChange={(event) => /^20\d\d-\d\d$/.test(event.target.value) && setAddress({ month: event.target.value })} /></label>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      <Wide label={t("tab.statements")} width={720}>
        <Table
          size="small" rowKey="grant_id" pagination={false} loading={found.isPending && !found.error} dataSource={found.data?.items ?? []} locale={{ emptyText: t("statement.none") }}
          columns={[
            { title: t("provider"), render: (_, row) => nameIn(row.provider, language) },
            { title: t("consumer"), render: (_, row) => nameIn(row.consumer, language) },
            { title: t("name"), render: (_, row) => <>{row.resource_name} <small className="soft">{row.resource_code}</small></> },
            { title: t("delivery"), render: (_, row) => t(`delivery.${row.delivery}`) },
            ...figures.map((name) => ({ title: t(name), dataIndex: name, className: "number" })),
          ]}
        />
      </Wide>
    </>
  );
}
