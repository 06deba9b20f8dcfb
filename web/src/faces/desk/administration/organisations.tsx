// The tree of offices, and the posts of the chosen one with whoever holds them.

import { Input, Table, Tag, Tree } from "antd";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import type { OrganisationView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { useAll } from "./all";
import { useNaming } from "../shared/words";
import { OfficeEditing } from "./office_dialog";
import { useOfficeKind } from "./setting_words";
import { texts } from "./texts";

interface Node {
  key: number;
  title: string;
  children: Node[];
}

export default function Organisations() {
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const officeKind = useOfficeKind();
  const [address, setAddress] = useSearchParams();
  const [sought, setSought] = useState("");
  const offices = useAll<OrganisationView>("GET /api/v1/organisations");
  const chosen = Number(address.get("office")) || null;
  const posts = useAnswer("GET /api/v1/posts", { query: { organisation: chosen ?? 1, limit: 200 } }, { enabled: chosen !== null });
  const office = offices.data?.find((one) => one.id === chosen);
  const tree = useMemo(() => treeOf(offices.data ?? [], sought, (one) => nameIn(one.names, language)), [offices.data, sought, language]);
  if (offices.error) return <ErrorNotice error={offices.error} />;
  return (
    <div className="administration-pair">
      <div>
        <Input.Search allowClear placeholder={t("office.search")} aria-label={t("office.search")} onChange={(event) => setSought(event.target.value.trim())} />
        <div className="administration-tree">
          {offices.data ? <Tree key={`${sought} ${tree.length ? offices.data.length : 0}`} treeData={tree} defaultExpandAll selectedKeys={chosen ? [chosen] : []} onSelect={(keys) => setAddress(keys.length ? { office: String(keys[0]) } : {}, { replace: true })} /> : null}
        </div>
        <p className="soft small">{t("office.whence")}</p>
        {office ? null : <OfficeEditing office={undefined} offices={offices.data ?? []} />}
      </div>
      {office ? (
        <section aria-label={t("posts.of", { name: nameIn(office.names, language) })}>
          <h2>{t("posts.of", { name: nameIn(office.names, language) })}</h2>
          <OfficeEditing key={office.code} office={office} offices={offices.data ?? []} />
          <p>{t("code")} <code>{office.code}</code> · {t("kind")} {officeKind(office.kind)} · {t("area")} {office.area ? naming.area(office.area) : t("whole.city")} {office.serves.map((one) => <Tag key={one}>{one}</Tag>)}</p>
          <Table
            size="small" rowKey="id" pagination={false} loading={posts.isLoading} dataSource={posts.data?.items ?? []} locale={{ emptyText: t("none") }}
            columns={[
              { title: t("post"), render: (_, row) => <>{nameIn(row.names, language)} <small className="soft">{row.code}</small></> },
              { title: t("area"), render: (_, row) => row.area ? naming.area(row.area) : t("whole.city") },
              { title: t("holders"), render: (_, row) => row.holders?.length ? row.holders.map((one) => one.name).join("、") : <span className="soft">{t("vacant")}</span> },
            ]}
          />
        </section>
      ) : <p className="soft">{t("choose.office")}</p>}
    </div>
  );
}

/** The tree, or with something sought those that fit and what is above them. */
function treeOf(rows: readonly OrganisationView[], sought: string, named: (row: OrganisationView) => string): Node[] {
  const parents = new Map(rows.map((row) => [row.id, row.parent]));
  const kept = new Set<number>();
  for (const row of rows) {
    if (sought && !named(row).includes(sought) && !row.code.includes(sought)) continue;
    for (let id: number | null = row.id; id !== null && !kept.has(id); id = parents.get(id) ?? null) kept.add(id);
  }
  const nodes = new Map<number, Node>(rows.filter((row) => kept.has(row.id)).map((row) => [row.id, { key: row.id, title: named(row), children: [] }]));
  const top: Node[] = [];
  for (const row of rows) {
    const node = nodes.get(row.id);
    if (!node) continue;
    const parent = row.parent === null ? undefined : nodes.get(row.parent);
    (parent ? parent.children : top).push(node);
  }
  return top;
}
