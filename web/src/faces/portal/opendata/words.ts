// Code tables of the catalogue, as keys of the texts.

import { city } from "../../../shared/city";
import type { Language } from "../../../shared/i18n/language";

export const themes = ["class-1", "class-2", "class-3"] as const;

const cycles = ["cycle.1", "cycle.2", "cycle.3", "cycle.4", "cycle.5", "cycle.6", "cycle.7"] as const;
const kinds = ["kind.text", "kind.integer", "kind.number", "kind.boolean", "kind.date", "kind.datetime", "kind.list", "kind.object"] as const;

/** How often the data are updated: 1 real time … 7 otherwise. */
export const cycleOf = (cycle: number) => cycles[cycle - 1] ?? "cycle.7";

export const kindOf = (kind: string) => kinds.find((one) => one === `kind.${kind}`) ?? "kind.text";

/** A day with its year, in the city's zone. */
export const longDay = (at: string, language: Language): string =>
  new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "long", timeZone: city.timezone }).format(new Date(at));
