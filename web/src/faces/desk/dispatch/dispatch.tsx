// The dispatch board (派遣): what waits on the left, the proposal with its reason and the place on the right. One key
// dispatches as proposed; many are dispatched at once.

import { Select } from "antd";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import type { TaskItem } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { queryClient, useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { limitWords } from "../../../shared/time/limits";
import { useLive } from "../../../shared/live/live";
import { CityMap } from "../../../shared/map/city_map";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { BulkBar } from "../shared/bulk";
import { CaseTags } from "../shared/case_line";
import { KeyHelp } from "../shared/key_help";
import { useSelection } from "../shared/selection";
import { texts as common } from "../shared/texts";
import { useNaming } from "../shared/words";
import "./dispatch.css";
import { texts } from "./texts";

const operation = "GET /api/v1/tasks";

async function finish(task: TaskItem, department: string, limit: string | null, note: string): Promise<void> {
  await call("POST /api/v1/tasks/{task_id}/complete", {
    path: { task_id: task.id },
    body: { outcome: "dispatch", department, note, ...(limit ? { limit } : {}) },
  });
}

/** Dispatch as proposed; asks for the proposal first, so that nothing goes out on an old one. */
async function asProposed(task: TaskItem, note: string): Promise<void> {
  const { advised } = await call("GET /api/v1/cases/{case_id}", { path: { case_id: task.case.id } });
  if (!advised) throw new Error(task.case.number);
  await finish(task, advised.department, advised.limit, note);
}

export default function Dispatch() {
  const t = useTexts(texts);
  const c = useTexts(common);
  const naming = useNaming();
  const [help, setHelp] = useState(false);
  const [told, setTold] = useState("");
  const tasks = useAnswer(operation, { query: { stage: "dispatch", limit: 200 } });
  const rows = useMemo(() => tasks.data?.items ?? [], [tasks.data]);
  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  const selection = useSelection(ids);
  const here = rows.find((row) => row.id === selection.at);
  const refresh = () => void queryClient.invalidateQueries({ queryKey: [operation] });
  useLive((entry) => {
    if (entry.kind === "case" && (entry.stage === "accept" || entry.stage === "dispatch")) refresh();
  }, refresh);
  useKeys({
    j: () => selection.move(1),
    ArrowDown: () => selection.move(1),
    k: () => selection.move(-1),
    ArrowUp: () => selection.move(-1),
    x: () => selection.at && selection.toggle(selection.at),
    Enter: () => document.querySelector<HTMLButtonElement>("[data-accept]")?.click(),
    d: () => document.querySelector<HTMLInputElement>("#dispatch-department")?.focus(),
    "?": () => setHelp(true),
  });

  if (tasks.error) return <ErrorNotice error={tasks.error} onRetry={refresh} />;
  if (!tasks.data) return <Loading />;
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1>
        <span className="soft">{t("waiting")} {rows.length}</span>
        {told ? <span className="case-told" role="status">{told}</span> : null}
        <div className="desk-filters"><button type="button" className="chip" onClick={() => setHelp(true)}><kbd>?</kbd> {c("keys")}</button></div>
      </header>
      <BulkBar
        ids={[...selection.chosen]} nameOf={(id) => rows.find((row) => row.id === id)?.case.number ?? id}
        verbs={[{ key: "proposed", label: t("all"), note: "optional", act: (id, note) => {
          const row = rows.find((one) => one.id === id);
          return row ? asProposed(row, note) : Promise.resolve();
        } }]}
        onDone={() => selection.choose([])}
      />
      {rows.length ? (
        <div className="dispatch">
          <ol className="dispatch-list">
            {rows.map((row) => (
              <li key={row.id} data-row={row.id} className={`${row.clock}${row.id === selection.at ? " at" : ""}`} aria-current={row.id === selection.at || undefined} onClick={() => selection.setAt(row.id)}>
                <input type="checkbox" aria-label={c("select", { number: row.case.number })} checked={selection.chosen.has(row.id)} onChange={() => selection.toggle(row.id)} />
                <div><ClassName item={row} /> <CaseTags item={row.case} urged={row.urged} /><span className="case-line-text">{row.case.text}</span><small className="soft">{naming.area(row.case.area)} · {row.case.number}</small></div>
                <ClockMark colour={row.clock} due={row.due_at} />
              </li>
            ))}
          </ol>
          {here ? (
            <section className="card dispatch-card">
              <Proposal key={here.id} task={here} onDone={(words) => (setTold(words), refresh())} />
              <Where task={here} />
            </section>
          ) : null}
        </div>
      ) : <Empty title={t("empty")}>{t("empty.next")}</Empty>}
      {help ? <KeyHelp keys={[["j k", "↓ ↑"], ["Enter", t("key.accept")], ["d", t("key.other")], ["x", c("select.all")]]} onClose={() => setHelp(false)} /> : null}
    </section>
  );
}

