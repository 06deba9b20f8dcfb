// A board: open cases by one of their properties, each row a bar of its clock colours. A figure opens its rows.

import type { CountItem } from "../../shared/api/description";
import { useLanguage } from "../../shared/i18n/language";
import { useTexts } from "../../shared/i18n/texts";
import { HotIssues, Scores } from "./insights";
import { texts } from "./texts";

export const dimensions = ["department", "street", "status", "class", "channel", "type"] as const;
export type Dimension = (typeof dimensions)[number];
const clocks = ["red", "yellow", "green", "blue", "grey"] as const;
export type Clock = (typeof clocks)[number];

interface Props {
  by: Dimension;
  choices: readonly Dimension[];
  onBy: (by: Dimension) => void;
  rows: readonly CountItem[] | undefined;
  more: boolean;
  /** `clock` is null for all of a row. */
  onRows: (row: CountItem, clock: Clock | null) => void;
  /** Which of the three boards is shown; without the choice in a replay. */
  view: View;
  onView: ((view: View) => void) | null;
  onShow: (place: { lon: number; lat: number }) => void;
}

export const views = ["cases", "hot", "scores"] as const;
export type View = (typeof views)[number];

export function Board({ by, choices, onBy, rows, more, onRows, view, onView, onShow }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const most = Math.max(1, ...(rows ?? []).map((row) => row.open));
  return (
    <section className="centre-board" aria-labelledby="board-title">
      <header>
        <h2 id="board-title">{t(view === "cases" ? "board" : `view.${view}`)}</h2>
        {onView ? (
          <div className="centre-tabs centre-views" role="group" aria-label={t("view")}>
            {views.map((one) => <button key={one} type="button" aria-pressed={one === view} onClick={() => onView(one)}>{t(`view.${one}`)}</button>)}
          </div>
        ) : null}
        {view !== "cases" ? null : <div className="centre-tabs" role="group" aria-label={t("board")}>
          {choices.map((one) => (
            <button key={one} type="button" aria-pressed={one === by} onClick={() => onBy(one)}>{t(`by.${one}`)}</button>
          ))}
        </div>}
      </header>
      {view === "hot" ? <HotIssues onShow={onShow} /> : view === "scores" ? <Scores /> : null}
      {view !== "cases" ? null : <>
      {rows && !rows.length ? <p className="soft">{t("board.empty")}</p> : null}
      <ul className="board-rows">
        {(rows ?? []).slice(0, 40).map((row) => {
          const name = language === "zh" ? row.zh : row.en || row.zh;
          return (
            <li key={row.key ?? ""}>
              <button type="button" className="board-name" title={name} onClick={() => onRows(row, null)} aria-label={t("board.row", { name, open: row.open, red: row.red })}>
                <span>{name}</span>{" "}
                <b className="number">{row.open}</b>
              </button>
              <div className="board-bar" style={{ width: `${Math.max(6, (100 * row.open) / most)}%` }}>
                {clocks.filter((clock) => row[clock] > 0).map((clock) => (
                  <button
                    key={clock}
                    type="button"
                    className={`bar-part ${clock}`}
                    style={{ flexGrow: row[clock] }}
                    title={`${name} · ${t(`clock.${clock}`)} ${row[clock]}`}
                    aria-label={`${name} · ${t(`clock.${clock}`)} ${row[clock]}`}
                    onClick={() => onRows(row, clock)}
                  />
                ))}
              </div>
            </li>
          );
        })}
      </ul>
      {more ? <p className="soft small">{t("more")}</p> : null}
      <p className="board-legend small">
        {clocks.map((clock) => (
          <span key={clock}><i className={`bar-part ${clock}`} aria-hidden="true" /> {t(`clock.${clock}`)}</span>
        ))}
      </p>
      </>}
    </section>
  );
}
