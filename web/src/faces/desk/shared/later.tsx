// What may come a moment after the words of a page: maps and other heavy pieces, so that they hold nothing up.

import { useEffect, useState, type ReactNode } from "react";

interface Props {
  /** Whether what matters more is there. */
  when: boolean;
  /** Pixels that are kept free until then. */
  height: number;
  children: ReactNode;
}

const patience = 1500; // ms, on a device that is never idle

/** Draws its children when `when` holds, that has been painted, and nothing else is to be done. */
export function Later({ when, height, children }: Props) {
  const [now, setNow] = useState(false);
  useEffect(() => {
    if (!when || now) return;
    let gone = false;
    const draw = () => {
      if (!gone) setNow(true);
    };
    const painted = () => setTimeout(() => gone || whenIdle(draw), 0);
    const frame = requestAnimationFrame(painted);
    return () => {
      gone = true;
      cancelAnimationFrame(frame);
    };
  }, [when, now]);
  return now ? children : <div style={{ height }} />;
}

// Safari has no idle callbacks.
const whenIdle = (act: () => void): void => {
  if ("requestIdleCallback" in window) requestIdleCallback(act, { timeout: patience });
  else setTimeout(act, 50);
};
