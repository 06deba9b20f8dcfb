// One task on the spot: what was reported, what is found now, with photo, position and time.

import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import type { CaseDetail, OperationItem } from "../../../shared/api/description";
import { givenFields, type Fields } from "../../../shared/forms/conditions";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, textNow, useTexts } from "../../../shared/i18n/texts";
import { CityMap, type Marker } from "../../../shared/map/city_map";
import { PhotoPicker } from "../../../shared/photos/picker";
import type { Photo } from "../../../shared/photos/prepare";
import type { Kind } from "../../../shared/photos/upload";
import { faultsOf, photosOf } from "../../../shared/sheet/answers";
import { SheetFields } from "../../../shared/sheet/sheet_fields";
import { metresBetween, metreWords } from "../../../shared/place/here";
import { shortTime } from "../../../shared/time/clock";
import { ClockMark, type Colour } from "../../../shared/ui/clock_mark";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { NoConnection } from "../../../shared/api/problem";
import { Asked, lackingFields } from "../asked";
import { momentNow } from "../clock";
import { useKept } from "../kept";
import { shotHere, usePosition, type Position } from "../position";
import { enqueue, useQueue } from "../queue/queue";
import { agoReal, askCase, askSheets, askTasks, caseId, sheetsId, tasksId } from "../today/screen";
import type { Worker } from "../who";
import { useNotes } from "./notes";
import { texts } from "./texts";

/** What a telephone can give to a step; steps that need more are done at the desk. */
const GIVEN_HERE = new Set(["note", "reason", "photos"]);
const FAR_METRES = 200;

export default function TaskScreen({ worker }: { worker: Worker }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { taskId = "" } = useParams();
  const { items } = useQueue();
  const tasks = useKept(tasksId(worker), askTasks);
  const task = tasks.data?.answer.find((one) => one.id === taskId);
  const id = task?.case.id ?? "";
  const found = useKept(caseId(id), askCase(id), { enabled: id !== "" });
  const queued = items.find((one) => one.kind === "step" && one.task === taskId && one.state !== "done");
  const back = <p><Link to="/field">{t("back")}</Link></p>;
  if (queued?.kind === "step") return <>{back}<p className="field-good">{t("queued", { words: language === "zh" ? queued.words.zh : queued.words.en })}</p></>;
  if (tasks.error) return <>{back}<ErrorNotice error={tasks.error} onRetry={() => void tasks.refetch()} /></>;
  if (tasks.data && !task) return <>{back}<Empty title={t("missing")} /></>;
  if (found.error) {
    return <>{back}{found.error instanceof NoConnection ? <Empty title={t("missing.offline")} /> : <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />}</>;
  }
  if (!task || !found.data) return <>{back}<Loading /></>;
  return (
    <>
      {back}
      {found.data.old ? <p className="field-warn" role="status">{t("old", { ago: agoReal(found.data.at, language) })}</p> : null}
      <OneTask worker={worker} found={found.data.answer} taskId={taskId} clock={task.clock} title={language === "zh" ? task.status : task.status_en || task.status} />
    </>
  );
}

interface TaskProps {
  worker: Worker;
  found: CaseDetail;
  taskId: string;
  clock: Colour;
  title: string;
}

function OneTask({ worker, found, taskId, clock, title }: TaskProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const position = usePosition({ now: true });
  const due = found.tasks.find((one) => one.id === taskId)?.due_at ?? found.due_at;
  const outcomes = found.operations.filter((one) => one.task_id === taskId && one.outcome && one.allowed);
  return (
    <div className="stack">
      <h1>{title}</h1>
      <section className="field-card stack">
        <b className="wrap">{found.text}</b>
        <CasePhotos found={found} />
        <dl className="field-facts">
          <dt>{t("kind")}</dt><dd>{language === "zh" ? found.class_name : found.class_name_en || found.class_name}</dd>
          {found.address ? <><dt>{t("address")}</dt><dd>{found.address}</dd></> : null}
          <dt>{t("reported")}</dt><dd>{shortTime(found.reported_at, language)}</dd>
          {due ? <><dt>{t("due")}</dt><dd><ClockMark colour={clock} due={due} /></dd></> : null}
          <dt>{t("number")}</dt><dd className="number">{found.number}</dd>
        </dl>
        <Distance found={found} position={position} />
      </section>
      {outcomes.length ? <Answer worker={worker} found={found} taskId={taskId} outcomes={outcomes} position={position} /> : null}
    </div>
  );
}

