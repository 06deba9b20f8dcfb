// Keys of a screen: single letters while nobody types. Shown on `?` by <KeyHelp>.

import { useEffectEvent, useLayoutEffect } from "react";

export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) || target.closest("dialog, .ant-modal, .ant-select-dropdown") !== null);

/** Listen to keys by their name (`j`, `Enter`, `?`); not with Ctrl, Alt or Meta, not while somebody types. */
export function useKeys(keys: Keys, enabled = true): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    const act = keys[event.key];
    if (!act) return;
    // Enter on a link or button does what that says.
    if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.closest("a, button, summary")) return;
    event.preventDefault();
    act(event);
  });
  // Before the screen is painted: whoever presses a key as soon as they see it is heard.
  useLayoutEffect(() => {
    if (!enabled) return;
    const listen = (event: KeyboardEvent) => pressed(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [enabled]);
}
