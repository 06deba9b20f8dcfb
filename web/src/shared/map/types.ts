// What a map shows and tells. Degrees, longitude first, CGCS2000 (which on a screen is WGS-84).

import type { Map as LibreMap } from "maplibre-gl";
import type { Colour } from "../ui/clock_mark";

export interface Place {
  lon: number;
  lat: number;
}

export interface Marker extends Place {
  id: string;
  /** A case's clock, or a chosen place. */
  look: Colour | "place" | "photo";
  title?: string;
}

export interface CityMapProps {
  /** What the map is of, for those who do not see it. */
  label: string;
  height?: number | string;
  /** Open cases of the reader's scope, clustered by the server; `onCase` when one is clicked. */
  cases?: boolean;
  onCase?: ((id: string) => void) | undefined;
  markers?: readonly Marker[];
  onMarker?: ((id: string) => void) | undefined;
  /** A click chooses a place. */
  onPick?: ((place: Place) => void) | undefined;
  /** Where to look; the whole city without it. */
  focus?: (Place & { zoom?: number }) | null;
  /** The map itself, for layers of one's own. */
  onReady?: ((map: LibreMap) => void) | undefined;
}
