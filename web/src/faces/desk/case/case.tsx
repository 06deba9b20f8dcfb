// The case page: what it is about, what can be done now and why the rest cannot, where it is, and how it came here.

import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Link, useNavigate, useParams } from "react-router";
import { call } from "../../../shared/api/client";
import type { BreakdownKind, CaseDetail, CaseWork, FormView, SheetView, VoteKindView } from "../../../shared/api/description";
import { messageOf, Problem } from "../../../shared/api/problem";
import { queryClient, useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { limitWords } from "../../../shared/time/limits";
import { useSession } from "../../../shared/session/session";
import { useLive } from "../../../shared/live/live";
import { agoWords, cityNow, exactTime, shortTime } from "../../../shared/time/clock";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { CaseTags, Tag } from "../shared/case_line";
import { KeyHelp } from "../shared/key_help";
import { useRules } from "../matches/asked";
import { neighbours } from "../shared/neighbours";
import { texts as common } from "../shared/texts";
import "./case.css";
import { Documents } from "./documents";
import { OfficeOperations } from "./office_operations";
import { OperationForm } from "./operation_form";
import { Photos } from "./photos";
import { FilledSheets, SheetPanel, sheetFor, useSheets } from "./sheets";
import { CaseSide, identifier } from "./side";
import { texts } from "./texts";

const Evidence = lazy(() => import("../senses/evidence"));
const BrokenDown = lazy(async () => ({ default: (await import("./breakdown")).BrokenDown }));
const Progress = lazy(async () => ({ default: (await import("./breakdown")).Progress }));
const CaseMatches = lazy(async () => ({ default: (await import("./matches")).CaseMatches }));
const CaseVotes = lazy(async () => ({ default: (await import("./votes")).CaseVotes }));
const VoteForm = lazy(async () => ({ default: (await import("./votes")).VoteForm }));
const PublishedRow = lazy(async () => ({ default: (await import("./published_row")).PublishedRow }));
const BreakdownForm = lazy(async () => ({ default: (await import("./breakdown_form")).BreakdownForm }));
const settle = 700; // ms between what happens to the case and reading it anew

export default function CasePage() {
  const { id = "" } = useParams();
  return <OneCase key={id} id={id} />;
}

function OneCase({ id }: { id: string }) {
  const t = useTexts(texts);
  const [told, setTold] = useState("");
  const detail = useAnswer("GET /api/v1/cases/{case_id}", { path: { case_id: id } });
  const work = useAnswer("GET /api/v1/cases/{case_id}/work", { path: { case_id: id } });

  const refresh = () => {
    for (const name of ["", "/work", "/breakdown", "/progress", "/sheets", "/matches", "/votes"]) {
      void queryClient.invalidateQueries({ queryKey: [`GET /api/v1/cases/{case_id}${name}`, { case_id: id }] });
    }
    void queryClient.invalidateQueries({ queryKey: ["GET /api/v1/documents", null, { case: id }] });
    void queryClient.invalidateQueries({ queryKey: ["GET /api/v1/tasks"] });
  };
  const timer = useRef<number | undefined>(undefined);
  useLive((entry) => {
    if (entry.id !== id || entry.verb === "case.viewed" || timer.current !== undefined) return;
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      refresh();
    }, settle);
  }, refresh);
  useEffect(() => () => clearTimeout(timer.current), []);

  // Sent back or handed on, a case may leave what one may see.
  if (told && detail.error instanceof Problem && detail.error.status === 404) {
    return <Empty title={told}>{t("left")} <Link to="/desk">{t("back")}</Link></Empty>;
  }
  if (detail.error instanceof Problem && detail.error.status === 404) return <Empty title={t("gone")}><Link to="/desk">{t("back")}</Link></Empty>;
  if (detail.error) return <ErrorNotice error={detail.error} onRetry={refresh} />;
  if (!detail.data) return <Loading />;
  return (
    <CaseBody
      item={detail.data} work={work.data} workError={work.error} told={told}
      onDone={(verb) => {
        setTold(t("done", { verb }));
        refresh();
      }}
    />
  );
}

