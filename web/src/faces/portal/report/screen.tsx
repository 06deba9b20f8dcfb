// The report: three taps – a sentence or a photo, "I am here", send. While typing it proposes a kind and shows what others
// have reported near by; everything typed is kept on this device until it has arrived.

import { useEffect, useId, useMemo, useRef, useState, type FormEvent } from "react";
import type { Receipt } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { Problem } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { PhotoPicker } from "../../../shared/photos/picker";
import { tell } from "../../../shared/photos/prepare";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { residentKinds, type Kind } from "../case_types";
import { Frame } from "../frame";
import { Advice, Near } from "./advice";
import { useDraft, type Drafting } from "./draft";
import { faultyFields, KindChoice, KindFields } from "./kind";
import { PlaceField } from "./place";
import { ReceiptCard } from "./receipt";
import "./report.css";
import { useSending, type Sending } from "./sending";
import { texts } from "./texts";

export default function ReportScreen() {
  const t = useTexts(texts);
  const types = useAnswer("GET /api/v1/case-types", undefined, { fresh: 3_600_000 });
  const drafting = useDraft();
  const kinds = useMemo(() => residentKinds(types.data ?? []), [types.data]);
  if (types.data && !kinds.length) return <Frame title={t("title")}><Empty title={t("no.type")} /></Frame>;
  return (
    <Frame>
      <div className="narrow report">
        <Form drafting={drafting} kinds={kinds} />
        {types.error ? <ErrorNotice error={types.error} onRetry={() => void types.refetch()} /> : null}
      </div>
    </Frame>
  );
}

