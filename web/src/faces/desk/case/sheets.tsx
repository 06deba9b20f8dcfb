// Scoring sheets on the case page: the one of the step at hand is filled in and finishes it; those filled in are shown.

import { useMemo, useState } from "react";
import { call } from "../../../shared/api/client";
import type { AttachmentItem, CaseDetail, FilledSheet, FormView, SheetView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { queryClient, useAnswer } from "../../../shared/api/queries";
import { givenFields } from "../../../shared/forms/conditions";
import { DeclaredFields } from "../../../shared/forms/declared_fields";
import { FieldStore } from "../../../shared/forms/field_store";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { uploadAll } from "../../../shared/photos/upload";
import { bodyOf, faultsOf, photosOf, type Answers } from "../../../shared/sheet/answers";
import { SheetFields } from "../../../shared/sheet/sheet_fields";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { texts } from "./sheets_texts";

export const filled = "GET /api/v1/cases/{case_id}/sheets";

/** The sheets of a type of case; empty while that is not known. */
export function useSheets(type: string): SheetView[] {
  const all = useAnswer("GET /api/v1/sheets", {}, { fresh: 600_000 }).data?.items;
  return useMemo(() => (all ?? []).filter((one) => one.case_type === type), [all, type]);
}

/** What a sheet cannot give to a step: such an outcome keeps its own form. */
const given = new Set(["note", "reason", "photos"]);

/** The sheet that an outcome's form is for, if any. */
export const sheetFor = (sheets: readonly SheetView[], form: FormView, node: string): SheetView | undefined =>
  sheets.find((one) => one.node === node && one.fields.total in form.declared && form.fields.every((field) => given.has(field.name)));

interface PanelProps {
  sheet: SheetView;
  taskId: string;
  forms: readonly FormView[];
  onDone: (verb: string) => void;
}

export function SheetPanel({ sheet, taskId, forms, onDone }: PanelProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [answers, setAnswers] = useState<Answers>({});
  const [note, setNote] = useState("");
  const [tried, setTried] = useState<FormView | null>(null);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const store = useMemo(() => new FieldStore(), []);
  const others = useMemo(() => {
    const all = Object.assign({}, ...forms.map((form) => form.declared)) as FormView["declared"];
    return Object.fromEntries(Object.entries(all).filter(([name]) => name !== sheet.fields.total && name !== sheet.fields.verdict));
  }, [forms, sheet]);
  const noteNeeded = (form: FormView | null) => form?.fields.some((field) => field.name === "note" && field.required) ?? false;

  const send = async (form: FormView) => {
    setTried(form);
    setRefusal("");
    if (Object.keys(faultsOf(sheet, answers)).length || (noteNeeded(form) && !note.trim())) return;
    setBusy(true);
    try {
      const photos = photosOf(answers);
      const claims = await uploadAll(photos, "check", (stored) => {
        setAnswers((before) => Object.fromEntries(Object.entries(before).map(([name, one]) => [name, { ...one, photos: one.photos.map((photo) => (photo.id === stored.id ? stored : photo)) }])));
        return Promise.resolve();
      });
      const byPhoto = new Map(photos.flatMap((photo, index) => (claims[index] ? [[photo.id, claims[index]] as const] : [])));
      await call("POST /api/v1/sheets/{sheet}/answers", {
        path: { sheet: sheet.id },
        body: { task_id: taskId, outcome: form.outcome ?? "", answers: bodyOf(sheet, answers, byPhoto), note, fields: givenFields(others, store.now) },
      });
      void queryClient.invalidateQueries({ queryKey: [filled] });
      onDone(nameIn(form, language));
    } catch (error) {
      setRefusal(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <div className="operation sheet-panel">
      <h3>{nameIn(sheet.names, language)}</h3>
      <SheetFields sheet={sheet} answers={answers} onChange={setAnswers} tried={tried !== null} onBusy={setBusy} />
      <DeclaredFields fields={others} store={store} />
      <div className="field">
        <label htmlFor="sheet-note">{t("note")}</label>
        <textarea id="sheet-note" value={note} maxLength={1000} aria-invalid={noteNeeded(tried) && !note.trim()} onChange={(event) => setNote(event.target.value)} />
        {noteNeeded(tried) && !note.trim() ? <p className="notice-error" role="alert">{t("note.needed", { verb: nameIn(tried, language) })}</p> : null}
      </div>
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      <div className="row-line">
        {forms.map((form, index) => (
          <button key={form.key} type="button" className={index ? "button second" : "button"} disabled={busy} data-outcome={form.outcome ?? undefined} onClick={() => void send(form)}>{nameIn(form, language)}</button>
        ))}
      </div>
    </div>
  );
}

/** The sheets of the case that were filled in. */
export function FilledSheets({ item, sheets }: { item: CaseDetail; sheets: readonly SheetView[] }) {
  const found = useAnswer(filled, { path: { case_id: item.id } }, { enabled: sheets.length > 0 }).data?.items ?? [];
  return found.map((one) => <Filled key={one.id} one={one} attachments={item.attachments} />);
}

function Filled({ one, attachments }: { one: FilledSheet; attachments: readonly AttachmentItem[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { sheet, result } = one;
  const verdict = sheet.verdicts.find(({ id }) => id === result.verdict);
  return (
    <section className="card" aria-labelledby={`sheet-${one.id}`}>
      <h2 id={`sheet-${one.id}`}>
        {nameIn(sheet.names, language)} · {result.total}{verdict ? ` · ${nameIn(verdict.names, language)}` : ""}
      </h2>
      <p className="soft small">{one.answered_by} · <time dateTime={one.answered_at} title={exactTime(one.answered_at, language)}>{shortTime(one.answered_at, language)}</time></p>
      <table className="rows sheet-rows">
        <thead><tr><th>{t("item")}</th><th>{t("points")}</th><th>{t("found")}</th></tr></thead>
        <tbody>
          {sheet.items.map((item) => {
            const answer = one.answers[item.id];
            const points = answer?.points ?? null;
            return (
              <tr key={item.id} className={result.vetoed.includes(item.id) ? "red" : ""}>
                <td data-label={t("item")}>{nameIn(item.names, language)} {result.vetoed.includes(item.id) ? <span className="tag red">{t("vetoed")}</span> : null}</td>
                <td data-label={t("points")} className="number">{points === null ? t("skipped") : `${points} / ${item.points}`}</td>
                <td data-label={t("found")}>
                  {answer?.note || (answer?.photos.length ? "" : "–")}
                  <Evidence of={attachments.filter(({ id }) => answer?.photos.includes(id))} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Evidence({ of }: { of: readonly AttachmentItem[] }) {
  const t = useTexts(texts);
  return (
    <span className="sheet-evidence">
      {of.map((one, index) => <a key={one.id} href={one.url} target="_blank" rel="noopener"><img src={one.thumbnail ?? one.url} alt={t("photo", { n: index + 1 })} loading="lazy" /></a>)}
    </span>
  );
}
