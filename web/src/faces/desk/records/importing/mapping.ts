// Which column of the file is what, while somebody edits it, and as the API takes it.

import type { GuessView, ImportMapping } from "../../../../shared/api/description";
import type { ThingType, Value } from "../values";

/** Where a column may go besides an attribute: the place of the record. */
export const places = ["@lon", "@lat", "@geometry"] as const;
export type PlaceTarget = (typeof places)[number];

export interface Draft {
  /** Column → attribute, or one of `places`. */
  targets: Record<string, string>;
  crs: string;
  /** Values that every row gets. */
  constants: Record<string, Value>;
  /** Words of this file for values, as they were remembered. */
  values: ImportMapping["values"];
}

export const systems = ["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09", "EPSG:4547", "EPSG:4548", "EPSG:4549", "EPSG:3857"] as const;

export function draftOf(mapping: ImportMapping): Draft {
  const targets: Record<string, string> = { ...mapping.columns };
  if (mapping.lon) targets[mapping.lon] = "@lon";
  if (mapping.lat) targets[mapping.lat] = "@lat";
  if (mapping.geometry) targets[mapping.geometry] = "@geometry";
  return { targets, crs: mapping.crs ?? "EPSG:4490", constants: (mapping.constants ?? {}) as Draft["constants"], values: mapping.values };
}

export function mappingOf({ targets, crs, constants, values }: Draft): ImportMapping {
  const column = (place: PlaceTarget) => Object.keys(targets).find((name) => targets[name] === place) ?? null;
  return {
    columns: Object.fromEntries(Object.entries(targets).filter(([, target]) => target && !target.startsWith("@"))),
    lon: column("@lon"),
    lat: column("@lat"),
    geometry: column("@geometry"),
    crs,
    values: values ?? {},
    constants: Object.fromEntries(Object.entries(constants).filter(([, value]) => value !== null && value !== "")),
  };
}

/** A column goes somewhere else; whatever went there before goes nowhere. */
export function aimed(draft: Draft, column: string, target: string): Draft {
  const targets = Object.fromEntries(Object.entries(draft.targets).filter(([name, was]) => name !== column && (!target || was !== target)));
  return { ...draft, targets: target ? { ...targets, [column]: target } : targets };
}

/** Attributes that every record needs and that neither a column nor a value for all rows gives. */
export const missingOf = (type: ThingType, draft: Draft): string[] => {
  const given = new Set(Object.values(draft.targets));
  return Object.keys(type.attributes).filter((name) => type.attributes[name]?.required && !given.has(name));
};

/** How a column came to its target: for the word beside it. */
export function originOf(guess: GuessView, first: Draft, draft: Draft, column: string): "none" | "hand" | "remembered" | "name" | "alike" {
  if (!draft.targets[column]) return "none";
  if (first.targets[column] !== draft.targets[column]) return "hand";
  if (guess.remembered) return "remembered";
  return (guess.sureness[column] ?? 0) >= 0.95 ? "name" : "alike";
}
