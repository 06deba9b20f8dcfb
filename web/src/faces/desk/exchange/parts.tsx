// What several screens of sharing show: words of the code tables, a question with a reason, something shown once.

import { Alert, App, Input, Modal } from "antd";
import { useState, type ReactNode } from "react";
import type { Answer } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { texts } from "./texts";

export type Resource = Answer<"GET /api/v1/exchange/resources/{id}">["resource"];
export type ShareRequest = Answer<"GET /api/v1/exchange/requests">["items"][number];
export type Grant = Answer<"GET /api/v1/exchange/grants">["items"][number];
export type CodeTable = "classes" | "formats" | "share_types" | "share_methods" | "cycles" | "states";

/** The code tables of the guide, as words in the reader's language. */
export function useCodes() {
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/exchange/words", {}, { fresh: 300_000 });
  const options = (table: CodeTable) => found.data?.[table].map(({ value, names }) => ({ value, label: nameIn(names, language) })) ?? [];
  const word = (table: CodeTable, value: number | string) => options(table).find((one) => one.value === String(value))?.label ?? String(value);
  return { options, word, counts: found.data?.counts ?? {} };
}

/** Whether the reader may do something with the catalogue or with sharing anywhere. */
export function useSharing() {
  const { may } = useSession();
  return { drafts: may("resource", "draft"), asks: may("share", "request") };
}

interface ReasonProps {
  title: string;
  about?: string;
  label: string;
  needed: boolean;
  danger?: boolean;
  pending: boolean;
  error: Error | null;
  onClose: () => void;
  onReason: (reason: string) => void;
}

/** A question with a reason. */
export function Reason({ title, about, label, needed, danger = false, pending, error, onClose, onReason }: ReasonProps) {
  const t = useTexts(texts);
  const [reason, setReason] = useState("");
  return (
    <Modal open title={title} okText={title} cancelText={t("cancel")} okButtonProps={{ danger, disabled: needed && reason.trim().length < 2 }} confirmLoading={pending} onCancel={onClose} onOk={() => onReason(reason.trim())}>
      {about ? <p>{about}</p> : null}
      <label>{label} <Input.TextArea value={reason} maxLength={500} autoFocus onChange={(event) => setReason(event.target.value)} /></label>
      {error ? <Alert type="error" showIcon title={messageOf(error)} /> : null}
    </Modal>
  );
}

/** Something that is shown once: a key, a password. */
export function ShownOnce({ title, warning, lines, onClose }: { title: string; warning: string; lines: readonly (readonly [label: string, value: string])[]; onClose: () => void }) {
  const t = useTexts(texts);
  return (
    <Modal open title={title} okText={t("key.close")} cancelButtonProps={{ style: { display: "none" } }} closable={false} maskClosable={false} onOk={onClose}>
      <div className="exchange-once">
        <Alert type="warning" showIcon title={warning} />
        {lines.map(([label, value]) => <label key={label}>{label}<code>{value}</code></label>)}
      </div>
    </Modal>
  );
}

/** Says what went wrong in passing. */
export function useTold() {
  const { message } = App.useApp();
  return {
    good: (text: string) => void message.success(text),
    bad: (error: Error) => void message.error(messageOf(error), 8),
  };
}

export function Facts({ of }: { of: readonly (readonly [label: string, value: ReactNode])[] }) {
  return <dl className="exchange-facts">{of.map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>;
}

/** A table that is wider than a phone: it is moved sideways within its own frame, with the keyboard too. */
export function Wide({ label, width, children }: { label: string; width: number; children: ReactNode }) {
  return <div className="exchange-wide" role="region" aria-label={label} tabIndex={0}><div style={{ minWidth: width }}>{children}</div></div>;
}
