// Open alarms on the map: a mark for each, pulsing until somebody has acknowledged it; a button, so that keys reach it.

import { Marker, type Map as LibreMap } from "maplibre-gl";
import { useEffect, useEffectEvent } from "react";
import type { AlarmItem } from "../../desk/senses/severity";

export function useAlarmMarks(map: LibreMap | null, alarms: readonly AlarmItem[], labelOf: (alarm: AlarmItem) => string, onOpen: (id: string) => void): void {
  const label = useEffectEvent(labelOf);
  const open = useEffectEvent(onOpen);
  useEffect(() => {
    if (!map) return;
    const made = alarms.flatMap((one) => {
      if (one.lon === null || one.lat === null) return [];
      const element = document.createElement("button");
      element.type = "button";
      element.className = `alarm-mark ${one.severity}${one.state === "acknowledged" ? " acknowledged" : ""}`;
      element.title = label(one);
      element.setAttribute("aria-label", label(one));
      element.addEventListener("click", (event) => (event.stopPropagation(), open(one.id)));
      return [new Marker({ element }).setLngLat([one.lon, one.lat]).addTo(map)];
    });
    return () => {
      for (const one of made) one.remove();
    };
  }, [map, alarms]);
}
