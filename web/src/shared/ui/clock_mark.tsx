// The clock of a case in colour, shape and words: how far its deadline is, the exact time on hover.

import { useLanguage } from "../i18n/language";
import { useTexts } from "../i18n/texts";
import { distanceWords, exactTime, useCityNow, type Moment } from "../time/clock";
import "./clock_mark.css";
import { texts } from "./texts";

export type Colour = "red" | "yellow" | "green" | "blue" | "grey";

interface Props {
  colour: Colour;
  due?: Moment;
}

/** Draws itself anew as time passes. The exact time is worded when somebody points at it: lists have many of these. */
export function ClockMark({ colour, due }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const now = useCityNow();
  const late = due && colour !== "blue" && Date.parse(String(due)) < now;
  const shown = late && (colour === "green" || colour === "yellow") ? "red" : colour;
  return (
    <span className={`clock-mark ${shown}`} onPointerEnter={due ? (event) => (event.currentTarget.title = exactTime(due, language)) : undefined}>
      <i aria-hidden="true" />
      <span className="visually-hidden">{t(`clock.${shown}`)} </span>
      {due && shown !== "blue" ? distanceWords(due, now, language) : t(`clock.${shown}`)}
    </span>
  );
}
