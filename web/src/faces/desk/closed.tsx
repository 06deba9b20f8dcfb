// A screen that the person's posts do not open: says so, and leads on.

import { Link } from "react-router";
import { useTexts } from "../../shared/i18n/texts";
import { useSession } from "../../shared/session/session";
import { Empty } from "../../shared/ui/parts";
import { screens, type Screen } from "./screens";
import { useNaming } from "./shared/words";
import { texts } from "./texts";

export function Closed({ screen }: { screen: Screen }) {
  const t = useTexts(texts);
  const session = useSession();
  const { words } = useNaming();
  const open = screens.filter((one) => one.shown(session, words));
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t(screen.text)}</h1></header>
      <Empty title={t("closed", { screen: t(screen.text) })}>{t("closed.next")}</Empty>
      <p className="closed-ways">
        {open.slice(0, 4).map((one) => <Link key={one.path} className="button second" to={one.path ? `/desk/${one.path}` : "/desk"}>{t(one.text)}</Link>)}
      </p>
    </section>
  );
}
