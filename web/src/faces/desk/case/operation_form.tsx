// The form of one operation, made from what the server says it takes.

import { Rate, Select } from "antd";
import { useId, useMemo, useState, type FormEvent } from "react";
import { callAt } from "../../../shared/api/client";
import type { CaseDetail, FieldView, FormView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { givenFields } from "../../../shared/forms/conditions";
import { DeclaredFields } from "../../../shared/forms/declared_fields";
import { FieldStore } from "../../../shared/forms/field_store";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { limitWords } from "../../../shared/time/limits";
import { PhotoPicker } from "../../../shared/photos/picker";
import type { Photo } from "../../../shared/photos/prepare";
import { uploadAll, type Kind } from "../../../shared/photos/upload";
import { texts } from "./texts";

interface Props {
  item: CaseDetail;
  form: FormView;
  onDone: (verb: string) => void;
}

type Values = Record<string, string | number>;

const firstValues = (form: FormView): Values =>
  Object.fromEntries(
    form.fields
      .filter((field) => field.kind !== "photos")
      .map((field) => [field.name, field.choices.find((choice) => choice.chosen)?.value ?? field.value]),
  );

export function OperationForm({ item, form, onDone }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [values, setValues] = useState<Values>(() => firstValues(form));
  const [photos, setPhotos] = useState<Photo[]>([]);
  const [busy, setBusy] = useState(false);
  const [sure, setSure] = useState(false);
  const [refusal, setRefusal] = useState("");
  const name = nameIn(form, language);
  const store = useMemo(() => new FieldStore(), []);
  const standards = useStandards(item, String(values.class_code ?? ""), form);

  const set = (field: string, value: string | number) =>
    setValues((before) => ({ ...before, [field]: value, ...(field === "class_code" ? { standard: "" } : {}) }));

  const send = async () => {
    setBusy(true);
    setRefusal("");
    try {
      const body: Record<string, unknown> = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== 0));
      if (form.outcome) body.outcome = form.outcome;
      if (Object.keys(form.declared).length) body.fields = givenFields(form.declared, store.now);
      const field = form.fields.find((one) => one.kind === "photos");
      if (field && photos.length) {
        body.photos = await uploadAll(photos, field.photo_kind as Kind, (stored) => {
          setPhotos((before) => before.map((photo) => (photo.id === stored.id ? stored : photo)));
          return Promise.resolve();
        });
      }
      await callAt("POST", form.api, body);
      onDone(name);
    } catch (error) {
      setRefusal(messageOf(error));
      setBusy(false);
      setSure(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (form.grave && !sure) setSure(true);
    else void send();
  };

  return (
    <form
      className="operation-form"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.ctrlKey) event.currentTarget.requestSubmit();
      }}
    >
      {form.fields.map((field) => (
        <Field
          key={field.name}
          field={field.name === "standard" && standards ? { ...field, required: false, choices: standards } : field}
          value={values[field.name] ?? ""}
          onChange={(value) => set(field.name, value)}
          photos={photos}
          onPhotos={setPhotos}
        />
      ))}
      <DeclaredFields fields={form.declared} store={store} />
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      <button className={form.grave ? "button danger" : "button"} disabled={busy}>{busy ? t("sending") : sure ? t("sure", { verb: name }) : name}</button>
    </form>
  );
}

interface FieldProps {
  field: FieldView;
  value: string | number;
  onChange: (value: string | number) => void;
  photos: readonly Photo[];
  onPhotos: (photos: Photo[]) => void;
}

function Field({ field, value, onChange, photos, onPhotos }: FieldProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const id = useId();
  const options = useMemo(() => field.choices.map((choice) => ({ value: choice.value, label: nameIn(choice, language) })), [field.choices, language]);
  const hint = language === "zh" ? field.hint_zh : field.hint_en;
  const label = <>{nameIn(field, language)} {field.required ? null : <span className="hint">{t("optional")}</span>}</>;
  return (
    <div className="field">
      {field.kind === "photos" ? <span className="label">{label}</span> : <label htmlFor={id}>{label}</label>}
      {field.kind === "area" ? <textarea id={id} value={value} maxLength={2000} required={field.required} onChange={(event) => onChange(event.target.value)} /> : null}
      {field.kind === "text" ? <input id={id} value={value} maxLength={60} required={field.required} onChange={(event) => onChange(event.target.value)} /> : null}
      {field.kind === "stars" ? <Rate id={id} value={Number(value) || 0} onChange={onChange} /> : null}
      {field.kind === "photos" ? <PhotoPicker photos={photos} onChange={onPhotos} told most={10} /> : null}
      {field.kind === "choice" ? (
        <Select
          id={id} value={value === "" ? undefined : String(value)} options={options} onChange={(chosen: string | undefined) => onChange(chosen ?? "")} allowClear={!field.required}
          showSearch={{ optionFilterProp: "label" }} placeholder={t("choose")} className="wide" popupMatchSelectWidth={false}
        />
      ) : null}
      {hint ? <p className="hint">{hint}</p> : null}
    </div>
  );
}

/** Another class has other filing standards; null while the case's own class is chosen. */
function useStandards(item: CaseDetail, code: string, form: FormView): FieldView["choices"] | null {
  const asks = form.fields.some((field) => field.name === "standard") && code !== "" && code !== item.class_code;
  const classes = useAnswer("GET /api/v1/case-types/{key}/classes", { path: { key: item.type } }, { enabled: asks, fresh: 600_000 }).data;
  return useMemo(() => {
    if (!asks) return null;
    const found = classes?.find((one) => one.code === code);
    return (found?.standards ?? []).map((one) => ({ value: one.id, zh: `${one.filing.zh} → ${one.limit}`, en: `${one.filing.en} → ${limitWords(one.limit, "en")}`, chosen: false }));
  }, [asks, classes, code]);
}
