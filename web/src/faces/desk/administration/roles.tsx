// Roles and what each may do, in the words of its grants.

import { Table } from "antd";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { useGrantWords } from "./grant_words";
import { RoleEditing } from "./role_dialog";
import { texts } from "./texts";

export default function Roles() {
  const t = useTexts(texts);
  const language = useLanguage();
  const words = useGrantWords();
  const found = useAnswer("GET /api/v1/roles");
  if (found.error) return <ErrorNotice error={found.error} />;
  return (
    <>
      <p className="soft small">{t("separation")}</p>
      <RoleEditing />
      <Table
        size="small" rowKey="code" pagination={false} loading={found.isLoading} dataSource={(found.data?.items ?? []).filter((row) => row.active)}
        columns={[
          { title: t("role"), render: (_, row) => <>{nameIn(row.names, language)} <small className="soft">{row.code}</small></> },
          { title: t("class"), render: (_, row) => row.class ? <span className="tag yellow">{t(`class.${row.class}`)}</span> : null },
          { title: t("grants"), render: (_, row) => row.grants.map((grant, place) => <div key={place}><b>{words.kind(grant.kind)}</b> {grant.verbs.map(words.verb).join(language === "zh" ? "、" : ", ")} <small className="soft">{words.reach(grant)}</small></div>) },
        ]}
      />
    </>
  );
}
