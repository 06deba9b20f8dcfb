// Answers are asked for anew some moments after the journal told of something that outdates them.

import { useEffect, useRef } from "react";
import type { Operation } from "../../../shared/api/client";
import { queryClient } from "../../../shared/api/queries";
import { useLive, type LiveEntry } from "../../../shared/live/live";

const settle = 600; // ms: what happens comes in bursts

/** Invalidate these answers after each entry that `concerns`, and when too much was missed. */
export function useFresh(operations: readonly Operation[], concerns: (entry: LiveEntry) => boolean): void {
  const timer = useRef<number | undefined>(undefined);
  const later = () => {
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined;
      for (const name of operations) void queryClient.invalidateQueries({ queryKey: [name] });
    }, settle);
  };
  useLive((entry) => {
    if (concerns(entry)) later();
  }, later);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
}

/** Invalidate an answer every so often while somebody looks: readings and positions are too many to be told one by one. */
export function useAskEvery(operation: Operation, milliseconds: number, enabled = true): void {
  useEffect(() => {
    if (!enabled) return;
    const timer = window.setInterval(() => {
      if (!document.hidden) void queryClient.invalidateQueries({ queryKey: [operation] });
    }, milliseconds);
    return () => clearInterval(timer);
  }, [operation, milliseconds, enabled]);
}
