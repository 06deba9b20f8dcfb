// The sheet: loads a drawing, tells what is selected and when something was changed.

import { useEffect, useEffectEvent, useRef } from "react";
import { makeModeler, type Canvas, type Drawn, type Modeler, type Registry } from "./modeler";

interface Props {
  xml: string;
  label: string;
  /** The board once it shows the drawing. */
  onReady: (modeler: Modeler) => void;
  onSelect: (element: Drawn | null) => void;
  onChange: () => void;
  onFailed: (error: Error) => void;
}

interface Events {
  on(name: string | string[], heard: (event: { newSelection?: Drawn[] }) => void): void;
}

export function Sheet({ xml, label, onReady, onSelect, onChange, onFailed }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const ready = useEffectEvent(onReady);
  const select = useEffectEvent(onSelect);
  const change = useEffectEvent(onChange);
  const failed = useEffectEvent(onFailed);
  useEffect(() => {
    if (!host.current) return;
    const modeler = makeModeler(host.current);
    const events = modeler.get<Events>("eventBus");
    let gone = false;
    modeler
      .importXML(xml)
      .then(() => {
        if (gone) return;
        // A sheet that only begins stays as it is, with room to the right; a drawing is shown whole.
        if (modeler.get<Registry>("elementRegistry").getAll().length > 3) modeler.get<Canvas>("canvas").zoom("fit-viewport", "auto");
        events.on("selection.changed", (event) => select(event.newSelection?.length === 1 ? (event.newSelection[0] ?? null) : null));
        events.on("commandStack.changed", () => change());
        ready(modeler);
      })
      .catch((error: unknown) => {
        if (!gone) failed(error instanceof Error ? error : new Error(String(error)));
      });
    return () => {
      gone = true;
      modeler.destroy();
    };
  }, [xml]);
  return <div ref={host} className="designer-sheet" role="application" aria-label={label} />;
}
