// Choosing a file with words of our own: the browser's button speaks the browser's language.

import { useId, useState, type ChangeEvent, type MouseEvent } from "react";
import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./texts";

interface Props {
  /** What the file is, for those who do not see it. */
  label: string;
  accept: string;
  onFile: (file: File | null) => void;
  multiple?: boolean;
  onFiles?: (files: File[]) => void;
}

export function FileButton({ label, accept, onFile, multiple = false, onFiles }: Props) {
  const t = useTexts(texts);
  const id = useId();
  const [name, setName] = useState("");
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    const files = [...(event.target.files ?? [])];
    setName(files.map((one) => one.name).join("、"));
    onFiles?.(files);
    onFile(files[0] ?? null);
  };
  // The same file chosen again, corrected meanwhile, is a choice too: a browser tells nothing where the path stays the same.
  const anew = (event: MouseEvent<HTMLInputElement>) => {
    event.currentTarget.value = "";
  };
  return (
    <span className="file-button">
      <input id={id} className="visually-hidden" type="file" accept={accept} multiple={multiple} aria-label={label} onClick={anew} onChange={chosen} />
      <label htmlFor={id} className="button second small">{t("file.choose")}</label>
      <span className="soft small">{name || t("file.none")}</span>
    </span>
  );
}
