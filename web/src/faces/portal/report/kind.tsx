// What the report is about: the kinds that residents may report as a row of choices, and what the city asks for the chosen one.

import { useEffect, useState } from "react";
import { fits, stateOf, type Fields, type FieldValue, type FieldValues } from "../../../shared/forms/conditions";
import { DeclaredFields } from "../../../shared/forms/declared_fields";
import { FieldStore } from "../../../shared/forms/field_store";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import type { Kind } from "../case_types";
import type { Draft } from "./draft";
import { texts } from "./texts";

/** A part of the draft that makes it a report of another kind: what hangs on the kind begins anew. */
export const anotherKind = (type: string): Partial<Draft> => ({ type, classCode: null, fields: {} });

interface ChoiceProps {
  kinds: readonly Kind[];
  chosen: Kind | undefined;
  change: (part: Partial<Draft>) => void;
}

/** Nothing where there is no choice. */
export function KindChoice({ kinds, chosen, change }: ChoiceProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  if (kinds.length < 2) return null;
  return (
    <div className="report-advice" role="group" aria-label={t("about")}>
      <span className="soft small">{t("about")}</span>
      <span className="row">
        {kinds.map((one) => (
          <button
            key={one.type} type="button" className="report-chip" aria-pressed={one === chosen}
            onClick={() => (one === chosen ? undefined : change({ ...anotherKind(one.type), joins: null }))}
          >
            {nameIn(one.names, language)}
          </button>
        ))}
      </span>
    </div>
  );
}

interface FieldsProps {
  kind: Kind;
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}

/** The declared fields of the kind, kept with the draft. Give it a key of draft and kind: each begins with its own values. */
export function KindFields({ kind, draft, change }: FieldsProps) {
  const [store] = useState(() => new FieldStore(draft.fields));
  useEffect(() => store.listen(null, () => change({ fields: store.now })), [store, change]);
  if (!Object.keys(kind.asked).length) return null;
  return <div className="stack report-asked"><DeclaredFields fields={kind.asked} store={store} /></div>;
}

const empty = (value: FieldValue | undefined): boolean => value === undefined || value === null || value === "";

/** Names of the fields that still miss their value, or whose value does not fit. */
export const faultyFields = (fields: Fields, values: FieldValues): string[] =>
  Object.keys(fields).filter((name) => {
    const { shown, required } = stateOf(fields, name, values);
    const value = values[name];
    return shown && (empty(value) ? required : !fits(fields[name]?.schema ?? {}, value));
  });
