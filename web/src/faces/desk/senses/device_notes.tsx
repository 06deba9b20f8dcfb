// What was written down about a device (calibration, firmware, repairs …) and what happened to it.

import { useState } from "react";
import type { DeviceView, NoteView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Tag } from "../shared/case_line";
import { texts } from "./texts";
import { texts as verbs } from "./verb_texts";

type Known = keyof typeof verbs extends infer Key ? (Key extends `verb.${infer Verb}` ? Verb : never) : never;
const isKnown = (verb: string): verb is Known => `verb.${verb}` in verbs;
const kinds = ["calibration", "firmware", "maintenance", "fault", "note"] as const;

export function Notes({ device }: { device: DeviceView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const [kind, setKind] = useState<NoteView["kind"]>("calibration");
  const [text, setText] = useState("");
  const found = useAnswer("GET /api/v1/devices/{device_id}/notes", { path: { device_id: device.id }, query: { limit: 50 } });
  const change = useChange("POST /api/v1/devices/{device_id}/notes", ["GET /api/v1/devices/{device_id}/notes"]);
  return (
    <section className="card" aria-labelledby="device-notes">
      <h2 id="device-notes">{t("notes")}</h2>
      {may("device", "edit") && !device.retired_at ? (
        <form className="form-row" onSubmit={(event) => (event.preventDefault(), change.mutate({ path: { device_id: device.id }, body: { kind, text } }, { onSuccess: () => setText("") }))}>
          <label className="filter"><span>{t("note.kind")}</span><select value={kind} onChange={(event) => setKind(kinds.find((one) => one === event.target.value) ?? "note")}>{kinds.map((one) => <option key={one} value={one}>{t(`note.${one}`)}</option>)}</select></label>
          <label className="filter"><span>{t("note.text")}</span><input required maxLength={2000} className="note-field" value={text} onChange={(event) => setText(event.target.value)} /></label>
          <button className="button small" disabled={change.isPending}>{t("note.add")}</button>
        </form>
      ) : null}
      {change.error ? <p className="notice-error" role="alert">{messageOf(change.error)}</p> : null}
      {found.data && !found.data.items.length ? <p className="soft">{t("notes.none")}</p> : null}
      <ul className="plain-list">
        {(found.data?.items ?? []).map((one) => <li key={one.id}><time dateTime={one.at} title={exactTime(one.at, language)}>{shortTime(one.at, language)}</time> <Tag>{t(`note.${one.kind}`)}</Tag> {one.text} <span className="soft">{one.by}</span></li>)}
      </ul>
    </section>
  );
}

export function Story({ device }: { device: DeviceView }) {
  const t = useTexts(texts);
  const v = useTexts(verbs);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/devices/{device_id}/story", { path: { device_id: device.id }, query: { limit: 500 } });
  const rows = [...(found.data?.items ?? [])].reverse().slice(0, 60);
  return (
    <details className="card">
      <summary><b>{t("story")}</b></summary>
      <ol className="plain-list">
        {rows.map((row) => <li key={row.seq}><time dateTime={row.at} title={exactTime(row.at, language)}>{shortTime(row.at, language)}</time> <b>{isKnown(row.verb) ? v(`verb.${row.verb}`) : v("other")}</b> <span className="soft">{row.by}</span></li>)}
      </ol>
    </details>
  );
}
