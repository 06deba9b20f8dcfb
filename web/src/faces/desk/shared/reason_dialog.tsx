// A question with a reason, in the browser's own dialog: it takes the focus, Esc closes it, the page behind stays as it is.

import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { messageOf } from "../../../shared/api/problem";
import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./texts";

interface Props {
  title: string;
  about?: string;
  /** What the button says. */
  verb: string;
  /** Whether it takes something away. */
  grave?: boolean;
  /** The reason may be left out. */
  optional?: boolean;
  pending: boolean;
  error: Error | null;
  onClose: () => void;
  onReason: (reason: string) => void;
}

export function ReasonDialog({ title, about, verb, grave = false, optional = false, pending, error, onClose, onReason }: Props) {
  const t = useTexts(texts);
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (optional || reason.trim()) onReason(reason.trim());
  };
  return (
    <dialog ref={dialog} className="desk-dialog" aria-labelledby={`${id}-title`} onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id={`${id}-title`}>{title}</h2>
        {about ? <p className="soft">{about}</p> : null}
        <div className="field">
          <label htmlFor={`${id}-reason`}>{t(optional ? "reason.optional" : "reason")}</label>
          <textarea id={`${id}-reason`} value={reason} maxLength={500} required={!optional} autoFocus onChange={(event) => setReason(event.target.value)} />
        </div>
        {error ? <p className="notice-error" role="alert">{messageOf(error)}</p> : null}
        <div className="row-line">
          <button className={grave ? "button danger" : "button"} disabled={pending || (!optional && !reason.trim())}>{verb}</button>
          <button type="button" className="button second" onClick={() => dialog.current?.close()}>{t("cancel")}</button>
        </div>
      </form>
    </dialog>
  );
}
