// The centre's own layers on the shared map: load of areas, and the cases of a replayed moment.

import type { ExpressionSpecification, GeoJSONSource, Map as LibreMap } from "maplibre-gl";
import type { CountItem } from "../../shared/api/description";
import { colours } from "../../shared/map/style";
import type { Theme } from "../../shared/ui/theme";
import { colourAt, type PastCase } from "./past";

export const loads = ["none", "street", "community", "grid"] as const;
export type Load = (typeof loads)[number];
const layerOf = { street: "street", community: "community", grid: "responsibility_grid" } as const;
/** Colours of load, from few to many: lightness alone tells them apart. */
export const ramp: Record<Theme, readonly string[]> = {
  light: ["#d4e3f1", "#a3c4e2", "#6c9fce", "#3a77b0", "#1b4f86"],
  dark: ["#1d3a57", "#28527c", "#3a72a8", "#5f9bd3", "#9cc9f5"],
};

/** Where each colour begins: fifths of the most, whole numbers, each larger than the one before. */
export function steps(rows: readonly CountItem[]): number[] {
  const most = Math.max(1, ...rows.map((row) => row.open));
  const found = [1];
  for (let fifth = 1; fifth < 5; fifth += 1) {
    const at = Math.ceil((most * fifth) / 5) + 1;
    if (at > (found.at(-1) ?? 0) && at <= most) found.push(at);
  }
  return found;
}

/** Lay the layer of load under the lines of the map, or take it away. Harmless when called again. */
export function showLoad(map: LibreMap, load: Load, rows: readonly CountItem[], theme: Theme): void {
  for (const one of Object.values(layerOf)) {
    if (map.getLayer(`load-${one}`) && (load === "none" || layerOf[load] !== one)) map.removeLayer(`load-${one}`);
  }
  if (load === "none" || !map.getSource("areas")) return;
  const layer = layerOf[load];
  const known = rows.filter((row) => row.key);
  const starts = steps(rows);
  const count: ExpressionSpecification | number = known.length
    ? (["match", ["get", "code"], ...known.flatMap((row) => [row.key ?? "", row.open]), 0] as unknown as ExpressionSpecification)
    : 0;
  const colour = ["step", count, "rgba(0,0,0,0)", ...starts.flatMap((start, place) => [start, ramp[theme][place] ?? ""])] as unknown as ExpressionSpecification;
  if (map.getLayer(`load-${layer}`)) {
    map.setPaintProperty(`load-${layer}`, "fill-color", colour);
    return;
  }
  map.addLayer(
    { id: `load-${layer}`, type: "fill", source: "areas", "source-layer": layer, paint: { "fill-color": colour, "fill-opacity": 0.75 } },
    map.getLayer("unit-grid") ? "unit-grid" : undefined,
  );
}

/** The cases of a replayed moment; null takes them away. What has just been touched is ringed. */
export function showPast(map: LibreMap, cases: ReadonlyMap<string, PastCase> | null, at: number, theme: Theme, recent: number): void {
  if (!cases) {
    for (const id of ["past-dots", "past-rings"]) if (map.getLayer(id)) map.removeLayer(id);
    if (map.getSource("past")) map.removeSource("past");
    return;
  }
  const features = [];
  for (const item of cases.values()) {
    if (item.lon === null || item.lat === null) continue;
    features.push({
      type: "Feature" as const,
      properties: { id: item.id, clock: colourAt(item, at), recent: at - item.touched < recent },
      geometry: { type: "Point" as const, coordinates: [item.lon, item.lat] },
    });
  }
  const data = { type: "FeatureCollection" as const, features };
  const source = map.getSource("past") as GeoJSONSource | undefined;
  if (source) source.setData(data);
  else map.addSource("past", { type: "geojson", data });
  if (map.getLayer("past-dots")) return;
  const c = colours[theme];
  map.addLayer({
    id: "past-rings", type: "circle", source: "past", filter: ["==", ["get", "recent"], true],
    paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 9, 15, 18], "circle-color": "rgba(0,0,0,0)", "circle-stroke-width": 2.5, "circle-stroke-color": c.place, "circle-stroke-opacity": 0.8 },
  });
  map.addLayer({
    id: "past-dots", type: "circle", source: "past",
    paint: {
      "circle-color": ["match", ["get", "clock"], "red", c.red, "yellow", c.yellow, "green", c.green, "blue", c.blue, c.grey],
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 4, 15, 8], "circle-stroke-color": c.halo, "circle-stroke-width": 1.2,
    },
  });
}
