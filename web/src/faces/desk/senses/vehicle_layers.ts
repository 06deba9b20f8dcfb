// Vehicles on a map: an arrow the way each goes, its name below; grey where it is offline, red where its terminal alarms.

import type { Feature } from "geojson";
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { useMemo } from "react";
import type { VehicleNow } from "../../../shared/api/description";
import { colours, fonts } from "../../../shared/map/style";
import type { Theme } from "../../../shared/ui/theme";

export const moving = (one: VehicleNow): boolean => one.online && one.speed >= 3;

export function useVehicleLayers(theme: Theme, source: string): LayerSpecification[] {
  return useMemo(() => {
    const c = colours[theme];
    const colour: ExpressionSpecification = ["match", ["get", "look"], "alarm", c.red, "offline", c.grey, "moving", c.green, c.place];
    return [
      { id: `${source}-dots`, type: "circle", source, paint: { "circle-color": colour, "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 5, 15, 10], "circle-stroke-color": c.halo, "circle-stroke-width": 1.5 } },
      { id: `${source}-arrows`, type: "symbol", source, filter: ["==", ["get", "look"], "moving"], layout: { "text-field": "▲", "text-font": fonts, "text-size": 12, "text-rotate": ["get", "direction"], "text-rotation-alignment": "map", "text-allow-overlap": true, "text-ignore-placement": true }, paint: { "text-color": theme === "dark" ? "#0e161f" : "#ffffff" } },
      { id: `${source}-names`, type: "symbol", source, minzoom: 12, layout: { "text-field": ["get", "name"], "text-font": fonts, "text-size": 12, "text-offset": [0, 1.4], "text-anchor": "top" }, paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.6 } },
    ];
  }, [theme, source]);
}

export const vehicleFeatures = (vehicles: readonly VehicleNow[], nameOf: (one: VehicleNow) => string): Feature[] =>
  vehicles.map((one) => ({
    type: "Feature",
    properties: { code: one.vehicle, name: nameOf(one), direction: one.direction, look: one.online ? (one.alarms.length ? "alarm" : moving(one) ? "moving" : "standing") : "offline" },
    geometry: { type: "Point", coordinates: [one.lon, one.lat] },
  }));
