// All flows and decision tables, and the beginning of a new flow.

import { Button, Form, Input, Modal, Table } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";

interface New {
  key: string;
  zh: string;
  en?: string;
}

export function Lists() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const navigate = useNavigate();
  const flows = useAnswer("GET /api/v1/definitions", { query: { limit: 200 } });
  const tables = useAnswer("GET /api/v1/decisions", { query: { limit: 200 } });
  const dispatch = useAnswer("GET /api/v1/desk/dispatch-tables");
  const [making, setMaking] = useState(false);
  const [form] = Form.useForm<New>();
  const columns = (folder: "flows" | "tables") => [
    { title: t("name"), render: (_: unknown, row: { key: string; names: { zh: string; en: string } }) => <Link to={`/desk/designer/${folder}/${row.key}`}>{nameIn(row.names, language) || row.key}</Link> },
    { title: t("code"), dataIndex: "key" },
    { title: t("version"), dataIndex: "version", align: "right" as const },
    { title: t("state"), render: (_: unknown, row: { state: "draft" | "published" | "retired" }) => <span className={`tag ${row.state === "published" ? "green" : "grey"}`}>{t(`state.${row.state}`)}</span> },
    { title: t("published.at"), render: (_: unknown, row: { published_at: string | null }) => shortTime(row.published_at, language) },
  ];
  const begin = (wanted: New) => void navigate(`/desk/designer/flows/${wanted.key}`, { state: { zh: wanted.zh, en: wanted.en || wanted.zh } });
  return (
    <>
      <h1>{t("title")}</h1>
      <h2>{t("flows")} {may("definition", "edit") ? <Button type="primary" onClick={() => setMaking(true)}>{t("flow.new")}</Button> : null}</h2>
      {flows.error ? <ErrorNotice error={flows.error} /> : null}
      <Table size="small" rowKey="key" pagination={false} loading={flows.isLoading} dataSource={flows.data?.items ?? []} columns={columns("flows")} locale={{ emptyText: t("empty.flows") }} />
      <h2>{t("tables")}</h2>
      {tables.error ? <ErrorNotice error={tables.error} /> : null}
      <Table size="small" rowKey="key" pagination={false} loading={tables.isLoading} dataSource={tables.data?.items ?? []} columns={columns("tables")} locale={{ emptyText: t("empty.tables") }} />
      <h2>{t("dispatch.tables")}</h2>
      <p className="soft">{t("dispatch.about")}</p>
      {dispatch.error ? <ErrorNotice error={dispatch.error} /> : null}
      <Table size="small" rowKey="key" pagination={false} loading={dispatch.isLoading} dataSource={dispatch.data ?? []} locale={{ emptyText: t("empty.dispatch") }}
        columns={[
          { title: t("name"), render: (_, row) => <Link to={`/desk/designer/dispatch/${row.key}`}>{nameIn(row.names, language)}</Link> },
          { title: t("dispatch.type"), render: (_, row) => nameIn(row.type_names, language) },
          { title: t("dispatch.rows"), dataIndex: "rows", align: "right" },
          { title: t("dispatch.file"), render: (_, row) => <code>{row.file || "–"}</code> },
        ]}
      />
      <Modal open={making} title={t("flow.new")} okText={t("create")} cancelText={t("cancel")} onCancel={() => setMaking(false)} onOk={() => form.submit()} destroyOnHidden>
        <p className="soft">{t("flow.new.help")}</p>
        <Form form={form} layout="vertical" onFinish={begin}>
          <Form.Item name="key" label={t("code")} extra={t("code.help")} rules={[{ required: true, pattern: /^[a-z][a-z0-9-]{1,59}$/, message: t("code.help") }]}><Input autoFocus autoComplete="off" /></Form.Item>
          <Form.Item name="zh" label={t("name.zh")} rules={[{ required: true, max: 60 }]}><Input autoComplete="off" /></Form.Item>
          <Form.Item name="en" label={t("name.en")} rules={[{ max: 100 }]}><Input autoComplete="off" /></Form.Item>
        </Form>
      </Modal>
    </>
  );
}
