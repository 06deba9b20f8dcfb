// Reading and changing our settings on an element of the drawing. Every change is one command of the modeler, so that it can
// be undone like any other.

import type { Canvas, Drawn, Moddle, Modeler, Modeling, Thing } from "./modeler";

export type Values = Record<string, string | undefined>;

const extensions = (thing: Thing): Thing[] => ((thing.get("extensionElements") as Thing | undefined)?.get("values") as Thing[] | undefined) ?? [];

/** The settings of one kind on a thing, each as its attributes. */
export function settingsOf(thing: Thing, kind: string, attributes: readonly string[]): Values[] {
  return extensions(thing)
    .filter((one) => one.$type === `yiwang:${kind}`)
    .map((one) => Object.fromEntries(attributes.map((name) => [name, text(one.get(name))])));
}

const text = (value: unknown): string | undefined => (value === undefined || value === null ? undefined : String(value));

/** Put these settings of one kind in the place of those that there are; none takes them away. Others stay as they are. */
export function putSettings(modeler: Modeler, element: Drawn, holder: Thing, kind: string, wanted: readonly Values[]): void {
  const moddle = modeler.get<Moddle>("moddle");
  const modeling = modeler.get<Modeling>("modeling");
  const made = wanted.map((values) => moddle.create(`yiwang:${kind}`, Object.fromEntries(Object.entries(values).filter(([, value]) => value))));
  const before = extensions(holder);
  const first = before.findIndex((one) => one.$type === `yiwang:${kind}`);
  const others = before.filter((one) => one.$type !== `yiwang:${kind}`);
  const place = first < 0 ? others.length : before.slice(0, first).filter((one) => one.$type !== `yiwang:${kind}`).length;
  const values = [...others.slice(0, place), ...made, ...others.slice(place)];
  const found = moddle.create("bpmn:ExtensionElements", { values });
  for (const one of values) one.$parent = found;
  found.$parent = holder;
  modeling.updateModdleProperties(element, holder, { extensionElements: values.length ? found : undefined });
}

/** The process that is drawn: its element on the sheet and itself. */
export function processOf(modeler: Modeler): { root: Drawn; process: Thing } | null {
  const root = modeler.get<Canvas>("canvas").getRootElement();
  const thing = root.businessObject;
  if (thing.$type === "bpmn:Process") return { root, process: thing };
  const participants = (thing.get("participants") as Thing[] | undefined) ?? [];
  const process = participants.map((one) => one.get("processRef") as Thing | undefined).find(Boolean);
  return process ? { root, process } : null;
}