function ClassName({ item }: { item: TaskItem }) {
  const c = useTexts(common);
  const language = useLanguage();
  return <b>{(language === "zh" ? item.case.class_name : item.case.class_name_en) || c("no.class")}</b>;
}

function Proposal({ task, onDone }: { task: TaskItem; onDone: (words: string) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { words } = useNaming();
  const detail = useAnswer("GET /api/v1/cases/{case_id}", { path: { case_id: task.case.id } }).data;
  const [chosen, setChosen] = useState("");
  const [limit, setLimit] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const advised = detail?.advised;
  const department = chosen || advised?.department || "";
  const name = nameIn(words?.departments.find((one) => one.code === department), language) || department;

  const send = async () => {
    setBusy(true);
    setRefusal("");
    try {
      await finish(task, department, limit ?? (chosen ? null : (advised?.limit ?? null)), note);
      onDone(t("done", { number: task.case.number, department: name }));
    } catch (error) {
      setRefusal(messageOf(error));
      setBusy(false);
    }
  };
  return (
    <>
      <h2><Link to={`/desk/cases/${task.case.id}`}>{task.case.number}</Link></h2>
      <p className="case-text">{task.case.text}</p>
      {detail?.attachments.some((one) => one.thumbnail) ? <div className="dispatch-photos">{detail.attachments.filter((one) => one.thumbnail).slice(0, 4).map((one) => <img key={one.id} src={one.thumbnail ?? ""} alt={one.name} />)}</div> : null}
      {advised ? (
        <p className="dispatch-advice"><span className="soft">{t("proposed")}</span> <b>{nameIn(advised, language)}</b> {limitWords(advised.limit ?? "", language)}<br /><small className="soft">{t("because", { why: language === "zh" ? advised.reason_zh : advised.reason_en })}</small></p>
      ) : detail ? <p className="soft">{t("no.advice")}</p> : null}
      <div className="field">
        <label htmlFor="dispatch-department">{t("other")}</label>
        <Select id="dispatch-department" className="wide" allowClear showSearch={{ optionFilterProp: "label" }} placeholder={t("choose")} value={chosen || undefined} onChange={(code: string | undefined) => setChosen(code ?? "")} options={(words?.departments ?? []).map((one) => ({ value: one.code, label: nameIn(one, language) }))} />
      </div>
      <div className="field"><label htmlFor="dispatch-limit">{t("limit")}</label><input id="dispatch-limit" value={limit ?? (chosen ? "" : (advised?.limit ?? ""))} maxLength={40} onChange={(event) => setLimit(event.target.value)} /></div>
      <div className="field"><label htmlFor="dispatch-note">{t("note")}</label><input id="dispatch-note" className="wide" value={note} maxLength={2000} onChange={(event) => setNote(event.target.value)} /></div>
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      <div className="row-line">
        <button type="button" className="button" disabled={busy || !department} data-accept onClick={() => void send()}>{department ? t("accept.to", { department: name }) : t("accept")}</button>
        <Link to={`/desk/cases/${task.case.id}`}>{t("open")}</Link>
      </div>
    </>
  );
}

/** The place of the task among the other cases. It stays when another task is looked at, so that the map is not drawn anew. */
function Where({ task }: { task: TaskItem }) {
  const { lon, lat } = task.case;
  const markers = useMemo(() => (lon !== null && lat !== null ? [{ id: task.id, lon, lat, look: "place" as const }] : []), [task.id, lon, lat]);
  return <CityMap label={task.case.address || task.case.number} height={220} cases markers={markers} focus={lon !== null && lat !== null ? { lon, lat, zoom: 14 } : null} />;
}
