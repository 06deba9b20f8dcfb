// Cases (案件): every case of the reader's scope, found by words and filters, seen as a list or on the map.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { Route, Routes, useNavigate, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { agoWords, cityNow, exactTime, shortTime } from "../../../shared/time/clock";
import { ClockMark } from "../../../shared/ui/clock_mark";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import CasePage from "../case/case";
import { BulkBar, type BulkVerb } from "../shared/bulk";
import { CaseLine, Tag } from "../shared/case_line";
import { KeyHelp } from "../shared/key_help";
import { rememberList } from "../shared/neighbours";
import { useSelection } from "../shared/selection";
import { texts as common } from "../shared/texts";
import { useNaming } from "../shared/words";
import "./cases.css";
import { exportCases, mostRows } from "./exporting";
import { Filters, queryOf, type CaseQuery } from "./filters";
import { texts } from "./texts";

export default function Cases() {
  return (
    <Routes>
      <Route index element={<CaseList />} />
      <Route path=":id" element={<CasePage />} />
    </Routes>
  );
}

const operation = "GET /api/v1/cases";

function CaseList() {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const naming = useNaming();
  const navigate = useNavigate();
  const [address, setAddress] = useSearchParams();
  const [help, setHelp] = useState(false);
  const asked = queryOf(address);
  const onMap = address.get("view") === "map";

  const cases = useInfiniteQuery({
    queryKey: [operation, asked],
    queryFn: ({ pageParam, signal }) => call(operation, { query: { ...asked, after: pageParam, limit: 50 }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => cases.data?.pages.flatMap((page) => page.items) ?? [], [cases.data]);
  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  const selection = useSelection(ids);
  const lookedBack = cases.data?.pages.at(-1)?.searched_back_to;

  const open = (id: string) => {
    rememberList(ids);
    void navigate(`/desk/cases/${id}`);
  };
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
  const now = cityNow();

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
      {rows.length && !onMap ? (
        <table className="rows">
          <thead>
            <tr>
              <th className="rows-check"><input type="checkbox" aria-label={c("select.all")} checked={selection.chosen.size === ids.length} onChange={(event) => selection.choose(event.target.checked ? ids : [])} /></th>
              <th>{c("column.clock")}</th><th>{c("column.case")}</th><th>{t("status")}</th><th>{c("column.place")}</th><th>{c("column.department")}</th><th>{c("column.reported")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id} data-row={row.id} className={`${row.state === "open" ? row.clock : ""}${row.id === selection.at ? " at" : ""}`} aria-selected={row.id === selection.at} onClick={() => selection.setAt(row.id)} onDoubleClick={() => open(row.id)}>
                <td className="rows-check"><input type="checkbox" aria-label={c("select", { number: row.number })} checked={selection.chosen.has(row.id)} onChange={() => selection.toggle(row.id)} /></td>
                <td>{row.state === "open" ? <ClockMark colour={row.clock} due={row.due_at} /> : row.overdue ? <Tag look="red">{t("clock")}</Tag> : null}</td>
                <td className="rows-main" onClickCapture={() => rememberList(ids)}><CaseLine item={row} /></td>
                <td>{language === "zh" ? row.status : row.status_en}</td>
                <td>{naming.area(row.area)}<small className="soft">{row.address}</small></td>
                <td>{nameIn(row.department, language)}</td>
                <td><span className="number">{row.number}</span><small className="soft" title={exactTime(row.reported_at, language)}>{agoWords(row.reported_at, now, language)}</small></td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {onMap ? null : cases.hasNextPage ? (
        <button type="button" className="button second" disabled={cases.isFetchingNextPage} onClick={() => void cases.fetchNextPage()}>{c("more")}</button>
      ) : rows.length ? (
        <p className="soft small rows-end">{lookedBack ? t("looked.back", { day: shortTime(lookedBack, language) }) : c("end", { n: rows.length })}</p>
      ) : null}
      {help ? <KeyHelp keys={[["j k", "↓ ↑"], ["Enter", "→"], ["x", c("select.all")], ["/", t("key.search")]]} onClose={() => setHelp(false)} /> : null}
    </section>
  );
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
