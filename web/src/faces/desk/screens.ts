// The desk's screens: where each is, who sees it in the navigation, and the piece of the application that it loads.

import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { DeskWords } from "../../shared/api/description";
import type { Session } from "../../shared/session/session";
import type { texts } from "./texts";

export interface Screen {
  /** Below /desk; "" is the desk's first screen. */
  path: string;
  text: keyof typeof texts;
  /** Whether the navigation offers it; the server decides what may be done there. */
  shown: (session: Session, words: DeskWords | undefined) => boolean;
  screen: LazyExoticComponent<ComponentType>;
}

export const screens: Screen[] = [
  {
    path: "",
    text: "nav.tasks",
    shown: ({ person }) => Boolean(person?.posts.length),
    screen: lazy(() => import("./tasks/tasks")),
  },
  {
    path: "cases",
    text: "nav.cases",
    shown: ({ may, person }) => may("case", "read") || Boolean(person?.posts.length),
    screen: lazy(() => import("./cases/cases")),
  },
  {
    path: "intake",
    text: "nav.intake",
    shown: (_, words) => Boolean(words?.channels.length),
    screen: lazy(() => import("./intake/intake")),
  },
  {
    path: "dispatch",
    text: "nav.dispatch",
    shown: (_, words) => Boolean(words?.own_stages.includes("dispatch")),
    screen: lazy(() => import("./dispatch/dispatch")),
  },
  {
    path: "scores",
    text: "nav.scores",
    shown: ({ may }) => may("score", "read") || may("case", "read"),
    screen: lazy(() => import("./scores/scores")),
  },
  {
    path: "journal",
    text: "nav.journal",
    shown: ({ may }) => may("journal", "read"),
    screen: lazy(() => import("./journal/journal")),
  },
  {
    path: "import",
    text: "nav.import",
    shown: ({ may }) => may("case", "import"),
    screen: lazy(() => import("./importing/importing")),
  },
  {
    path: "designer",
    text: "nav.designer",
    shown: ({ may }) => may("flow", "read") || may("case", "read"),
    screen: lazy(() => import("./designer/designer")),
  },
  {
    path: "administration",
    text: "nav.administration",
    shown: ({ may }) => may("account", "manage") || may("organisation", "manage") || may("role", "grant") || may("account", "read"),
    screen: lazy(() => import("./administration/administration")),
  },
  {
    path: "city",
    text: "nav.city",
    shown: ({ may }) => may("pack", "found"),
    screen: lazy(() => import("./city/city")),
  },
];
