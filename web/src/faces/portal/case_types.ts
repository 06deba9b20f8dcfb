import type { CaseTypeItem } from "../../shared/api/description";
import type { Fields } from "../../shared/forms/conditions";

/** A kind of case as a resident reports it, and what the city asks of them for it. */
export interface Kind {
  type: string;
  channel: string;
  names: CaseTypeItem["names"];
  needs: readonly string[];
  /** The declared fields that residents are asked for. */
  asked: Fields;
}

/** Channels by which residents report in the portal, the one preferred first. */
const CHANNELS = ["resident", "web"];

/** The kinds of case that residents may report, in the order in which the city ranks them. */
export const residentKinds = (types: readonly CaseTypeItem[]): Kind[] =>
  types.flatMap((type) => {
    const channel = CHANNELS.find((one) => one in type.channels);
    if (!channel) return [];
    const asked = (type.asks[channel] ?? []).flatMap((name) => {
      const field = type.fields[name];
      return field ? [[name, field] as const] : [];
    });
    return [{ type: type.id, channel, names: type.names, needs: type.needs[channel] ?? [], asked: Object.fromEntries(asked) }];
  });
