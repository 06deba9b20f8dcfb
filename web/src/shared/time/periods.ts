// Periods (周期) as people say them; their keys are `2026-W25`, `2026-06`, `2026-Q2`, `2026-H1`, `2026`.

import type { Language } from "../i18n/language";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `2026年第2季度`, `Q2 2026`; what is no such key stays as it is. */
export function periodWords(key: string, wanted: Language): string {
  const [, year, mark, number] = /^(\d{4})(?:-([WQH]?)(\d{1,2}))?$/.exec(key) ?? [];
  if (!year) return key;
  const zh = wanted === "zh";
  if (!number) return zh ? `${year}年` : year;
  const part = Number(number);
  if (mark === "W") return zh ? `${year}年第${part}周` : `week ${part}, ${year}`;
  if (mark === "Q") return zh ? `${year}年第${part}季度` : `Q${part} ${year}`;
  if (mark === "H") return zh ? `${year}年${part === 1 ? "上" : "下"}半年` : `${part === 1 ? "first" : "second"} half of ${year}`;
  return zh ? `${year}年${part}月` : `${months[part - 1] ?? part} ${year}`;
}
