// How fences look on a map: areas filled, routes as broad as they are, the one being drawn with its points.

import type { Feature } from "geojson";
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { useMemo } from "react";
import type { FenceView } from "../../../shared/api/description";
import { colours, fonts } from "../../../shared/map/style";
import type { Theme } from "../../../shared/ui/theme";
import { featureOf } from "./ground";

export function useFenceLayers(theme: Theme, source: string): LayerSpecification[] {
  return useMemo(() => {
    const c = colours[theme];
    const tone: ExpressionSpecification = ["match", ["get", "keep"], "inside", c.blue, "outside", c.red, c.place];
    return [
      { id: `${source}-fill`, type: "fill", source, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": tone, "fill-opacity": 0.14 } },
      { id: `${source}-edge`, type: "line", source, paint: { "line-color": tone, "line-width": ["case", ["boolean", ["get", "chosen"], false], 4, 2], "line-dasharray": [2, 1] } },
      { id: `${source}-name`, type: "symbol", source, layout: { "text-field": ["get", "name"], "text-font": fonts, "text-size": 12 }, paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.5 } },
    ];
  }, [theme, source]);
}

export const fenceFeatures = (fences: readonly FenceView[], nameOf: (fence: FenceView) => string, chosen: string | null): Feature[] =>
  fences.flatMap((fence) => {
    const found = featureOf(fence, { id: fence.id, name: nameOf(fence), keep: fence.keep, chosen: fence.id === chosen });
    return found ? [found] : [];
  });
