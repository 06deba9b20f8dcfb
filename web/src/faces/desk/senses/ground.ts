// Shapes of fences as GeoJSON, and what can be drawn on a map from few points. Degrees, longitude first.

import type { Feature } from "geojson";
import type { FenceView } from "../../../shared/api/description";

export type Point = [lon: number, lat: number];
export type Shape = Pick<FenceView, "kind" | "points" | "size">;

const metresPerDegree = 111_320;
const east = (lat: number): number => metresPerDegree * Math.cos((lat * Math.PI) / 180);

function circle([lon, lat]: Point, radius: number): Point[] {
  return Array.from({ length: 49 }, (_, step): Point => {
    const angle = (step / 48) * 2 * Math.PI;
    return [lon + (Math.cos(angle) * radius) / east(lat), lat + (Math.sin(angle) * radius) / metresPerDegree];
  });
}

/** The ground of a fence: a ring where it is an area, a line where it is a route or not yet complete. */
export function featureOf(shape: Shape, properties: Record<string, string | number | boolean>): Feature | null {
  const [first, second] = shape.points;
  if (!first) return null;
  const ring = (points: Point[]): Feature => ({ type: "Feature", properties, geometry: { type: "Polygon", coordinates: [points] } });
  const line = (points: Point[]): Feature => ({ type: "Feature", properties, geometry: { type: "LineString", coordinates: points } });
  if (shape.kind === "circle") return ring(circle(first, Math.max(shape.size, 1)));
  if (shape.kind === "rectangle" && second) return ring([first, [second[0], first[1]], second, [first[0], second[1]], first]);
  if (shape.kind === "polygon" && shape.points.length > 2) return ring([...shape.points, first]);
  return line(shape.points);
}

/** West, south, east, north of some points. */
export function boundsOf(points: readonly Point[]): [Point, Point] | null {
  if (!points.length) return null;
  const [lons, lats] = [points.map((one) => one[0]), points.map((one) => one[1])];
  return [[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]];
}

/** Pixels of a width in metres at this latitude and zoom (tiles of 512). */
export const pixelsOf = (metres: number, lat: number, zoom: number): number =>
  (metres / (40_075_016.7 * Math.cos((lat * Math.PI) / 180))) * 512 * 2 ** zoom;
