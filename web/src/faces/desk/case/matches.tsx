// Matching on the case page: who was asked, who else fits and why; asking by hand.

import type { CaseDetail } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { texts } from "../matches/texts";
import { Answering, ofCase, proposals, Score, State, Why } from "../matches/why";

export function CaseMatches({ item }: { item: CaseDetail }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const found = useAnswer(ofCase, { path: { case_id: item.id }, query: { limit: 10 } });
  const ask = useChange("POST /api/v1/cases/{case_id}/matches", [ofCase, proposals]);
  if (found.error) return <section className="card"><h2>{t("title")}</h2><ErrorNotice error={found.error} onRetry={() => void found.refetch()} /></section>;
  if (!found.data || (!found.data.waiting && !found.data.proposals.length)) return null;
  const { names, waiting, proposals: asked, candidates } = found.data;
  return (
    <section className="card" aria-labelledby="case-matches">
      <h2 id="case-matches">{nameIn(names, language)}</h2>
      <ul className="plain-list match-list">
        {asked.map((one) => (
          <li key={one.id}>
            <div className="match-line"><b>{one.offer}</b> <Score score={one.score} metres={one.metres} /> <State one={one} /> <span className="soft small">{shortTime(one.proposed_at, language)}</span> {one.by_hand ? <Tag>{t("by.hand")}</Tag> : null} {may("match", "answer") ? <Answering one={one} /> : null}</div>
            <Why why={one.why} />
          </li>
        ))}
      </ul>
      {waiting ? <h3>{t("candidates")}</h3> : <p className="soft small">{t("ended")}</p>}
      {waiting && !candidates.length ? <p className="soft">{t("candidates.none")}</p> : null}
      <ul className="plain-list match-list">
        {candidates.map((one) => (
          <li key={one.offer_id}>
            <div className="match-line">
              <b>{one.offer}</b> <Score score={one.score} metres={one.metres} /> <span className="soft small">{t("capacity", { used: one.used, capacity: one.capacity })}</span>
              {may("match", "propose") ? <button type="button" className="button second small" aria-label={`${t("ask")}: ${one.offer}`} disabled={ask.isPending} onClick={() => ask.mutate({ path: { case_id: item.id }, body: { offer_id: one.offer_id } })}>{t("ask")}</button> : null}
            </div>
            <Why why={one.why} />
          </li>
        ))}
      </ul>
      {ask.error ? <p className="notice-error" role="alert">{messageOf(ask.error)}</p> : null}
    </section>
  );
}
