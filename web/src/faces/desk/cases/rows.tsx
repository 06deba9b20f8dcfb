// The rows of the case list. This is the list that people wait for most often: what is outside the window is not laid out
// (cases.css), a row is drawn anew only when it has changed, and one listener serves all of them.

import { memo, useMemo, type MouseEvent } from "react";
import type { CaseItem } from "../../../shared/api/description";
import { useLanguage, type Language } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { agoWords, cityNow, exactTime } from "../../../shared/time/clock";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { CaseTags, Tag } from "../shared/case_line";
import type { Selection } from "../shared/selection";
import { texts as common } from "../shared/texts";
import { useNaming } from "../shared/words";
import { askCaseAhead } from "./asking";
import { texts } from "./texts";

interface Props {
  rows: readonly CaseItem[];
  selection: Selection;
  onOpen: (id: string) => void;
}

const rowOf = (event: MouseEvent): string | undefined => (event.target as Element).closest<HTMLElement>("[data-row]")?.dataset.row;
const plain = (event: MouseEvent): boolean => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
const isTitle = (event: MouseEvent): boolean => (event.target as Element).closest("a.case-line-title") !== null;

export function CaseRows({ rows, selection, onOpen }: Props) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const naming = useNaming();
  const words = useMemo<Words>(() => ({ t, c, language, area: naming.area }), [t, c, language, naming.area]);
  const { setAt, toggle, choose, chosen, at } = selection;
  const click = (event: MouseEvent) => {
    const id = rowOf(event);
    if (!id) return;
    if (isTitle(event)) {
      if (!plain(event)) return; // another tab or window: the browser's affair
      event.preventDefault();
      askCaseAhead(id);
      onOpen(id);
    } else setAt(id);
  };
  const press = (event: MouseEvent) => {
    const id = rowOf(event);
    if (id && plain(event) && isTitle(event)) askCaseAhead(id);
  };
  return (
    <table className="rows case-rows" role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" className="rows-check"><input type="checkbox" aria-label={c("select.all")} checked={chosen.size === rows.length} onChange={(event) => choose(event.target.checked ? rows.map((row) => row.id) : [])} /></th>
          {[c("column.clock"), c("column.case"), t("status"), c("column.place"), c("column.department"), c("column.reported")].map((name) => <th key={name} role="columnheader">{name}</th>)}
        </tr>
      </thead>
      <tbody
        role="rowgroup" onClick={click} onPointerDown={press}
        onDoubleClick={(event) => {
          const id = rowOf(event);
          if (id) onOpen(id);
        }}
      >
        {rows.map((row) => <Row key={row.id} row={row} words={words} at={row.id === at} chosen={chosen.has(row.id)} onToggle={toggle} />)}
      </tbody>
    </table>
  );
}

interface Words {
  t: (key: keyof typeof texts) => string;
  c: (key: keyof typeof common, values?: Record<string, string>) => string;
  language: Language;
  area: (code: string) => string;
}

interface RowProps {
  row: CaseItem;
  words: Words;
  at: boolean;
  chosen: boolean;
  onToggle: (id: string) => void;
}

const Row = memo(function Row({ row, words: { t, c, language, area }, at, chosen, onToggle }: RowProps) {
  const zh = language === "zh";
  const open = row.state === "open";
  return (
    <tr role="row" data-row={row.id} className={`${open ? row.clock : ""}${at ? " at" : ""}`} aria-selected={at}>
      <td role="cell" className="rows-check"><input type="checkbox" aria-label={c("select", { number: row.number })} checked={chosen} onChange={() => onToggle(row.id)} /></td>
      <td role="cell">{open ? <ClockMark colour={row.clock} due={row.due_at} /> : row.overdue ? <Tag look="red">{t("clock")}</Tag> : null}</td>
      <td role="cell" className="rows-main">
        <a href={`/desk/cases/${row.id}`} className="case-line-title">{(zh ? row.class_name : row.class_name_en) || c("no.class")}</a> <CaseTags item={row} />
        <span className="case-line-text">{row.text || c("no.text")}</span>
      </td>
      <td role="cell">{zh ? row.status : row.status_en}</td>
      <td role="cell">{area(row.area)}<small className="soft">{row.address}</small></td>
      <td role="cell">{nameIn(row.department, language)}</td>
      <td role="cell"><span className="number">{row.number}</span><Reported at={row.reported_at} language={language} /></td>
    </tr>
  );
});

/** How long ago it was reported; the exact time on hover. */
function Reported({ at, language }: { at: string; language: Language }) {
  return <small className="soft" onPointerEnter={(event) => (event.currentTarget.title = exactTime(at, language))}>{agoWords(at, cityNow(), language)}</small>;
}
