// Indicators and score boards as the packs declare them: what is counted over what, which weight it has.

import { Table, Tag } from "antd";
import { Link } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";

export default function Indicators() {
  const t = useTexts(texts);
  const language = useLanguage();
  const indicators = useAnswer("GET /api/v1/indicators", {}, { fresh: 60_000 });
  const boards = useAnswer("GET /api/v1/boards", {}, { fresh: 60_000 });
  if (indicators.error || boards.error) return <ErrorNotice error={indicators.error ?? boards.error} />;
  return (
    <>
      <h2>{t("boards")}</h2>
      <Table size="small" rowKey="id" pagination={false} loading={boards.isLoading} dataSource={boards.data?.items ?? []} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("name"), render: (_, row) => <><Link to={`/desk/scores?board=${row.id}`}>{nameIn(row.names, language)}</Link> <small className="soft">{row.id}</small></> },
          { title: t("indicators"), render: (_, row) => row.measures.map((one) => <Tag key={one}>{nameIn(indicators.data?.items.find((item) => item.id === one)?.names, language) || one}</Tag>) },
        ]}
      />
      <h2>{t("indicators")}</h2>
      <Table size="small" rowKey="id" pagination={false} loading={indicators.isLoading} dataSource={indicators.data?.items ?? []} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("name"), render: (_, row) => <>{nameIn(row.names, language)} <small className="soft">{row.id}</small></> },
          { title: t("numerator"), dataIndex: "numerator" },
          { title: t("denominator"), dataIndex: "denominator" },
        ]}
      />
    </>
  );
}
