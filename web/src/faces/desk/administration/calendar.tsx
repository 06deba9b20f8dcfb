// The working calendar of a year: what differs from the weekday is marked, with its name.

import { Alert, Button, InputNumber, Space, Tag } from "antd";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage, type Language } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { cityNow } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { HoursEditor, YearEditor, useYear } from "./calendar_editing";
import { HistoryButton, useMaySet } from "./editing";
import { texts as words } from "./editing_texts";
import { texts } from "./texts";

const weekdays = { zh: ["一", "二", "三", "四", "五", "六", "日"], en: ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] };

export default function Calendar() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const year = Number(address.get("year")) || new Date(cityNow()).getUTCFullYear();
  const found = useAnswer("GET /api/v1/calendar", { query: { year } }, { keep: true });
  const w = useTexts(words);
  const { maySet } = useMaySet();
  const mine = maySet("calendar");
  const [editing, setEditing] = useState(false);
  const [hours, setHours] = useState(false);
  const [name, setName] = useState(w("calendar.day.name.default"));
  const edit = useYear(year, mine);
  const marked = new Map((found.data?.days ?? []).map((day) => [day.day, day]));
  const set = new Map(edit.value.days.map((day) => [day.day, day]));
  return (
    <>
      <Space wrap>
        <label>{t("calendar.year")} <InputNumber min={2000} max={2099} value={year} aria-label={t("calendar.year")} onChange={(value) => value && setAddress({ year: String(value) }, { replace: true })} /></label>
        {found.data ? (
          <>
            <Tag>{t("calendar.days", { count: found.data.working_days })}</Tag>
            <span>{t("calendar.hours")} {found.data.hours.join(language === "zh" ? "、" : ", ")} {found.data.seasons.join(" · ")}</span>
            <span className="soft">{t("calendar.nominal", { count: found.data.nominal_day_hours })}</span>
          </>
        ) : null}
      </Space>
      {mine ? (
        <p>
          <Button disabled={editing || !edit.ready} onClick={() => setEditing(true)}>{w("calendar.edit")}</Button>{" "}
          <Button onClick={() => setHours(true)}>{w("hours.edit")}</Button>
        </p>
      ) : <p><HistoryButton kind="calendar" name={w("kind.calendar")} /></p>}
      {editing ? <YearEditor year={year} editing={edit} name={name} onName={setName} onDone={() => setEditing(false)} /> : null}
      {hours ? <HoursEditor onClose={() => setHours(false)} /> : null}
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {found.data && !found.data.known ? <Alert type="warning" showIcon title={t("calendar.unknown")} /> : null}
      <p className="soft small">{t("calendar.whence")}</p>
      <div className="calendar-months">
        {Array.from({ length: 12 }, (_, month) => (
          <section key={month} className="calendar-month">
            <h3>{monthName(month, language)}</h3>
            <table>
              <thead><tr>{weekdays[language].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
              <tbody>
                {weeksOf(year, month).map((week, row) => (
                  <tr key={row}>
                    {week.map((day, place) => {
                      if (!day) return <td key={place} />;
                      const key = `${year}-${String(month + 1).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
                      const own = set.get(key);
                      const mark = own ?? marked.get(key);
                      const kind = mark ? (mark.working ? "worked" : "holiday") : place > 4 ? "off" : "";
                      const title = mark ? `${mark.name} · ${mark.working ? t("calendar.worked") : t("calendar.holiday")}` : undefined;
                      const said = title ? <span className="visually-hidden"> {title}</span> : null;
                      const toggle = () => edit.toggle(key, mark ? mark.working : place < 5, name, w("calendar.swap"));
                      return <td key={place} className={`${kind} ${own ? "set" : ""}`} title={title}>{editing ? <button type="button" aria-pressed={own !== undefined} onClick={toggle}>{day}{said}</button> : <>{day}{said}</>}</td>;
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        ))}
      </div>
    </>
  );
}

const monthName = (month: number, language: Language): string =>
  language === "zh" ? `${month + 1} 月` : new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "UTC" }).format(Date.UTC(2026, month, 1));

/** The days of a month in weeks from Monday; 0 for the days of other months. */
function weeksOf(year: number, month: number): number[][] {
  const before = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7;
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const cells = [...Array.from({ length: before }, () => 0), ...Array.from({ length: days }, (_, day) => day + 1)];
  while (cells.length % 7) cells.push(0);
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}
