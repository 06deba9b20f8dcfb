// What each command asks for, as the gateway of its protocol reads it; everything else is given as JSON.

import type { CommandBody } from "../../../shared/api/description";
import { momentOf } from "../../centre/zone";
import type { texts } from "./command_texts";

export type Verb = CommandBody["verb"];
type Kind = "number" | "text" | "password" | "datetime-local" | "json";
export interface Field {
  name: string;
  kind: Kind;
  text: keyof typeof texts;
  needed: boolean;
}

/** Those that a person gives here; fences are sent from the page of fences. */
export const verbsWithForm: readonly Verb[] = [
  "sync-time", "set-interval", "set-password", "fetch-history", "query-parameters", "set-parameters", "query-attributes", "control", "send-text",
  "locate", "track", "confirm-alarm", "photograph", "restart",
];

const field = (name: string, kind: Kind, text: keyof typeof texts, needed = true): Field => ({ name, kind, text, needed });

export function fieldsOf(verb: Verb, protocol: string): Field[] {
  switch (verb) {
    case "set-interval":
      return [field("seconds", "number", "field.seconds")];
    case "set-password":
      return [field("password", "password", "field.password")];
    case "fetch-history":
      return [field("since", "datetime-local", "field.since"), field("until", "datetime-local", "field.until")];
    case "send-text":
      return [field("text", "text", "field.text")];
    case "track":
      return [field("seconds", "number", "field.seconds"), field("for", "number", "field.for", false)];
    case "photograph":
      return [field("channel", "number", "field.channel", false), field("count", "number", "field.count", false)];
    case "query-parameters":
      return protocol === "hj212" ? [field("", "json", "field.json", false)] : [];
    case "set-parameters":
    case "control":
      return [field("", "json", "field.json")];
    default:
      return [];
  }
}

/** The parameters as they are sent. Throws SyntaxError where JSON cannot be read. */
export function parametersOf(verb: Verb, values: Readonly<Record<string, string>>): NonNullable<CommandBody["parameters"]> {
  const found: NonNullable<CommandBody["parameters"]> = verb === "fetch-history" ? { grain: "minute" } : {};
  for (const [name, text] of Object.entries(values)) {
    if (!text.trim()) continue;
    if (name === "") Object.assign(found, JSON.parse(text) as object);
    else if (name === "since" || name === "until") found[name] = new Date(momentOf(text) ?? Number.NaN).toISOString();
    else if (["seconds", "for", "channel", "count"].includes(name)) found[name] = Number(text);
    else found[name] = text;
  }
  return found;
}
