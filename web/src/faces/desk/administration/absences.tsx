// Who is away and who does the work meanwhile.

import { App, Button, Checkbox, DatePicker, Form, Input, Modal, Select, Table } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "../../../shared/api/client";
import type { AccountView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { useAll } from "./all";
import { texts } from "./texts";

interface Wish {
  account: string;
  deputy: string;
  until: Dayjs;
  reason?: string;
}

export default function Absences() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [past, setPast] = useState(false);
  const [making, setMaking] = useState(false);
  const [form] = Form.useForm<Wish>();
  const everyone = may("account", "read");
  const found = useAnswer("GET /api/v1/absences", { query: { everyone, past, limit: 200 } });
  const people = useAll<AccountView>("GET /api/v1/accounts");
  const options = (people.data ?? []).filter((one) => one.state === "active").map((one) => ({ value: one.id, label: `${one.name} ${one.login}` }));
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work();
      await client.invalidateQueries({ queryKey: ["GET /api/v1/absences"] });
      void message.success(t("done"));
      setMaking(false);
    } catch (error) {
      void message.error(messageOf(error), 8);
    }
  };
  return (
    <>
      <p>
        {may("post", "appoint") ? <Button type="primary" onClick={() => setMaking(true)}>{t("absence.new")}</Button> : null}{" "}
        <Checkbox checked={past} onChange={(event) => setPast(event.target.checked)}>{t("absence.past")}</Checkbox>
      </p>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      <Table
        size="small" rowKey="id" pagination={false} loading={found.isLoading} dataSource={found.data?.items ?? []} locale={{ emptyText: t("absence.none") }}
        columns={[
          { title: t("absence.who"), render: (_, row) => row.person.name },
          { title: t("absence.deputy"), render: (_, row) => row.deputy.name },
          { title: t("absence.from"), render: (_, row) => shortTime(row.starts_at, language) },
          { title: t("absence.to"), render: (_, row) => shortTime(row.ends_at, language) },
          { title: t("absence.acting"), render: (_, row) => row.acting?.name ?? "" },
          { title: t("reason"), dataIndex: "reason" },
          { title: "", render: (_, row) => <Button size="small" onClick={() => void act(() => call("DELETE /api/v1/absences/{absence_id}", { path: { absence_id: row.id } }))}>{t("absence.end")}</Button> },
        ]}
      />
      <Modal open={making} title={t("absence.new")} okText={t("ok")} cancelText={t("cancel")} onCancel={() => setMaking(false)} onOk={() => form.submit()} destroyOnHidden>
        <Form form={form} layout="vertical" onFinish={(wish) => void act(() => call("POST /api/v1/accounts/{account_id}/absences", { path: { account_id: wish.account }, body: { deputy: wish.deputy, ends_at: wish.until.toISOString(), reason: wish.reason ?? "" } }))}>
          <Form.Item name="account" label={t("absence.who")} rules={[{ required: true }]}><Select showSearch optionFilterProp="label" options={options} /></Form.Item>
          <Form.Item name="deputy" label={t("absence.deputy")} rules={[{ required: true }]}><Select showSearch optionFilterProp="label" options={options} /></Form.Item>
          <Form.Item name="until" label={t("absence.to")} rules={[{ required: true }]}><DatePicker showTime={{ format: "HH:mm" }} style={{ width: "100%" }} /></Form.Item>
          <Form.Item name="reason" label={t("reason")}><Input maxLength={200} /></Form.Item>
        </Form>
      </Modal>
    </>
  );
}
