// Beside the form: what it repeats, what the caller reported before, which class and department are proposed and why.

import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import type { AlikeCase } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { limitWords } from "../../../shared/time/limits";
import { agoWords, cityNow } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import type { Draft } from "./draft";
import { useLate } from "./place_search";
import { texts } from "./texts";

const patience = 450; // ms of silence before asking
const likely = 0.15;

interface Props {
  draft: Draft;
  onClass: (code: string) => void;
  onSame: (number: string) => void;
}

export function Side({ draft, onClass, onSame }: Props) {
  const late = useLate(draft, patience);
  return (
    <aside className="intake-side">
      <Alike draft={late} chosen={draft.head} onSame={onSame} />
      <Advice draft={late} chosen={draft.classCode} onClass={onClass} />
    </aside>
  );
}

const placeOf = (draft: Draft) => (draft.lon !== null && draft.lat !== null ? { lon: draft.lon, lat: draft.lat } : {});
const digits = (phone: string): number => phone.replace(/\D/g, "").length;

function Alike({ draft, chosen, onSame }: { draft: Draft; chosen: string; onSame: (number: string) => void }) {
  const t = useTexts(texts);
  const enough = draft.text.length >= 4 || draft.lon !== null || digits(draft.phone) >= 7;
  const asked = { text: draft.text, address: draft.address, phone: digits(draft.phone) >= 7 ? draft.phone : "", ...placeOf(draft), ...(draft.classCode ? { class_code: draft.classCode } : {}), limit: 12 };
  const found = useQuery({
    queryKey: ["POST /api/v1/cases/alike", asked],
    queryFn: ({ signal }) => call("POST /api/v1/cases/alike", { body: asked, signal }),
    enabled: enough, placeholderData: (before) => before, staleTime: 20_000,
  });
  const items = found.data ?? [];
  const byCaller = (item: AlikeCase) => item.reasons.some((reason) => reason.feature === "caller" && reason.bits > 0);
  const same = items.filter((item) => item.probability >= likely).slice(0, 6);
  const earlier = items.filter((item) => byCaller(item) && !same.includes(item));
  return (
    <>
      <section className="card" aria-live="polite">
        <h2>{t("alike")}</h2>
        {found.error ? <ErrorNotice error={found.error} /> : null}
        {!enough ? <p className="soft small">{t("alike.wait")}</p> : null}
        {enough && found.data && !same.length ? <p className="soft small">{t("alike.none")}</p> : null}
        <ul className="plain-list">{same.map((item) => <AlikeLine key={item.number} item={item} chosen={chosen === item.number} onSame={onSame} />)}</ul>
      </section>
      {digits(draft.phone) >= 7 ? (
        <section className="card">
          <h2>{t("earlier")}</h2>
          {found.data && !earlier.length ? <p className="soft small">{t("earlier.none")}</p> : null}
          <ul className="plain-list">{earlier.map((item) => <AlikeLine key={item.number} item={item} chosen={chosen === item.number} onSame={onSame} />)}</ul>
        </section>
      ) : null}
    </>
  );
}

function AlikeLine({ item, chosen, onSame }: { item: AlikeCase; chosen: boolean; onSame: (number: string) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const why = item.reasons.filter((reason) => reason.bits > 0).map((reason) => nameIn(reason, language));
  return (
    <li className={chosen ? "alike chosen" : "alike"}>
      <div className="row-line">
        <b className={item.same ? "alike-sure" : ""}>{Math.round(item.probability * 100)}%</b>
        <Tag look={item.state === "open" ? "blue" : "grey"}>{language === "zh" ? item.status : item.status_en}</Tag>
        {item.id ? <Link to={`/desk/cases/${item.id}`} target="_blank">{item.number}</Link> : item.number}
        <span className="soft small">{agoWords(item.reported_at, cityNow(), language)}{item.metres === null ? "" : ` · ${t("metres", { n: Math.round(item.metres) })}`}</span>
      </div>
      <p>{item.text}</p>
      <small className="soft">{why.join(language === "zh" ? ";" : "; ")}</small>
      {item.foldable ? <button type="button" className="chip" aria-pressed={chosen} onClick={() => onSame(chosen ? "" : item.number)}>{t("alike.same")}</button> : null}
    </li>
  );
}

function Advice({ draft, chosen, onClass }: { draft: Draft; chosen: string; onClass: (code: string) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const asked = { type: draft.type, channel: draft.channel, text: draft.text, urgency: draft.urgent ? ("urgent" as const) : ("normal" as const), ...placeOf(draft), ...(draft.classCode ? { class_code: draft.classCode } : {}) };
  const enough = Boolean(draft.type) && draft.text.length >= 4;
  const found = useQuery({
    queryKey: ["POST /api/v1/advice", asked],
    queryFn: ({ signal }) => call("POST /api/v1/advice", { body: asked, signal }),
    enabled: enough, placeholderData: (before) => before, staleTime: 20_000,
  });
  const advice = found.data;
  return (
    <section className="card" aria-live="polite">
      <h2>{t("advice")}</h2>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {!enough ? <p className="soft small">{t("alike.wait")}</p> : null}
      <ul className="plain-list">
        {advice?.classes.filter((one) => one.probability === null || one.probability >= 0.05).slice(0, 4).map((one) => (
          <li key={`${one.class_code}${one.source}`} className={chosen === one.class_code ? "alike chosen" : "alike"}>
            <div className="row-line">
              <b>{nameIn(one, language)}</b>
              {one.probability === null ? null : <span className="soft small">{t("sure")} {Math.round(one.probability * 100)}%</span>}
              <button type="button" className="chip" aria-pressed={chosen === one.class_code} onClick={() => onClass(one.class_code)}>{t("class.use")}</button>
            </div>
            {one.words.length ? <small className="soft">{t("because", { why: one.words.join("、") })}</small> : null}
          </li>
        ))}
      </ul>
      {advice?.department ? (
        <p>
          {t("department")}: <b>{nameIn(advice.department.department, language)}</b> {limitWords(advice.department.limit ?? "", language)}
          <small className="soft"> {t("because", { why: language === "zh" ? advice.department.reason_zh : advice.department.reason_en })}</small>
        </p>
      ) : null}
    </section>
  );
}
