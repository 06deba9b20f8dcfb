// A screen that is loaded when somebody goes there, or ahead of that. One that is here already is drawn at once: React's own
// `lazy` would show "loading" for a moment even then, and holds back for 300 ms what follows on that.

import { lazy as lazily, useState, type ComponentType } from "react";

export interface LazyScreen {
  (): React.JSX.Element;
  /** Load it ahead of being shown; what fails is tried again when it is shown. */
  ahead: () => Promise<void>;
}

/** As React's `lazy`, for screens without properties. */
export function lazy(load: () => Promise<{ default: ComponentType }>): LazyScreen {
  let here: ComponentType | null = null;
  const fetched = async () => {
    const found = await load();
    here = found.default;
    return found;
  };
  const Later = lazily(fetched);
  function Screen() {
    // Chosen once for as long as it is shown: another component in its place would lose what was typed.
    const [Chosen] = useState<ComponentType>(() => here ?? Later);
    return <Chosen />;
  }
  return Object.assign(Screen, { ahead: () => fetched().then(() => undefined, () => undefined) });
}
