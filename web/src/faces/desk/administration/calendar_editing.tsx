// Changing days of a year and the working hours, with what a limit would then mean, before anything is saved.

import { Button, Checkbox, Input, InputNumber, Space } from "antd";
import { useEffect, useState } from "react";
import { call, type Answer, type Body } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { cityDay, cityNow, exactTime } from "../../../shared/time/clock";
import { HistoryButton, SaveDialog, useSetting, type Document } from "./editing";
import { texts } from "./editing_texts";

export interface SetDay {
  day: string;
  working: boolean;
  name: string;
}

interface Year {
  days: SetDay[];
  announced: boolean;
}

interface Hours {
  slots: string[];
  nominal_day: number;
  seasons: unknown[];
}

/** The days of a year as they are being edited. */
export function useYear(year: number, enabled: boolean) {
  const standing = useAnswer("GET /api/v1/administration/standing", { query: { kind: "calendar", key: String(year) } }, { enabled, fresh: 0 });
  const [edited, setEdited] = useState<{ year: number; value: Year } | null>(null);
  const kept: Year = (standing.data?.document as unknown as Year | null) ?? { days: [], announced: false };
  const value = edited?.year === year ? edited.value : kept;
  const put = (next: Partial<Year>) => setEdited({ year, value: { ...value, ...next } });
  const toggle = (day: string, workingNow: boolean, name: string, swap: string) => {
    const others = value.days.filter((one) => one.day !== day);
    const had = others.length < value.days.length;
    put({ days: had ? others : [...others, { day, working: !workingNow, name: workingNow ? name : swap }].sort((one, other) => one.day.localeCompare(other.day)) });
  };
  return { value, version: standing.data?.version ?? 0, ready: Boolean(standing.data), changed: edited?.year === year, put, toggle, drop: () => setEdited(null) };
}

export function YearEditor({ year, editing, name, onName, onDone }: { year: number; editing: ReturnType<typeof useYear>; name: string; onName: (name: string) => void; onDone: () => void }) {
  const t = useTexts(texts);
  const { put } = useSetting();
  const [saving, setSaving] = useState(false);
  const { value } = editing;
  return (
    <section className="calendar-editing" aria-label={t("calendar.edit")}>
      <p>{t("calendar.help")}</p>
      <Space wrap>
        <label>{t("calendar.day.name")} <Input value={name} maxLength={40} style={{ width: 160 }} onChange={(event) => onName(event.target.value)} /></label>
        <Checkbox checked={value.announced} onChange={(event) => editing.put({ announced: event.target.checked })}>{t("calendar.announced")}</Checkbox>
        <span>{t("calendar.changed", { count: value.days.length })}</span>
        <Button type="primary" disabled={!editing.changed || !editing.ready} onClick={() => setSaving(true)}>{t("save")}</Button>
        <Button onClick={() => { editing.drop(); onDone(); }}>{t("cancel")}</Button>
        <HistoryButton kind="calendar" settingKey={String(year)} name={`${t("kind.calendar")} ${year}`} />
      </Space>
      <Preview of={year} year={value} />
      <SaveDialog open={saving} title={`${t("kind.calendar")} ${year}`} onClose={() => setSaving(false)} onSave={async (why) => {
        const saved = await put("calendar", String(year), editing.version, why, value as unknown as Document);
        if (saved) { editing.drop(); onDone(); }
        return saved;
      }}>
        <ul>{value.days.map((one) => <li key={one.day}>{one.day} · {one.name}</li>)}</ul>
      </SaveDialog>
    </section>
  );
}

export function HoursEditor({ onClose }: { onClose: () => void }) {
  const t = useTexts(texts);
  const { put } = useSetting();
  const standing = useAnswer("GET /api/v1/administration/standing", { query: { kind: "hours", key: "hours" } }, { fresh: 0 });
  const [changes, setChanges] = useState<Partial<Hours>>({});
  const [typed, setTyped] = useState<string | null>(null);
  const document = standing.data?.document as unknown as Hours | undefined;
  const hours: Hours | null = document ? { ...document, ...changes } : null;
  return (
    <SaveDialog open title={t("hours.edit")} ready={hours !== null} onClose={onClose} onSave={(why) => put("hours", "hours", standing.data?.version ?? 0, why, hours as unknown as Document)}>
      <label className="administration-why"><span>{t("hours.slots")}</span>
        <Input.TextArea rows={3} value={typed ?? hours?.slots.join("\n") ?? ""} onChange={(event) => {
          setTyped(event.target.value);
          setChanges((before) => ({ ...before, slots: event.target.value.split("\n").map((line) => line.trim().replace(/\s*[–—~至]\s*/, "-")).filter(Boolean) }));
        }} />
      </label>
      <label className="administration-why"><span>{t("hours.nominal")}</span><InputNumber min={1} max={24} step={0.5} value={hours?.nominal_day ?? null} onChange={(value) => setChanges((before) => ({ ...before, nominal_day: value ?? 8 }))} /></label>
      {hours ? <Preview hours={hours} /> : null}
      <p><HistoryButton kind="hours" settingKey="hours" name={t("kind.hours")} /></p>
    </SaveDialog>
  );
}

/** "A limit of two working days given on … ends on …", as it is and as it would be. */
function Preview({ of, year, hours }: { of?: number; year?: Year; hours?: Hours }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [limit, setLimit] = useState("2工作日");
  const [start, setStart] = useState(() => `${cityDay(cityNow())}T09:00`);
  const body = { limit: limit.trim(), start, ...(of && year ? { of, year } : {}), ...(hours ? { hours } : {}) };
  const [told, setTold] = useState<Answer<"POST /api/v1/administration/deadline-preview"> | string>("");
  const asked = JSON.stringify(body);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      call("POST /api/v1/administration/deadline-preview", { body: JSON.parse(asked) as Body<"POST /api/v1/administration/deadline-preview">, signal: stop.signal }).then(setTold, (error: unknown) => {
        if (!stop.signal.aborted) setTold(messageOf(error));
      });
    }, 300);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [asked]);
  return (
    <p className="calendar-preview" role="status">
      {t("preview")} <label>{t("preview.limit")} <Input value={limit} maxLength={40} style={{ width: 100 }} onChange={(event) => setLimit(event.target.value)} /></label>{" "}
      <label>{t("preview.start")} <input type="datetime-local" value={start} onChange={(event) => setStart(event.target.value)} /></label>{" "}
      {typeof told === "string" ? <span className="soft">{told}</span> : <><b>{t("preview.now", { end: exactTime(told.now_ends, language) })}</b> → <b>{t("preview.then", { end: exactTime(told.then_ends, language) })}</b></>}
    </p>
  );
}
