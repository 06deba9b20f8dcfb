// Notices at the desk (公告管理): written, published, changed, withdrawn; what the public sees stands beside what is written.

import { Alert, App, Button, Form, Input, Modal, Select, Space, Table } from "antd";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import type { DeskNotice } from "../../../shared/api/description";
import { messageOf, Problem } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { DayField } from "../shared/day_field";
import { useNaming } from "../shared/words";
import { texts } from "./texts";

const kinds = ["notice", "service", "warning", "result"] as const;
const lists = ["GET /api/v1/desk/notices", "GET /api/v1/notices"] as const;
const kept = "yiwang-notice-draft";

interface Fields {
  title_zh: string;
  title_en: string;
  text_zh: string;
  text_en: string;
  kind: (typeof kinds)[number];
  area: string;
  until: string;
}
const empty: Fields = { title_zh: "", title_en: "", text_zh: "", text_en: "", kind: "notice", area: "", until: "" };

export default function Notices() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const naming = useNaming();
  const { message, modal } = App.useApp();
  const [address, setAddress] = useSearchParams();
  const found = useAnswer("GET /api/v1/desk/notices", { query: { after: address.get("after") } }, { keep: true });
  const [editing, setEditing] = useState<DeskNotice | "new" | null>(null);
  const [withdrawing, setWithdrawing] = useState<DeskNotice | null>(null);
  const publish = useChange("POST /api/v1/desk/notices/{notice_id}/publish", lists);
  const put = async (row: DeskNotice) => {
    if (!(await modal.confirm({ title: t("publish"), content: t("publish.sure", { title: row.title_zh }), okText: t("publish"), cancelText: t("cancel") }))) return;
    publish.mutate({ path: { notice_id: row.id } }, { onSuccess: () => void message.success(t("published")), onError: (error) => void message.error(messageOf(error), 8) });
  };
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1><p className="soft">{t("about")}</p>
        <div className="desk-filters">{may("notice", "write") ? <Button type="primary" onClick={() => setEditing("new")}>{t("new")}</Button> : null}</div>
      </header>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      <Table
        size="small" rowKey="id" pagination={false} loading={found.isLoading} dataSource={found.data?.items ?? []} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("column.title"), render: (_, row) => <>{row.state === "published" ? <Link to={`/notices/${row.id}`}>{language === "en" && row.title_en ? row.title_en : row.title_zh}</Link> : (language === "en" && row.title_en) || row.title_zh}{row.withdrawn_reason ? <small className="soft"> · {t("withdrawn.because", { why: row.withdrawn_reason })}</small> : null}</> },
          { title: t("column.kind"), render: (_, row) => t(`kind.${row.kind}`) },
          { title: t("column.area"), render: (_, row) => (row.area ? naming.area(row.area) : t("whole.city")) },
          { title: t("column.state"), render: (_, row) => <span className={`tag ${row.state === "published" ? "green" : row.state === "draft" ? "yellow" : "grey"}`}>{t(`state.${row.state}`)}</span> },
          { title: t("column.who"), render: (_, row) => `${row.published_name ?? row.written_name}${row.office ? ` · ${nameIn(row.office, language)}` : ""}` },
          { title: t("column.at"), render: (_, row) => <span title={exactTime(row.changed_at, language)}>{shortTime(row.changed_at, language)}</span> },
          { title: "", render: (_, row) => row.state === "withdrawn" ? null : (
            <Space>
              <Button size="small" disabled={!may("notice", "write")} onClick={() => setEditing(row)}>{t("edit")}</Button>
              {row.state === "draft" && may("notice", "publish") ? <Button size="small" type="primary" onClick={() => void put(row)}>{t("publish")}</Button> : null}
              <Button size="small" danger onClick={() => setWithdrawing(row)}>{row.state === "draft" ? t("discard") : t("withdraw")}</Button>
            </Space>
          ) },
        ]}
      />
      {found.data?.next ? <Button onClick={() => setAddress({ after: found.data?.next ?? "" })}>{t("older")}</Button> : null}
      {editing ? <Editor notice={editing === "new" ? null : editing} onClose={() => setEditing(null)} /> : null}
      {withdrawing ? <Withdraw notice={withdrawing} onClose={() => setWithdrawing(null)} /> : null}
    </section>
  );
}

