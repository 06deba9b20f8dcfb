// The service worker of the field face: keeps the pieces that it needs to open, so that it opens in a cellar too. Answers of
// the API are not kept here (the face keeps what it may), except small pictures of cases.
/// <reference lib="webworker" />
export {};
declare const self: ServiceWorkerGlobalScope;

const PIECES = "yiwang-field";
const PICTURES = "yiwang-pictures";
const MOST_PICTURES = 200;
const SHELL = "/field";
const PATIENCE = 4000;

interface Piece {
  file: string;
  css?: string[];
  assets?: string[];
  imports?: string[];
  dynamicImports?: string[];
}

/** The pieces of the shell and of the field face, and what they load in turn. */
function needed(manifest: Record<string, Piece>): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const add = (name: string, deep: boolean) => {
    const piece = manifest[name];
    if (!piece || seen.has(name)) return;
    seen.add(name);
    for (const file of [piece.file, ...(piece.css ?? []), ...(piece.assets ?? [])]) found.add(`/app/${file}`);
    for (const other of piece.imports ?? []) add(other, deep);
    if (deep) for (const other of piece.dynamicImports ?? []) add(other, deep);
  };
  add("index.html", false);
  add("src/faces/field/field.tsx", true);
  add("src/shared/session/sign_in.tsx", true);
  return [...found];
}

async function fill(): Promise<void> {
  const answer = await fetch("/app/files.json", { cache: "no-cache" });
  const pieces = needed((await answer.json()) as Record<string, Piece>);
  const cache = await caches.open(PIECES);
  const have = new Set((await cache.keys()).map((one) => new URL(one.url).pathname));
  await Promise.all(pieces.filter((one) => !have.has(one)).map((one) => cache.add(one)));
  await cache.add(new Request(SHELL, { cache: "reload" }));
  const wanted = new Set([...pieces, SHELL]);
  await Promise.all([...have].filter((one) => !wanted.has(one)).map((one) => cache.delete(one)));
}

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (address.pathname === SHELL || address.pathname.startsWith(`${SHELL}/`)) event.respondWith(shell(request));
  } else if (address.pathname.startsWith("/app/assets/")) event.respondWith(piece(request));
  else if (/^\/api\/v1\/attachments\/[^/]+\/thumbnail$/.test(address.pathname)) event.respondWith(picture(request));
});

/** The server's shell; without a network, or when it takes too long, the one that was kept. */
async function shell(request: Request): Promise<Response> {
  const cache = await caches.open(PIECES);
  const kept = await cache.match(SHELL);
  const asked = fetch(request).then(async (answer) => {
    if (answer.ok && !answer.redirected) {
      await cache.put(SHELL, answer.clone());
      void fill().catch(() => undefined); // after an upgrade of the server the pieces have other names
    }
    return answer;
  });
  if (!kept) return asked;
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept.clone()), PATIENCE));
  return Promise.race([asked.catch(() => kept.clone()), late]);
}

/** A piece whose name carries its digest never changes. */
async function piece(request: Request): Promise<Response> {
  const kept = await caches.match(request.url, { ignoreVary: true });
  return kept ?? fetch(request);
}

async function picture(request: Request): Promise<Response> {
  const cache = await caches.open(PICTURES);
  const kept = await cache.match(request.url, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.put(request.url, answer.clone());
    const all = await cache.keys();
    await Promise.all(all.slice(0, Math.max(0, all.length - MOST_PICTURES)).map((one) => cache.delete(one)));
  }
  return answer;
}
