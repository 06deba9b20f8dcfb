// Intake (登记) for the hotline seat: one screen while the caller speaks; duplicates, earlier cases and advice at the side.

import { Select } from "antd";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState, type FormEvent } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import type { CaseTypeItem, Receipt } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { givenFields, type Fields } from "../../../shared/forms/conditions";
import { DeclaredFields } from "../../../shared/forms/declared_fields";
import { FieldStore } from "../../../shared/forms/field_store";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { PhotoPicker } from "../../../shared/photos/picker";
import type { Photo } from "../../../shared/photos/prepare";
import { uploadAll } from "../../../shared/photos/upload";
import { Empty, Loading } from "../../../shared/ui/parts";
import { useNaming } from "../shared/words";
import { emptyDraft, forgetDraft, keepDraft, readDraft, type Draft } from "./draft";
import "./intake.css";
import { PlaceSearch } from "./place_search";
import { Side } from "./side";
import { texts } from "./texts";

export default function Intake() {
  const t = useTexts(texts);
  const { words } = useNaming();
  if (!words) return <Loading />;
  if (!words.channels.length) return <Empty title={t("none")}>{t("none.next")}</Empty>;
  return <Register />;
}

function Register() {
  const t = useTexts(texts);
  const language = useLanguage();
  const channels = useNaming().words?.channels ?? [];
  const types = useAnswer("GET /api/v1/case-types", {}, { fresh: 600_000 }).data;
  const first = channels[0];
  const [found] = useState(readDraft);
  const [draft, setDraft] = useState<Draft>(() => found ?? { ...emptyDraft, type: first?.type ?? "", channel: first?.key ?? "" });
  const [fields] = useState(() => new FieldStore(found?.fields));
  const restored = found !== null;
  const [photos, setPhotos] = useState<Photo[]>([]);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [receipts, setReceipts] = useState<Receipt[]>([]);
  const key = useRef(crypto.randomUUID?.() ?? String(Math.random()));
  const form = useRef<HTMLFormElement>(null);
  const classes = useAnswer("GET /api/v1/case-types/{key}/classes", { path: { key: draft.type } }, { enabled: Boolean(draft.type), fresh: 600_000 }).data;
  const type = types?.find((one) => one.id === draft.type);
  // What these are handed to is drawn anew only when something of its own has changed, not with every key.
  const change = useCallback((part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part })), []);
  const settled = useDeferredValue(draft);
  const { lon, lat } = draft;
  const here = useMemo(() => (lon !== null && lat !== null ? { lon, lat } : null), [lon, lat]);
  const map = useMemo(
    () => <CityMap label={t("where")} height={240} markers={here ? [{ id: "here", ...here, look: "place" }] : []} focus={here} onPick={change} />,
    [t, here, change],
  );

  useEffect(() => {
    let timer: number | undefined;
    const keepNow = () => keepDraft({ ...draft, fields: fields.now });
    const keep = () => {
      clearTimeout(timer);
      timer = window.setTimeout(keepNow, 300);
    };
    keep();
    const stop = fields.listen(null, keep);
    addEventListener("pagehide", keepNow); // what was typed a moment before the page is reloaded is kept too
    return () => {
      stop();
      clearTimeout(timer);
      removeEventListener("pagehide", keepNow);
    };
  }, [draft, fields]);

  const options = useMemo(
    () => (classes ?? []).map((one) => ({ value: one.code, label: `${nameIn(one.names, language)} · ${one.code}` })),
    [classes, language],
  );
  const classChoice = useMemo(
    () => <Select id="intake-class" className="wide" allowClear showSearch={{ optionFilterProp: "label" }} placeholder={t("class.auto")} options={options} value={draft.classCode || undefined} onChange={(code: string | undefined) => change({ classCode: code ?? "" })} popupMatchSelectWidth={false} />,
    [t, options, draft.classCode, change],
  );
  const picker = useMemo(() => <PhotoPicker photos={photos} onChange={setPhotos} told most={10} />, [photos]);
  const asked = useMemo(() => askedBy(type, draft.channel), [type, draft.channel]);
  const declared = useMemo(() => <div className="intake-two intake-declared"><DeclaredFields fields={asked} store={fields} /></div>, [asked, fields]);
  const side = useMemo(() => <Side draft={settled} onClass={(classCode) => change({ classCode })} onSame={(head) => change({ head })} />, [settled, change]);
  const startAnew = () => {
    forgetDraft();
    key.current = crypto.randomUUID?.() ?? String(Math.random());
    setDraft((before) => ({ ...emptyDraft, type: before.type, channel: before.channel }));
    fields.replace({});
    setPhotos([]);
    setRefusal("");
    form.current?.querySelector<HTMLInputElement>("input")?.focus();
  };
  const register = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal("");
    try {
      const claims = await uploadAll(photos, "report", (stored) => {
        setPhotos((before) => before.map((photo) => (photo.id === stored.id ? stored : photo)));
        return Promise.resolve();
      });
      const receipt = await call("POST /api/v1/cases", {
        idempotencyKey: key.current,
        body: {
          type: draft.type, channel: draft.channel, text: draft.text, address: draft.address, urgency: draft.urgent ? "urgent" : "normal",
          reporter: { name: draft.name, phone: draft.phone }, fields: givenFields(asked, fields.now), photos: claims,
          ...(draft.lon !== null && draft.lat !== null ? { lon: draft.lon, lat: draft.lat } : {}),
          ...(draft.classCode ? { class_code: draft.classCode } : {}),
        },
      });
      if (draft.head && !receipt.head_number) {
        await call("POST /api/v1/cases/{case_id}/fold", { path: { case_id: receipt.id }, body: { head: draft.head } });
        receipt.head_number = draft.head;
      }
      setReceipts((before) => [receipt, ...before]);
      startAnew();
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className="desk-screen intake">
      <form
        ref={form}
        className="intake-form"
        onSubmit={(event) => void register(event)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && event.ctrlKey) event.currentTarget.requestSubmit();
        }}
      >
        <header className="desk-head">
          <h1>{t("title")}</h1>
          <div className="desk-filters" role="group" aria-label={t("channel")}>
            {channels.map((one) => (
              <button key={`${one.type}/${one.key}`} type="button" className="chip" aria-pressed={draft.type === one.type && draft.channel === one.key} onClick={() => {
                  change({ type: one.type, channel: one.key, classCode: "" });
                  fields.replace({});
                }}>
                {nameIn(one, language)} · {nameIn(one.type_names, language)}
              </button>
            ))}
          </div>
        </header>
        {receipts[0] ? <ReceiptNotice receipt={receipts[0]} /> : null}
        {restored && !receipts.length ? <p className="soft small">{t("restored")}</p> : null}
        <div className="card intake-card">
          <div className="intake-two">
            <div className="field"><label htmlFor="intake-phone">{t("caller")} · {t("phone")}</label><input id="intake-phone" autoFocus inputMode="tel" pattern="\+?[0-9 \-]*" maxLength={20} value={draft.phone} onChange={(event) => change({ phone: event.target.value })} /></div>
            <div className="field"><label htmlFor="intake-name">{t("name")}</label><input id="intake-name" maxLength={60} value={draft.name} onChange={(event) => change({ name: event.target.value })} /></div>
          </div>
          <div className="field">
            <label htmlFor="intake-text">{t("what")}</label>
            <textarea id="intake-text" required maxLength={4000} rows={4} value={draft.text} placeholder={t("what.hint")} onChange={(event) => change({ text: event.target.value })} />
          </div>
          <div className="field">
            <label htmlFor="intake-place">{t("where")}</label>
            <PlaceSearch id="intake-place" value={draft.address} onType={(address) => change({ address })} onChoose={(place) => change({ address: place.name, lon: place.longitude, lat: place.latitude })} />
          </div>
          {map}
          <p className="soft small number">{draft.lon !== null && draft.lat !== null ? `${t("place.given")}: ${draft.lon.toFixed(6)}, ${draft.lat.toFixed(6)}` : t("place.none")}</p>
          <div className="intake-two">
            <div className="field">
              <label htmlFor="intake-class">{t("class")}</label>
              {classChoice}
            </div>
            <div className="field"><label className="row-line"><input type="checkbox" checked={draft.urgent} onChange={(event) => change({ urgent: event.target.checked })} /> {t("urgent")}</label></div>
          </div>
          {declared}
          <div className="field"><span className="label">{t("photos")}</span>{picker}</div>
          {draft.head ? <p className="case-told">{t("alike.chosen", { number: draft.head })} <button type="button" className="link" onClick={() => change({ head: "" })}>{t("alike.undo")}</button></p> : null}
          {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
          <div className="row-line"><button className="button" disabled={busy}>{busy ? t("registering") : t("register")}</button><span className="soft small">{t("kept")}</span></div>
        </div>
      </form>
      {side}
    </section>
  );
}

/** The declared fields that the form of a channel asks for. */
const askedBy = (type: CaseTypeItem | undefined, channel: string): Fields =>
  Object.fromEntries((type?.asks[channel] ?? []).flatMap((name) => (type?.fields[name] ? [[name, type.fields[name]]] : [])));

function ReceiptNotice({ receipt }: { receipt: Receipt }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <div className="card intake-receipt" role="status">
      <b>{t("registered", { number: receipt.number, code: receipt.code })}</b> <span>{language === "zh" ? receipt.class_name : receipt.class_name_en}</span>
      {receipt.head_number ? <span> · {t("registered.folded", { number: receipt.head_number })}</span> : null}
      <p>{t("registered.read")} · <Link to={`/desk/cases/${receipt.id}`}>{t("open")}</Link></p>
    </div>
  );
}
