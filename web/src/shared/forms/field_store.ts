// What has been typed into the fields of a form. Each field listens to its own value and to those on which it hangs, so that
// a key in one of a hundred fields draws that one anew and no other.

import { useCallback, useSyncExternalStore } from "react";
import type { FieldValue, FieldValues } from "./conditions";

export class FieldStore {
  private values: FieldValues;
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly all = new Set<() => void>();

  constructor(values: FieldValues = {}) {
    this.values = values;
  }

  get now(): FieldValues {
    return this.values;
  }

  set(name: string, value: FieldValue): void {
    this.values = { ...this.values, [name]: value };
    for (const each of this.listeners.get(name) ?? []) each();
    for (const each of this.all) each();
  }

  /** Other values altogether: a new form, a draft that was found again. */
  replace(values: FieldValues): void {
    this.values = values;
    for (const some of this.listeners.values()) for (const each of some) each();
    for (const each of this.all) each();
  }

  /** Be told when one of these fields changes; without names, of any. Answers how to stop that. */
  listen(names: readonly string[] | null, listener: () => void): () => void {
    const sets = names === null ? [this.all] : names.map((name) => this.of(name));
    for (const one of sets) one.add(listener);
    return () => sets.forEach((one) => one.delete(listener));
  }

  private of(name: string): Set<() => void> {
    let found = this.listeners.get(name);
    if (!found) this.listeners.set(name, (found = new Set()));
    return found;
  }
}

/** Something told from the fields named; drawn anew when that is another than before. */
export function useFields<Told extends FieldValue | undefined>(store: FieldStore, names: readonly string[], tell: (values: FieldValues) => Told): Told {
  const listen = useCallback((listener: () => void) => store.listen(names, listener), [store, names]);
  return useSyncExternalStore(listen, () => tell(store.now));
}
