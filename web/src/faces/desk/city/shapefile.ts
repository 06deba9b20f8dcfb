// A boundary given as a Shapefile in a zip (.shp, .dbf, .prj) becomes GeoJSON here in the browser. Polygons only, in degrees; a projected
// one is refused with the way out. Names and codes of streets are read from the table (.dbf).

import type { Pair } from "../../../shared/i18n/texts";

/** Why a file cannot be taken, in both languages. */
export class Unreadable extends Error {
  constructor(readonly words: Pair) {
    super(words[0]);
  }
}

type Position = [number, number];

/** The boundary as GeoJSON text, from a GeoJSON file or a zip with a Shapefile in it. */
export async function boundaryText(file: File): Promise<string> {
  if (!/\.zip$/i.test(file.name)) return file.text();
  const entries = await unzip(new Uint8Array(await file.arrayBuffer()));
  const of = (ending: string) => [...entries].find(([name]) => name.toLowerCase().endsWith(ending) && !name.startsWith("__MACOSX"))?.[1];
  const shp = of(".shp");
  if (!shp) throw new Unreadable(["压缩包里没有 .shp 文件。", "There is no .shp file in the archive."]);
  const prj = of(".prj");
  if (prj && /^\s*PROJ/i.test(new TextDecoder().decode(prj))) {
    throw new Unreadable(["这是投影坐标(单位为米)。请先转为 CGCS2000 或 WGS-84 经纬度再上传。", "These are projected coordinates (metres). Convert them to CGCS2000 or WGS-84 degrees first."]);
  }
  const shapes = polygons(shp);
  const dbf = of(".dbf");
  const rows = dbf ? records(dbf, new TextDecoder().decode(of(".cpg") ?? new Uint8Array()).trim()) : [];
  const features = shapes.flatMap((rings, place) => (rings.length ? [{ type: "Feature", properties: properties(rows[place] ?? {}), geometry: { type: "MultiPolygon", coordinates: nested(rings) } }] : []));
  if (!features.length) throw new Unreadable(["Shapefile 里没有多边形。", "The Shapefile holds no polygon."]);
  return JSON.stringify({ type: "FeatureCollection", features });
}

/** Files of a zip by name. */
async function unzip(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Unreadable(["不是 zip 压缩包,或文件不完整。", "This is no zip archive, or it is cut short."]);
  const found = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    const method = view.getUint16(at + 10, true);
    const size = view.getUint32(at + 20, true);
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const local = view.getUint32(at + 42, true);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const content = bytes.slice(begin, begin + size);
    if (/\.(shp|dbf|prj|cpg)$/i.test(name)) found.set(name, method === 0 ? content : await inflated(content));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return found;
}

const inflated = async (content: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(new Blob([content]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer());

/** Of each record its rings; empty for a null shape. Shape types 5, 15 and 25 (Polygon, PolygonZ, PolygonM). */
function polygons(bytes: Uint8Array): Position[][][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 100 || view.getInt32(0) !== 9994) throw new Unreadable([".shp 文件读不出来,可能不完整。", "The .shp file cannot be read; it may be cut short."]);
  const found: Position[][][] = [];
  for (let at = 100; at + 12 <= bytes.length; ) {
    const length = view.getInt32(at + 4) * 2;
    const body = at + 8;
    const kind = view.getInt32(body, true);
    const rings: Position[][] = [];
    if ([5, 15, 25].includes(kind)) {
      const parts = view.getInt32(body + 36, true);
      const points = view.getInt32(body + 40, true);
      const first = body + 44 + parts * 4;
      for (let part = 0; part < parts; part += 1) {
        const from = view.getInt32(body + 44 + part * 4, true);
        const to = part + 1 < parts ? view.getInt32(body + 48 + part * 4, true) : points;
        rings.push(Array.from({ length: to - from }, (_, place): Position => [view.getFloat64(first + (from + place) * 16, true), view.getFloat64(first + (from + place) * 16 + 8, true)]));
      }
    }
    found.push(rings);
    at = body + length;
  }
  if (found.flat(2).some(([x, y]) => Math.abs(x) > 180 || Math.abs(y) > 90)) {
    throw new Unreadable(["坐标不是经纬度。请先转为 CGCS2000 或 WGS-84 经纬度再上传。", "These are no degrees. Convert to CGCS2000 or WGS-84 degrees first."]);
  }
  return found;
}

const area = (ring: readonly Position[]): number => ring.reduce((sum, [x, y], place) => {
  const [nextX, nextY] = ring[(place + 1) % ring.length] ?? [x, y];
  return sum + (nextX - x) * (nextY + y);
}, 0);

/** Outer rings run clockwise in a Shapefile; each hole goes to the outer ring before it. GeoJSON wants them the other way round. */
function nested(rings: readonly Position[][]): Position[][][] {
  const found: Position[][][] = [];
  for (const ring of rings) {
    const turned = [...ring].reverse();
    const last = found[found.length - 1];
    if (area(ring) >= 0 || !last) found.push([turned]);
    else last.push(turned);
  }
  return found;
}

/** Rows of a dBASE table as text. */
function records(bytes: Uint8Array, codePage: string): Record<string, string>[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(4, true);
  const head = view.getUint16(8, true);
  const size = view.getUint16(10, true);
  const decoder = new TextDecoder(/utf-?8|65001/i.test(codePage) ? "utf-8" : "gb18030");
  const fields: { name: string; length: number }[] = [];
  for (let at = 32; at < head - 1 && bytes[at] !== 0x0d; at += 32) {
    fields.push({ name: decoder.decode(bytes.subarray(at, at + 11)).replace(/\0.*$/, ""), length: bytes[at + 16] ?? 0 });
  }
  return Array.from({ length: count }, (_, row) => {
    let at = head + row * size + 1;
    return Object.fromEntries(fields.map(({ name, length }) => [name, decoder.decode(bytes.subarray(at, (at += length))).trim()]));
  });
}

/** Code and name under the names that the founding reads, whatever the table calls them; everything else goes along. */
function properties(row: Record<string, string>): Record<string, string> {
  const find = (like: RegExp) => Object.entries(row).find(([name, value]) => like.test(name) && value)?.[1];
  const code = find(/^(code|adcode|xzqdm|dm|.*代码)$/i);
  const name = find(/^(name|name_zh|xzqmc|mc|.*名称)$/i);
  return { ...row, ...(code ? { code } : {}), ...(name ? { name } : {}) };
}
