// The mapping of an import: each column of the file, what its first row has, and where it goes.

import type { GuessView } from "../../../../shared/api/description";
import { useLanguage } from "../../../../shared/i18n/language";
import { useTexts } from "../../../../shared/i18n/texts";
import { Tag } from "../../shared/case_line";
import { RecordField } from "../field";
import { labelOf, type ThingType } from "../values";
import { aimed, missingOf, originOf, places, systems, type Draft } from "./mapping";
import { texts } from "./texts";

interface Props {
  type: ThingType;
  guess: GuessView;
  first: Draft;
  draft: Draft;
  onDraft: (draft: Draft) => void;
}

const looks = { none: "grey", hand: "blue", remembered: "green", name: "green", alike: "yellow" } as const;

export function ColumnsEditor({ type, guess, first, draft, onDraft }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const columns = [...new Set(guess.header.filter(Boolean))];
  const missing = missingOf(type, draft);
  const located = Object.values(draft.targets).some((target) => target.startsWith("@"));
  return (
    <>
      <ul className="import-columns">
        {columns.map((column) => {
          const origin = originOf(guess, first, draft, column);
          return (
            <li key={column}>
              <label>
                <b>{column}</b>
                <select value={draft.targets[column] ?? ""} data-column={column} onChange={(event) => onDraft(aimed(draft, column, event.target.value))}>
                  <option value="">{t("left.out")}</option>
                  {Object.keys(type.attributes).map((name) => <option key={name} value={name}>{labelOf(type, name, language)}{type.attributes[name]?.required ? " *" : ""}</option>)}
                  {type.geometry === "none" ? null : places.map((place) => <option key={place} value={place}>{t(`place.${place.slice(1) as "lon" | "lat" | "geometry"}`)}</option>)}
                </select>
              </label>
              <span className="import-example"><Tag look={looks[origin]}>{t(`origin.${origin}`)}</Tag> <span className="soft">{guess.examples[column] ?? ""}</span></span>
            </li>
          );
        })}
      </ul>
      {located ? (
        <label className="field import-crs">
          <span className="label">{t("crs")}</span>
          <select value={draft.crs} onChange={(event) => onDraft({ ...draft, crs: event.target.value })}>
            {[...new Set([...systems, draft.crs])].map((one) => <option key={one} value={one}>{crsWords(t, one)}</option>)}
          </select>
          <span className="hint">{t("crs.hint")}</span>
        </label>
      ) : null}
      {missing.length ? (
        <fieldset className="import-constants">
          <legend>{t("missing", { names: missing.map((name) => labelOf(type, name, language)).join(language === "zh" ? "、" : ", ") })}</legend>
          <div className="fields-grid">
            {missing.map((name) => <RecordField key={name} name={name} attribute={type.attributes[name]} value={draft.constants[name] ?? null} fault={undefined} onChange={(which, value) => onDraft({ ...draft, constants: { ...draft.constants, [which]: value } })} />)}
          </div>
        </fieldset>
      ) : null}
    </>
  );
}

const named = { "EPSG:4490": "crs.4490", "EPSG:4326": "crs.4326", "GCJ-02": "crs.gcj", "BD-09": "crs.bd" } as const;

function crsWords(t: ReturnType<typeof useTexts<keyof typeof texts>>, crs: string): string {
  const key = named[crs as keyof typeof named];
  return key ? `${crs} · ${t(key)}` : crs;
}
