// Devices as tiles, where a city has more of them than a list gives at once: clustered by the server below street level.

import type { ExpressionSpecification, LayerSpecification, Map as LibreMap, VectorTileSource } from "maplibre-gl";
import { useEffect, useMemo } from "react";
import type { MetricView, ProfileView } from "../../../shared/api/description";
import { colours, fonts } from "../../../shared/map/style";
import type { Theme } from "../../../shared/ui/theme";
import type { Limit } from "../../desk/senses/rule_names";

export const deviceTileLayers = ["device-tiles-dots", "device-tiles-clusters"];
const source = "device-tiles";
const refreshEvery = 10_000; // ms

interface Shown {
  metric: MetricView | undefined;
  profiles: readonly ProfileView[];
  limits: (profile: string) => Limit[];
}

/** Keep the layers of device tiles on the map while `enabled`. */
export function useDeviceTiles(map: LibreMap | null, enabled: boolean, theme: Theme, { metric, profiles, limits }: Shown): void {
  const layers = useMemo(() => layersOf(theme, metric, profiles, limits), [theme, metric, profiles, limits]);
  const code = metric?.code ?? "";
  useEffect(() => {
    if (!map || !enabled) return;
    const tiles = [`${location.origin}/api/v1/tiles/devices/{z}/{x}/{y}.mvt${code ? `?metric=${code}` : ""}`];
    const draw = () => {
      if (!map.getSource("areas") || map.getSource(source)) return;
      map.addSource(source, { type: "vector", tiles, minzoom: 6, maxzoom: 15 });
      for (const layer of layers) map.addLayer(layer);
    };
    draw();
    map.on("styledata", draw);
    const timer = window.setInterval(() => {
      if (!document.hidden) (map.getSource(source) as VectorTileSource | undefined)?.setTiles(tiles);
    }, refreshEvery);
    return () => {
      clearInterval(timer);
      map.off("styledata", draw);
      if (!map.getStyle()) return; // the map itself has gone
      for (const layer of layers) if (map.getLayer(layer.id)) map.removeLayer(layer.id);
      if (map.getSource(source)) map.removeSource(source);
    };
  }, [map, enabled, code, layers]);
}

function layersOf(theme: Theme, metric: MetricView | undefined, profiles: readonly ProfileView[], limits: (profile: string) => Limit[]): LayerSpecification[] {
  const c = colours[theme];
  const value: ExpressionSpecification = ["to-number", ["get", "value"]];
  const passed = profiles.flatMap((one) => limits(one.id).map((limit): ExpressionSpecification => ["all", ["has", "value"], ["==", ["get", "profile"], one.id], [limit.side === "above" ? ">" : "<", value, limit.value]]));
  const over: ExpressionSpecification = passed.length ? ["any", ...passed] : ["literal", false] as unknown as ExpressionSpecification;
  const colour: ExpressionSpecification = ["case", ["!", ["get", "online"]], c.grey, over, c.red, c.green];
  const layer = { source, "source-layer": "devices" };
  const cluster: ExpressionSpecification = ["has", "n"];
  const text: ExpressionSpecification = ["case", ["has", "value"], ["concat", ["number-format", value, { "min-fraction-digits": metric?.decimals ?? 0, "max-fraction-digits": metric?.decimals ?? 0 }], metric && metric.unit !== "1" && metric.unit !== "state" ? ` ${metric.unit}` : ""], ""];
  return [
    { id: "device-tiles-clusters", type: "circle", ...layer, filter: cluster, paint: { "circle-color": ["case", [">", ["get", "online"], 0], c.green, c.grey], "circle-radius": ["interpolate", ["linear"], ["get", "n"], 1, 5, 2, 9, 100, 20, 5000, 34], "circle-opacity": 0.85, "circle-stroke-color": c.halo, "circle-stroke-width": 1.5 } },
    { id: "device-tiles-counts", type: "symbol", ...layer, filter: ["all", cluster, [">", ["get", "n"], 1]], layout: { "text-field": ["to-string", ["get", "n"]], "text-font": fonts, "text-size": 12, "text-allow-overlap": true }, paint: { "text-color": theme === "dark" ? "#0e161f" : "#ffffff" } },
    { id: "device-tiles-dots", type: "circle", ...layer, filter: ["!", cluster], paint: { "circle-color": ["case", ["get", "online"], colour, c.halo], "circle-radius": 7, "circle-stroke-color": colour, "circle-stroke-width": 2 } },
    { id: "device-tiles-values", type: "symbol", ...layer, filter: ["!", cluster], layout: { "text-field": text, "text-font": fonts, "text-size": 12, "text-offset": [0, -1.3] }, paint: { "text-color": ["case", over, c.red, c.text], "text-halo-color": c.halo, "text-halo-width": 1.8 } },
  ];
}
