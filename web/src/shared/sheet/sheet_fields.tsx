// A scoring sheet (评分表) to fill in: points, what does not apply, evidence, and the total as it grows. Without Ant Design,
// so that a telephone on the spot shows the same.

import { useId } from "react";
import type { SheetView } from "../api/description";
import { useLanguage } from "../i18n/language";
import { nameIn, useTexts } from "../i18n/texts";
import type { Shot } from "../photos/exif";
import { PhotoPicker } from "../photos/picker";
import { blank, faultsOf, judge, type Answers, type Fault, type Given } from "./answers";
import "./sheet.css";
import { texts } from "./texts";

interface Props {
  sheet: SheetView;
  answers: Answers;
  onChange: (answers: Answers) => void;
  /** Somebody has tried to send it: what is missing is said. */
  tried: boolean;
  shotNow?: () => Shot;
  camera?: boolean;
  onBusy?: (busy: boolean) => void;
}

type Item = SheetView["items"][number];

export function SheetFields({ sheet, answers, onChange, tried, ...photos }: Props) {
  const faults = faultsOf(sheet, answers);
  return (
    <div className="sheet">
      {sheet.items.map((item) => (
        <OneItem
          key={item.id} item={item} given={answers[item.id] ?? blank} fault={faults[item.id]} tried={tried} {...photos}
          onGiven={(given) => onChange({ ...answers, [item.id]: given })}
        />
      ))}
      <Total sheet={sheet} answers={answers} left={Object.keys(faults).length} />
    </div>
  );
}

interface ItemProps extends Pick<Props, "tried" | "shotNow" | "camera" | "onBusy"> {
  item: Item;
  given: Given;
  fault: Fault | undefined;
  onGiven: (given: Given) => void;
}

function OneItem({ item, given, fault, tried, onGiven, ...photos }: ItemProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const id = useId();
  const name = nameIn(item.names, language);
  const out = given.points !== null && (given.points < 0 || given.points > item.points);
  const said = fault && (tried || out || (fault === "photo" && given.points !== null)) ? fault : undefined;
  const lost = given.points !== null && given.points < item.points;
  return (
    <fieldset data-item={item.id} {...(said && tried ? { "data-fault": said } : {})}>
      <legend>
        {name} {item.veto ? <span className="sheet-tag">{t("veto")}</span> : null}{" "}
        {item.photo === "always" || item.photo === "lost" ? <span className="sheet-tag plain">{t(`photo.${item.photo}`)}</span> : null}
      </legend>
      <div className="sheet-line">
        <label htmlFor={`${id}-points`}>
          <span className="visually-hidden">{name} </span>{t("points")}
        </label>
        <input
          id={`${id}-points`} className="input sheet-points" type="number" inputMode="decimal" min={0} max={item.points} step="any" disabled={given.skipped}
          value={given.points ?? ""} aria-invalid={said !== undefined} aria-describedby={said ? `${id}-fault` : undefined}
          onChange={(event) => onGiven({ ...given, points: event.target.value === "" ? null : Number(event.target.value) })}
        />
        <span className="soft number">{t("of", { n: item.points })}</span>
        <button type="button" className="button second small sheet-full" disabled={given.skipped} aria-label={`${name}: ${t("full")}`} onClick={() => onGiven({ ...given, points: item.points })}>{t("full")}</button>
        {item.optional ? <label><input type="checkbox" checked={given.skipped} onChange={(event) => onGiven({ ...given, skipped: event.target.checked, points: null })} /> {t("skip")}</label> : null}
        <input className="input sheet-note" aria-label={`${name}: ${t("note")}`} placeholder={t("note")} value={given.note} maxLength={500} onChange={(event) => onGiven({ ...given, note: event.target.value })} />
        {said ? <p id={`${id}-fault`} className="notice-error" role="alert">{said === "points" ? t("fault.points", { n: item.points }) : t("fault.photo")}</p> : null}
      </div>
      {!given.skipped && (item.photo === "always" || lost || given.photos.length) ? <PhotoPicker photos={given.photos} told most={5} label={t("photo.add")} {...photos} onChange={(taken) => onGiven({ ...given, photos: taken })} /> : null}
    </fieldset>
  );
}

function Total({ sheet, answers, left }: { sheet: SheetView; answers: Answers; left: number }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const result = judge(sheet, answers);
  const begun = Object.values(answers).some((one) => one.points !== null);
  const nameOf = (id: string) => nameIn(sheet.items.find((one) => one.id === id)?.names, language);
  const verdict = sheet.verdicts.find((one) => one.id === result.verdict);
  return (
    <p className={result.vetoed.length ? "sheet-total bad" : "sheet-total"} role="status">
      <span>{t("total")}</span> <b>{begun ? t(`total.${sheet.total === "sum" ? "sum" : "percent"}`, { total: result.total, full: result.full }) : "–"}</b>
      {begun && verdict ? <span>{nameIn(verdict.names, language)}</span> : null}
      {result.vetoed.length ? <span>{t("vetoed", { names: result.vetoed.map(nameOf).join(language === "zh" ? "、" : ", ") })}</span> : null}
      {left ? <span className="soft">{t("left", { n: left })}</span> : null}
    </p>
  );
}
