// Today: what is mine to do, nearest or most urgent first; what is done and waits for the network says so.

import { useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import type { CaseDetail, SheetView, TaskItem } from "../../../shared/api/description";
import { queryClient } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { useLive } from "../../../shared/live/live";
import { metresBetween, metreWords } from "../../../shared/place/here";
import { lengthWords } from "../../../shared/time/clock";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { askOrRecall, recall, useKept } from "../kept";
import { usePosition } from "../position";
import { onArrived, useQueue, type StepItem } from "../queue/queue";
import type { Worker } from "../who";
import { texts } from "./texts";

const MOST_AHEAD = 40;
export const tasksId = (worker: Worker): string => `tasks/${worker.account}`;
export const caseId = (id: string): string => `case/${id}`;
export const sheetsId = "sheets";
export const askSheets = async (): Promise<SheetView[]> => (await call("GET /api/v1/sheets", { quiet: true })).items;
export const askTasks = async (): Promise<TaskItem[]> => (await call("GET /api/v1/tasks", { query: { limit: 200 }, quiet: true })).items;
export const askCase = (id: string) => (): Promise<CaseDetail> => call("GET /api/v1/cases/{case_id}", { path: { case_id: id }, query: {}, quiet: true });

export default function Today({ worker }: { worker: Worker }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [order, setOrder] = useState<"near" | "urgent">(() => (localStorage.getItem("yiwang-field-order") === "urgent" ? "urgent" : "near"));
  const position = usePosition({ now: false });
  const tasks = useKept(tasksId(worker), askTasks);
  useKept(sheetsId, askSheets, { fresh: 600_000 }); // read ahead, for where there is no network
  const { items } = useQueue();
  const anew = () => void queryClient.invalidateQueries({ queryKey: ["kept", tasksId(worker)] });
  useLive((entry) => (entry.kind === "case" ? anew() : undefined), anew);
  useEffect(() => onArrived(anew));

  const list = tasks.data?.answer;
  useReadAhead(list, tasks.data?.old ?? true);
  const steps = new Map(items.filter((one): one is StepItem => one.kind === "step").map((one) => [one.task, one]));
  const { here } = position;
  const sorted = useMemo(() => {
    const found = (list ?? []).map((task) => ({ task, metres: here && task.case.lon !== null && task.case.lat !== null ? metresBetween(here, { lon: task.case.lon, lat: task.case.lat }) : null }));
    if (order === "near" && here) found.sort((one, other) => (one.metres ?? Infinity) - (other.metres ?? Infinity));
    return found; // the server sends the most pressing first
  }, [list, here, order]);
  const choose = (wanted: "near" | "urgent") => {
    setOrder(wanted);
    localStorage.setItem("yiwang-field-order", wanted);
    if (wanted === "near" && !here) position.ask();
  };

  return (
    <>
      <h1>{t("title")} {list ? <small className="soft">{t("count", { n: list.length })}</small> : null}</h1>
      {tasks.data?.old ? <p className="field-warn" role="status">{t("old", { ago: agoReal(tasks.data.at, language) })}</p> : null}
      <div className="field-switch">
        <button type="button" aria-pressed={order === "near"} onClick={() => choose("near")}>{t("near")}</button>
        <button type="button" aria-pressed={order === "urgent"} onClick={() => choose("urgent")}>{t("urgent")}</button>
      </div>
      {order === "near" && !here && sorted.length ? (
        <p><button type="button" className="button second" disabled={position.asking} onClick={position.ask}>{t(position.asking ? "asking" : "position")}</button></p>
      ) : null}
      {position.trouble ? <p className="field-warn" role="status">{language === "zh" ? position.trouble[0] : position.trouble[1]}</p> : null}
      {tasks.error && !list ? <ErrorNotice error={tasks.error} onRetry={() => void tasks.refetch()} /> : null}
      {!list && tasks.isPending ? <Loading /> : null}
      {list?.length === 0 ? <Empty title={t("none")}>{t("none.more")}</Empty> : null}
      <ul className="field-list">
        {sorted.map(({ task, metres }) => {
          const step = steps.get(task.id);
          return (
            <li key={task.id}>
              <Link className={`field-card field-task ${task.clock}`} to={`/field/task/${task.id}`}>
                <span className="field-task-top">
                  <b>{language === "zh" ? task.status : task.status_en || task.status}</b>
                  {metres === null ? null : <span className="field-far">{metreWords(metres, language === "zh")}</span>}
                </span>
                <p>{task.case.text || (language === "zh" ? task.case.class_name : task.case.class_name_en)}</p>
                {task.case.address ? <span className="soft">{task.case.address}</span> : null}
                {step && step.state !== "done" ? (
                  <span className={`field-state ${step.state}`}>{t(step.state === "refused" ? "refused" : "waits")}</span>
                ) : (
                  <span className="field-task-top"><ClockMark colour={task.clock} due={task.due_at} />{task.urged ? <b className="field-state refused">{t("urged", { n: task.urged })}</b> : null}</span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** Device time passed, in words. */
export function agoReal(at: number, language: "zh" | "en"): string {
  const words = lengthWords(Date.now() - at, language);
  return language === "zh" ? `${words}前` : `${words} ago`;
}

/** Read the cases of the tasks ahead, so that they open where there is no network; one after the other, in the background. */
function useReadAhead(list: TaskItem[] | undefined, old: boolean): void {
  useEffect(() => {
    if (!list || old) return;
    let gone = false;
    void (async () => {
      for (const task of list.slice(0, MOST_AHEAD)) {
        const have = await recall<CaseDetail>(caseId(task.case.id));
        if (gone) return;
        if (have?.tasks.some((one) => one.id === task.id)) continue;
        try {
          await askOrRecall(caseId(task.case.id), askCase(task.case.id));
        } catch {
          return; // no network, or not to be read: the screen itself says so when it is opened
        }
      }
    })();
    return () => {
      gone = true;
    };
  }, [list, old]);
}
