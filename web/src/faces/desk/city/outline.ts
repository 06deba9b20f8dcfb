// A first look at a boundary file in the browser: how many shapes, and their outline, so that a wrong file is seen at once.

export interface Outline {
  shapes: number;
  points: number;
  path: string;
  viewBox: string;
}

type Ring = readonly (readonly [number, number])[];
interface Geometry {
  type: string;
  coordinates?: unknown;
}

export function outlineOf(text: string): Outline {
  const rings = ringsOf(text);
  const all = rings.flat();
  if (!all.length) return { shapes: 0, points: 0, path: "", viewBox: "0 0 1 1" };
  const west = Math.min(...rings.map((ring) => Math.min(...ring.map(([x]) => x))));
  const east = Math.max(...rings.map((ring) => Math.max(...ring.map(([x]) => x))));
  const south = Math.min(...rings.map((ring) => Math.min(...ring.map(([, y]) => y))));
  const north = Math.max(...rings.map((ring) => Math.max(...ring.map(([, y]) => y))));
  const narrow = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const scale = 200 / Math.max((east - west) * narrow, north - south, 1e-9);
  const path = rings
    .map((ring) => `M${ring.map(([x, y]) => `${((x - west) * narrow * scale).toFixed(1)} ${((north - y) * scale).toFixed(1)}`).join("L")}Z`)
    .join("");
  return { shapes: rings.length, points: all.length, path, viewBox: `-4 -4 ${((east - west) * narrow * scale + 8).toFixed(1)} ${((north - south) * scale + 8).toFixed(1)}` };
}

function ringsOf(text: string): Ring[] {
  let document: { type?: string; features?: { geometry?: Geometry }[]; geometry?: Geometry; coordinates?: unknown };
  try {
    document = JSON.parse(text) as typeof document;
  } catch {
    return [];
  }
  const geometries = document.features ? document.features.map((one) => one.geometry) : [document.geometry ?? (document as Geometry)];
  return geometries.flatMap((one) => {
    if (one?.type === "Polygon") return [(one.coordinates as Ring[])[0] ?? []];
    if (one?.type === "MultiPolygon") return (one.coordinates as Ring[][]).map((polygon) => polygon[0] ?? []);
    return [];
  }).filter((ring) => ring.length > 3);
}
