// A list as a spreadsheet: page by page from the server, in the order and scope of the list, and how many rows it has.

import { call } from "../../../shared/api/client";
import type { CaseItem } from "../../../shared/api/description";
import { language } from "../../../shared/i18n/language";
import { nameIn, textNow } from "../../../shared/i18n/texts";
import { texts as ui } from "../../../shared/ui/texts";
import { texts as common } from "../shared/texts";
import type { CaseQuery } from "./asking";
import { texts } from "./texts";

export const mostRows = 20_000;

/** RFC 4180; a cell that a spreadsheet would take for a formula is made plain text. */
function cell(value: string | number | null | undefined): string {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const columns: readonly (readonly [() => string, (item: CaseItem) => string | number | null | undefined])[] = [
  [() => textNow(texts["export.number"]), (item) => item.number],
  [() => textNow(texts.status), (item) => (language() === "zh" ? item.status : item.status_en)],
  [() => textNow(common["column.clock"]), (item) => textNow(ui[`clock.${item.clock}`])],
  [() => textNow(texts["export.class"]), (item) => (language() === "zh" ? item.class_name : item.class_name_en)],
  [() => textNow(texts["export.text"]), (item) => item.text],
  [() => textNow(texts["export.address"]), (item) => item.address],
  [() => textNow(texts["export.lon"]), (item) => item.lon],
  [() => textNow(texts["export.lat"]), (item) => item.lat],
  [() => textNow(texts.department), (item) => nameIn(item.department, language())],
  [() => textNow(texts["export.reported"]), (item) => item.reported_at],
  [() => textNow(texts["export.due"]), (item) => item.due_at],
  [() => textNow(texts["export.closed"]), (item) => item.closed_at],
];

/** Fetch the whole list and hand it to the browser as a file; returns the number of rows. */
export async function exportCases(query: CaseQuery, told: (rows: number) => void, signal: AbortSignal): Promise<number> {
  const lines = [columns.map(([name]) => cell(name())).join(",")];
  let after: string | null = null;
  do {
    const page: { items: CaseItem[]; next: string | null } = await call("GET /api/v1/cases", { query: { ...query, after, limit: 200 }, signal });
    lines.push(...page.items.map((item) => columns.map(([, value]) => cell(value(item))).join(",")));
    after = page.next;
    told(lines.length - 1);
  } while (after && lines.length <= mostRows);
  const file = new Blob(["\ufeff", lines.join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `cases-${lines.length - 1}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return lines.length - 1;
}
