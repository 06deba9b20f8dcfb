// A time limit (处置时限) is kept as the standards write it: 3工作日. Readers of English get it in their words.

import type { Language } from "../i18n/language";

const units: Record<string, string> = {
  工作日: "working day",
  工作天: "working day",
  工作时: "working hour",
  工作小时: "working hour",
  工作分钟: "working minute",
  紧急工作日: "urgent day",
  紧急工作时: "urgent hour",
  紧急工作小时: "urgent hour",
  紧急分钟: "urgent minute",
  自然日: "calendar day",
  日历日: "calendar day",
  天: "day",
  自然小时: "clock hour",
  连续小时: "clock hour",
  小时: "hour",
  分钟: "minute",
};

/** "3 working days" for 3工作日; what is not written in the plain form stays as it is. */
export function limitWords(limit: string, language: Language): string {
  if (language === "zh") return limit;
  const [, count = "", unit = ""] = /^([0-9]+(?:\.[0-9]+)?)\s*个?(\S+)$/.exec(limit.trim()) ?? [];
  const words = units[unit];
  return words ? `${count} ${words}${count === "1" ? "" : "s"}` : limit;
}
