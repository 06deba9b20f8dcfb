// Two people at one record: what the other changed meanwhile beside what one has typed oneself. Nothing is lost: what only the
// other changed is taken over, what both changed stands side by side, and the history keeps both.

import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { Tag } from "../shared/case_line";
import { texts } from "./texts";
import { labelOf, wordsOf, type Thing, type ThingType, type Value } from "./values";

export interface Meeting {
  before: Thing;
  theirs: Thing;
  said: string;
  /** Only the other changed these: taken over. */
  taken: string[];
  /** Both changed these. */
  both: string[];
  moved: "no" | "taken" | "both";
}

const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** What another changed since `before`; `own`: whether one has typed the attribute oneself, or leaves it as recorded. */
export function meeting(type: ThingType, before: Thing, theirs: Thing, said: string, own: (name: string) => boolean): Meeting {
  const changed = Object.keys(type.attributes).filter((name) => !same(before.attributes[name], theirs.attributes[name]));
  // Of a personal value only its masked form is known here: it is never taken over, only told.
  const taken = changed.filter((name) => !own(name) && !type.attributes[name]?.personal);
  const moved = same(before.geometry, theirs.geometry) ? "no" : own("geometry") ? "both" : "taken";
  return { before, theirs, said, taken, both: changed.filter((name) => !taken.includes(name)), moved };
}

interface Props {
  type: ThingType;
  met: Meeting;
  mine: Record<string, Value>;
  onTake: (name: string) => void;
  onPlace: () => void;
}

export function Conflict({ type, met, mine, onTake, onPlace }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const words = (name: string, values: Record<string, Value>) => wordsOf(type.attributes[name], values[name], language);
  return (
    <div role="alert" className="record-conflict">
      <p><b>{met.said}</b></p>
      <table className="rows">
        <thead><tr><th>{t("conflict.field")}</th><th>{t("conflict.before")}</th><th>{t("conflict.theirs")}</th><th>{t("conflict.mine")}</th><th /></tr></thead>
        <tbody>
          {met.both.map((name) => (
            <tr key={name} className="record-differs">
              <th scope="row">{labelOf(type, name, language)}</th>
              <td>{words(name, met.before.attributes)}</td>
              <td>{words(name, met.theirs.attributes)}</td>
              <td>{name in mine ? words(name, mine) : t("conflict.kept")}</td>
              <td>{type.attributes[name]?.personal ? null : <button type="button" className="link" onClick={() => onTake(name)}>{t("conflict.take")}</button>}</td>
            </tr>
          ))}
          {met.taken.map((name) => (
            <tr key={name}>
              <th scope="row">{labelOf(type, name, language)}</th>
              <td>{words(name, met.before.attributes)}</td>
              <td>{words(name, met.theirs.attributes)}</td>
              <td>{words(name, mine)}</td>
              <td><Tag look="green">{t("conflict.taken")}</Tag></td>
            </tr>
          ))}
          {met.moved === "no" ? null : (
            <tr className={met.moved === "both" ? "record-differs" : ""}>
              <th scope="row">{t("place")}</th>
              <td colSpan={3}>{t("conflict.moved")}</td>
              <td>{met.moved === "taken" ? <Tag look="green">{t("conflict.taken")}</Tag> : <button type="button" className="link" onClick={onPlace}>{t("conflict.take")}</button>}</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