interface BodyProps {
  item: CaseDetail;
  work: CaseWork | undefined;
  workError: Error | null;
  told: string;
  onDone: (verb: string) => void;
}

function CaseBody({ item, work, workError, told, onDone }: BodyProps) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  const beside = useMemo(() => neighbours(item.id), [item.id]);
  const sheets = useSheets(item.type);
  const kinds = useAnswer("GET /api/v1/breakdowns", {}, { fresh: 600_000 }).data?.items ?? [];
  const parent = kinds.find((kind) => kind.parent_type === item.type);
  const child = kinds.find((kind) => kind.child_type === item.type);
  const { may } = useSession();
  const matched = useRules(may("match", "read"))?.some((rule) => rule.need_case === item.type);
  const voted = useAnswer("GET /api/v1/votes/kinds", {}, { fresh: 600_000, enabled: may("vote", "read") }).data?.items.find((kind) => kind.case_type === item.type);
  const go = (id: string | null) => id && void navigate(`/desk/cases/${id}`);
  const [drawn, setDrawn] = useState<ReadonlySet<string>>(new Set());
  const draw = useCallback((key: string) => setDrawn((before) => (before.has(key) ? before : new Set([...before, key]))), []);
  const openForm = (number: number) => {
    const found = document.querySelectorAll<HTMLDetailsElement>(".case-operations details.operation")[number - 1];
    if (!found) return;
    flushSync(() => draw(found.dataset.key ?? "")); // its fields have to be there to be gone to
    found.open = true;
    found.scrollIntoView({ block: "nearest" });
    found.querySelector<HTMLElement>("input, textarea, button:not(summary)")?.focus();
  };
  useKeys({
    j: () => go(beside.after),
    k: () => go(beside.before),
    Escape: () => void navigate(-1),
    "?": () => setHelp(true),
    y: () => void navigator.clipboard?.writeText(item.number),
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => [String(number), () => openForm(number)])),
  });
  useEffect(() => {
    document.title = `${item.number} ${language === "zh" ? (item.class_name ?? "") : (item.class_name_en ?? "")}`;
  }, [item, language]);

  return (
    <article className="desk-screen case">
      <header className="case-head">
        <div>
          <h1>
            {(language === "zh" ? item.class_name : item.class_name_en) || c("no.class")}{" "}
            <Tag look={item.state === "closed" ? "green" : "blue"}>{language === "zh" ? item.status : item.status_en}</Tag> <CaseTags item={item} />
          </h1>
          <p className="soft number">{item.number} · {nameIn(item.type_names, language)} · {agoWords(item.reported_at, cityNow(), language)}</p>
        </div>
        <div className="case-head-end">
          {item.state === "open" ? <span className="case-clock"><ClockMark colour={item.still.length ? "blue" : item.clock} due={item.due_at} /></span> : null}
          <nav className="row-line" aria-label={t("back")}>
            <button type="button" className="chip" disabled={!beside.before} onClick={() => go(beside.before)}><kbd>k</kbd>{t("before")}</button>
            {beside.place ? <span className="soft small number">{beside.place}</span> : null}
            <button type="button" className="chip" disabled={!beside.after} onClick={() => go(beside.after)}><kbd>j</kbd>{t("next")}</button>
          </nav>
        </div>
      </header>
      <Steps work={work} />
      {told ? <p className="case-told" role="status">{told}</p> : null}
      <div className="case-columns">
        <div>
          <section className="card">
            <p className="case-text">{item.text || c("no.text")}</p>
            <Photos items={item.attachments} />
          </section>
          {item.fields.evidence ? <Suspense fallback={<Loading />}><Evidence caseId={item.id} evidence={item.fields.evidence} /></Suspense> : null}
          {Object.values(item.fields).some((value) => typeof value === "string" && identifier.test(value)) ? <Suspense fallback={<Loading />}><PublishedRow item={item} /></Suspense> : null}
          {workError ? <ErrorNotice error={workError} /> : null}
          {parent ? <Suspense fallback={<Loading />}><BrokenDown item={item} kind={parent} /></Suspense> : null}
          {work ? <Operations item={item} work={work} sheets={sheets} kind={parent} vote={voted} drawn={drawn} onDraw={draw} onDone={onDone} /> : <Loading />}
          {child ? <Suspense fallback={<Loading />}><Progress item={item} kind={child} /></Suspense> : null}
          {matched ? <Suspense fallback={<Loading />}><CaseMatches item={item} /></Suspense> : null}
          {voted ? <Suspense fallback={<Loading />}><CaseVotes item={item} /></Suspense> : null}
          <FilledSheets item={item} sheets={sheets} />
          <Documents item={item} ready={work !== undefined} />
          {work ? <Story work={work} /> : null}
        </div>
        <CaseSide item={item} work={work} onDone={onDone} />
      </div>
      {help ? (
        <KeyHelp
          keys={[["j k", t("key.next")], ["1 … 9", t("key.form")], ["Ctrl+Enter", t("key.send")], ["y", t("key.copy")], ["Esc", t("key.back")]]}
          onClose={() => setHelp(false)}
        />
      ) : null}
    </article>
  );
}

