// Documents that were delivered to the party of the case (送达的文书): each with its code, its PDF and the way to check it.

import { useEffect, useState } from "react";
import { Link } from "react-router";
import { call, callForFile } from "../../../shared/api/client";
import type { DeliveredView } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { saveFile } from "../../../shared/save_file";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";

interface Known {
  number: string;
  code: string;
}

export function Papers({ known, seen }: { known: Known; seen: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [papers, setPapers] = useState<DeliveredView[]>([]);
  const [refusal, setRefusal] = useState<unknown>(null);
  const { number, code } = known;
  useEffect(() => {
    let gone = false;
    call("POST /api/v1/documents/delivered", { body: { number, code }, quiet: true }).then(
      ({ items }) => gone || setPapers(items),
      (error: unknown) => gone || setRefusal(error),
    );
    return () => {
      gone = true;
    };
  }, [number, code, seen]);
  const fetchPdf = async (one: DeliveredView) => {
    setRefusal(null);
    try {
      saveFile((await callForFile("POST /api/v1/documents/copy", { body: { number: one.number, code: one.code }, quiet: true })).file, `${one.number}.pdf`);
    } catch (error) {
      setRefusal(error);
    }
  };
  if (!papers.length && !refusal) return null;
  return (
    <section className="card stack">
      <h2>{t("papers")}</h2>
      {refusal ? <ErrorNotice error={refusal} /> : null}
      {papers.map((one) => (
        <div key={one.number} className="follow-paper">
          <b>{nameIn(one.names, language)}</b> <span className={one.state === "issued" ? "follow-status closed" : "follow-status"}>{nameIn(one.state_words, language)}</span>
          <p className="soft small">{one.number} · {one.office} · {shortTime(one.issued_at, language)} · {t("papers.code", { code: one.code })}</p>
          <div className="row">
            <button type="button" className="button second" onClick={() => void fetchPdf(one)}>{t("papers.fetch")}</button>
            <Link className="button plain" to={`/verify#${new URLSearchParams({ number: one.number, code: one.code })}`}>{t("papers.check")}</Link>
          </div>
        </div>
      ))}
    </section>
  );
}
