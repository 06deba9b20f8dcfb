// Exporting what the list asks for: personal values masked, or whole for a purpose that is journalled.

import { useState, type FormEvent } from "react";
import { callForFile } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useTexts } from "../../../shared/i18n/texts";
import { useMay } from "./records";
import { texts } from "./texts";
import type { ThingType } from "./values";

const formats = ["csv", "xlsx", "geojson"] as const;

interface Asked {
  q: string;
  area: string;
  where?: string[];
  valid_at?: string;
}

export function Exporting({ type, asked }: { type: ThingType; asked: Asked }) {
  const t = useTexts(texts);
  const may = useMay(type.id);
  const [format, setFormat] = useState<(typeof formats)[number]>("xlsx");
  const [purpose, setPurpose] = useState("");
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const personal = Object.values(type.attributes).some((one) => one.personal);
  const fetchFile = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setSaid("");
    try {
      const where = Object.fromEntries((asked.where ?? []).map((one) => [one.slice(0, one.indexOf(":")), one.slice(one.indexOf(":") + 1)]));
      const { file, headers } = await callForFile("POST /api/v1/things/{type}/exports", { path: { type: type.id }, body: { format, purpose: purpose.trim(), where, words: asked.q, area: asked.area, valid_at: asked.valid_at ?? null } });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = `${type.id}.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      const masked = Number(headers.get("x-masked") ?? 0);
      setSaid(`${t("export.done", { n: headers.get("x-rows") ?? "–" })}${masked ? ` ${t("export.masked", { n: masked })}` : ""}`);
    } catch (error) {
      setSaid(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <details className="record-columns">
      <summary className="chip">{t("export")}</summary>
      <form onSubmit={(event) => void fetchFile(event)}>
        <label className="field"><span>{t("export.format")}</span><select value={format} onChange={(event) => setFormat(event.target.value as typeof format)}>{formats.filter((one) => one !== "geojson" || type.geometry !== "none").map((one) => <option key={one} value={one}>{t(`export.${one}`)}</option>)}</select></label>
        {personal ? may("unmask") ? <label className="field"><span>{t("export.purpose")}</span><input value={purpose} maxLength={200} onChange={(event) => setPurpose(event.target.value)} /></label> : <p className="soft small">{t("export.always.masked")}</p> : null}
        <p className="soft small">{t("export.about")}</p>
        <button className="button small" disabled={busy}>{t("export.go")}</button>
        {said ? <p role="status" className="small">{said}</p> : null}
      </form>
    </details>
  );
}
