// My data interfaces: keys shown once, files, views, what was taken; the provider revokes.

import { Button, Space, Table } from "antd";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { callForFile } from "../../../shared/api/client";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Reason, ShownOnce, useTold, Wide, type Grant } from "./parts";
import { GrantSubscription, SubscribingGrant } from "./subscribing";
import { texts } from "./texts";

const lists = ["GET /api/v1/exchange/grants", "GET /api/v1/exchange/grants/{id}", "GET /api/v1/exchange/grants/{grant_id}/subscription"] as const;
const tone = { active: "green", expired: "grey", revoked: "red" } as const;
type Lines = readonly (readonly [string, string])[];

export function Grants() {
  const t = useTexts(texts);
  const language = useLanguage();
  const told = useTold();
  const [address, setAddress] = useSearchParams();
  const after = address.get("after");
  const found = useAnswer("GET /api/v1/exchange/grants", { query: after ? { after } : {} }, { keep: true });
  const [once, setOnce] = useState<{ title: string; warning: string; lines: Lines } | null>(null);
  const [revoking, setRevoking] = useState<Grant | null>(null);
  const [subscribing, setSubscribing] = useState<Grant | null>(null);
  const key = useChange("POST /api/v1/exchange/grants/{id}/key", lists);
  const view = useChange("POST /api/v1/exchange/grants/{id}/view", lists);
  const drop = useChange("POST /api/v1/exchange/grants/{id}/files", [...lists, "GET /api/v1/exchange/grants/{id}/files"]);
  const revoke = useChange("POST /api/v1/exchange/grants/{id}/revoke", lists);
  const path = (row: Grant) => ({ path: { id: row.id } });
  const makeKey = (row: Grant) =>
    key.mutate({ ...path(row), body: { public_key: "" } }, {
      onSuccess: (made) => setOnce({ title: t("key.new"), warning: t("key.once"), lines: [[t("key.address"), row.address], [t("key.id"), made.key_id], [t("key.secret"), made.secret]] }),
      onError: told.bad,
    });
  const makeView = (row: Grant) =>
    view.mutate(path(row), {
      onSuccess: (made) => setOnce({ title: t("view.new"), warning: t("view.once"), lines: [[t("view.name"), `${made.schema_name}.${made.view}`], [t("view.role"), made.role], [t("view.password"), made.password]] }),
      onError: told.bad,
    });
  return (
    <>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      <Wide label={t("tab.grants")} width={720}>
        <Table
          size="small" rowKey="id" pagination={false} loading={found.isPending && !found.error} dataSource={found.data?.items ?? []} locale={{ emptyText: <Empty title={t("grants.none")}>{t("grants.none.next")}</Empty> }}
          expandable={{ expandedRowRender: (row) => <GrantDetail row={row} /> }}
          columns={[
            { title: t("name"), render: (_, row) => <><Link to={`/desk/exchange/resources/${row.resource.id}`}>{nameIn(row.resource.names, language)}</Link><br /><small className="soft">{nameIn(row.resource.provider, language)} → {nameIn(row.consumer, language)}</small></> },
            { title: t("delivery"), render: (_, row) => t(`delivery.${row.wanted.delivery}`) },
            { title: t("until"), render: (_, row) => shortTime(row.wanted.until, language) },
            { title: t("state"), render: (_, row) => <><span className={`tag ${tone[row.state]}`}>{t(`grant.${row.state}`)}</span>{row.revoked_why ? <><br /><small className="soft">{row.revoked_why}</small></> : null}</> },
            { title: "", render: (_, row) => row.state !== "active" ? null : (
              <Space wrap>
                {row.mine && row.wanted.delivery === "api" ? <Button size="small" type="primary" onClick={() => makeKey(row)}>{t(row.key_id ? "key.again" : "key.new")}</Button> : null}
                {row.mine && row.wanted.delivery === "api" ? <Button size="small" onClick={() => setSubscribing(row)}>{t("subscribe")}</Button> : null}
                {row.mine && row.wanted.delivery === "view" ? <Button size="small" type="primary" onClick={() => makeView(row)}>{t("view.new")}</Button> : null}
                {row.mine && row.wanted.delivery === "file" ? <Button size="small" type="primary" loading={drop.isPending} onClick={() => drop.mutate({ ...path(row), body: { format: "csv" } }, { onSuccess: ({ rows }) => told.good(t("file.rows", { rows })), onError: told.bad })}>{t("file.new")}</Button> : null}
                {row.provided || row.mine ? <Button size="small" danger onClick={() => setRevoking(row)}>{t("revoke")}</Button> : null}
              </Space>
            ) },
          ]}
        />
      </Wide>
      {found.data?.after ? <Button onClick={() => setAddress({ after: found.data?.after ?? "" })}>{t("more")}</Button> : null}
      {subscribing ? <SubscribingGrant grant={subscribing} onClose={() => setSubscribing(null)} /> : null}
      {once ? <ShownOnce {...once} onClose={() => setOnce(null)} /> : null}
      {revoking ? (
        <Reason
          title={t("revoke")} about={t("revoke.sure")} label={t("note")} needed danger pending={revoke.isPending} error={revoke.error} onClose={() => setRevoking(null)}
          onReason={(note) => revoke.mutate({ ...path(revoking), body: { note } }, { onSuccess: () => (told.good(t("done")), setRevoking(null)) })}
        />
      ) : null}
    </>
  );
}

function GrantDetail({ row }: { row: Grant }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const told = useTold();
  const found = useAnswer("GET /api/v1/exchange/grants/{id}", { path: { id: row.id } });
  const files = useAnswer("GET /api/v1/exchange/grants/{id}/files", { path: { id: row.id } }, { enabled: row.wanted.delivery === "file" });
  const fetchFile = async (id: string, name: string) => {
    try {
      const { file } = await callForFile("GET /api/v1/exchange/files/{id}", { path: { id } });
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: name });
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      if (error instanceof Error) told.bad(error);
    }
  };
  if (found.error) return <ErrorNotice error={found.error} />;
  if (!found.data) return <Loading />;
  return (
    <>
      <p>{row.wanted.purpose}</p>
      {row.address ? <p><span className="soft">{t("key.address")}</span> <code>{row.address}</code>{row.key_id ? <> · <span className="soft">{t("key.id")}</span> <code>{row.key_id}</code></> : null}</p> : null}
      {row.wanted.delivery === "api" ? <GrantSubscription grant={row} /> : null}
      {files.data?.items.length ? (
        <>
          <b>{t("files")}</b>
          <ul>{files.data.items.map((file) => <li key={file.id}>{file.name} · {t("file.rows", { rows: file.rows })} · {shortTime(file.at, language)} {row.mine ? <Button size="small" onClick={() => void fetchFile(file.id, file.name)}>{t("file.fetch")}</Button> : null}<br /><small className="soft">SHA-256 {file.sha256}</small></li>)}</ul>
        </>
      ) : null}
      <Table
        size="small" rowKey="day" pagination={false} title={() => t("uses")} dataSource={found.data.uses} locale={{ emptyText: t("uses.none") }}
        columns={[{ title: t("day"), dataIndex: "day" }, { title: t("requests"), dataIndex: "requests", className: "number" }, { title: t("refused"), dataIndex: "refused", className: "number" }, { title: t("rows"), dataIndex: "rows", className: "number" }, { title: t("bytes"), dataIndex: "bytes", className: "number" }]}
      />
    </>
  );
}
