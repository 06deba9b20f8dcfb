// A dispatch table of a pack, to be read: row by row as it is tried, and the file in which it is changed.

import { Alert, Space, Table, Tag } from "antd";
import { Link, useParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { texts } from "./texts";

const shownClasses = 6;

export function DispatchTableScreen() {
  const { key = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/desk/dispatch-tables/{key}", { path: { key } });
  if (found.error) return <ErrorNotice error={found.error} />;
  if (!found.data) return <Loading />;
  const { names, type_names, version, file, lines } = found.data;
  return (
    <>
      <Space wrap className="designer-head">
        <Link to="/desk/designer">← {t("back")}</Link>
        <h1>{nameIn(names, language)}</h1>
      </Space>
      <Alert type="info" showIcon title={t("dispatch.origin", { type: nameIn(type_names, language), version, file: file || "–" })} />
      <p className="soft">{t("dispatch.about")}</p>
      <Table
        size="small" rowKey={(row) => lines.indexOf(row)} dataSource={lines} pagination={false}
        columns={[
          { title: t("table.rule"), align: "right", render: (_, __, place) => place + 1 },
          { title: t("dispatch.when"), render: (_, row) => (
            <>
              {row.classes.slice(0, shownClasses).map((one) => <Tag key={one.zh}>{nameIn(one, language)}</Tag>)}
              {row.classes.length > shownClasses ? <details><summary>{t("dispatch.more", { count: row.classes.length - shownClasses })}</summary>{row.classes.slice(shownClasses).map((one) => <Tag key={one.zh}>{nameIn(one, language)}</Tag>)}</details> : null}
              {row.areas.map((one) => <Tag key={one}>{one}</Tag>)}
              {row.when ? <div><code>{row.when}</code></div> : null}
              {row.classes.length || row.areas.length || row.when ? null : t("table.any")}
            </>
          ) },
          { title: t("dispatch.department"), render: (_, row) => nameIn(row.department, language) },
          { title: t("dispatch.limit"), render: (_, row) => row.limit || t("dispatch.standard") },
          { title: t("dispatch.reason"), render: (_, row) => nameIn(row.reason, language) },
        ]}
      />
    </>
  );
}
