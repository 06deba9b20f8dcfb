// The map itself; see city_map.tsx, which loads this.

import { useEffect, useEffectEvent, useRef, useState } from "react";
import { LngLatBounds, Map as LibreMap, Marker as LibreMarker, NavigationControl, setWorkerUrl, type GeoJSONSource, type MapMouseEvent } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { useAnswer } from "../api/queries";
import { city } from "../city";
import { useLanguage } from "../i18n/language";
import { nameIn, useTexts } from "../i18n/texts";
import { useLive } from "../live/live";
import { useTheme } from "../ui/theme";
import { styleOf } from "./style";
import { texts } from "./texts";
import type { CityMapProps, Marker } from "./types";

setWorkerUrl(workerUrl); // without it the map stays empty and says nothing

const slowFrame = 33; // ms; so many frames in a row make a map that moves coarsely from then on
const slowFrames = 4;
const coarse = 0.4;
const refreshAfter = 2500; // ms: cases come in bursts; one reload of the tiles for all of them

const canDraw = (): boolean => {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
};

export default function CityMapView(props: CityMapProps) {
  const t = useTexts(texts);
  const [drawable] = useState(canDraw);
  return drawable ? <Drawn {...props} /> : <p className="city-map-wait">{t("no.webgl")}</p>;
}

function Drawn({ cases = false, onCase, markers, onMarker, onPick, focus, onReady, label }: CityMapProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const theme = useTheme();
  const host = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<LibreMap | null>(null);
  const streets = useAnswer("GET /api/v1/areas/{code}/children", { path: { code: city.division }, query: { limit: 200 } }, { fresh: Infinity });

  const clicked = useEffectEvent((event: MapMouseEvent, made: LibreMap) => {
    if (cases && made.getLayer("case-dots")) {
      const [found] = made.queryRenderedFeatures(event.point, { layers: ["case-dots", "case-clusters"] });
      if (found?.layer.id === "case-clusters" && found.geometry.type === "Point" && !found.properties.id) {
        made.easeTo({ center: found.geometry.coordinates as [number, number], zoom: Math.min(made.getZoom() + 2, 17) });
        return;
      }
      const id: unknown = found?.properties.id;
      if (typeof id === "string" && onCase) {
        onCase(id);
        return;
      }
    }
    onPick?.({ lon: round(event.lngLat.lng), lat: round(event.lngLat.lat) });
  });
  const ready = useEffectEvent((made: LibreMap) => onReady?.(made));
  const firstStyle = useEffectEvent(() => styleOf(theme, language, cases));

  useEffect(() => {
    if (!host.current) return;
    const made = new LibreMap({
      container: host.current,
      style: firstStyle(),
      bounds: new LngLatBounds(city.bounds),
      fitBoundsOptions: { padding: 12 },
      attributionControl: false,
      maxZoom: 19,
      dragRotate: false,
      pitchWithRotate: false,
    });
    made.addControl(new NavigationControl({ showCompass: false }), "top-right");
    made.touchZoomRotate.disableRotation();
    made.on("click", (event) => clicked(event, made));
    drawCoarselyWhileMoving(made);
    made.once("load", () => {
      setMap(made);
      ready(made);
    });
    const resized = new ResizeObserver(() => made.resize());
    resized.observe(host.current);
    return () => {
      resized.disconnect();
      setMap(null);
      made.remove();
    };
  }, []);

  // Colours and language change the style; the sources stay.
  const shown = useRef("");
  useEffect(() => {
    const wanted = `${theme} ${language} ${String(cases)}`;
    if (!map) return;
    if (shown.current && shown.current !== wanted) map.setStyle(styleOf(theme, language, cases));
    shown.current = wanted;
  }, [map, theme, language, cases]);

  useEffect(() => {
    if (!map || !streets.data) return;
    const features = streets.data.areas
      .filter((area) => area.longitude !== null && area.latitude !== null)
      .map((area) => ({
        type: "Feature" as const,
        properties: { zh: area.name_zh, en: area.name_en || area.name_zh },
        geometry: { type: "Point" as const, coordinates: [area.longitude ?? 0, area.latitude ?? 0] },
      }));
    const fill = () => (map.getSource("names") as GeoJSONSource | undefined)?.setData({ type: "FeatureCollection", features });
    fill();
    map.on("styledata", fill);
    return () => {
      map.off("styledata", fill);
    };
  }, [map, streets.data]);

  useMarkers(map, markers, onMarker);
  useFreshCases(map, cases);

  const [lon, lat, zoom] = [focus?.lon, focus?.lat, focus?.zoom];
  useEffect(() => {
    if (!map || lon === undefined || lat === undefined) return;
    map.easeTo({ center: [lon, lat], zoom: zoom ?? Math.max(map.getZoom(), 15), duration: 400 });
  }, [map, lon, lat, zoom]);

  return (
    <>
      <div
        ref={host}
        role="group"
        className={onPick ? "city-map-host picking" : "city-map-host"}
        aria-label={onPick ? `${label}. ${t("pick")}` : label}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !onPick || !map) return;
          const centre = map.getCenter();
          onPick({ lon: round(centre.lng), lat: round(centre.lat) });
        }}
      />
      {city.map_note ? <small className="city-map-note">{nameIn(city.map_note, language)}</small> : null}
      <button type="button" className="city-map-whole" onClick={() => map?.fitBounds(new LngLatBounds(city.bounds), { padding: 12 })}>{t("whole")}</button>
    </>
  );
}

