// The line that one is at and the lines that one has chosen, in a list that may change while one looks.

import { useCallback, useEffect, useMemo, useState } from "react";

export interface Selection {
  at: string | null;
  chosen: ReadonlySet<string>;
  move: (by: number) => void;
  setAt: (id: string) => void;
  toggle: (id: string) => void;
  choose: (ids: readonly string[]) => void;
}

export function useSelection(ids: readonly string[]): Selection {
  const [at, setAt] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const here = at !== null && ids.includes(at) ? at : (ids[0] ?? null);

  const move = useCallback(
    (by: number) => {
      const index = here === null ? -1 : ids.indexOf(here);
      const next = ids[Math.min(Math.max(index + by, 0), ids.length - 1)];
      if (next !== undefined) setAt(next);
    },
    [here, ids],
  );
  const toggle = useCallback(
    (id: string) =>
      setChosen((before) => {
        const after = new Set(before);
        if (!after.delete(id)) after.add(id);
        return after;
      }),
    [],
  );
  useEffect(() => {
    // Only to where somebody has gone: a list that has just come is shown from its beginning.
    if (at !== null && here) document.querySelector(`[data-row="${here}"]`)?.scrollIntoView({ block: "nearest" });
  }, [at, here]);
  const still = useMemo(() => new Set([...chosen].filter((id) => ids.includes(id))), [chosen, ids]);
  return { at: here, chosen: still, move, setAt, toggle, choose: useCallback((wanted) => setChosen(new Set(wanted)), []) };
}