function CasePhotos({ found }: { found: CaseDetail }) {
  const t = useTexts(texts);
  const shown = found.attachments.filter((one) => one.thumbnail);
  if (!shown.length) return null;
  return (
    <ul className="field-photos" tabIndex={0} aria-label={t("photo", { n: shown.length })}>
      {shown.map((one, index) => <li key={one.id}><img src={one.thumbnail ?? ""} alt={t("photo", { n: index + 1 })} /></li>)}
    </ul>
  );
}

function Distance({ found, position }: { found: CaseDetail; position: Position }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [map, setMap] = useState(false);
  if (found.lon === null || found.lat === null) return null;
  const place = { lon: found.lon, lat: found.lat };
  const metres = position.here ? metresBetween(position.here, place) : null;
  const markers: Marker[] = [{ id: "case", look: found.clock, ...place }];
  if (position.here) markers.push({ id: "me", look: "place", lon: position.here.lon, lat: position.here.lat });
  return (
    <>
      {metres !== null ? (
        <p className={metres > FAR_METRES ? "field-warn" : "field-good"}>{t(metres > FAR_METRES ? "far" : "distance", { metres: metreWords(metres, language === "zh") })}</p>
      ) : position.trouble ? <p className="field-warn">{language === "zh" ? position.trouble[0] : position.trouble[1]}</p> : null}
      <div className="row">
        <button type="button" className="button second" disabled={position.asking} onClick={position.ask}>{t(position.asking ? "asking" : "position")}</button>
        <button type="button" className="button second" aria-expanded={map} onClick={() => setMap(!map)}>{t(map ? "map.hide" : "map")}</button>
      </div>
      {map ? <CityMap label={t("map.label")} height={260} markers={markers} focus={{ ...place, zoom: 16 }} /> : null}
    </>
  );
}

interface AnswerProps {
  worker: Worker;
  found: CaseDetail;
  taskId: string;
  outcomes: OperationItem[];
  position: Position;
}

