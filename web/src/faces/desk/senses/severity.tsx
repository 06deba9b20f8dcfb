// How grave an alarm is, by word, colour and shape; since when; whether it is put aside.

import type { Answer } from "../../../shared/api/client";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { agoWords, exactTime, shortTime, useCityNow } from "../../../shared/time/clock";
import { Tag } from "../shared/case_line";
import { texts } from "./alarm_texts";

export type AlarmItem = Answer<"GET /api/v1/alarms">["items"][number];
export const severities = ["critical", "major", "minor", "warning"] as const;
export type SeverityName = (typeof severities)[number];
export const lookOf: Record<SeverityName, "red" | "yellow" | "blue" | "grey"> = { critical: "red", major: "yellow", minor: "blue", warning: "grey" };

export function Severity({ of }: { of: SeverityName }) {
  const t = useTexts(texts);
  return <span className={`severity ${of}`}><i aria-hidden="true" />{t(`severity.${of}`)}</span>;
}

export function AlarmTags({ alarm }: { alarm: AlarmItem }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <>
      <Tag look={alarm.state === "raised" ? "red" : alarm.state === "acknowledged" ? "yellow" : alarm.state === "cleared" ? "green" : "grey"}>{nameIn(alarm.state_names, language)}</Tag>{" "}
      {alarm.shelved_until ? <Tag look="blue">{t("shelved.until", { at: shortTime(alarm.shelved_until, language) })}</Tag> : null}
    </>
  );
}

export function Ago({ at }: { at: string | null }) {
  const language = useLanguage();
  const now = useCityNow();
  return at ? <time dateTime={at} title={exactTime(at, language)}>{agoWords(at, now, language)}</time> : <>–</>;
}
