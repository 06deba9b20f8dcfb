// Why an offer fits: each term with what it gave. And the question with which it is answered.

import { useState } from "react";
import type { ProposalView, TermWorth } from "../../../shared/api/description";
import { useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { metreWords } from "../../../shared/place/here";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { Tag } from "../shared/case_line";
import { ReasonDialog } from "../shared/reason_dialog";
import { texts } from "./texts";
import "./matches.css";

export const proposals = "GET /api/v1/matches/{rule}/proposals";
export const ofCase = "GET /api/v1/cases/{case_id}/matches";
export const figures = "GET /api/v1/matches/{rule}/figures";

export const stateLooks = { open: "blue", accepted: "green", refused: "red", expired: "grey", withdrawn: "grey", done: "green" } as const;

export function Score({ score, metres }: { score: number; metres: number | null }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return <span className="match-score"><b className="number">{t("score", { n: Math.round(score) })}</b>{metres === null ? null : <span className="soft">{metreWords(metres, language === "zh")}</span>}</span>;
}

export function Why({ why }: { why: readonly TermWorth[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <details className="match-why">
      <summary>{t("why")}</summary>
      <ul className="plain-list">
        {why.map((term) => (
          <li key={term.id}>
            <span>{nameIn(term.names, language)}</span>
            <progress max={1} value={term.worth} aria-label={nameIn(term.names, language)} />
            <span className="number">{t("points", { n: Math.round(term.points * 10) / 10 })}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The state of a proposal with its times. */
export function State({ one }: { one: ProposalView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <>
      <Tag look={stateLooks[one.state]}>{nameIn(one.state_words, language)}</Tag>{" "}
      {one.state === "open" ? <ClockMark colour="green" due={one.answer_by} /> : null}
      {one.answered_at ? <small className="soft"><time dateTime={one.answered_at} title={exactTime(one.answered_at, language)}>{shortTime(one.answered_at, language)}</time> {one.answered_by}{one.reason ? ` · ${one.reason}` : ""}</small> : null}
      {one.amount !== null ? <small className="soft">{t("amount.n", { n: one.amount })}{one.satisfaction ? ` · ${"★".repeat(one.satisfaction)}` : ""}</small> : null}
    </>
  );
}

/** Accepting or refusing, for the person asked or who answers for them. */
export function Answering({ one }: { one: ProposalView }) {
  const t = useTexts(texts);
  const [asking, setAsking] = useState<boolean | null>(null);
  const answer = useChange("POST /api/v1/match-proposals/{proposal_id}/answer", [proposals, ofCase, figures]);
  if (one.state !== "open") return null;
  const verb = t(asking ? "accept" : "refuse");
  return (
    <span className="row-line">
      <button type="button" className="button small" aria-label={`${t("accept")}: ${one.offer} ${one.number}`} onClick={() => setAsking(true)}>{t("accept")}</button>
      <button type="button" className="button second small" aria-label={`${t("refuse")}: ${one.offer} ${one.number}`} onClick={() => setAsking(false)}>{t("refuse")}</button>
      {asking === null ? null : (
        <ReasonDialog
          title={`${verb}: ${one.offer}`} about={t(asking ? "accept.about" : "refuse.about")} verb={verb} optional={asking} pending={answer.isPending} error={answer.error}
          onClose={() => (answer.reset(), setAsking(null))}
          onReason={(reason) => answer.mutate({ path: { proposal_id: one.id }, body: { accepted: asking, reason } }, { onSuccess: () => setAsking(null) })}
        />
      )}
    </span>
  );
}
