// The list that one came from, so that a case page can go on to the next without going back.

const kept = "yiwang-desk-list";

export function rememberList(ids: readonly string[]): void {
  sessionStorage.setItem(kept, JSON.stringify([...new Set(ids)].slice(0, 1000)));
}

export function neighbours(id: string): { before: string | null; after: string | null; place: string } {
  const written = sessionStorage.getItem(kept);
  const ids: string[] = written ? (JSON.parse(written) as string[]) : [];
  const index = ids.indexOf(id);
  if (index < 0) return { before: null, after: null, place: "" };
  return { before: ids[index - 1] ?? null, after: ids[index + 1] ?? null, place: `${index + 1} / ${ids.length}` };
}
