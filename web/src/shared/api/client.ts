// The one way to the API: `call("GET /api/v1/cases/{case_id}", { path: { case_id } })`, typed by the server's own
// description. When the session has ended in the middle of something, the person is asked to sign in again and the same
// request goes on by itself, so that nothing typed is lost.

import type { Operations } from "./description";
import { NoConnection, problemOf } from "./problem";
import { withPurpose } from "./purpose";

export type Operation = keyof Operations;
export type Answer<Name extends Operation> = Operations[Name]["answer"];
export type Query<Name extends Operation> = Operations[Name]["query"];
export type Body<Name extends Operation> = Operations[Name]["body"];

type Needed<Key extends string, Value> = {} extends Value ? { [K in Key]?: Value } : { [K in Key]: Value };

export type Asked<Name extends Operation> = Needed<"path", Operations[Name]["path"]> &
  Needed<"query", Query<Name>> &
  (undefined extends Body<Name> ? { body?: undefined } : { body: Body<Name> }) & {
    signal?: AbortSignal;
    /** Makes a repeated report safe: the same key opens the same case. */
    idempotencyKey?: string;
    /** Do not ask to sign in: the caller deals with the refusal. */
    quiet?: boolean;
  };

type Arguments<Name extends Operation> = {} extends Asked<Name> ? [asked?: Asked<Name>] : [asked: Asked<Name>];

let signInAgain: (() => Promise<boolean>) | null = null;

/** Who asks for a new sign-in: resolves to whether somebody is signed in now. Set by the session. */
export function onSignInNeeded(ask: (() => Promise<boolean>) | null): void {
  signInAgain = ask;
}

/** The address of an operation, for links and pictures. */
export function addressOf<Name extends Operation>(
  operation: Name,
  asked: { path?: Operations[Name]["path"]; query?: Query<Name> } = {},
): string {
  const template = operation.slice(operation.indexOf(" ") + 1);
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String((asked.path as Record<string, unknown> | undefined)?.[name] ?? "")),
  );
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries((asked.query ?? {}) as Record<string, unknown>)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") pairs.push([name, String(one)]);
    }
  }
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

interface Given<Name extends Operation> {
  path?: Operations[Name]["path"];
  query?: Query<Name>;
  body?: unknown;
  signal?: AbortSignal;
  idempotencyKey?: string;
  quiet?: boolean;
}

/** Ask the server. Throws Problem when it refuses, NoConnection when it does not answer. */
export async function call<Name extends Operation>(operation: Name, ...[asked]: Arguments<Name>): Promise<Answer<Name>> {
  return (await read(await answered(operation, (asked ?? {}) as Given<Name>))) as Answer<Name>;
}

/** As `call`, for an answer that is a file; its headers say more of it. */
export async function callForFile<Name extends Operation>(operation: Name, ...[asked]: Arguments<Name>): Promise<{ file: Blob; headers: Headers }> {
  const answer = await answered(operation, (asked ?? {}) as Given<Name>);
  try {
    return { file: await answer.blob(), headers: answer.headers };
  } catch {
    throw new NoConnection(); // the connection broke in the middle of the file
  }
}

async function answered<Name extends Operation>(operation: Name, given: Given<Name>): Promise<Response> {
  const address = addressOf(operation, { ...given, query: withPurpose(operation, given.path, given.query) as Query<Name> });
  const method = operation.slice(0, operation.indexOf(" "));
  let stamp: Record<string, string> = {};
  for (let attempt = 0; ; attempt += 1) {
    const answer = await send(method, address, given.body, given.signal, given.idempotencyKey, stamp);
    if (answer.ok) return answer;
    const problem = await problemOf(answer);
    if (problem.code === "input.proof_needed" && attempt < 4) {
      const proof = await import("./proof");
      stamp = { [proof.HEADER]: await proof.solve(problem.data) };
      continue;
    }
    const ended = answer.status === 401 && problem.code !== "identity.sign_in_refused";
    if (ended && !given.quiet && attempt === 0 && signInAgain && (await signInAgain())) continue;
    throw problem;
  }
}

async function send(
  method: string,
  address: string,
  body: unknown,
  signal: AbortSignal | undefined,
  idempotencyKey: string | undefined,
  stamp: Record<string, string> = {},
): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json", ...stamp };
  if (idempotencyKey) headers["idempotency-key"] = idempotencyKey;
  let content: BodyInit | undefined;
  if (body instanceof FormData || body instanceof Blob || typeof body === "string") content = body;
  else if (body !== undefined) {
    content = JSON.stringify(body);
    headers["content-type"] = "application/json";
  }
  try {
    return await fetch(address, { method, headers, body: content, signal, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NoConnection();
  }
}

async function read(answer: Response): Promise<unknown> {
  if (answer.status === 204) return undefined;
  const kind = answer.headers.get("content-type") ?? "";
  try {
    return await (kind.startsWith("application/json") ? answer.json() : answer.text());
  } catch (error) {
    if (error instanceof TypeError) throw new NoConnection(); // the connection broke in the middle of the answer
    throw error;
  }
}

/** Send to an address that the server has named in an answer (the forms of a case); as `call` otherwise. */
export async function callAt(method: string, address: string, body: unknown): Promise<unknown> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await send(method, address, body, undefined, undefined, {});
    if (answer.ok) return read(answer);
    const problem = await problemOf(answer);
    if (answer.status === 401 && attempt === 0 && signInAgain && (await signInAgain())) continue;
    throw problem;
  }
}