function Editor({ notice, onClose }: { notice: DeskNotice | null; onClose: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { words } = useNaming();
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const write = useChange("POST /api/v1/desk/notices", lists);
  const change = useChange("PUT /api/v1/desk/notices/{notice_id}", lists);
  const [version, setVersion] = useState(notice?.version ?? 1);
  const first: Fields = notice
    ? { title_zh: notice.title_zh, title_en: notice.title_en, text_zh: notice.text_zh, text_en: notice.text_en, kind: notice.kind, area: notice.area, until: notice.until_at ? notice.until_at.slice(0, 10) : "" }
    : { ...empty, ...(JSON.parse(sessionStorage.getItem(kept) ?? "{}") as Partial<Fields>) };
  const done = () => {
    if (!notice) sessionStorage.removeItem(kept);
    void message.success(t("saved"));
    onClose();
  };
  const save = ({ until, ...fields }: Fields) => {
    const body = { ...fields, until_at: until ? `${until}T23:59:59+08:00` : null };
    if (notice) change.mutate({ path: { notice_id: notice.id }, body: { ...body, version } }, { onSuccess: done });
    else write.mutate({ body }, { onSuccess: done });
  };
  const error = write.error ?? change.error;
  const meanwhile = error instanceof Problem && error.code === "notice.changed_meanwhile";
  const streets = Object.entries(words?.areas ?? {}).filter(([code]) => code.length === 9 || code.length === 6);
  return (
    <Modal open title={notice ? t("edit") : t("new")} width={760} okText={t("save")} cancelText={t("cancel")} onCancel={onClose} onOk={() => form.submit()} confirmLoading={write.isPending || change.isPending} maskClosable={false}>
      {notice?.state === "published" ? <Alert type="warning" showIcon title={t("edit.published")} /> : null}
      {error ? <Alert type="error" showIcon title={messageOf(error)} action={meanwhile ? <Button size="small" onClick={() => (setVersion(Number((error as Problem).data.version) || version), change.reset())}>{t("mine.anyway")}</Button> : null} /> : null}
      <Form form={form} layout="vertical" initialValues={first} onFinish={save} onValuesChange={(_, all: Fields) => notice || sessionStorage.setItem(kept, JSON.stringify(all))}>
        <Form.Item name="title_zh" label={t("field.title_zh")} rules={[{ required: true, max: 120, whitespace: true }]}><Input autoComplete="off" /></Form.Item>
        <Form.Item name="text_zh" label={t("field.text_zh")} extra={t("plain")} rules={[{ required: true, max: 20_000, whitespace: true }]}><Input.TextArea rows={8} /></Form.Item>
        <Form.Item name="title_en" label={t("field.title_en")} rules={[{ max: 200 }]}><Input autoComplete="off" /></Form.Item>
        <Form.Item name="text_en" label={t("field.text_en")} rules={[{ max: 40_000 }]}><Input.TextArea rows={4} /></Form.Item>
        <Space wrap align="start" size="large">
          <Form.Item name="kind" label={t("column.kind")}><Select style={{ minWidth: 150 }} options={kinds.map((one) => ({ value: one, label: t(`kind.${one}`) }))} /></Form.Item>
          <Form.Item name="area" label={t("column.area")}><Select style={{ minWidth: 180 }} showSearch optionFilterProp="label" options={[{ value: "", label: t("whole.city") }, ...streets.map(([code, name]) => ({ value: code, label: nameIn(name, language) }))]} /></Form.Item>
          <Form.Item label={t("field.until")} shouldUpdate={(one: Fields, other: Fields) => one.until !== other.until}>
            {() => <DayField label={t("field.until")} value={(form.getFieldValue("until") as string | undefined) ?? ""} onDay={(day) => form.setFieldValue("until", day)} />}
          </Form.Item>
          <Form.Item name="until" hidden><Input /></Form.Item>
        </Space>
      </Form>
    </Modal>
  );
}

function Withdraw({ notice, onClose }: { notice: DeskNotice; onClose: () => void }) {
  const t = useTexts(texts);
  const [reason, setReason] = useState("");
  const change = useChange("POST /api/v1/desk/notices/{notice_id}/withdraw", lists);
  return (
    <Modal open title={notice.state === "draft" ? t("discard") : t("withdraw")} okText={notice.state === "draft" ? t("discard") : t("withdraw")} cancelText={t("cancel")} okButtonProps={{ danger: true, disabled: !reason.trim() }} confirmLoading={change.isPending} onCancel={onClose} onOk={() => change.mutate({ path: { notice_id: notice.id }, body: { reason } }, { onSuccess: onClose })}>
      <p>{t("withdraw.sure", { title: notice.title_zh })}</p>
      <label>{t("reason")} <Input.TextArea value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} /></label>
      {change.error ? <Alert type="error" showIcon title={messageOf(change.error)} /> : null}
    </Modal>
  );
}
