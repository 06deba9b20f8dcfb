// The map layer of a type: clusters from the server below street level, each thing by itself from there on.

import type { LayerSpecification, Map as LibreMap, MapLayerMouseEvent } from "maplibre-gl";
import { useEffect, useEffectEvent, useState } from "react";
import { addressOf } from "../../../shared/api/client";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { fonts } from "../../../shared/map/style";
import { useTheme } from "../../../shared/ui/theme";
import { texts } from "./texts";
import { schemaOf, wordsOf, type ThingType } from "./values";

interface Props {
  type: ThingType;
  asked: { where?: string[]; valid_at?: string; known_at?: string };
  onThing: (id: string) => void;
}

const source = "things";
const palette = ["#2f73cf", "#1a8a50", "#d08300", "#8e44ad", "#c5252c", "#00838f", "#6d4c41", "#546e7a", "#c2185b", "#7cb342"];

const colourRule = (values: readonly (string | number)[]): unknown =>
  values.length ? ["match", ["coalesce", ["get", "colour"], ""], ...values.slice(0, 40).flatMap((value, place) => [String(value), palette[place % palette.length]]), "#6c7784"] : "#2f73cf";

function layersOf(values: readonly (string | number)[], dark: boolean): LayerSpecification[] {
  const colour = colourRule(values);
  const many = [">", ["coalesce", ["get", "n"], 0], 1];
  const one = ["<=", ["coalesce", ["get", "n"], 1], 1];
  const halo = dark ? "#0e161f" : "#ffffff";
  return [
    { id: "things-areas", type: "fill", source, "source-layer": source, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colour, "fill-opacity": 0.28, "fill-outline-color": colour } },
    { id: "things-lines", type: "line", source, "source-layer": source, filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": colour, "line-width": 4 } },
    { id: "things-clusters", type: "circle", source, "source-layer": source, filter: ["all", ["==", ["geometry-type"], "Point"], many], paint: { "circle-color": colour, "circle-opacity": 0.85, "circle-radius": ["interpolate", ["linear"], ["get", "n"], 2, 9, 100, 18, 5000, 32], "circle-stroke-color": halo, "circle-stroke-width": 2 } },
    { id: "things-counts", type: "symbol", source, "source-layer": source, filter: many, layout: { "text-field": ["to-string", ["get", "n"]], "text-font": fonts, "text-size": 12, "text-allow-overlap": true }, paint: { "text-color": "#ffffff" } },
    { id: "things-dots", type: "circle", source, "source-layer": source, filter: ["all", ["==", ["geometry-type"], "Point"], one], paint: { "circle-color": colour, "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 3, 16, 7], "circle-stroke-color": halo, "circle-stroke-width": 1.2 } },
    { id: "things-names", type: "symbol", source, "source-layer": source, minzoom: 16, filter: one, layout: { "text-field": ["coalesce", ["get", "title"], ""], "text-font": fonts, "text-size": 11, "text-offset": [0, 1.1], "text-anchor": "top", "text-max-width": 14 }, paint: { "text-color": dark ? "#b9c7d4" : "#3a4957", "text-halo-color": halo, "text-halo-width": 1.4 } },
  ] as LayerSpecification[];
}

const clickable = ["things-dots", "things-clusters", "things-lines", "things-areas"];

export function RecordMap({ type, asked, onThing }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const theme = useTheme();
  const [map, setMap] = useState<LibreMap | null>(null);
  const attribute = type.colour ? type.attributes[type.colour] : undefined;
  const choices = schemaOf(attribute).enum ?? [];
  const pattern = addressOf("GET /api/v1/things/{type}/tiles/{z}/{x}/{y}.mvt", { path: { type: type.id, z: 0, x: 0, y: 0 }, query: { where: asked.where, valid_at: asked.valid_at, known_at: asked.known_at } as never });
  const tiles = `${location.origin}${pattern.replace("/0/0/0.mvt", "/{z}/{x}/{y}.mvt")}`;
  const chosen = useEffectEvent((event: MapLayerMouseEvent) => {
    const feature = event.features?.[0];
    const id: unknown = feature?.properties.id;
    if (typeof id === "string") onThing(id);
    else if (feature?.geometry.type === "Point" && map) map.easeTo({ center: feature.geometry.coordinates as [number, number], zoom: Math.min(map.getZoom() + 2, 17) });
  });
  const dark = theme === "dark";
  const key = choices.join(",");
  useEffect(() => {
    if (!map) return;
    const draw = () => {
      if (map.getSource(source)) return;
      map.addSource(source, { type: "vector", tiles: [tiles], minzoom: 6, maxzoom: 17 });
      for (const layer of layersOf(key ? key.split(",") : [], dark)) map.addLayer(layer);
    };
    draw();
    map.on("styledata", draw);
    const click = (event: MapLayerMouseEvent) => chosen(event);
    map.on("click", clickable, click);
    return () => {
      map.off("styledata", draw);
      map.off("click", clickable, click);
      if (!map.style) return; // it was taken away with its page
      for (const layer of layersOf([], false)) if (map.getLayer(layer.id)) map.removeLayer(layer.id);
      if (map.getSource(source)) map.removeSource(source);
    };
  }, [map, tiles, key, dark]);
  return (
    <>
      <CityMap label={t("map.of", { name: nameIn(type.names, language) })} height="70vh" onReady={setMap} />
      <p className="row-line soft small">
        {t("map.hint")}
        {choices.length && choices.length <= 12 ? choices.map((value, place) => <span key={value}><span aria-hidden="true" style={{ color: palette[place % palette.length] }}>●</span> {wordsOf(attribute, value, language)}</span>) : null}
      </p>
    </>
  );
}
