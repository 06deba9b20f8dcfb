// `?` shows which keys a screen has.

import { useEffect, useRef } from "react";
import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./texts";

interface Props {
  keys: readonly (readonly [keys: string, words: string])[];
  onClose: () => void;
}

export function KeyHelp({ keys, onClose }: Props) {
  const t = useTexts(texts);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="desk-dialog" onClose={onClose} aria-labelledby="keys-title">
      <h2 id="keys-title">{t("keys")}</h2>
      <dl className="key-list">
        {keys.map(([key, words]) => (
          <div key={key}><dt>{key.split(" ").map((one) => <kbd key={one}>{one}</kbd>)}</dt><dd>{words}</dd></div>
        ))}
      </dl>
      <button type="button" className="button second" onClick={() => dialog.current?.close()}>{t("keys.close")}</button>
    </dialog>
  );
}
