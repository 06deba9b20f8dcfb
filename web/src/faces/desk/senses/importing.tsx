// Devices from a sheet: judged first, with each row that is not taken and why; then imported.

import { useState } from "react";
import { call } from "../../../shared/api/client";
import type { DeviceImportView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { queryClient } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { FileButton } from "../shared/file_button";
import { texts } from "./texts";

export function ImportSheet() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [file, setFile] = useState<File | null>(null);
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<DeviceImportView | null>(null);
  const [refusal, setRefusal] = useState("");
  const send = async (dryRun: boolean) => {
    if (!file) return;
    const form = new FormData();
    form.set("file", file, file.name);
    form.set("dry_run", String(dryRun));
    setBusy(true);
    setRefusal("");
    try {
      setReport(await call("POST /api/v1/devices/import", { body: form }));
      if (!dryRun) await queryClient.invalidateQueries();
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  const taken = report ? report.new + report.changed : 0;
  return (
    <section className="card" aria-label={t("devices.import")}>
      <p className="soft">{t("import.about")}</p>
      <p className="row-line">
        <FileButton label={t("import.file")} accept=".csv,.xlsx,text/csv" onFile={(chosen) => (setFile(chosen), setReport(null), setRefusal(""))} />
        <button type="button" className="button second small" disabled={!file || busy} onClick={() => void send(true)}>{t("import.try")}</button>
        <button type="button" className="button small" disabled={!report?.dry_run || !taken || busy} onClick={() => void send(false)}>{t("import.do", { n: taken })}</button>
      </p>
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      {report ? (
        <div role="status">
          <p><b>{report.dry_run ? t("import.dry") : t("import.done")}</b> {t("import.result", { rows: report.rows, new: report.new, changed: report.changed, unchanged: report.unchanged, refused: report.refused })}</p>
          {report.faults.length ? (
            <table className="rows"><thead><tr><th>{t("import.row")}</th><th>{t("import.why")}</th></tr></thead><tbody>{report.faults.map((one, place) => <tr key={place}><td className="number">{one.where.replace(/^row /, "")}</td><td>{nameIn(one, language)}</td></tr>)}</tbody></table>
          ) : null}
        </div>
      ) : null}
    </section>
  );
}
