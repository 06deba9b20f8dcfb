// What administrators set in the browser: saving with a reason and a version, the history with who, when and why, and undo.

import { App, Button, Drawer, Input, Modal, Table } from "antd";
import { useState, type ReactNode } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { call, type Answer, type Body, type Operation } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Difference, nameOf } from "./difference";
import { texts } from "./editing_texts";
import { useSettingWords } from "./setting_words";

export type Kind = Body<"POST /api/v1/administration/changes">["kind"];
export type Document = NonNullable<Body<"POST /api/v1/administration/changes">["document"]>;
type Change = Answer<"GET /api/v1/administration/changes">["items"][number];

const outdated: Operation[] = [
  "GET /api/v1/administration/settings", "GET /api/v1/administration/changes", "GET /api/v1/administration/standing", "GET /api/v1/calendar",
  "GET /api/v1/case-types/{key}/classes", "GET /api/v1/organisations", "GET /api/v1/posts", "GET /api/v1/boards", "GET /api/v1/indicators", "GET /api/v1/roles",
];

const grants: Record<Kind, [string, string]> = {
  calendar: ["calendar", "edit"], hours: ["calendar", "edit"], limit: ["settings", "edit"], indicator: ["settings", "edit"], board: ["settings", "edit"],
  organisation: ["organisation", "publish"], role: ["role", "publish"],
};

/** Whether the person may set things of this kind, and whether they may see the history. */
export function useMaySet(): { maySet: (kind: Kind) => boolean; mayLook: boolean } {
  const { may } = useSession();
  const maySet = (kind: Kind) => may(...grants[kind]);
  return { maySet, mayLook: (Object.keys(grants) as Kind[]).some(maySet) || may("journal", "read") };
}

/** Do something that makes a version; tells what became of it, and who was first where somebody was. */
export function useSetting() {
  const t = useTexts(texts);
  const { message } = App.useApp();
  const client = useQueryClient();
  const doing = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      void message.success(t("saved"));
      return true;
    } catch (error) {
      void message.error(messageOf(error), 10);
      return false;
    } finally {
      await Promise.all(outdated.map((name) => client.invalidateQueries({ queryKey: [name] })));
    }
  };
  return {
    put: (kind: Kind, key: string, version: number, why: string, document: Document | null) =>
      doing(() => call("POST /api/v1/administration/changes", { body: { kind, key, version, why, document } })),
    undo: (id: string, why: string) => doing(() => call("POST /api/v1/administration/changes/{id}/undo", { path: { id }, body: { why } })),
  };
}

interface Asking {
  open: boolean;
  title: string;
  onSave: (why: string) => Promise<boolean>;
  onClose: () => void;
  children?: ReactNode;
  wide?: boolean;
  ready?: boolean;
}

/** A dialog that saves with a reason. */
export function SaveDialog({ open, title, onSave, onClose, children, wide = false, ready = true }: Asking) {
  const t = useTexts(texts);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    const saved = await onSave(why.trim());
    setBusy(false);
    if (saved) {
      setWhy("");
      onClose();
    }
  };
  return (
    <Modal open={open} title={title} okText={t("save")} cancelText={t("cancel")} confirmLoading={busy} okButtonProps={{ disabled: !why.trim() || !ready }} onOk={() => void save()} onCancel={onClose} width={wide ? 760 : 520} destroyOnHidden>
      {children}
      <label className="administration-why"><span>{t("why")}</span><Input value={why} maxLength={500} onChange={(event) => setWhy(event.target.value)} /></label>
    </Modal>
  );
}

/** A button that shows how a thing, or all of a kind, came to be as it is. */
export function HistoryButton({ kind, settingKey, name }: { kind: Kind; settingKey?: string; name: string }) {
  const t = useTexts(texts);
  const { mayLook } = useMaySet();
  const [open, setOpen] = useState(false);
  if (!mayLook) return null;
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>{t("history")}</Button>
      <Drawer open={open} onClose={() => setOpen(false)} size="large" title={t("history.of", { name })} destroyOnHidden>
        <History kind={kind} {...(settingKey === undefined ? {} : { settingKey })} />
      </Drawer>
    </>
  );
}

export function History({ kind, settingKey }: { kind?: Kind; settingKey?: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { maySet } = useMaySet();
  const { undo } = useSetting();
  const [undoing, setUndoing] = useState<Change | null>(null);
  const [limit, setLimit] = useState(50);
  const found = useAnswer("GET /api/v1/administration/changes", { query: { limit, ...(kind ? { kind } : {}), ...(settingKey ? { key: settingKey } : {}) } }, { keep: true });
  const setting = useSettingWords((found.data?.items ?? []).filter((one) => one.kind === "limit").map((one) => one.key));
  if (found.error) return <ErrorNotice error={found.error} />;
  return (
    <>
      <Table
        size="small" rowKey="id" pagination={false} loading={found.isLoading} dataSource={found.data?.items ?? []} locale={{ emptyText: found.isLoading ? " " : t("history.none") }} scroll={{ x: "max-content" }}
        columns={[
          { title: t("when"), render: (_, row) => shortTime(row.at, language) },
          { title: t("who"), dataIndex: "by_name" },
          { title: t("what"), render: (_, row) => <><b>{t(`kind.${row.kind}`)}</b> <span title={row.key}>{nameOf(row, setting, language)}</span> · {t("version", { version: row.version })}{row.undoes ? ` · ${t("undone")}` : ""}<Difference change={row} setting={setting} /></> },
          { title: t("reason"), dataIndex: "why" },
          { title: "", render: (_, row) => row.newest && maySet(row.kind) ? <Button size="small" onClick={() => setUndoing(row)}>{t("undo")}</Button> : null },
        ]}
      />
      {found.data?.next && limit < 200 ? <p><Button onClick={() => setLimit(limit + 50)}>{t("more")}</Button></p> : null}
      <SaveDialog open={undoing !== null} title={`${t("undo")} ${undoing ? nameOf(undoing, setting, language) : ""}`} onClose={() => setUndoing(null)} onSave={(why) => (undoing ? undo(undoing.id, why) : Promise.resolve(false))}>
        <p className="soft">{t("undo.sure")}</p>
      </SaveDialog>
    </>
  );
}
