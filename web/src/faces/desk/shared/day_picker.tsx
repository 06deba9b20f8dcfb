// The calendar of a day field: it takes over where somebody has just gone to the field, and opens if they clicked there.

import { DatePicker } from "antd";
import dayjs from "dayjs";
import "dayjs/locale/en-gb";
import "dayjs/locale/zh-cn";
import { useState } from "react";
import { city } from "../../../shared/city";
import { cityNow } from "../../../shared/time/clock";
import type { DayFieldProps } from "./day_field";

/** Today in the city, whose time may be another than this machine's. */
const cityToday = (): string => new Intl.DateTimeFormat("sv-SE", { timeZone: city.timezone }).format(cityNow());

export default function DayPicker({ label, value, onDay, time = false, begin }: DayFieldProps & { begin: boolean }) {
  const [open, setOpen] = useState(begin);
  const shown = time ? "YYYY-MM-DD HH:mm" : "YYYY-MM-DD";
  const kept = time ? "YYYY-MM-DDTHH:mm" : "YYYY-MM-DD";
  const read = value ? dayjs(value) : null;
  return (
    <DatePicker
      aria-label={label} size="middle" format={shown} value={read?.isValid() ? read : null} allowClear autoFocus open={open} onOpenChange={setOpen}
      defaultPickerValue={dayjs(cityToday())} showNow={false} showTime={time ? { format: "HH:mm" } : false} onChange={(day) => onDay(day ? day.format(kept) : "")}
    />
  );
}
