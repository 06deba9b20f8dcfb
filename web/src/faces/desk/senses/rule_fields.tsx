// Small fields of the rule editor: a number that may be left out, a duration as rules write it, a choice.

import { useId, type ReactNode } from "react";
import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./rule_texts";

interface Common {
  label: string;
  disabled: boolean;
}

export function Labelled({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return <div className="field"><label htmlFor={id}>{label}</label>{children(id)}</div>;
}

export function NumberField({ label, disabled, value, onChange, needed = false }: Common & { value: number | null | undefined; onChange: (value: number | null) => void; needed?: boolean }) {
  return <Labelled label={label}>{(id) => <input id={id} type="number" step="any" disabled={disabled} required={needed} value={value ?? ""} onChange={(event) => onChange(event.target.value === "" ? null : Number(event.target.value))} />}</Labelled>;
}

export function DurationField({ label, disabled, value, onChange, needed = false }: Common & { value: string | null | undefined; onChange: (value: string) => void; needed?: boolean }) {
  const t = useTexts(texts);
  return <Labelled label={label}>{(id) => <input id={id} size={8} disabled={disabled} required={needed} pattern="[0-9]{1,5}(s|min|h|d)" title={t("duration")} placeholder="10min" value={value ?? ""} onChange={(event) => onChange(event.target.value)} />}</Labelled>;
}

export function TextField({ label, disabled, value, onChange, needed = false, most = 60, wide = false }: Common & { value: string | null | undefined; onChange: (value: string) => void; needed?: boolean; most?: number; wide?: boolean }) {
  return <Labelled label={label}>{(id) => <input id={id} size={wide ? 60 : 18} disabled={disabled} required={needed} maxLength={most} value={value ?? ""} onChange={(event) => onChange(event.target.value)} />}</Labelled>;
}

export function ChoiceField<Key extends string>({ label, disabled, value, choices, onChange }: Common & { value: Key; choices: readonly (readonly [key: Key, name: string])[]; onChange: (value: Key) => void }) {
  return (
    <Labelled label={label}>
      {(id) => (
        <select id={id} disabled={disabled} value={value} onChange={(event) => { const found = choices.find(([key]) => key === event.target.value); if (found) onChange(found[0]); }}>
          {choices.map(([key, name]) => <option key={key} value={key}>{name}</option>)}
        </select>
      )}
    </Labelled>
  );
}
