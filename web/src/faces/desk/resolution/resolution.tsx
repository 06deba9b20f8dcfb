// Likely duplicates (疑似重复): the queue of pairs that a search has found, and one of them side by side, decided by keyboard.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { call, type Answer } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { KeyHelp } from "../shared/key_help";
import { useSelection } from "../shared/selection";
import { Beside } from "./beside";
import "./resolution.css";
import { texts } from "./texts";

export type Listed = Answer<"GET /api/v1/duplicates/pairs">["items"][number];
export const outdated = ["GET /api/v1/duplicates", "GET /api/v1/duplicates/pairs", "GET /api/v1/duplicates/pairs/{id}", "GET /api/v1/things/{type}", "GET /api/v1/things/{type}/{id}", "GET /api/v1/things/{type}/{id}/merges"] as const;
const operation = "GET /api/v1/duplicates/pairs" as const;
const levels = ["same", "review"] as const;

/** What was decided last: it can be taken back. */
export interface Decided {
  pair: string;
  decision: "merge" | "different" | "later";
  merge: string | null;
}

export default function Resolution() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const types = useAnswer("GET /api/v1/duplicates");
  const items = types.data?.items ?? [];
  const type = items.find((one) => one.id === address.get("type")) ?? items.find((one) => one.same + one.review) ?? items[0];
  const level = levels.find((one) => one === address.get("level"));
  const put = (name: string, value: string) => setAddress((before) => (value ? before.set(name, value) : before.delete(name), new URLSearchParams(before)), { replace: true });
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      {types.error ? <ErrorNotice error={types.error} onRetry={() => void types.refetch()} /> : null}
      {types.isPending && !types.error ? <Loading /> : null}
      {types.data && !items.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      {type ? (
        <>
          <div className="desk-filters" role="group">
            {items.map((one) => <button key={one.id} type="button" className="chip" aria-pressed={one.id === type.id} onClick={() => put("type", one.id)}>{t("type.count", { name: nameIn(one.names, language), n: one.same + one.review })}</button>)}
          </div>
          <div className="desk-filters" role="group">
            <button type="button" className="chip" aria-pressed={!level} onClick={() => put("level", "")}>{t("level.all")}</button>
            {levels.map((one) => <button key={one} type="button" className="chip" aria-pressed={one === level} onClick={() => put("level", one)}>{t(`level.${one}`)} {type[one]}</button>)}
            {type.search ? <span className="soft small">{t("searched", { at: shortTime(type.search.finished_at, language), records: type.search.records.toLocaleString(), compared: type.search.compared.toLocaleString() })}</span> : null}
          </div>
          <Queue key={`${type.id} ${level ?? ""}`} type={type.id} level={level} />
        </>
      ) : null}
    </section>
  );
}

function Queue({ type, level }: { type: string; level: "same" | "review" | undefined }) {
  const t = useTexts(texts);
  const [help, setHelp] = useState(false);
  const [last, setLast] = useState<Decided | null>(null);
  const found = useInfiniteQuery({
    queryKey: [operation, type, level ?? ""],
    queryFn: ({ pageParam, signal }) => call(operation, { query: { type, limit: 50, ...(level ? { level } : {}), ...(pageParam ? { after: pageParam } : {}) }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.after,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const selection = useSelection(useMemo(() => rows.map((row) => row.id), [rows]));
  const at = rows.find((row) => row.id === selection.at);
  const next = rows[rows.findIndex((row) => row.id === selection.at) + 1];
  // The pair that comes next is fetched while one reads this one: who decides by keyboard does not wait between two.
  useAnswer("GET /api/v1/duplicates/pairs/{id}", { path: { id: next?.id ?? "" } }, { enabled: next !== undefined });
  useKeys({ j: () => selection.move(1), ArrowDown: () => selection.move(1), k: () => selection.move(-1), ArrowUp: () => selection.move(-1), "?": () => setHelp(true) });
  return (
    <>
      {last ? <Last key={last.pair} last={last} onUndone={() => setLast(null)} /> : null}
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <Empty title={t("empty")}>{t("empty.next")}</Empty> : null}
      {rows.length ? (
        <div className="twin-pair">
          <div>
            <ol className="twin-queue">
              {rows.map((row) => (
                <li key={row.id} data-row={row.id}>
                  <button type="button" aria-current={row.id === selection.at} onClick={() => selection.setAt(row.id)}>
                    <b>{row.low_title || row.low.slice(-6)} · {row.high_title || row.high.slice(-6)}</b>
                    <span><span className={`tag ${row.level === "same" ? "red" : "yellow"}`}>{t(`level.${row.level}`)}</span> <span className="number soft">{t("score", { score: row.score })}</span>{row.postponed_at ? <span className="soft small"> {t("later.put")}</span> : null}</span>
                  </button>
                </li>
              ))}
            </ol>
            {found.hasNextPage ? <button type="button" className="button second" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("more")}</button> : null}
          </div>
          {at ? <Beside key={at.id} pair={at} onDecided={(decided) => (selection.move(1), setLast(decided))} /> : null}
        </div>
      ) : null}
      {help ? <KeyHelp keys={[["j k", t("key.move")], ["1 2", t("key.keep")], ["m", t("key.merge")], ["d", t("key.different")], ["l", t("key.later")], ["u", t("key.undo")]]} onClose={() => setHelp(false)} /> : null}
    </>
  );
}

function Last({ last, onUndone }: { last: Decided; onUndone: () => void }) {
  const t = useTexts(texts);
  const unmerge = useChange("POST /api/v1/merges/{id}/undo", outdated);
  const reopen = useChange("POST /api/v1/duplicates/pairs/{id}/decision", outdated);
  const back = () => {
    const again = () => reopen.mutate({ path: { id: last.pair }, body: { decision: "open" } }, { onSuccess: onUndone });
    if (last.merge) unmerge.mutate({ path: { id: last.merge }, body: {} }, { onSuccess: again });
    else again();
  };
  const can = last.decision !== "later";
  useKeys({ u: back }, can && !unmerge.isPending && !reopen.isPending);
  const error = unmerge.error ?? reopen.error;
  return (
    <p className="card row-line" role="status">
      {t(`done.${last.decision}`)}
      {can ? <button type="button" className="chip" disabled={unmerge.isPending || reopen.isPending} onClick={back}>{t("undo")} (u)</button> : null}
      {error ? <span role="alert">{messageOf(error)}</span> : null}
    </p>
  );
}
