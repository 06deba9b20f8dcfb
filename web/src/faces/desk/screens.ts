// The desk's screens: where each is, who sees it in the navigation, and the piece of the application that it loads.

import type { DeskWords } from "../../shared/api/description";
import type { Session } from "../../shared/session/session";
import { lazy, type LazyScreen } from "../../shared/ui/lazy_screen";
import { askCasesAhead } from "./cases/asking";
import type { texts } from "./texts";

export interface Screen {
  /** Below /desk; "" is the desk's first screen. */
  path: string;
  text: keyof typeof texts;
  /** Whether the navigation offers it; the server decides what may be done there. */
  shown: (session: Session, words: DeskWords | undefined) => boolean;
  screen: LazyScreen;
  /** The grants (kind, verb) without any of which there is nothing to see: whoever comes by the address is told so. */
  needs?: [string, string][];
  /** Ask for what it shows first, while the screen itself is not drawn yet. */
  ask?: () => void;
}

/** Whether steps of cases come to the reader's posts; assumed until it is known. */
export const worksCases = (words: DeskWords | undefined): boolean => !words || words.own_stages.length > 0;

export const screens: Screen[] = [
  {
    path: "",
    text: "nav.tasks",
    shown: ({ person }, words) => worksCases(words) && Boolean(person?.posts.length),
    screen: lazy(() => import("./tasks/tasks")),
  },
  {
    path: "cases",
    text: "nav.cases",
    shown: ({ may, person }, words) => may("case", "read") || (worksCases(words) && Boolean(person?.posts.length)),
    screen: lazy(() => import("./cases/cases")),
    ask: askCasesAhead,
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
    path: "senses",
    text: "nav.senses",
    shown: ({ may }) => may("alarm", "read") || may("device", "read"),
    screen: lazy(() => import("./senses/senses")),
  },
  {
    path: "plans",
    text: "nav.plans",
    shown: ({ may }) => may("plan", "read"),
    needs: [["plan", "read"]],
    screen: lazy(() => import("./plans/plans")),
  },
  {
    path: "matches",
    text: "nav.matches",
    shown: ({ may, person }) => may("match", "read") || Boolean(person?.posts.some(({ code }) => code === "volunteer")),
    screen: lazy(() => import("./matches/matches")),
  },
  {
    path: "votes",
    text: "nav.votes",
    shown: ({ may }) => may("vote", "read"),
    needs: [["vote", "read"]],
    screen: lazy(() => import("./votes/votes")),
  },
  {
    path: "publicity",
    text: "nav.publicity",
    shown: ({ may }) => may("publication", "read") || may("anomaly", "read"),
    needs: [["publication", "read"], ["anomaly", "read"]],
    screen: lazy(() => import("./publicity/publicity")),
  },
  {
    path: "patrols",
    text: "nav.patrols",
    shown: ({ may }) => may("patrol", "read"),
    needs: [["patrol", "read"]],
    screen: lazy(() => import("./patrols/patrols")),
  },
  {
    path: "scores",
    text: "nav.scores",
    shown: ({ may }) => may("score", "read") || may("case", "read"),
    screen: lazy(() => import("./scores/scores")),
  },
  {
    path: "hot-issues",
    text: "nav.hot",
    shown: ({ may }) => may("case", "read"),
    screen: lazy(() => import("./hot_issues/hot_issues")),
  },
  {
    path: "trends",
    text: "nav.trends",
    shown: ({ may }) => may("case", "read") && may("score", "read"),
    screen: lazy(() => import("./trends/trends")),
  },
  {
    path: "misdispatch",
    text: "nav.misdispatch",
    shown: ({ may }, words) => may("case", "read") && (may("score", "read") || Boolean(words?.own_stages.includes("dispatch"))),
    screen: lazy(() => import("./misdispatch/misdispatch")),
  },
  {
    path: "records",
    text: "nav.records",
    shown: ({ person }) => Boolean(person?.grants.some(({ kind, verbs }) => (kind === "thing" || kind.startsWith("thing-")) && verbs.includes("read"))),
    screen: lazy(() => import("./records/records")),
  },
  {
    path: "dossiers",
    text: "nav.dossiers",
    shown: (_, words) => Boolean(words?.dossiers.length),
    screen: lazy(() => import("./dossiers/dossiers")),
  },
  {
    path: "approvals",
    text: "nav.approvals",
    shown: ({ person }) => Boolean(person?.grants.some(({ kind, verbs }) => (kind === "thing" || kind.startsWith("thing-")) && verbs.includes("approve"))),
    screen: lazy(() => import("./approvals/approvals")),
  },
  {
    path: "quality",
    text: "nav.quality",
    shown: ({ may, person }) => may("quality", "read") || Boolean(person?.grants.some(({ kind, verbs }) => (kind === "thing" || kind.startsWith("thing-")) && (verbs.includes("import") || verbs.includes("export")))),
    screen: lazy(() => import("./quality/quality")),
  },
  {
    path: "exchange",
    text: "nav.exchange",
    shown: ({ may }) => may("resource", "read") || may("share", "read"),
    screen: lazy(() => import("./exchange/exchange")),
  },
  {
    path: "duplicates",
    text: "nav.duplicates",
    shown: ({ person }) => Boolean(person?.grants.some(({ kind, verbs }) => (kind === "thing" || kind.startsWith("thing-")) && verbs.includes("merge"))),
    screen: lazy(() => import("./resolution/resolution")),
  },
  {
    path: "notices",
    text: "nav.notices",
    shown: ({ may }) => may("notice", "write") || may("notice", "publish"),
    screen: lazy(() => import("./notices/notices")),
  },
  {
    path: "journal",
    text: "nav.journal",
    shown: ({ may }) => may("journal", "read"),
    needs: [["journal", "read"]],
    screen: lazy(() => import("./journal/journal")),
  },
  {
    path: "import",
    text: "nav.import",
    shown: ({ may }) => may("case", "import"),
    needs: [["case", "import"]],
    screen: lazy(() => import("./importing/importing")),
  },
  {
    path: "designer",
    text: "nav.designer",
    shown: ({ may }) => may("flow", "read") || may("case", "read"),
    screen: lazy(() => import("./designer/designer")),
  },
  {
    path: "plan-rows",
    text: "nav.plan.rows",
    shown: ({ may }) => may("account", "read") || may("account", "manage") || may("flow", "read"),
    screen: lazy(() => import("./plan_rows/plan_rows")),
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
    needs: [["pack", "found"]],
    screen: lazy(() => import("./city/city")),
  },
];
