// Photos of a case by what they show; what the place looked like before and after stand side by side.

import { useEffect, useRef, useState } from "react";
import type { AttachmentItem } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { texts } from "./texts";

const before = ["before", "report", "verify"] as const;
const after = ["after", "check"] as const;

export function Photos({ items }: { items: readonly AttachmentItem[] }) {
  const t = useTexts(texts);
  const [shown, setShown] = useState<AttachmentItem | null>(null);
  const pictures = items.filter((item) => item.thumbnail);
  const documents = items.filter((item) => !item.thumbnail);
  const first = before.flatMap((kind) => pictures.filter((item) => item.kind === kind)).at(0);
  const last = after.flatMap((kind) => pictures.filter((item) => item.kind === kind)).at(-1);
  const rest = pictures.filter((item) => item !== first && item !== last);
  if (!items.length) return <p className="soft small">{t("photo.none")}</p>;
  return (
    <div className="case-photos">
      {first && last ? (
        <div className="case-compare" role="group" aria-label={t("compare")}>
          <Picture item={first} large onOpen={setShown} />
          <Picture item={last} large onOpen={setShown} />
        </div>
      ) : null}
      <div className="case-thumbs">
        {(first && last ? rest : pictures).map((item) => <Picture key={item.id} item={item} onOpen={setShown} />)}
        {documents.map((item) => <a key={item.id} href={item.url} target="_blank" rel="noopener">{item.name || item.media_type}</a>)}
      </div>
      {shown ? <Viewer item={shown} onClose={() => setShown(null)} /> : null}
    </div>
  );
}

function useCaption(item: AttachmentItem): string {
  const t = useTexts(texts);
  const language = useLanguage();
  const words = [t(`photo.${item.kind}`), item.uploaded_name, shortTime(item.taken_at ?? item.uploaded_at, language)];
  return words.filter(Boolean).join(" · ");
}

function Picture({ item, large = false, onOpen }: { item: AttachmentItem; large?: boolean; onOpen: (item: AttachmentItem) => void }) {
  const caption = useCaption(item);
  return (
    <figure>
      <button type="button" onClick={() => onOpen(item)} aria-label={caption}>
        <img src={large ? item.url : (item.thumbnail ?? item.url)} alt="" loading="lazy" width={item.width ?? undefined} height={item.height ?? undefined} />
      </button>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

function Viewer({ item, onClose }: { item: AttachmentItem; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const caption = useCaption(item);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="case-viewer" onClose={onClose} onClick={() => dialog.current?.close()} aria-label={caption}>
      <img src={item.url} alt={caption} />
      <p>{caption}</p>
    </dialog>
  );
}
