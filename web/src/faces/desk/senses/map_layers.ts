// Layers of our own on the shared map: put there once, filled anew whenever what they show changes, and again after the
// map has changed its style (which throws foreign layers away).

import type { Feature, FeatureCollection } from "geojson";
import type { GeoJSONSource, LayerSpecification, Map as LibreMap } from "maplibre-gl";
import { useEffect } from "react";

/** Keep a GeoJSON source and its layers on the map. `layers` without their source; stable between draws. */
export function useLayers(map: LibreMap | null, source: string, features: readonly Feature[], layers: readonly LayerSpecification[]): void {
  useEffect(() => {
    if (!map) return;
    const draw = () => {
      if (!map.getSource("areas")) return;
      const data: FeatureCollection = { type: "FeatureCollection", features: [...features] };
      const found = map.getSource(source) as GeoJSONSource | undefined;
      if (found) found.setData(data);
      else map.addSource(source, { type: "geojson", data });
      for (const layer of layers) if (!map.getLayer(layer.id)) map.addLayer(layer);
    };
    draw();
    const again = () => {
      if (!map.getSource(source)) draw();
    };
    map.on("styledata", again);
    return () => {
      map.off("styledata", again);
    };
  }, [map, source, features, layers]);
  useEffect(
    () => () => {
      if (!map?.getStyle()) return; // the map itself has gone
      for (const layer of layers) if (map.getLayer(layer.id)) map.removeLayer(layer.id);
      if (map.getSource(source)) map.removeSource(source);
    },
    [map, source, layers],
  );
}
