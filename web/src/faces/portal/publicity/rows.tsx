// Rows of an issue as a table, in the reader's words.

import type { PublicityColumn, PublicRowView } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { isMoment, shortTime } from "../../../shared/time/clock";
import { texts } from "./texts";

interface Props {
  columns: readonly PublicityColumn[];
  rows: readonly PublicRowView[];
  onAsk?: (row: PublicRowView) => void;
}

export function Rows({ columns, rows, onAsk }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const written = (column: PublicityColumn, value: unknown): string => {
    if (value === null || value === undefined) return "";
    if (typeof value === "boolean") return t(value ? "yes" : "no");
    if (typeof value === "number") return value.toLocaleString(language);
    if (isMoment(value)) return shortTime(value, language);
    const words = column.words[String(value)];
    return words ? nameIn(words, language) : String(value);
  };
  return (
    <div className="publicity-table" role="region" aria-label={t("title")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("nth")}</th>
            {columns.map((one) => <th key={one.name} scope="col">{nameIn(one.names, language)}{one.unit ? <span className="soft"> ({one.unit})</span> : null}</th>)}
            {onAsk ? <th scope="col"><span className="visually-hidden">{t("ask")}</span></th> : null}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td className="number">{row.nth}</td>
              {columns.map((one) => <td key={one.name} className={typeof row.values[one.name] === "number" ? "number" : undefined}>{written(one, row.values[one.name])}</td>)}
              {onAsk ? <td><button type="button" className="button second" aria-label={t("ask.title", { n: row.nth })} onClick={() => onAsk(row)}>{t("ask")}</button></td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
