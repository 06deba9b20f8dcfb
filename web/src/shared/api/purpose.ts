// Lists that are read only for a purpose (二人核准的名单): said once for each in a sitting, sent with every reading of it.

const said = new Map<string, string>();

export const purposeOf = (type: string): string | undefined => said.get(type);

export function sayPurpose(type: string, purpose: string): void {
  said.set(type, purpose);
}

/** Another person reads for their own purposes. */
export function forgetPurposes(): void {
  said.clear();
}

/** The query of an operation with the purpose that was said for its type, where one is kept. */
export function withPurpose(operation: string, path: unknown, query: unknown): unknown {
  if (!said.size || !operation.startsWith("GET /api/v1/things/{type}")) return query;
  const purpose = said.get(String((path as { type?: unknown } | undefined)?.type ?? ""));
  return purpose ? { purpose, ...(query as object | undefined) } : query;
}
