// Vehicles as they move: the server tells once a second what has changed, of those on the part of the map that somebody sees.

import type { Map as LibreMap } from "maplibre-gl";
import { useEffect, useRef, useState } from "react";
import type { VehicleNow } from "../../../shared/api/description";
import { useLive } from "../../../shared/live/live";

type Box = readonly [west: number, south: number, east: number, north: number];

interface Wanted {
  /** Only within what this map shows; without a map all within reach. */
  map?: LibreMap | null;
  vehicle?: string;
  enabled?: boolean;
}

const margin = 0.25; // of the view on each side: a small move asks for nothing
const muchLarger = 16; // times the view: then the box is drawn anew
const settle = 400; // ms
const again = 5000; // ms, after the server has refused

/** Those in sight; undefined until the first are told. */
export function useLiveVehicles({ map, vehicle, enabled = true }: Wanted): readonly VehicleNow[] | undefined {
  const [shown, setShown] = useState<readonly VehicleNow[] | undefined>(undefined);
  const vehicles = useRef(new Map<number, VehicleNow>());
  useLive((entry) => {
    if (entry.verb !== "device.went_online" && entry.verb !== "device.went_offline") return;
    for (const one of vehicles.current.values()) {
      if (one.vehicle === entry.number) vehicles.current.set(one.id, { ...one, online: entry.verb === "device.went_online" });
    }
    setShown((before) => before && [...vehicles.current.values()]);
  });
  const bound = map !== undefined;
  useEffect(() => {
    if (!enabled || map === null) return;
    const known = new Map<number, VehicleNow>();
    vehicles.current = known;
    let source: EventSource | null = null;
    let box: Box | null = null;
    let timer: number | undefined;
    const tell = () => setShown([...known.values()]);
    const take = (event: MessageEvent<string>) => {
      for (const one of (JSON.parse(event.data) as { items: VehicleNow[] }).items) known.set(one.id, one);
      tell();
    };
    const hangUp = () => {
      clearTimeout(timer);
      source?.close();
      source = null;
    };
    const listen = () => {
      hangUp();
      if (document.hidden) return;
      box = map ? around(map) : null;
      const query = new URLSearchParams({ ...(box ? { bbox: box.map((one) => one.toFixed(5)).join(",") } : {}), ...(vehicle ? { vehicle } : {}) });
      const opened = new EventSource(`/api/v1/live/vehicles?${query.toString()}`);
      source = opened;
      opened.addEventListener("whole", (event: MessageEvent<string>) => {
        known.clear();
        take(event);
      });
      opened.addEventListener("moved", take);
      opened.addEventListener("error", () => {
        if (source === opened && opened.readyState === EventSource.CLOSED) timer = window.setTimeout(listen, again);
      });
    };
    const moved = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        if (!map || !box || !source || !covers(box, map)) listen();
      }, settle);
    };
    const seen = () => (document.hidden ? hangUp() : listen());
    listen();
    map?.on("moveend", moved);
    document.addEventListener("visibilitychange", seen);
    return () => {
      map?.off("moveend", moved);
      document.removeEventListener("visibilitychange", seen);
      hangUp();
      setShown(undefined);
    };
  }, [map, bound, vehicle, enabled]);
  return shown;
}

function around(map: LibreMap): Box {
  const [west, south, east, north] = edges(map);
  const [wide, high] = [(east - west) * margin, (north - south) * margin];
  return [Math.max(west - wide, -180), Math.max(south - high, -90), Math.min(east + wide, 180), Math.min(north + high, 90)];
}

function covers(box: Box, map: LibreMap): boolean {
  const [west, south, east, north] = edges(map);
  const within = box[0] <= west && box[1] <= south && box[2] >= east && box[3] >= north;
  return within && (box[2] - box[0]) * (box[3] - box[1]) <= muchLarger * (east - west) * (north - south);
}

function edges(map: LibreMap): Box {
  const bounds = map.getBounds();
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
}
