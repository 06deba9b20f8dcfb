// Accounts: found, made, locked, given posts and roles. Who may do which of it follows from the three administrators.

import { App, Button, Drawer, Form, Input, Modal, Select, Space, Table, Tag } from "antd";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { call, type Operation } from "../../../shared/api/client";
import type { AccountView, OrganisationView, PostView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useAll } from "./all";
import { texts } from "./texts";

const reads: Operation[] = ["GET /api/v1/accounts", "GET /api/v1/accounts/{account_id}", "GET /api/v1/posts"];

/** Do something to an account: say what became of it, and read anew what it outdates. */
function useAct() {
  const t = useTexts(texts);
  const { message } = App.useApp();
  const client = useQueryClient();
  return async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      await Promise.all(reads.map((name) => client.invalidateQueries({ queryKey: [name] })));
      void message.success(t("done"));
      return true;
    } catch (error) {
      void message.error(messageOf(error), 8);
      return false;
    }
  };
}

export default function Accounts() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const { modal } = App.useApp();
  const act = useAct();
  const [address, setAddress] = useSearchParams();
  const [making, setMaking] = useState(false);
  const [form] = Form.useForm<{ login: string; name: string; organisation?: number }>();
  const q = address.get("q") ?? "";
  const state = (address.get("state") ?? undefined) as AccountView["state"] | undefined;
  const offices = useAll<OrganisationView>("GET /api/v1/organisations");
  const found = useAnswer("GET /api/v1/accounts", { query: { q, limit: 200, ...(state ? { state } : {}) } }, { keep: true });
  const named = (id: number | null) => nameIn(offices.data?.find((one) => one.id === id)?.names, language);
  const put = (changes: Record<string, string | undefined>) => {
    const after = new URLSearchParams(address);
    for (const [name, value] of Object.entries(changes)) value ? after.set(name, value) : after.delete(name);
    setAddress(after, { replace: true });
  };
  const make = async (wanted: { login: string; name: string; organisation?: number }) => {
    let password = "";
    const made = await act(async () => {
      password = (await call("POST /api/v1/accounts", { body: { login: wanted.login, name: wanted.name, organisation: wanted.organisation ?? null } as never })).password;
    });
    if (!made) return;
    setMaking(false);
    modal.success({ title: t("password.once"), content: <><p><code className="one-time">{password}</code></p><p className="soft">{t("password.hint")}</p></> });
  };
  return (
    <>
      <p className="soft small">{t("separation")}</p>
      <Space wrap style={{ marginBottom: 12 }}>
        <Input.Search allowClear defaultValue={q} placeholder={t("search")} aria-label={t("search")} onSearch={(text) => put({ q: text.trim() })} style={{ width: 240 }} />
        <Select allowClear value={state} placeholder={t("state")} aria-label={t("state")} style={{ width: 120 }} onChange={(value?: string) => put({ state: value })}
          options={(["active", "locked", "disabled"] as const).map((value) => ({ value, label: t(`state.${value}`) }))} />
        {may("account", "create") ? <Button type="primary" onClick={() => setMaking(true)}>{t("account.new")}</Button> : null}
      </Space>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      <Table
        size="small" rowKey="id" loading={found.isLoading} dataSource={found.data?.items ?? []} pagination={{ pageSize: 20, showSizeChanger: false }} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("login"), render: (_, row) => <Button type="link" size="small" onClick={() => put({ account: row.id })}>{row.login}</Button> },
          { title: t("person"), dataIndex: "name" },
          { title: t("organisation"), render: (_, row) => named(row.organisation) },
          { title: t("state"), render: (_, row) => <span className={`tag ${row.state === "active" ? "green" : row.state === "locked" ? "yellow" : "grey"}`}>{t(`state.${row.state}`)}</span> },
        ]}
      />
      <Modal open={making} title={t("account.new")} okText={t("create")} cancelText={t("cancel")} onCancel={() => setMaking(false)} onOk={() => form.submit()} destroyOnHidden>
        <Form form={form} layout="vertical" onFinish={(wanted) => void make(wanted)}>
          <Form.Item name="login" label={t("login")} rules={[{ required: true, pattern: /^[a-z0-9][a-z0-9._-]{1,39}$/ }]}><Input autoComplete="off" autoFocus /></Form.Item>
          <Form.Item name="name" label={t("person")} rules={[{ required: true, max: 60 }]}><Input autoComplete="off" /></Form.Item>
          <Form.Item name="organisation" label={t("organisation")} rules={[{ required: true }]}>
            <Select showSearch optionFilterProp="label" options={(offices.data ?? []).map((one) => ({ value: one.id, label: nameIn(one.names, language) }))} />
          </Form.Item>
        </Form>
      </Modal>
      <Detail id={address.get("account")} onClose={() => put({ account: undefined })} />
    </>
  );
}

function Detail({ id, onClose }: { id: string | null; onClose: () => void }) {
  const t = useTexts(texts);
  const found = useAnswer("GET /api/v1/accounts/{account_id}", { path: { account_id: id ?? "" } }, { enabled: id !== null });
  return (
    <Drawer open={id !== null} onClose={onClose} size="large" title={t("account.detail", { name: found.data?.account.name ?? "…" })} destroyOnHidden>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {found.data ? <Inside detail={found.data} /> : found.error ? null : <Loading />}
    </Drawer>
  );
}

type Detailed = NonNullable<ReturnType<typeof useAnswer<"GET /api/v1/accounts/{account_id}">>["data"]>;

