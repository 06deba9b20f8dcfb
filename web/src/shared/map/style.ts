// The map's own style: areas and grids of the city from our tiles, no picture from outside. Text is drawn with the device's
// fonts: a style without `glyphs` makes MapLibre do so.

import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Language } from "../i18n/language";
import type { Theme } from "../ui/theme";

export const fonts = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"];

export const colours: Record<Theme, Record<"land" | "outside" | "line" | "strong" | "text" | "halo" | "red" | "yellow" | "green" | "blue" | "grey" | "place", string>> = {
  light: { land: "#f7f9f5", outside: "#e3e9ee", line: "#c3ced8", strong: "#7d8f9f", text: "#3a4957", halo: "#ffffff", red: "#c5252c", yellow: "#d08300", green: "#1a8a50", blue: "#2f73cf", grey: "#6c7784", place: "#0f4c81" },
  dark: { land: "#1a2633", outside: "#0e161f", line: "#33465a", strong: "#5d7690", text: "#b9c7d4", halo: "#0e161f", red: "#ff6b6b", yellow: "#f0bd57", green: "#4fd08c", blue: "#7fb3ff", grey: "#96a3b0", place: "#7db7ec" },
};

const tiles = (name: string): string => `${location.origin}/api/v1/tiles/${name}/{z}/{x}/{y}.mvt`;

export function styleOf(theme: Theme, wanted: Language, cases: boolean): StyleSpecification {
  const c = colours[theme];
  const layers: LayerSpecification[] = [
    { id: "ground", type: "background", paint: { "background-color": c.outside } },
    { id: "land", type: "fill", source: "areas", "source-layer": "district", paint: { "fill-color": c.land } },
    { id: "unit-grid", type: "line", source: "areas", "source-layer": "unit_grid", minzoom: 15, paint: { "line-color": c.line, "line-width": 0.6 } },
    { id: "responsibility-grid", type: "line", source: "areas", "source-layer": "responsibility_grid", minzoom: 13.5, paint: { "line-color": c.strong, "line-width": 0.8, "line-dasharray": [3, 2] } },
    { id: "community", type: "line", source: "areas", "source-layer": "community", paint: { "line-color": c.line, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.5, 15, 1.5] } },
    { id: "street", type: "line", source: "areas", "source-layer": "street", paint: { "line-color": c.strong, "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.8, 15, 2.5] } },
    { id: "district", type: "line", source: "areas", "source-layer": "district", paint: { "line-color": c.strong, "line-width": 2.2 } },
    {
      id: "names", type: "symbol", source: "names", maxzoom: 15,
      layout: { "text-field": ["get", wanted], "text-font": fonts, "text-size": 13, "text-padding": 6 },
      paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.6 },
    },
  ];
  if (cases) layers.push(...caseLayers(theme));
  return {
    version: 8,
    sources: {
      areas: { type: "vector", tiles: [tiles("areas")], minzoom: 8, maxzoom: 16 },
      names: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
      ...(cases ? { cases: { type: "vector", tiles: [tiles("cases")], minzoom: 6, maxzoom: 15 } } : {}),
    },
    layers,
  };
}

/** Open cases: single dots by the colour of their clock, clusters by what is worst in them. */
function caseLayers(theme: Theme): LayerSpecification[] {
  const c = colours[theme];
  return [
    {
      id: "case-clusters", type: "circle", source: "cases", "source-layer": "cases", filter: [">", ["coalesce", ["get", "n"], 0], 1],
      paint: {
        "circle-color": ["case", [">", ["get", "red"], 0], c.red, [">", ["get", "yellow"], 0], c.yellow, [">", ["get", "green"], 0], c.green, [">", ["get", "blue"], 0], c.blue, c.grey],
        "circle-radius": ["interpolate", ["linear"], ["get", "n"], 2, 9, 100, 20, 5000, 34],
        "circle-opacity": 0.88, "circle-stroke-color": c.halo, "circle-stroke-width": 2,
      },
    },
    {
      id: "case-counts", type: "symbol", source: "cases", "source-layer": "cases", filter: [">", ["coalesce", ["get", "n"], 0], 1],
      layout: { "text-field": ["to-string", ["get", "n"]], "text-font": fonts, "text-size": 12, "text-allow-overlap": true },
      paint: { "text-color": theme === "dark" ? "#0e161f" : "#ffffff" },
    },
    {
      id: "case-dots", type: "circle", source: "cases", "source-layer": "cases", filter: ["<=", ["coalesce", ["get", "n"], 1], 1],
      paint: {
        "circle-color": [
          "match",
          ["coalesce", ["get", "clock"], ["case", [">", ["coalesce", ["get", "red"], 0], 0], "red", [">", ["coalesce", ["get", "yellow"], 0], 0], "yellow", [">", ["coalesce", ["get", "green"], 0], 0], "green", [">", ["coalesce", ["get", "blue"], 0], 0], "blue", "grey"]],
          "red", c.red, "yellow", c.yellow, "green", c.green, "blue", c.blue, c.grey,
        ],
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 4, 15, 8],
        "circle-stroke-color": c.halo, "circle-stroke-width": 1.5,
      },
    },
  ];
}
