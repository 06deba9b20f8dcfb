// Cases (案件): every case of the reader's scope, found by words and filters, seen as a list or on the map.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Route, Routes, useNavigate, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { shortTime } from "../../../shared/time/clock";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import CasePage from "../case/case";
import { BulkBar, type BulkVerb } from "../shared/bulk";
import { Tag } from "../shared/case_line";
import { KeyHelp } from "../shared/key_help";
import { rememberList } from "../shared/neighbours";
import { useSelection } from "../shared/selection";
import { texts as common } from "../shared/texts";
import { casesOf, type CaseQuery } from "./asking";
import "./cases.css";
import { exportCases, mostRows } from "./exporting";
import { Filters, queryOf } from "./filters";
import { CaseRows } from "./rows";
import { texts } from "./texts";

export default function Cases() {
  return (
    <Routes>
      <Route index element={<CaseList />} />
      <Route path=":id" element={<CasePage />} />
    </Routes>
  );
}

function CaseList() {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const navigate = useNavigate();
  const [address, setAddress] = useSearchParams();
  const [help, setHelp] = useState(false);
  const asked = queryOf(address);
  const onMap = address.get("view") === "map";

  const cases = useInfiniteQuery({ ...casesOf(asked), placeholderData: (before) => before });
  const rows = useMemo(() => cases.data?.pages.flatMap((page) => page.items) ?? [], [cases.data]);
  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  const selection = useSelection(ids);
  const lookedBack = cases.data?.pages.at(-1)?.searched_back_to;

  const open = useCallback(
    (id: string) => {
      rememberList(ids);
      void navigate(`/desk/cases/${id}`);
    },
    [ids, navigate],
  );
  useKeys({
    j: () => selection.move(1),
    ArrowDown: () => selection.move(1),
    k: () => selection.move(-1),
    ArrowUp: () => selection.move(-1),
    Enter: () => selection.at && open(selection.at),
    o: () => selection.at && open(selection.at),
    x: () => selection.at && selection.toggle(selection.at),
    "/": () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
    r: () => void cases.refetch(),
    "?": () => setHelp(true),
  });
  const verbs = useVerbs();
  const hold = useHold();

  // The rows were asked for with the click: where they come at once, all is laid out once, with them.
  if (cases.isPending && !cases.error && !onMap && hold) return <section className="desk-screen" aria-busy="true"><header className="desk-head"><h1>{t("title")}</h1></header></section>;
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1>
        <Counts />
        <div className="desk-filters">
          <button type="button" className="chip" aria-pressed={onMap} onClick={() => setAddress((before) => (onMap ? before.delete("view") : before.set("view", "map"), new URLSearchParams(before)))}>{onMap ? t("list") : t("map")}</button>
          <Export query={asked} />
          <button type="button" className="chip" onClick={() => setHelp(true)}><kbd>?</kbd> {c("keys")}</button>
        </div>
      </header>
      <Filters />
      {onMap ? <CityMap label={t("map")} height="72vh" cases onCase={(id) => void navigate(`/desk/cases/${id}`)} /> : null}
      <BulkBar ids={[...selection.chosen]} nameOf={(id) => rows.find((row) => row.id === id)?.number ?? id} verbs={verbs} onDone={() => selection.choose([])} />
      {cases.error ? <ErrorNotice error={cases.error} onRetry={() => void cases.refetch()} /> : null}
      {cases.isPending && !cases.error ? <Loading /> : null}
      {cases.data && !rows.length && !cases.isFetching && !onMap ? <Empty title={t("empty")}>{t("empty.next")}</Empty> : null}
      {rows.length && !onMap ? <CaseRows rows={rows} selection={selection} onOpen={open} /> : null}
      {onMap ? null : cases.hasNextPage ? (
        <button type="button" className="button second" disabled={cases.isFetchingNextPage} onClick={() => void cases.fetchNextPage()}>{c("more")}</button>
      ) : rows.length ? (
        <p className="soft small rows-end">{lookedBack ? t("looked.back", { day: shortTime(lookedBack, language) }) : c("end", { n: rows.length })}</p>
      ) : null}
      {help ? <KeyHelp keys={[["j k", "↓ ↑"], ["Enter", "→"], ["x", c("select.all")], ["/", t("key.search")]]} onClose={() => setHelp(false)} /> : null}
    </section>
  );
}

/** True for as long as nobody notices that there is nothing yet. */
function useHold(): boolean {
  const [hold, setHold] = useState(true);
  useEffect(() => {
    const timer = window.setTimeout(() => setHold(false), 150);
    return () => clearTimeout(timer);
  }, []);
  return hold;
}

function Counts() {
  const t = useTexts(texts);
  const counts = useAnswer("GET /api/v1/cases/summary", {}, { fresh: 20_000 }).data;
  const [, setAddress] = useSearchParams();
  if (!counts) return null;
  const figure = (n: number) => (n >= 10_000 ? "10000+" : n);
  return (
    <>
      <button type="button" className="count" onClick={() => setAddress({ state: "open" })}><Tag look="blue">{t("summary.open", { n: figure(counts.open) })}</Tag></button>
      <button type="button" className="count" onClick={() => setAddress({ clock: "red" })}><Tag look="red">{t("summary.overdue", { n: figure(counts.overdue) })}</Tag></button>
      <button type="button" className="count" onClick={() => setAddress({ clock: "yellow" })}><Tag look="yellow">{t("summary.due_soon", { n: figure(counts.due_soon) })}</Tag></button>
    </>
  );
}

function useVerbs(): BulkVerb[] {
  const t = useTexts(texts);
  return [
    { key: "urge", label: t("urge"), note: "optional", act: (id, note) => call("POST /api/v1/cases/{case_id}/urge", { path: { case_id: id }, body: { note } }) },
    { key: "supervise", label: t("supervise"), note: "needed", act: (id, note) => call("POST /api/v1/cases/{case_id}/supervise", { path: { case_id: id }, body: { note } }) },
    { key: "suspend", label: t("suspend"), note: "needed", grave: true, act: (id, note) => call("POST /api/v1/cases/{case_id}/suspend", { path: { case_id: id }, body: { note } }) },
    { key: "resume", label: t("resume"), note: "optional", act: (id, note) => call("POST /api/v1/cases/{case_id}/resume", { path: { case_id: id }, body: { note } }) },
  ];
}

function Export({ query }: { query: CaseQuery }) {
  const t = useTexts(texts);
  const [rows, setRows] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const stop = useRef<AbortController | null>(null);
  const run = async () => {
    const mine = new AbortController();
    stop.current = mine;
    setSaid("");
    setRows(0);
    try {
      const n = await exportCases(query, setRows, mine.signal);
      setSaid(t(n >= mostRows ? "export.capped" : "export.done", { n }));
    } catch (error) {
      if (!mine.signal.aborted) setSaid(messageOf(error));
    } finally {
      setRows(null);
    }
  };
  return (
    <>
      {rows === null ? (
        <button type="button" className="chip" onClick={() => void run()}>{t("export")}</button>
      ) : (
        <button type="button" className="chip" onClick={() => stop.current?.abort()}>{t("export.running", { n: rows })} · {t("stop")}</button>
      )}
      {said ? <span className="soft small" role="status">{said}</span> : null}
    </>
  );
}
