// A place by its name: the city's own names, offered while one types.

import { useEffect, useId, useState } from "react";
import type { PlaceBody } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useTexts } from "../../../shared/i18n/texts";
import { useNaming } from "../shared/words";
import { texts } from "./texts";

interface Props {
  id: string;
  value: string;
  onType: (address: string) => void;
  onChoose: (place: PlaceBody) => void;
}

export function useLate<Value>(value: Value, milliseconds: number): Value {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return late;
}

export function PlaceSearch({ id, value, onType, onChoose }: Props) {
  const t = useTexts(texts);
  const naming = useNaming();
  const list = useId();
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const q = useLate(value.trim(), 250);
  const found = useAnswer("GET /api/v1/places", { query: { q, limit: 8 } }, { enabled: open && q.length >= 2, fresh: 60_000, keep: true }).data ?? [];
  const shown = open && q.length >= 2 && found.length > 0;
  const choose = (place: PlaceBody) => {
    onChoose(place);
    setOpen(false);
    setAt(-1);
  };
  return (
    <div className="place-search">
      <input
        id={id} value={value} maxLength={300} placeholder={t("where.search")} autoComplete="off" className="wide"
        role="combobox" aria-expanded={shown} aria-controls={list} aria-activedescendant={at >= 0 ? `${list}-${at}` : undefined}
        onChange={(event) => (onType(event.target.value), setOpen(true), setAt(-1))}
        onBlur={() => setTimeout(() => setOpen(false), 150)}
        onKeyDown={(event) => {
          if (!shown) return;
          if (event.key === "ArrowDown") setAt((before) => Math.min(before + 1, found.length - 1));
          else if (event.key === "ArrowUp") setAt((before) => Math.max(before - 1, 0));
          else if (event.key === "Enter" && !event.ctrlKey && found[Math.max(at, 0)]) choose(found[Math.max(at, 0)] as PlaceBody);
          else if (event.key === "Escape") setOpen(false);
          else return;
          event.preventDefault();
        }}
      />
      {shown ? (
        <ul id={list} role="listbox" className="place-list">
          {found.map((place, index) => (
            <li key={place.id} id={`${list}-${index}`} role="option" aria-selected={index === at} onMouseDown={() => choose(place)}>
              {place.name} <small className="soft">{naming.area(place.area)}</small>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
