// What a vote came to: by number and by area, both of which the law asks for.

import type { TallyView, VoteView } from "../../../shared/api/description";
import { useTexts } from "../../../shared/i18n/texts";
import { Tag } from "../shared/case_line";
import { texts } from "./texts";

export function VoteState({ vote }: { vote: VoteView }) {
  const t = useTexts(texts);
  if (vote.state === "withdrawn") return <Tag>{t("state.withdrawn")}</Tag>;
  if (vote.result) return <Tag look={vote.result.carried ? "green" : "red"}>{t(vote.result.carried ? "carried" : "not.carried")}</Tag>;
  return <Tag look={vote.open ? "blue" : "grey"}>{t(vote.open ? "open" : vote.state === "counted" ? "state.counted" : "waiting")}</Tag>;
}

export function Result({ vote }: { vote: VoteView }) {
  const t = useTexts(texts);
  const { result } = vote;
  if (!result) return <p className="soft">{t("no.result")}</p>;
  return (
    <>
      <p><b>{t("took.part")}</b> <Tally of={result.took_part} /></p>
      <p className="soft small">{t("how", { code: result.how.code ?? 0, proxy: result.how.proxy ?? 0, paper: result.how.paper ?? 0 })}</p>
      {result.questions.map((question) => (
        <section key={question.nth} className="vote-question">
          <h3>{question.nth}. {question.title} <Tag look={question.carried ? "green" : "red"}>{t(question.carried ? "carried" : "not.carried")}</Tag> {question.valid ? null : <Tag look="yellow">{t("not.valid")}</Tag>}</h3>
          <ul className="plain-list">
            {question.options.map((option) => (
              <li key={option.id} className="vote-option">
                <span>{option.title} {option.carried && question.options.length > 2 ? "✓" : ""}</span>
                <progress max={100} value={option.area_percent} aria-label={`${option.title}: ${t("by.area")}`} />
                <Tally of={option} />
              </li>
            ))}
            <li className="vote-option"><span>{t("abstained")}</span><progress max={100} value={question.abstained.area_percent} aria-label={`${t("abstained")}: ${t("by.area")}`} /><Tally of={question.abstained} /></li>
          </ul>
        </section>
      ))}
    </>
  );
}

function Tally({ of }: { of: TallyView }) {
  const t = useTexts(texts);
  return <span className="number small">{t("tally", { number: of.number, area: of.area, number_percent: of.number_percent, area_percent: of.area_percent })}</span>;
}
