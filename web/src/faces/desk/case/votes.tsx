// Votes on the case page: those of the case, and calling one at its step.

import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState, type FormEvent } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import type { CaseDetail, VoteKindView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { momentOf } from "../shared/moments";
import { Result, VoteState } from "../votes/result";
import { texts } from "../votes/texts";
import "../votes/votes.css";

const ofCase = "GET /api/v1/cases/{case_id}/votes";

export function CaseVotes({ item }: { item: CaseDetail }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer(ofCase, { path: { case_id: item.id } }).data?.items ?? [];
  if (!found.length) return null;
  return (
    <section className="card" aria-labelledby="case-votes">
      <h2 id="case-votes">{t("votes.of")}</h2>
      {found.map((vote) => (
        <div key={vote.id}>
          <p><Link to={`/desk/votes/${vote.id}`}>{vote.title}</Link> <VoteState vote={vote} /> <span className="soft small">{shortTime(vote.opens_at, language)} – {shortTime(vote.closes_at, language)}</span></p>
          {vote.result ? <Result vote={vote} /> : null}
        </div>
      ))}
    </section>
  );
}

/** The type of thing that such a vote is held in: from a house along the declared relations. */
function useScopeType(kind: VoteKindView): string | undefined {
  return useQuery({
    queryKey: ["vote-scope", kind.id],
    staleTime: Infinity,
    queryFn: async () => {
      let type = kind.electorate;
      for (const relation of kind.scope) type = (await call("GET /api/v1/types/{type}", { path: { type } })).relations[relation]?.to ?? type;
      return type;
    },
  }).data;
}

interface Question {
  key: number;
  matter: string;
  title: string;
  options: string;
  seats: string;
}

export function VoteForm({ item, kind, onDone }: { item: CaseDetail; kind: VoteKindView; onDone: (verb: string) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const first: Question = { key: 1, matter: kind.matters[0]?.id ?? "", title: "", options: "", seats: "1" };
  const [title, setTitle] = useState(item.text.slice(0, 60));
  const [scope, setScope] = useState("");
  const [words, setWords] = useState("");
  const [questions, setQuestions] = useState<Question[]>([first]);
  const [days, setDays] = useState({ opens: "", closes: "" });
  const [secret, setSecret] = useState(kind.ballots !== "open");
  const [note, setNote] = useState("");
  const type = useScopeType(kind);
  const things = useAnswer("GET /api/v1/things/{type}", { path: { type: type ?? "" }, query: { q: words, limit: 20 } }, { enabled: type !== undefined, keep: true });
  const start = useChange("POST /api/v1/cases/{case_id}/votes", [ofCase, "GET /api/v1/votes"]);
  const change = (key: number, part: Partial<Question>) => setQuestions(questions.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const whole = scope !== "" && days.opens !== "" && days.closes !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!whole) return;
    const asked = questions.map((one) => ({
      matter: one.matter, title: one.title, seats: Number(one.seats),
      options: one.options.split("\n").map((line) => line.trim()).filter(Boolean).map((line, index) => ({ id: `option-${index + 1}`, title: line })),
    }));
    start.mutate(
      { path: { case_id: item.id }, body: { title, scope, questions: asked, opens_at: momentOf(days.opens) ?? "", closes_at: momentOf(days.closes) ?? "", secret, note } },
      { onSuccess: () => onDone(t("call")) },
    );
  };
  return (
    <form className="operation-form" onSubmit={submit}>
      <h3>{nameIn(kind.names, language)}</h3>
      <div className="field"><label htmlFor="vote-title">{t("call.title")}</label><input id="vote-title" required minLength={2} maxLength={200} value={title} onChange={(event) => setTitle(event.target.value)} /></div>
      <div className="field">
        <label htmlFor="vote-scope">{t("call.scope")}</label>
        <Select id="vote-scope" showSearch={{ filterOption: false, onSearch: setWords }} placeholder={t("call.scope.choose")} loading={things.isFetching} value={scope || undefined} onChange={(id: string) => setScope(id)} options={(things.data?.items ?? []).map((one) => ({ value: one.id, label: one.title }))} />
      </div>
      {questions.map((question, index) => {
        const matter = kind.matters.find(({ id }) => id === question.matter);
        return (
          <fieldset key={question.key} className="vote-call">
            <legend>{t("question", { n: index + 1 })}</legend>
            <div className="field">
              <label htmlFor={`vote-matter-${question.key}`}>{t("question.matter")}</label>
              <select id={`vote-matter-${question.key}`} value={question.matter} onChange={(event) => change(question.key, { matter: event.target.value })}>{kind.matters.map((one) => <option key={one.id} value={one.id}>{nameIn(one.names, language)}</option>)}</select>
              {matter ? <p className="hint">{t("question.rule", { rule: nameIn(matter.rule_names, language), number: matter.take_part.number ?? "", area: matter.take_part.area ?? "" })}</p> : null}
            </div>
            <div className="field"><label htmlFor={`vote-text-${question.key}`}>{t("question.text")}</label><input id={`vote-text-${question.key}`} required minLength={2} maxLength={300} value={question.title} onChange={(event) => change(question.key, { title: event.target.value })} /></div>
            <div className="field"><label htmlFor={`vote-options-${question.key}`}>{t("question.options")}</label><textarea id={`vote-options-${question.key}`} value={question.options} onChange={(event) => change(question.key, { options: event.target.value })} /></div>
            {question.options.trim() ? <div className="field"><label htmlFor={`vote-seats-${question.key}`}>{t("question.seats")}</label><input id={`vote-seats-${question.key}`} type="number" min={1} max={50} required value={question.seats} onChange={(event) => change(question.key, { seats: event.target.value })} /></div> : null}
            {questions.length > 1 ? <button type="button" className="link" onClick={() => setQuestions(questions.filter(({ key }) => key !== question.key))}>{t("question.remove", { n: index + 1 })}</button> : null}
          </fieldset>
        );
      })}
      <p><button type="button" className="button second small" onClick={() => setQuestions([...questions, { ...first, key: Math.max(...questions.map(({ key }) => key)) + 1 }])}>{t("question.add")}</button></p>
      <div className="row-line vote-when">
        {(["opens", "closes"] as const).map((name) => <label key={name} className="filter"><span>{t(name)}</span><input type="datetime-local" required value={days[name]} onChange={(event) => setDays({ ...days, [name]: event.target.value })} /></label>)}
        <span className="soft small">{t("notice", { notice: kind.notice_days, least: kind.least_days, most: kind.most_days })}</span>
      </div>
      {kind.ballots === "either" ? <label className="row-line vote-secret"><input type="checkbox" checked={secret} onChange={(event) => setSecret(event.target.checked)} /> {t("secretly")}</label> : null}
      <div className="field"><label htmlFor="vote-note">{t("note")}</label><textarea id="vote-note" maxLength={1000} value={note} onChange={(event) => setNote(event.target.value)} /></div>
      {start.error ? <p className="notice-error" role="alert">{messageOf(start.error)}</p> : null}
      <button className="button" disabled={start.isPending || !whole}>{t("call")}</button>
    </form>
  );
}