function Answer({ worker, found, taskId, outcomes, position }: AnswerProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const { notes, change, clear } = useNotes(taskId);
  const [tried, setTried] = useState(false);
  const [unkept, setUnkept] = useState(false);
  const [busy, setBusy] = useState(false);
  const here = outcomes.filter((one) => one.needs.every((need) => GIVEN_HERE.has(need)));
  const chosen = here.find((one) => one.outcome === notes.outcome);
  const noteNeeded = chosen?.needs.some((need) => need === "note" || need === "reason") ?? false;
  const node = found.tasks.find((one) => one.id === taskId)?.node;
  const sheets = useKept(sheetsId, askSheets, { fresh: 600_000 }).data?.answer;
  const sheet = sheets?.find((one) => one.case_type === found.type && one.node === node && here.some(({ fields }) => one.fields.total in fields));
  const scored = sheet !== undefined && (!chosen || sheet.fields.total in chosen.fields);
  const asked: Fields = Object.fromEntries(Object.entries(chosen?.fields ?? {}).filter(([name]) => !scored || (name !== sheet.fields.total && name !== sheet.fields.verdict)));
  const faults = scored ? Object.keys(faultsOf(sheet, notes.sheet)).length : 0;
  const lacking = lackingFields(asked, notes.fields);
  const missing = noteNeeded && !notes.note.trim();
  const words = (one: OperationItem) => (language === "zh" ? one.zh : one.en);

  if (!here.length) return <p className="field-warn">{t("needs.office")} <Link to={`/desk/cases/${found.id}`}>{t("desk")}</Link></p>;
  const submit = async () => {
    setTried(true);
    if (!chosen?.outcome || missing || lacking.length || faults) return;
    setBusy(true);
    const photos = scored ? photosOf(notes.sheet) : notes.photos;
    try {
      await enqueue({
        kind: "step", account: worker.account, title: `${chosen.zh} · ${found.number}`, at: momentNow(), photos,
        photoKind: kindOf(found, taskId), task: taskId, caseId: found.id, number: found.number, words: { zh: chosen.zh, en: chosen.en },
        step: { outcome: chosen.outcome, note: noteWith(notes.note, photos, position), ...(Object.keys(asked).length ? { fields: givenFields(asked, notes.fields) } : {}) },
        ...(scored ? { scored: { sheet, answers: notes.sheet } } : {}),
      });
      await clear();
      void navigate("/field");
    } catch {
      setUnkept(true);
      setBusy(false);
    }
  };

  return (
    <section className="field-card stack" aria-labelledby="result">
      <h2 id="result">{t("result")}</h2>
      <div className="field-outcomes">
        {here.map((one) => (
          <button key={one.outcome} type="button" className="button" aria-pressed={one.outcome === notes.outcome} onClick={() => change({ outcome: one.outcome ?? "" })}>{words(one)}</button>
        ))}
      </div>
      {scored ? <><h3>{nameIn(sheet.names, language)}</h3><SheetFields sheet={sheet} answers={notes.sheet} onChange={(answers) => change({ sheet: answers })} tried={tried} shotNow={shotHere} camera onBusy={setBusy} /></> : <PhotoPicker photos={notes.photos} told shotNow={shotHere} camera most={8} label={t("photos")} onBusy={setBusy} onChange={(photos) => change({ photos })} />}
      <div className="field">
        <label htmlFor="task-note">{t(noteNeeded ? "note.needed" : "note")}</label>
        <textarea id="task-note" className="input" value={notes.note} maxLength={2000} aria-invalid={tried && missing} onChange={(event) => change({ note: event.target.value })} />
        {tried && missing ? <p className="notice-error" role="alert">{t("note.missing")}</p> : null}
      </div>
      {chosen && Object.keys(asked).length ? <Asked key={chosen.outcome} fields={asked} values={notes.fields} onValues={(fields) => change({ fields })} /> : null}
      {tried && lacking.length ? <p className="notice-error" role="alert">{t("fields.missing", { names: lacking.map((name) => nameIn(asked[name]?.names, language)).join(language === "zh" ? "、" : ", ") })}</p> : null}
      {tried && faults ? <p className="notice-error" role="alert">{t("sheet.missing", { n: faults })}</p> : null}
      {unkept ? <p className="notice-error" role="alert">{t("unkept")}</p> : null}
      <button type="button" className="button big" disabled={!chosen || busy} onClick={() => void submit()}>{chosen ? t("send", { words: words(chosen) }) : t("choose")}</button>
    </section>
  );
}

/** Photos carry the position themselves; an answer without one says it in words. */
function noteWith(note: string, photos: Photo[], { here }: Position): string {
  const said = note.trim();
  if (photos.length || !here) return said;
  const on = textNow(texts["on.spot"], { lon: here.lon.toFixed(5), lat: here.lat.toFixed(5), metres: Math.round(here.accuracy) });
  return said ? `${said}\n${on}` : on;
}

function kindOf(found: CaseDetail, taskId: string): Kind {
  const stage = found.tasks.find((one) => one.id === taskId)?.stage ?? "";
  if (stage.includes("check")) return "check";
  if (stage.includes("verify")) return "verify";
  return stage === "handle" || stage === "rework" ? "after" : "other";
}
