// The drawing board: bpmn-js with our palette (a step that somebody does comes first), our settings and our language.
// Its watermark stays visible, as its licence asks.

import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/diagram-js.css";
import BpmnModeler from "bpmn-js/lib/Modeler";
import { language } from "../../../shared/i18n/language";
import { boardWords } from "./board_words";
import { yiwang } from "./yiwang_moddle";

/** A thing of the file: moddle's elements, as far as we touch them. */
export interface Thing {
  id: string;
  $type: string;
  $parent?: Thing;
  get(name: string): unknown;
}
/** An element on the sheet. */
export interface Drawn {
  id: string;
  type: string;
  businessObject: Thing;
  outgoing?: Drawn[];
  incoming?: Drawn[];
  source?: Drawn;
  target?: Drawn;
  labelTarget?: Drawn;
}
export interface Moddle {
  create(type: string, values?: object): Thing;
}
export interface Modeling {
  updateProperties(element: Drawn, properties: object): void;
  updateModdleProperties(element: Drawn, thing: Thing, properties: object): void;
  updateLabel(element: Drawn, label: string): void;
}
export interface Canvas {
  getRootElement(): Drawn;
  zoom(to: "fit-viewport" | number, centre?: "auto"): void;
  addMarker(id: string, marker: string): void;
  removeMarker(id: string, marker: string): void;
  scrollToElement(element: Drawn): void;
}
export interface Registry {
  get(id: string): Drawn | undefined;
  getAll(): Drawn[];
}
export type Modeler = InstanceType<typeof BpmnModeler>;

type Entry = { group: string; className?: string; title?: string; separator?: boolean; action?: object };
type Entries = Record<string, Entry>;
interface Provides {
  registerProvider(priority: number, provider: object): void;
}
interface Create {
  start(event: unknown, shape: unknown, context?: object): void;
}
interface Factory {
  createShape(attributes: object): unknown;
}
interface AutoPlace {
  append(source: Drawn, shape: unknown): void;
}

const left_out = new Set(["create.data-object", "create.data-store", "create.group"]);
const uncomfortable = new Set(["alignElementsMenuProvider", "distributeElementsMenuProvider"]);

/** Pieces of the modeler without the menus that draw by style attributes, which our content security policy refuses. */
function pieces(modules: readonly unknown[]): unknown[] {
  return modules.filter((one) => !((one as { __init__?: unknown[] }).__init__ ?? []).some((name) => uncomfortable.has(String(name))));
}

class Board extends BpmnModeler {}
const prototype = Board.prototype as unknown as { _modules: unknown[] };
prototype._modules = pieces((BpmnModeler.prototype as unknown as { _modules: unknown[] })._modules);

export function makeModeler(container: HTMLElement): Modeler {
  const translate = (template: string, values: Record<string, string> = {}): string => {
    const words = language() === "zh" ? (boardWords[template] ?? template) : template;
    return words.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  };
  const modeler = new Board({
    container,
    moddleExtensions: { yiwang },
    additionalModules: [{ translate: ["value", translate] }],
  });
  const create = modeler.get<Create>("create");
  const auto = modeler.get<AutoPlace>("autoPlace");
  const step = () => newStep(modeler);
  const title = translate("Create step");
  modeler.get<Provides>("palette").registerProvider(500, {
    getPaletteEntries: () => (entries: Entries): Entries => {
      const own: Entry = {
        group: "activity", className: "bpmn-icon-user-task", title,
        action: { dragstart: (event: unknown) => create.start(event, step()), click: (event: unknown) => create.start(event, step()) },
      };
      const kept = Object.entries(entries).filter(([name]) => !left_out.has(name) && name !== "create.task");
      const tools = kept.filter(([, entry]) => entry.group === "tools");
      return Object.fromEntries([...tools, ["create.user-task", own], ...kept.filter(([, entry]) => entry.group !== "tools")]);
    },
  });
  modeler.get<Provides>("contextPad").registerProvider(500, {
    getContextPadEntries: () => (entries: Entries): Entries => {
      if (!entries["append.append-task"]) return entries;
      const { "append.append-task": plain, ...others } = entries;
      return {
        ...others,
        "append.user-task": {
          group: plain?.group ?? "model", className: "bpmn-icon-user-task", title: translate("Append step"),
          action: {
            dragstart: (event: unknown, element: Drawn) => create.start(event, step(), { source: element }),
            click: (_: unknown, element: Drawn) => auto.append(element, step()),
          },
        },
      };
    },
  });
  return modeler;
}

/** A new step with what every step needs, so that only who does it remains to be said. */
function newStep(modeler: Modeler): unknown {
  const moddle = modeler.get<Moddle>("moddle");
  const registry = modeler.get<Registry>("elementRegistry");
  let number = 1;
  while (registry.get(`step${number}`)) number += 1;
  const values = [
    moddle.create("yiwang:Step", { stage: `step${number}`, status: `环节${number}办理中`, en: `Step ${number}` }),
    moddle.create("yiwang:Outcome", { id: "agree", zh: "同意", en: "Agree" }),
  ];
  const extensionElements = moddle.create("bpmn:ExtensionElements", { values });
  for (const one of values) one.$parent = extensionElements;
  const businessObject = moddle.create("bpmn:UserTask", { id: `step${number}`, name: `环节${number}`, extensionElements });
  extensionElements.$parent = businessObject;
  return modeler.get<Factory>("elementFactory").createShape({ type: "bpmn:UserTask", businessObject });
}

/** An empty sheet with a beginning, for a flow of this key. */
export function emptyFlow(key: string, zh: string, en: string): string {
  const plain = (words: string) => words.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:yiwang="http://yiwang.dev/bpmn/1" id="definitions_${key}" targetNamespace="http://yiwang.dev/flows" expressionLanguage="https://cel.dev">
  <bpmn:process id="${key}" name="${plain(zh)}" isExecutable="true">
    <bpmn:extensionElements><yiwang:process en="${plain(en)}" status_done="已办结"/></bpmn:extensionElements>
    <bpmn:startEvent id="start"/>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram_${key}">
    <bpmndi:BPMNPlane id="plane_${key}" bpmnElement="${key}">
      <bpmndi:BPMNShape id="start_di" bpmnElement="start"><dc:Bounds x="180" y="240" width="36" height="36"/></bpmndi:BPMNShape>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
`;
}