function Form({ drafting, kinds }: { drafting: Drafting; kinds: readonly Kind[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { draft, change } = drafting;
  const kind = kinds.find((one) => one.type === draft.type) ?? kinds[0];
  const ids = useId();
  const [receipt, setReceipt] = useState<{ receipt: Receipt; text: string } | null>(null);
  const [tried, setTried] = useState(false);
  const [preparing, setPreparing] = useState(false);
  const top = useRef<HTMLDivElement>(null);
  const { sending, send, stop } = useSending({
    draft,
    kind,
    change,
    onReceipt: (found) => {
      setReceipt({ receipt: found, text: draft.text });
      setTried(false);
      void drafting.done();
      scrollTo({ top: 0 });
    },
  });

  const wasSent = drafting.ready && kind !== undefined && draft.sent && sending.state === "idle" && !receipt;
  useEffect(() => {
    if (wasSent) void send();
  }, [wasSent, send]);

  if (!drafting.ready) return <Loading />;
  if (receipt) return <ReceiptCard receipt={receipt.receipt} text={receipt.text} onAnother={() => setReceipt(null)} />;

  const short = draft.text.trim().length < 4;
  const phoneNeeded = kind?.needs.includes("phone") ?? false;
  const phoneMissing = phoneNeeded && !draft.phone.trim();
  const phoneWrong = !/^\+?[0-9 -]*$/.test(draft.phone.trim());
  const placeNeeded = kind?.needs.includes("place") ?? true;
  const photoMissing = (kind?.needs.includes("photo") ?? false) && !draft.photos.length;
  const faulty = kind ? faultyFields(kind.asked, draft.fields) : [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (short || (placeNeeded && !draft.place) || phoneMissing || phoneWrong || photoMissing || faulty.length) {
      requestAnimationFrame(() => top.current?.querySelector('[aria-invalid="true"], [role="alert"]')?.scrollIntoView({ block: "center" }));
      return;
    }
    void send();
  };
  const busy = sending.state === "sending" || sending.state === "waiting" || preparing;

  return (
    <div ref={top}>
      <form onSubmit={submit} className="stack" noValidate>
        <h1>{t("title")}</h1>
        <LeftBehind drafting={drafting} />
        {drafting.unkept ? <p className="notice-warn" role="status">{t("unkept")}</p> : null}
        <section className="card stack">
          <div className="field">
            <label htmlFor={`${ids}-text`}>{t("what")}</label>
            <textarea
              id={`${ids}-text`} className="input" value={draft.text} maxLength={4000} placeholder={t("what.example")} required
              aria-invalid={tried && short} aria-describedby={tried && short ? `${ids}-short` : undefined}
              onChange={(event) => change({ text: event.target.value })}
            />
            {tried && short ? <p id={`${ids}-short`} className="notice-error" role="alert">{t("what.short")}</p> : null}
          </div>
          <KindChoice kinds={kinds} chosen={kind} change={change} />
          <Advice draft={draft} type={kind?.type ?? ""} change={change} />
          {kind ? <KindFields key={`${draft.id}/${kind.type}`} kind={kind} draft={draft} change={change} /> : null}
          {tried && kind && faulty.length ? <p className="notice-error" role="alert">{t("fields.wrong", { names: faulty.map((name) => nameIn(kind.asked[name]?.names, language)).join(language === "zh" ? "、" : ", ") })}</p> : null}
          <PhotoPicker photos={draft.photos} told={draft.told} onChange={(photos) => change({ photos })} onBusy={setPreparing} />
          {tried && photoMissing ? <p className="notice-error" role="alert">{t("photos.needed")}</p> : null}
          {draft.photos.some((photo) => photo.shot.taken || photo.shot.lon !== null) ? (
            <label className="report-told">
              <input
                type="checkbox" checked={draft.told}
                onChange={(event) => {
                  const told = event.target.checked;
                  void Promise.all(draft.photos.map((photo) => tell(photo, told))).then((photos) => change({ photos, told }));
                }}
              />
              {t("photos.told")}
            </label>
          ) : null}
        </section>
        <PlaceField draft={draft} change={change} needed={placeNeeded} missing={tried && placeNeeded} />
        <Near draft={draft} kinds={kinds} chosen={kind} change={change} />
        <details className="card report-you" open={phoneNeeded || (tried && phoneWrong) ? true : undefined}>
          <summary>{t(phoneNeeded ? "you.needed" : "you")}</summary>
          <div className="stack">
            <div className="field">
              <label htmlFor={`${ids}-phone`}>{t("you.phone")}</label>
              <input
                id={`${ids}-phone`} className="input" type="tel" autoComplete="tel" maxLength={20} value={draft.phone}
                aria-invalid={tried && (phoneWrong || phoneMissing)} required={phoneNeeded} onChange={(event) => change({ phone: event.target.value })}
              />
              {tried && phoneMissing ? <p className="notice-error" role="alert">{t("you.phone.needed")}</p> : null}
              {tried && phoneWrong ? <p className="notice-error" role="alert">{t("you.phone.wrong")}</p> : null}
            </div>
            <div className="field">
              <label htmlFor={`${ids}-name`}>{t("you.name")}</label>
              <input id={`${ids}-name`} className="input" autoComplete="name" maxLength={60} value={draft.name} onChange={(event) => change({ name: event.target.value })} />
            </div>
            <p className="soft small">{t("you.why")}</p>
          </div>
        </details>
        <div className="report-send">
          <State sending={sending} onNow={() => void send()} onStop={stop} />
          <button className="button big" disabled={busy || !kind}>{words(sending, t)}</button>
          {draft.text || draft.photos.length ? <p className="soft small report-kept">{drafting.unkept ? "" : `✓ ${t("kept")}`}</p> : null}
        </div>
      </form>
    </div>
  );
}

function words(sending: Sending, t: (key: "send" | "sending" | "sending.photos", values?: Record<string, number>) => string): string {
  if (sending.state !== "sending") return t("send");
  return sending.photos ? t("sending.photos", { done: sending.photo, all: sending.photos }) : t("sending");
}

function State({ sending, onNow, onStop }: { sending: Sending; onNow: () => void; onStop: () => void }) {
  const t = useTexts(texts);
  if (sending.state === "refused") {
    return <ErrorNotice error={sending.error} onRetry={sending.error instanceof Problem && sending.error.status < 429 ? undefined : onNow} />;
  }
  if (sending.state !== "waiting") return null;
  return (
    <div className="notice-warn stack" role="status">
      <span>{t("waiting")}</span>
      <span className="row">
        <button type="button" className="button second" onClick={onNow}>{t("waiting.now")}</button>
        <button type="button" className="button plain" onClick={onStop}>{t("waiting.stop")}</button>
      </span>
    </div>
  );
}

/** A report that was begun here earlier, and that no open tab is writing. */
function LeftBehind({ drafting }: { drafting: Drafting }) {
  const t = useTexts(texts);
  const { left } = drafting;
  if (!left) return null;
  return (
    <section className="notice-note stack" aria-label={t("left")}>
      <span>{t("left")} <b className="wrap">{left.text.trim().slice(0, 60) || t("left.photos", { n: left.photos.length })}</b></span>
      <span className="row">
        <button type="button" className="button" onClick={drafting.resume}>{t("left.resume")}</button>
        <button type="button" className="button plain" onClick={drafting.dismiss}>{t("left.dismiss")}</button>
      </span>
    </section>
  );
}
