// The queue: what waits, what is under way, what was not accepted and what to do about it, what has arrived.

import { useState } from "react";
import { Link, useNavigate } from "react-router";
import type { FieldValues } from "../../../shared/forms/conditions";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { find, keep } from "../../../shared/keeping/database";
import { shortTime } from "../../../shared/time/clock";
import { Empty } from "../../../shared/ui/parts";
import { emptyDraft, type FieldDraft } from "../report/draft";
import type { Worker } from "../who";
import { discard, retry, sendNow, unsent, useQueue, type Item } from "./queue";
import { texts } from "./texts";

/** Somebody else was faster, or the task has gone elsewhere. */
const CONFLICTS = new Set(["flow.task_already_done", "flow.task_not_yours", "flow.task_taken", "not_found", "flow.instance_suspended"]);

export default function QueueScreen({ worker }: { worker: Worker }) {
  const t = useTexts(texts);
  const { items } = useQueue();
  const mine = items.filter((one) => one.account === worker.account);
  const others = unsent(items).length - unsent(mine).length;
  const shown = [...unsent(mine), ...mine.filter((one) => one.state === "done").reverse()];
  return (
    <div className="stack">
      <h1>{t("title")}</h1>
      {unsent(mine).length ? (
        <div className="row"><span className="soft">{t("order")}</span><button type="button" className="button second" onClick={sendNow}>{t("now")}</button></div>
      ) : <Empty title={t("none")}>{t("none.more")}</Empty>}
      {others ? <p className="field-warn">{t("others", { n: others })}</p> : null}
      <ul className="field-list">{shown.map((one) => <li key={one.id}><QueueItem item={one} /></li>)}</ul>
    </div>
  );
}

function QueueItem({ item }: { item: Item }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const number = item.kind === "report" ? item.receipt?.number : item.number;
  const state = item.state === "done" && number ? t("done.number", { number }) : t(item.state);
  return (
    <section className={`field-card field-item ${item.state}`}>
      <span className="field-task-top">
        <b>{t(item.kind === "report" ? "kind.report" : "kind.step")}</b>
        <span className={`field-state ${item.state}`}>{state}</span>
      </span>
      <span className="wrap">{item.title}</span>
      <small className="soft">{t("at", { time: shortTime(item.at, language) })}{item.photos.length ? ` · ${t("photos", { n: item.photos.length })}` : ""}</small>
      {item.state === "refused" ? <Refused item={item} /> : null}
    </section>
  );
}

function Refused({ item }: { item: Item }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const [full, setFull] = useState(false);
  const words = (language === "zh" ? item.refusal?.zh : item.refusal?.en) ?? "";
  const said = words.replace(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/g, (moment) => shortTime(moment, language));
  const conflict = item.kind === "step" && CONFLICTS.has(item.refusal?.code ?? "");
  const drop = () => {
    if (confirm(t("drop.sure"))) void discard(item.id);
  };
  const takeOut = async () => {
    const id = `report/${item.account}`;
    const begun = await find<FieldDraft>("drafts-field", id);
    if (begun && (begun.text || begun.photos.length)) {
      setFull(true);
      return;
    }
    await keep("drafts-field", { id, ...draftOf(item) });
    await discard(item.id);
    void navigate("/field/report");
  };
  return (
    <>
      <p className="notice-error" role="alert">{said}</p>
      {conflict ? <p className="soft">{t("conflict")}</p> : null}
      {full ? <p className="field-warn" role="alert">{t("mend.full")}</p> : null}
      <div className="row">
        {item.kind === "report" ? <button type="button" className="button" onClick={() => void takeOut()}>{t("mend")}</button>
          : conflict ? <button type="button" className="button" onClick={() => void takeOut()}>{t("as.report")}</button>
            : <Link className="button" to={`/field/task/${item.task}`} onClick={() => void discard(item.id)}>{t("mend")}</Link>}
        {conflict ? null : <button type="button" className="button second" onClick={() => void retry(item.id)}>{t("again")}</button>}
        <button type="button" className="button plain" onClick={drop}>{t("drop")}</button>
      </div>
    </>
  );
}

/** What was done for a task that is no longer there, or was refused, as a report to be mended. */
function draftOf(item: Item): FieldDraft {
  const photos = item.photos.map(({ stored: _, ...photo }) => photo);
  if (item.kind === "step") return { ...emptyDraft, text: `${item.number} ${item.step.note ?? ""}`.trim(), photos };
  const { report } = item;
  const place = report.lon != null && report.lat != null ? { lon: report.lon, lat: report.lat } : null;
  return { type: report.type, channel: report.channel, classCode: report.class_code ?? "", className: item.title.split(" · ")[0] ?? "", text: report.text ?? "", photos, fields: (report.fields ?? {}) as FieldValues, place };
}
