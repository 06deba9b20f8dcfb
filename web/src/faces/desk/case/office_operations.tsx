// The operations that offices live by (退回、加签、减签、委派、转派、签收 …): each allowed one with its form, each other one
// with its reason.

import { Select } from "antd";
import { useId, useState, type FormEvent } from "react";
import { call } from "../../../shared/api/client";
import type { ActBody, FormView, OfficeOptionView, HeldTaskView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { texts } from "./texts";

type Asks = "people" | "person" | "node" | "note" | "limit" | "outcome" | "more";

/** What each operation asks for. An operation that is not listed here is offered elsewhere on the page. */
const asked: Partial<Record<string, readonly Asks[]>> = {
  claim: [],
  assign: ["person", "note"],
  send_back: ["node", "note"],
  send_back_to_previous: ["note"],
  send_back_to_start: ["note"],
  add_before: ["people", "limit", "note"],
  add_after: ["outcome", "people", "limit", "note"],
  add_to_round: ["people", "note"],
  remove_signer: ["person", "note"],
  delegate: ["person", "limit", "note"],
  take_back: ["note"],
};
const optional: readonly Asks[] = ["limit"];

interface Props {
  task: HeldTaskView;
  /** The ways in which the task itself can be finished, for 后加签. */
  outcomes: readonly FormView[];
  onDone: (verb: string) => void;
}

export function OfficeOperations({ task, outcomes, onDone }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [open, setOpen] = useState<string | null>(null);
  const offered = task.options.filter((one) => asked[one.operation]);
  const possible = offered.filter((one) => !one.why_not);
  const impossible = offered.filter((one) => one.why_not);
  const chosen = possible.find((one) => one.operation === open);
  return (
    <div className="office">
      <h3>{t("office")}</h3>
      <div className="row-line">
        {possible.map((one) => (
          <button key={one.operation} type="button" className="chip" aria-expanded={open === one.operation} aria-pressed={open === one.operation} onClick={() => setOpen(open === one.operation ? null : one.operation)} data-operation={one.operation}>
            {nameIn(one, language)}
          </button>
        ))}
      </div>
      {chosen ? <ActForm key={chosen.operation} task={task} option={chosen} outcomes={outcomes} onDone={onDone} /> : null}
      {impossible.length ? (
        <details className="not-now">
          <summary className="soft small not-now">{t("not.now")}</summary>
          <dl>{impossible.map((one) => <div key={one.operation}><dt>{nameIn(one, language)}</dt><dd>{nameIn(one.why_not, language)}</dd></div>)}</dl>
        </details>
      ) : null}
    </div>
  );
}

interface ActProps extends Props {
  option: OfficeOptionView;
}

function ActForm({ task, option, outcomes, onDone }: ActProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [people, setPeople] = useState<string[]>([]);
  const [node, setNode] = useState("");
  const [note, setNote] = useState("");
  const [limit, setLimit] = useState("");
  const [outcome, setOutcome] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const ids = useId();
  const fields = asked[option.operation] ?? [];
  const name = nameIn(option, language);
  const ready =
    (!(fields.includes("people") || fields.includes("person")) || people.length > 0) &&
    (!fields.includes("node") || node !== "") &&
    (!fields.includes("outcome") || outcome !== "");

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal("");
    try {
      const path = { task_id: task.id };
      if (option.operation === "claim") await call("POST /api/v1/tasks/{task_id}/claim", { path });
      else if (option.operation === "assign") await call("POST /api/v1/tasks/{task_id}/reassign", { path, body: { person: people[0] ?? "", note } });
      else {
        const body: ActBody = { verb: option.operation as ActBody["verb"], people, note, node, outcome, ...(limit ? { limit } : {}) };
        await call("POST /api/v1/tasks/{task_id}/acts", { path, body });
      }
      onDone(name);
    } catch (error) {
      setRefusal(messageOf(error));
      setBusy(false);
    }
  };

  return (
    <form className="operation-form" onSubmit={(event) => void submit(event)}>
      {fields.includes("people") || fields.includes("person") ? (
        <div className="field">
          <label htmlFor={`${ids}-people`}>{t(fields.includes("people") ? "people" : "person")}</label>
          <PeopleSelect id={`${ids}-people`} task={task.id} many={fields.includes("people")} only={option.operation === "assign"} value={people} onChange={setPeople} />
        </div>
      ) : null}
      {fields.includes("node") ? (
        <div className="field">
          <label htmlFor={`${ids}-node`}>{t("to.step")}</label>
          <Select
            id={`${ids}-node`} value={node || undefined} onChange={setNode} placeholder={t("choose")} className="wide"
            options={task.returnable.map((one) => ({
              value: one.node, disabled: one.why_not !== null,
              label: `${nameIn(one, language)} · ${one.done_by}${one.why_not ? ` (${nameIn(one.why_not, language)})` : ""}`,
            }))}
          />
        </div>
      ) : null}
      {fields.includes("outcome") ? (
        <div className="field">
          <label htmlFor={`${ids}-outcome`}>{t("outcome")}</label>
          <Select id={`${ids}-outcome`} value={outcome || undefined} onChange={setOutcome} placeholder={t("choose")} className="wide" options={outcomes.filter((one) => one.outcome).map((one) => ({ value: one.outcome ?? "", label: nameIn(one, language) }))} />
        </div>
      ) : null}
      {fields.includes("limit") ? (
        <div className="field"><label htmlFor={`${ids}-limit`}>{t("their.limit")}</label><input id={`${ids}-limit`} value={limit} maxLength={40} onChange={(event) => setLimit(event.target.value)} /></div>
      ) : null}
      {fields.includes("note") ? (
        <div className="field"><label htmlFor={`${ids}-note`}>{t("note")}</label><textarea id={`${ids}-note`} value={note} maxLength={2000} onChange={(event) => setNote(event.target.value)} /></div>
      ) : null}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      <button className="button" disabled={busy || !ready}>{busy ? t("sending") : name}</button>
    </form>
  );
}

export const neededOf = (operation: string): readonly Asks[] => (asked[operation] ?? []).filter((one) => !optional.includes(one));

interface PeopleProps {
  id: string;
  task: string;
  many: boolean;
  /** Only those to whom the task can be handed on. */
  only: boolean;
  value: string[];
  onChange: (ids: string[]) => void;
}

/** People by name, office or post; the server searches. */
function PeopleSelect({ id, task, many, only, value, onChange }: PeopleProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [q, setQ] = useState("");
  const found = useAnswer("GET /api/v1/tasks/{task_id}/people", { path: { task_id: task }, query: { q } }, { keep: true, fresh: 60_000 });
  const options = (found.data ?? [])
    .filter((one) => !only || one.colleague)
    .map((one) => ({ value: one.id, label: `${one.name} · ${nameIn(one.office, language)} · ${one.posts.map((post) => nameIn(post, language)).join("、")}` }));
  return (
    <Select
      id={id} mode={many ? "multiple" : undefined} value={many ? value : value[0]} options={options} loading={found.isFetching} placeholder={t("people.search")} className="wide"
      showSearch={{ filterOption: false, onSearch: setQ }}
      onChange={(chosen: string | string[] | undefined) => onChange(Array.isArray(chosen) ? chosen : chosen ? [chosen] : [])}
    />
  );
}
