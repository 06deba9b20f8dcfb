// A photo as it is sent: at most 1920 pixels wide or high, JPEG, some 300 kB instead of some 5 MB, upright, with the time
// and place of the camera if they are wanted.

import { newId } from "../keeping/database";
import { readShot, withShot, type Shot } from "./exif";

export const MOST_PIXELS = 1920;
const QUALITIES = [0.82, 0.7, 0.55] as const;
const GOOD_SIZE = 700_000;
const FRESH_MILLISECONDS = 5 * 60_000;

const placeOf = (read: Shot, now: Shot) => (read.lon === null ? { lon: now.lon, lat: now.lat } : { lon: read.lon, lat: read.lat });

export interface Photo {
  id: string;
  name: string;
  /** What is sent. */
  blob: Blob;
  width: number;
  height: number;
  /** What the camera wrote into the original. */
  shot: Shot;
  /** The server has it: its id and claim, and when (device time, milliseconds). */
  stored?: { id: string; claim: string; at: number };
}

/** The device cannot read this file as a picture. */
export class PhotoUnreadable extends Error {
  readonly file: string;
  readonly heic: boolean;

  constructor(file: File) {
    super(file.name);
    this.name = "PhotoUnreadable";
    this.file = file.name;
    this.heic = /\.(heic|heif)$/i.test(file.name) || /hei[cf]/i.test(file.type);
  }
}

/** Make a photo of a file that a person chose. Throws PhotoUnreadable. `told`: keep the camera's time and place. `now`: what
    to say of one that was taken just now and whose camera says nothing (browsers leave places out). */
export async function prepare(file: File, told: boolean, now?: Shot): Promise<Photo> {
  const original = await file.arrayBuffer();
  const read = readShot(original);
  const fresh = now !== undefined && Math.abs(Date.now() - file.lastModified) < FRESH_MILLISECONDS;
  const shot = fresh ? { ...(read.taken ? read : { ...now, lon: null, lat: null }), ...placeOf(read, now) } : read;
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(new Blob([original], { type: file.type }), { imageOrientation: "from-image" });
  } catch {
    throw new PhotoUnreadable(file);
  }
  try {
    const scale = Math.min(1, MOST_PIXELS / Math.max(picture.width, picture.height));
    const width = Math.max(1, Math.round(picture.width * scale));
    const height = Math.max(1, Math.round(picture.height * scale));
    const jpeg = await draw(picture, width, height);
    if (!jpeg) throw new PhotoUnreadable(file);
    const blob = told ? withShot(await jpeg.arrayBuffer(), shot) : jpeg;
    return { id: newId(), name: nameOf(file), blob, width, height, shot };
  } finally {
    picture.close();
  }
}

const nameOf = (file: File): string => `${file.name.replace(/\.[^.]*$/, "").slice(0, 80) || "photo"}.jpg`;

async function draw(picture: ImageBitmap, width: number, height: number): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.fillStyle = "#fff"; // behind what is transparent
  pen.fillRect(0, 0, width, height);
  pen.drawImage(picture, 0, 0, width, height);
  let made: Blob | null = null;
  for (const quality of QUALITIES) {
    made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (!made || made.size <= GOOD_SIZE) break;
  }
  return made;
}

/** The same photo without what the camera wrote, or with it. */
export async function tell(photo: Photo, told: boolean): Promise<Photo> {
  const bare = withoutExif(await photo.blob.arrayBuffer());
  const blob = told ? withShot(bare, photo.shot) : new Blob([bare], { type: "image/jpeg" });
  const { stored: _, ...rest } = photo;
  return { ...rest, blob };
}

function withoutExif(jpeg: ArrayBuffer): ArrayBuffer {
  const view = new DataView(jpeg);
  if (view.getUint16(2) !== 0xffe1) return jpeg;
  const rest = 4 + view.getUint16(4);
  const out = new Uint8Array(jpeg.byteLength - rest + 2);
  out.set(new Uint8Array(jpeg, 0, 2));
  out.set(new Uint8Array(jpeg, rest), 2);
  return out.buffer;
}