/** Without a graphics card a whole screen takes long to draw: such a map moves in coarser points, and rests in fine ones. */
function drawCoarselyWhileMoving(map: LibreMap): void {
  const fine = map.getPixelRatio();
  let before = 0;
  let slow = 0;
  let changing = false;
  const drawAt = (ratio: number): void => {
    if (changing || map.getPixelRatio() === ratio) return;
    changing = true; // a change counts as a movement of its own, from begin to end
    map.setPixelRatio(ratio);
    changing = false;
  };
  map.on("movestart", () => {
    before = 0;
    if (slow >= slowFrames) drawAt(fine * coarse);
  });
  map.on("render", () => {
    if (!map.isMoving()) return;
    const now = performance.now();
    const took = before ? now - before : 0;
    before = now;
    if (map.getPixelRatio() !== fine) return;
    slow = took > slowFrame ? slow + 1 : Math.max(0, slow - 1);
    if (slow >= slowFrames) drawAt(fine * coarse);
  });
  map.on("moveend", () => drawAt(fine));
}

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;

function useMarkers(map: LibreMap | null, markers: readonly Marker[] | undefined, onMarker: ((id: string) => void) | undefined): void {
  const chosen = useEffectEvent((id: string) => onMarker?.(id));
  useEffect(() => {
    if (!map || !markers) return;
    const made = markers.map((item) => {
      const element = document.createElement(onMarker ? "button" : "div");
      element.className = `city-map-marker ${item.look}`;
      element.title = item.title ?? "";
      if (item.title) {
        if (!onMarker) element.setAttribute("role", "img");
        element.setAttribute("aria-label", item.title);
      }
      if (onMarker) element.addEventListener("click", (event) => (event.stopPropagation(), chosen(item.id)));
      return new LibreMarker({ element, anchor: item.look === "place" ? "bottom" : "center" }).setLngLat([item.lon, item.lat]).addTo(map);
    });
    return () => {
      for (const one of made) one.remove();
    };
  }, [map, markers, Boolean(onMarker)]);
}

/** Ask for the case tiles anew some moments after something happened to a case. */
function useFreshCases(map: LibreMap | null, cases: boolean): void {
  const timer = useRef<number | undefined>(undefined);
  const reload = () => {
    const source = map?.getSource("cases") as { setTiles?: (tiles: string[]) => void; tiles?: string[] } | undefined;
    if (source?.setTiles && source.tiles) source.setTiles(source.tiles);
  };
  const later = () => {
    if (!cases || !map || timer.current !== undefined) return;
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      reload();
    }, refreshAfter);
  };
  useLive((entry) => {
    if (entry.kind === "case") later();
  }, later);
  useEffect(() => () => clearTimeout(timer.current), []);
}
