// The packs of this installation, and the check of packs and city with file and line.

import { Alert, Button, Table, Tag } from "antd";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";

export default function Packs() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const found = useAnswer("GET /api/v1/packs", {}, { fresh: 60_000 });
  const check = useChange("POST /api/v1/packs/check");
  return (
    <>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      <Table
        size="small" rowKey="id" pagination={false} loading={found.isLoading} dataSource={found.data?.items ?? []} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("name"), render: (_, row) => <>{nameIn(row, language)} <small className="soft">{row.id}</small></> },
          { title: t("packs.here"), render: (_, row) => row.here ? <span className="tag green">{t("yes")}</span> : <Tag>{t("no")}</Tag> },
          { title: t("packs.level"), render: (_, row) => t(`level.${row.level}`) },
          { title: t("packs.cases"), dataIndex: "case_types", align: "right" },
          { title: t("packs.flows"), dataIndex: "flows", align: "right" },
          { title: t("packs.classes"), dataIndex: "classes", align: "right" },
          { title: t("packs.scenarios"), dataIndex: "scenarios", align: "right" },
          { title: t("packs.clauses"), align: "right", render: (_, row) => `${row.proved}/${row.clauses}` },
        ]}
      />
      {may("pack", "check") ? <p><Button type="primary" loading={check.isPending} onClick={() => check.mutate({})}>{check.isPending ? t("packs.checking") : t("packs.check")}</Button></p> : null}
      {check.error ? <ErrorNotice error={check.error} /> : null}
      {check.data ? (
        <>
          <Alert type={check.data.errors ? "error" : "success"} showIcon title={check.data.errors ? t("packs.found", { errors: check.data.errors, warnings: check.data.warnings }) : t("packs.good")} />
          {check.data.findings.map((one, place) => (
            <p key={place}><span className={`tag ${one.level === "error" ? "red" : "yellow"}`}>{one.level}</span> <code>{one.file}:{one.line}</code> {nameIn(one, language)}</p>
          ))}
        </>
      ) : null}
    </>
  );
}
