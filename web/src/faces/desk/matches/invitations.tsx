// My invitations (我的服务邀请): what somebody who offers help is asked for in person, above the tasks.

import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { useCanBeAsked } from "./asked";
import { texts } from "./texts";
import { Answering, proposals, Score, State, Why } from "./why";

export default function Invitations() {
  const rules = useCanBeAsked();
  return rules.map((rule) => <OfRule key={rule} rule={rule} />);
}

function OfRule({ rule }: { rule: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer(proposals, { path: { rule }, query: { mine: true, state: ["open", "accepted"] } }).data?.items ?? [];
  if (!found.length) return null;
  return (
    <section className="card invitations" aria-label={t("invitations")}>
      <h2>{t("invitations")}</h2>
      <ul className="plain-list">
        {found.map((one) => (
          <li key={one.id}>
            <div className="match-line"><b className="number">{one.number}</b> <Score score={one.score} metres={one.metres} /> <State one={one} /> <span className="soft small">{t("asked.at", { at: shortTime(one.proposed_at, language), who: one.proposed_by })}</span> <Answering one={one} /></div>
            <Why why={one.why} />
          </li>
        ))}
      </ul>
    </section>
  );
}
