// Bringing photos to the server. Each is sent once: what the server has is written down at once, so that a lost connection
// or a restart does not send it again.

import { call } from "../api/client";
import type { Photo } from "./prepare";

/** An upload that nobody has used is thrown away by the server after a day. */
const KEPT_MILLISECONDS = 20 * 3600 * 1000;

export interface Claim {
  id: string;
  claim: string;
}

export type Kind = "report" | "verify" | "before" | "after" | "check" | "other";

/** Send those photos that the server does not have yet; `note` writes down each. Throws what `call` throws. */
export async function uploadAll(photos: readonly Photo[], kind: Kind, note: (photo: Photo) => Promise<void>, quiet = false): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const photo of photos) {
    const age = photo.stored ? Date.now() - photo.stored.at : Infinity;
    if (photo.stored && age >= 0 && age < KEPT_MILLISECONDS) {
      claims.push({ id: photo.stored.id, claim: photo.stored.claim });
      continue;
    }
    const form = new FormData();
    form.set("file", photo.blob, photo.name);
    form.set("kind", kind);
    const stored = await call("POST /api/v1/attachments", { body: form, quiet });
    await note({ ...photo, stored: { id: stored.id, claim: stored.claim, at: Date.now() } });
    claims.push({ id: stored.id, claim: stored.claim });
  }
  return claims;
}