function Inside({ detail }: { detail: Detailed }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const { modal } = App.useApp();
  const act = useAct();
  const [post, setPost] = useState<number | undefined>();
  const [role, setRole] = useState<string | undefined>();
  const account = detail.account;
  const path = { account_id: account.id };
  const posts = useAll<PostView>("GET /api/v1/posts");
  const offices = useAll<OrganisationView>("GET /api/v1/organisations");
  const roles = useAnswer("GET /api/v1/roles", {}, { enabled: may("role", "grant") });
  const office = (one: number) => nameIn(offices.data?.find((item) => item.id === one)?.names, language);
  const ask = (title: string, work: (reason: string) => Promise<unknown>) => {
    let reason = "";
    modal.confirm({
      title, okText: t("ok"), cancelText: t("cancel"),
      content: <Input placeholder={t("reason")} aria-label={t("reason")} onChange={(event) => (reason = event.target.value)} />,
      onOk: () => act(() => work(reason)),
    });
  };
  const reset = () =>
    modal.confirm({
      title: t("reset"), content: t("reset.sure"), okText: t("ok"), cancelText: t("cancel"),
      onOk: () =>
        act(async () => {
          const { password } = await call("POST /api/v1/accounts/{account_id}/password", { path });
          modal.success({ title: t("password.once"), content: <><p><code>{password}</code></p><p className="soft">{t("password.hint")}</p></> });
        }),
    });
  return (
    <>
      <p>
        <code>{account.login}</code> · {account.organisation ? office(account.organisation) : ""} · <Tag>{t(`state.${account.state}`)}</Tag>
        {detail.administrator ? <span className="tag yellow">{t(`class.${detail.administrator}`)}</span> : null}
      </p>
      <Space wrap>
        {may("account", "lock") && account.state === "active" ? <Button onClick={() => ask(t("lock"), (reason) => call("POST /api/v1/accounts/{account_id}/lock", { path, body: { reason } }))}>{t("lock")}</Button> : null}
        {may("account", "unlock") && account.state === "locked" ? <Button onClick={() => ask(t("unlock"), (reason) => call("POST /api/v1/accounts/{account_id}/unlock", { path, body: { reason } }))}>{t("unlock")}</Button> : null}
        {may("account", "disable") && account.state !== "disabled" ? <Button danger onClick={() => ask(t("disable"), (reason) => call("POST /api/v1/accounts/{account_id}/disable", { path, body: { reason } }))}>{t("disable")}</Button> : null}
        {may("account", "restore") && account.state === "disabled" ? <Button onClick={() => ask(t("restore"), (reason) => call("POST /api/v1/accounts/{account_id}/restore", { path, body: { reason } }))}>{t("restore")}</Button> : null}
        {may("account", "reset") ? <Button onClick={reset}>{t("reset")}</Button> : null}
      </Space>
      <h3>{t("appointments")}</h3>
      <Table
        size="small" pagination={false} rowKey="post_id" dataSource={detail.appointments} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("post"), render: (_, row) => row.post ? `${nameIn(row.post.names, language)} · ${office(row.post.organisation)}` : row.post_id },
          { title: t("since"), render: (_, row) => shortTime(row.starts_at, language) },
          { title: "", render: (_, row) => may("post", "dismiss") ? <Button size="small" onClick={() => void act(() => call("DELETE /api/v1/accounts/{account_id}/appointments/{post_id}", { path: { ...path, post_id: row.post_id } }))}>{t("dismiss")}</Button> : null },
        ]}
      />
      {may("post", "appoint") ? (
        <Space.Compact style={{ width: "100%", marginTop: 8 }}>
          <Select style={{ flex: 1 }} showSearch optionFilterProp="label" value={post} onChange={setPost} aria-label={t("appoint")} placeholder={t("appoint")}
            options={(posts.data ?? []).map((one) => ({ value: one.id, label: `${nameIn(one.names, language)} · ${office(one.organisation)}${one.area ? ` · ${one.area}` : ""}` }))} />
          <Button type="primary" disabled={post === undefined} onClick={() => void act(() => call("POST /api/v1/accounts/{account_id}/appointments", { path, body: { post: post ?? 0 } })).then((ok) => ok && setPost(undefined))}>{t("appoint")}</Button>
        </Space.Compact>
      ) : null}
      <h3>{t("direct")}</h3>
      <Table
        size="small" pagination={false} rowKey="id" dataSource={detail.roles} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("role"), dataIndex: "role" },
          { title: t("area"), render: (_, row) => row.area || t("whole.city") },
          { title: "", render: (_, row) => may("role", "revoke") ? <Button size="small" onClick={() => void act(() => call("DELETE /api/v1/accounts/{account_id}/roles/{grant_id}", { path: { ...path, grant_id: row.id } }))}>{t("revoke")}</Button> : null },
        ]}
      />
      {may("role", "grant") ? (
        <Space.Compact style={{ width: "100%", marginTop: 8 }}>
          <Select style={{ flex: 1 }} showSearch optionFilterProp="label" value={role} onChange={setRole} aria-label={t("grant")} placeholder={t("grant")}
            options={(roles.data?.items ?? []).filter((one) => one.active).map((one) => ({ value: one.code, label: `${nameIn(one.names, language)} ${one.code}` }))} />
          <Button type="primary" disabled={!role} onClick={() => void act(() => call("POST /api/v1/accounts/{account_id}/roles", { path, body: { role: role ?? "" } })).then((ok) => ok && setRole(undefined))}>{t("grant")}</Button>
        </Space.Compact>
      ) : null}
    </>
  );
}
