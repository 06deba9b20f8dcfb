// My tasks (我的任务): the most pressing first, worked by keyboard. New ones come by themselves.

import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import { queryClient } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useLive } from "../../../shared/live/live";
import { useSession } from "../../../shared/session/session";
import { agoWords, cityNow, exactTime } from "../../../shared/time/clock";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useCanBeAsked } from "../matches/asked";
import { BulkBar } from "../shared/bulk";
import { CaseLine, Tag } from "../shared/case_line";
import { KeyHelp } from "../shared/key_help";
import { rememberList } from "../shared/neighbours";
import { useSelection } from "../shared/selection";
import { texts as common } from "../shared/texts";
import { useNaming } from "../shared/words";
import { texts } from "./texts";

const Invitations = lazy(() => import("../matches/invitations"));
const operation = "GET /api/v1/tasks";
const settle = 1200; // ms: changes come in bursts

export default function Tasks() {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const naming = useNaming();
  const { person } = useSession();
  const navigate = useNavigate();
  const [query, setQuery] = useSearchParams();
  const [help, setHelp] = useState(false);
  const asked = useCanBeAsked().length > 0;
  const stage = query.get("stage") ?? "";

  const tasks = useInfiniteQuery({
    queryKey: [operation, stage],
    queryFn: ({ pageParam, signal }) => call(operation, { query: { stage: stage || null, after: pageParam, limit: 50 }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
  const rows = useMemo(() => tasks.data?.pages.flatMap((page) => page.items) ?? [], [tasks.data]);
  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  const selection = useSelection(ids);
  const here = rows.find((row) => row.id === selection.at);
  const stages = useMemo(() => [...new Set(rows.map((row) => row.stage).concat(stage || []))], [rows, stage]);

  const refresh = () => void queryClient.invalidateQueries({ queryKey: [operation] });
  const timer = useRef<number | undefined>(undefined);
  useLive((entry) => {
    if (entry.kind !== "case" || timer.current !== undefined) return;
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      refresh();
    }, settle);
  }, refresh);
  useEffect(() => () => clearTimeout(timer.current), []);

  const open = (caseId: string) => {
    rememberList(rows.map((row) => row.case.id));
    void navigate(`/desk/cases/${caseId}`);
  };
  const claim = async (id: string) => {
    await call("POST /api/v1/tasks/{task_id}/claim", { path: { task_id: id } });
    refresh();
  };
  useKeys({
    j: () => selection.move(1),
    ArrowDown: () => selection.move(1),
    k: () => selection.move(-1),
    ArrowUp: () => selection.move(-1),
    Enter: () => here && open(here.case.id),
    o: () => here && open(here.case.id),
    x: () => here && selection.toggle(here.id),
    c: () => here && !here.mine && void claim(here.id),
    r: refresh,
    "?": () => setHelp(true),
  });

  const now = cityNow();
  const counts = { red: rows.filter((row) => row.clock === "red").length, yellow: rows.filter((row) => row.clock === "yellow").length };
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1>
        {counts.red ? <Tag look="red">{t("counts.red", { n: counts.red })}</Tag> : null}
        {counts.yellow ? <Tag look="yellow">{t("counts.yellow", { n: counts.yellow })}</Tag> : null}
        <p className="soft small">{t("posts", { posts: [...new Set(person?.posts.map((post) => nameIn(post.names, language)))].join("、") })}</p>
        <div className="desk-filters" role="group">
          {["", ...stages].map((one) => (
            <button key={one} type="button" className="chip" aria-pressed={stage === one} onClick={() => setQuery(one ? { stage: one } : {}, { replace: true })}>
              {one ? naming.stage(one) : t("all")}
            </button>
          ))}
          <button type="button" className="chip" onClick={() => setHelp(true)}><kbd>?</kbd> {c("keys")}</button>
        </div>
      </header>
      {asked ? <Suspense fallback={null}><Invitations /></Suspense> : null}
      <BulkBar
        ids={[...selection.chosen]}
        nameOf={(id) => rows.find((row) => row.id === id)?.case.number ?? id}
        verbs={[
          { key: "claim", label: t("claim"), act: (id) => call("POST /api/v1/tasks/{task_id}/claim", { path: { task_id: id } }) },
          {
            key: "urge", label: t("urge"), note: "optional",
            act: (id, note) => call("POST /api/v1/cases/{case_id}/urge", { path: { case_id: rows.find((row) => row.id === id)?.case.id ?? id }, body: { note } }),
          },
        ]}
        onDone={() => selection.choose([])}
      />
      {tasks.error ? <ErrorNotice error={tasks.error} onRetry={refresh} /> : null}
      {tasks.isPending && !tasks.error ? <Loading /> : null}
      {tasks.data && !rows.length ? <Empty title={t("empty")}>{stage ? t("empty.filter") : t("empty.next")}</Empty> : null}
      {rows.length ? (
        <table className="rows">
          <thead>
            <tr>
              <th className="rows-check"><input type="checkbox" aria-label={c("select.all")} checked={selection.chosen.size === ids.length} onChange={(event) => selection.choose(event.target.checked ? ids : [])} /></th>
              <th>{c("column.clock")}</th><th>{c("column.case")}</th><th>{c("column.step")}</th><th>{c("column.place")}</th><th>{c("column.department")}</th><th>{c("column.reported")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id} data-row={row.id} className={`${row.clock}${row.id === selection.at ? " at" : ""}`} aria-selected={row.id === selection.at} onClick={() => selection.setAt(row.id)} onDoubleClick={() => open(row.case.id)}>
                <td className="rows-check"><input type="checkbox" aria-label={c("select", { number: row.case.number })} checked={selection.chosen.has(row.id)} onChange={() => selection.toggle(row.id)} /></td>
                <td><ClockMark colour={row.clock} due={row.due_at} /></td>
                <td className="rows-main" onClickCapture={() => rememberList(rows.map((one) => one.case.id))}><CaseLine item={row.case} urged={row.urged} /></td>
                <td>{naming.step(row.case.type, row.node)}{row.mine ? <small className="soft"> · {c("mine")}</small> : null}<small className="soft" title={exactTime(row.created_at, language)}>{t("step.waiting", { ago: agoWords(row.created_at, now, language) })}</small></td>
                <td>{naming.area(row.case.area)}<small className="soft">{row.case.address}</small></td>
                <td>{nameIn(row.case.department, language)}</td>
                <td><span className="number">{row.case.number}</span><small className="soft" title={exactTime(row.case.reported_at, language)}>{agoWords(row.case.reported_at, now, language)}</small></td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {tasks.hasNextPage ? <button type="button" className="button second" disabled={tasks.isFetchingNextPage} onClick={() => void tasks.fetchNextPage()}>{c("more")}</button> : rows.length ? <p className="soft small rows-end">{c("end", { n: rows.length })}</p> : null}
      {help ? (
        <KeyHelp
          keys={[["j k", t("key.move")], ["Enter", t("key.open")], ["c", t("key.claim")], ["x", t("key.select")], ["r", t("key.refresh")], ["?", t("key.help")]]}
          onClose={() => setHelp(false)}
        />
      ) : null}
    </section>
  );
}
