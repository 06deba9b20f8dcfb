// A day, or a day and a time, chosen from a calendar in the person's language; the value is text, as addresses hold it. The
// calendar is loaded and drawn when somebody goes to the field; until then it is a line of text that looks the same.

import { lazy, Suspense, useRef, useState } from "react";
import { useTexts } from "../../../shared/i18n/texts";
import "./day_field.css";
import { texts } from "./texts";

const load = () => import("./day_picker");
const DayPicker = lazy(load);

export interface DayFieldProps {
  label: string;
  /** `2026-06-18`, or with `time` `2026-06-18T08:30`; empty for none. */
  value: string;
  onDay: (value: string) => void;
  time?: boolean;
}

export function DayField(props: DayFieldProps) {
  const t = useTexts(texts);
  const [wanted, setWanted] = useState<"no" | "closed" | "open">("no");
  const pressed = useRef(false);
  const still = (
    <input
      type="text" className="day-field" aria-label={props.label} readOnly size={12} value={props.value.replace("T", " ")} placeholder={t("day.choose")}
      onPointerEnter={() => void load()} onPointerDown={() => (pressed.current = true)}
      onFocus={() => !pressed.current && setWanted("closed")} onClick={() => setWanted("open")}
    />
  );
  return wanted === "no" ? still : <Suspense fallback={still}><DayPicker {...props} begin={wanted === "open"} /></Suspense>;
}
