// The receipt: number and code, to be noted in whichever way suits the person.

import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { Receipt } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { followAddress, noteReceipt } from "../noted";
import { texts } from "./texts";

interface Props {
  receipt: Receipt;
  text: string;
  onAnother: () => void;
}

export function ReceiptCard({ receipt, text, onAnother }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [copied, setCopied] = useState<"" | "yes" | "no">("");
  const [noted, setNoted] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const kind = language === "zh" ? receipt.class_name : receipt.class_name_en || receipt.class_name;

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(`${t("receipt.number")} ${receipt.number}\n${t("receipt.code")} ${receipt.code}`);
      setCopied("yes");
    } catch {
      setCopied("no");
    }
  };

  return (
    <section className="card receipt stack">
      <div className="receipt-tick" aria-hidden="true">✓</div>
      <h1 ref={heading} tabIndex={-1}>{t("receipt.title")}</h1>
      <dl>
        <div><dt>{t("receipt.number")}</dt><dd className="number" data-receipt="number">{receipt.number}</dd></div>
        <div><dt>{t("receipt.code")}</dt><dd className="receipt-code" data-receipt="code">{receipt.code}</dd></div>
      </dl>
      <p className="soft">{t("receipt.keep")}</p>
      {kind ? <p>{t("receipt.class", { name: kind })}</p> : null}
      {receipt.head_number ? <p className="notice-note">{t("receipt.head")}</p> : null}
      <Link className="button big" to={followAddress(receipt)}>{t("receipt.follow")}</Link>
      <div className="receipt-more">
        <button type="button" className="button second" onClick={() => void copy()}>{copied === "yes" ? t("receipt.copied") : t("receipt.copy")}</button>
        <button
          type="button" className="button second" disabled={noted}
          onClick={() => {
            noteReceipt({ number: receipt.number, code: receipt.code, text });
            setNoted(true);
          }}
        >
          {t("receipt.note")}
        </button>
        <button type="button" className="button second" onClick={onAnother}>{t("receipt.another")}</button>
      </div>
      <p className="soft small" role="status">{copied === "no" ? t("receipt.copy.failed") : noted ? t("receipt.noted") : t("receipt.shared")}</p>
    </section>
  );
}
