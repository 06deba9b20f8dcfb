// Time and place that a camera wrote into a JPEG (EXIF 2.3), read from the original and written into the smaller copy:
// only these, no serial numbers, no thumbnail, no words of the camera.

export interface Shot {
  /** As written by the camera, its local time: `2026:06:18 08:30:00`. */
  taken: string | null;
  /** `+08:00`, where the camera says it. */
  offset: string | null;
  /** WGS-84 degrees. */
  lon: number | null;
  lat: number | null;
}

const nothing: Shot = { taken: null, offset: null, lon: null, lat: null };
const EXIF_BEGINS = [0x45, 0x78, 0x69, 0x66, 0, 0];

/** What the photo says of itself; everything null where it says nothing that can be read. */
export function readShot(bytes: ArrayBuffer): Shot {
  try {
    return read(new DataView(bytes));
  } catch (error) {
    if (error instanceof RangeError) return nothing; // ends in the middle
    throw error;
  }
}

function read(view: DataView): Shot {
  if (view.byteLength < 12 || view.getUint16(0) !== 0xffd8) return nothing;
  for (let offset = 2; offset + 4 <= view.byteLength; ) {
    const marker = view.getUint16(offset);
    if (marker === 0xffda || marker < 0xff00) break;
    const begins = EXIF_BEGINS.every((byte, index) => view.getUint8(offset + 4 + index) === byte);
    if (marker === 0xffe1 && begins) return readTiff(view, offset + 10);
    offset += 2 + view.getUint16(offset + 2);
  }
  return nothing;
}

function readTiff(view: DataView, start: number): Shot {
  const little = view.getUint16(start) === 0x4949;
  const short = (at: number) => view.getUint16(start + at, little);
  const long = (at: number) => view.getUint32(start + at, little);
  const entries = (at: number): Map<number, number> => {
    const found = new Map<number, number>();
    if (!at) return found;
    for (let index = 0; index < short(at); index += 1) found.set(short(at + 2 + index * 12), at + 2 + index * 12);
    return found;
  };
  const text = (entry: number | undefined): string | null => {
    if (entry === undefined || short(entry + 2) !== 2) return null;
    const length = Math.min(long(entry + 4), 40);
    const at = length > 4 ? long(entry + 8) : entry + 8;
    let said = "";
    for (let index = 0; index < length; index += 1) {
      const byte = view.getUint8(start + at + index);
      if (!byte) break;
      said += String.fromCharCode(byte);
    }
    return said.trim() || null;
  };
  const degrees = (entry: number | undefined, reference: string | null, negative: string, limit: number): number | null => {
    if (entry === undefined || short(entry + 2) !== 5 || long(entry + 4) !== 3) return null;
    const at = long(entry + 8);
    const part = (index: number) => long(at + index * 8) / long(at + index * 8 + 4);
    const value = (part(0) + part(1) / 60 + part(2) / 3600) * (reference === negative ? -1 : 1);
    return Number.isFinite(value) && Math.abs(value) <= limit ? value : null;
  };
  const first = entries(long(4));
  const pointer = (tag: number) => (first.has(tag) ? long((first.get(tag) as number) + 8) : 0);
  const details = entries(pointer(0x8769));
  const gps = entries(pointer(0x8825));
  const taken = text(details.get(0x9003));
  const lat = degrees(gps.get(2), text(gps.get(1)), "S", 90);
  const lon = degrees(gps.get(4), text(gps.get(3)), "W", 180);
  return {
    taken: taken && /^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d$/.test(taken) ? taken : null,
    offset: text(details.get(0x9011)),
    lon: lat === null || lon === null || (lat === 0 && lon === 0) ? null : lon,
    lat: lon === null || lat === null || (lat === 0 && lon === 0) ? null : lat,
  };
}

/** The JPEG with this time and place written into it. */
export function withShot(jpeg: ArrayBuffer, shot: Shot): Blob {
  const exif = segment(shot);
  const type = "image/jpeg";
  return exif ? new Blob([jpeg.slice(0, 2), exif, jpeg.slice(2)], { type }) : new Blob([jpeg], { type });
}

type Entry = [tag: number, type: number, count: number, value: Uint8Array<ArrayBuffer>];

function segment(shot: Shot): ArrayBuffer | null {
  const details: Entry[] = [];
  if (shot.taken) details.push([0x9003, 2, 20, ascii(shot.taken, 20)]);
  if (shot.taken && shot.offset && /^[+-]\d\d:\d\d$/.test(shot.offset)) details.push([0x9011, 2, 7, ascii(shot.offset, 7)]);
  const gps: Entry[] = [];
  if (shot.lat !== null && shot.lon !== null) {
    gps.push([1, 2, 2, ascii(shot.lat < 0 ? "S" : "N", 2)], [2, 5, 3, sexagesimal(shot.lat)]);
    gps.push([3, 2, 2, ascii(shot.lon < 0 ? "W" : "E", 2)], [4, 5, 3, sexagesimal(shot.lon)]);
  }
  const parts: [number, Entry[]][] = [];
  if (details.length) parts.push([0x8769, details]);
  if (gps.length) parts.push([0x8825, gps]);
  if (!parts.length) return null;
  const size = (list: Entry[]) => 6 + list.length * 12 + list.reduce((sum, [, , , value]) => sum + (value.length > 4 ? value.length : 0), 0);
  const firstSize = 6 + parts.length * 12;
  const total = 8 + firstSize + parts.reduce((sum, [, list]) => sum + size(list), 0);
  const out = new DataView(new ArrayBuffer(10 + total));
  out.setUint16(0, 0xffe1);
  out.setUint16(2, 8 + total);
  EXIF_BEGINS.forEach((byte, index) => out.setUint8(4 + index, byte));
  const tiff = new DataView(out.buffer, 10);
  tiff.setUint16(0, 0x4d4d);
  tiff.setUint16(2, 42);
  tiff.setUint32(4, 8);
  let next = 8 + firstSize;
  tiff.setUint16(8, parts.length);
  parts.forEach(([tag, list], index) => {
    writeEntry(tiff, 10 + index * 12, tag, 4, 1);
    tiff.setUint32(10 + index * 12 + 8, next);
    writeDirectory(tiff, next, list);
    next += size(list);
  });
  return out.buffer;
}

function writeEntry(tiff: DataView, at: number, tag: number, type: number, count: number): void {
  tiff.setUint16(at, tag);
  tiff.setUint16(at + 2, type);
  tiff.setUint32(at + 4, count);
}

function writeDirectory(tiff: DataView, at: number, list: Entry[]): void {
  tiff.setUint16(at, list.length);
  let values = at + 6 + list.length * 12;
  list.forEach(([tag, type, count, value], index) => {
    const entry = at + 2 + index * 12;
    writeEntry(tiff, entry, tag, type, count);
    const inside = value.length <= 4;
    if (!inside) tiff.setUint32(entry + 8, values);
    value.forEach((byte, position) => tiff.setUint8((inside ? entry + 8 : values) + position, byte));
    if (!inside) values += value.length;
  });
}

function ascii(text: string, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < Math.min(text.length, length - 1); index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function sexagesimal(value: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(24));
  const whole = Math.abs(value);
  const degrees = Math.floor(whole);
  const minutes = Math.floor((whole - degrees) * 60);
  const seconds = Math.round((whole - degrees - minutes / 60) * 3600 * 10_000);
  [degrees, 1, minutes, 1, Math.max(0, seconds), 10_000].forEach((number, index) => view.setUint32(index * 4, number));
  return new Uint8Array(view.buffer);
}