function Steps({ work }: { work: CaseWork | undefined }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <ol className="case-steps" aria-label={t("steps")}>
      {work?.steps.map((step, index) => (
        <li key={index} className={step.mark} aria-current={step.mark === "now" ? "step" : undefined}>{nameIn(step, language)}</li>
      ))}
    </ol>
  );
}

interface OperationsProps {
  item: CaseDetail;
  work: CaseWork;
  sheets: readonly SheetView[];
  /** How cases of this type are broken down. */
  kind: BreakdownKind | undefined;
  /** The vote that is called at a step of such cases. */
  vote: VoteKindView | undefined;
  /** Keys of the forms that somebody has opened: the others are not drawn. */
  drawn: ReadonlySet<string>;
  onDraw: (key: string) => void;
  onDone: (verb: string) => void;
}

function Operations({ item, work, sheets, kind, vote, drawn, onDraw, onDone }: OperationsProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const finishing = work.forms.filter((form) => form.outcome);
  const taskOf = (form: FormView) => item.tasks.find(({ id }) => form.api.includes(id));
  const sheetOf = (form: FormView) => sheetFor(sheets, form, taskOf(form)?.node ?? "");
  const scored = [...new Set(finishing.map(sheetOf))].flatMap((sheet) => sheet ?? []);
  const divides = (form: FormView) => kind !== undefined && form.outcome === kind.outcome && taskOf(form)?.node === kind.node;
  const calls = (form: FormView) => vote !== undefined && form.outcome === vote.outcome && taskOf(form)?.node === vote.node;
  // What the last task or the vote says by itself, nobody says by hand.
  const byItself = (form: FormView) => {
    const node = taskOf(form)?.node;
    return (kind?.wait === node && kind?.settled === form.outcome) || (vote !== undefined && vote.wait === node && vote.given.includes(form.outcome ?? ""));
  };
  const outcomes = finishing.filter((form) => !sheetOf(form) && !byItself(form));
  const others = work.forms.filter((form) => !form.outcome);
  const impossible = item.operations.filter((one) => !one.allowed && (one.verb !== "complete" || !finishing.length));
  const turn = item.tasks
    .map((task) => {
      const who = task.assignee_name ?? ((language === "zh" ? task.post_name : task.post_name_en) || t("administrator"));
      const office = language === "zh" ? task.organisation_name : task.organisation_name_en;
      return office ? `${who} (${office})` : who;
    })
    .join("、");
  return (
    <section className="card case-operations" aria-labelledby="case-now">
      <h2 id="case-now">{t("now")}</h2>
      {scored.map((sheet) => {
        const forms = finishing.filter((form) => sheetOf(form) === sheet);
        return <SheetPanel key={sheet.id} sheet={sheet} taskId={(forms[0] && taskOf(forms[0])?.id) ?? ""} forms={forms} onDone={onDone} />;
      })}
      {finishing.some(byItself) ? <p className="soft">{t(vote ? "waits.vote" : "waits.tasks")}</p> : null}
      {finishing.length ? null : <p className="soft">{item.tasks.length ? t("turn", { who: turn }) : t("finished")}</p>}
      {outcomes.map((form, index) => (
        <details key={form.key} className="operation" open={index === 0 || undefined} name="operation" data-key={form.key} data-outcome={form.outcome ?? undefined} onToggle={(event) => event.currentTarget.open && onDraw(form.key)}>
          <summary><kbd>{index + 1}</kbd>{nameIn(form, language)}</summary>
          {index !== 0 && !drawn.has(form.key) ? null : (
            <Suspense fallback={<Loading />}>
              {kind && divides(form) ? <BreakdownForm item={item} kind={kind} onDone={onDone} /> : vote && calls(form) ? <VoteForm item={item} kind={vote} onDone={onDone} /> : <OperationForm item={item} form={form} onDone={onDone} />}
            </Suspense>
          )}
        </details>
      ))}
      {work.own.map((task) => <OfficeOperations key={task.id} task={task} outcomes={finishing} onDone={onDone} />)}
      {work.recallable ? <Recall step={work.recallable} onDone={onDone} /> : null}
      {others.length ? <h3>{t("others")}</h3> : null}
      {others.map((form, index) => (
        <details key={form.key} className="operation quiet" name="operation" data-key={form.key} data-verb={form.key} onToggle={(event) => event.currentTarget.open && onDraw(form.key)}>
          <summary><kbd>{outcomes.length + index + 1}</kbd>{nameIn(form, language)}</summary>
          {drawn.has(form.key) ? <OperationForm item={item} form={form} onDone={onDone} /> : null}
        </details>
      ))}
      {impossible.length ? (
        <details className="not-now">
          <summary className="soft small not-now">{t("not.now")}</summary>
          <dl>{impossible.map((one) => <div key={`${one.verb}/${one.task_id}/${one.outcome}`}><dt>{nameIn(one, language)}</dt><dd>{language === "zh" ? one.why_zh : one.why_en}</dd></div>)}</dl>
        </details>
      ) : null}
    </section>
  );
}

