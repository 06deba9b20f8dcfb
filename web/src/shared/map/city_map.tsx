// The city's map. MapLibre (300 kB) is loaded when a map is first shown; until then its place is kept.

import { lazy, Suspense } from "react";
import { useTexts } from "../i18n/texts";
import { Holding } from "../ui/parts";
import "./city_map.css";
import { texts } from "./texts";
import type { CityMapProps } from "./types";

const View = lazy(() => import("./city_map_view"));

export function CityMap(props: CityMapProps) {
  const t = useTexts(texts);
  const height = props.height ?? 360;
  return (
    <div className="city-map" style={{ height }} role="region" aria-label={props.label}>
      <Holding>
        <Suspense fallback={<p className="city-map-wait soft">{t("loading")}</p>}>
          <View {...props} />
        </Suspense>
      </Holding>
    </div>
  );
}

export type { CityMapProps, Marker, Place } from "./types";