function Recall({ step, onDone }: { step: NonNullable<CaseWork["recallable"]>; onDone: (verb: string) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [refusal, setRefusal] = useState("");
  const name = t("recall", { step: nameIn(step, language) });
  const act = async () => {
    try {
      await call("POST /api/v1/steps/{step_id}/recall", { path: { step_id: step.step_id }, body: { reason: "" } });
      onDone(name);
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  return (
    <div>
      <button type="button" className="chip" onClick={() => void act()}>{name}</button>
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
    </div>
  );
}

function Story({ work }: { work: CaseWork }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="card" aria-labelledby="case-story">
      <h2 id="case-story">{t("story")}</h2>
      <ol className="case-story">
        {[...work.story].reverse().map((row) => (
          <li key={row.seq}>
            <time dateTime={row.at} title={exactTime(row.at, language)}>{shortTime(row.at, language)}</time>
            <div>
              <b>{nameIn(row, language)}</b> <span className="soft">{row.actor}</span>
              {row.status ? <span className="case-story-status"> → {nameIn(row.status, language)}</span> : null}
              {row.department ? <span className="soft"> · {nameIn(row.department, language)}</span> : null}
              {row.limit ? <span className="soft"> · {limitWords(row.limit, language)}</span> : null}
              {row.purpose ? <span className="soft"> · {row.purpose}</span> : null}
              {row.note ? <p className="case-note">{row.note}</p> : null}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
