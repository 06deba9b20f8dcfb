// Alarms (报警): the board of what is open, the list below it, worked by keyboard. New ones come by themselves.

import { useInfiniteQuery } from "@tanstack/react-query";
import { Fragment, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { KeyHelp } from "../shared/key_help";
import { useSelection } from "../shared/selection";
import { texts as common } from "../shared/texts";
import { useNaming } from "../shared/words";
import { AlarmBoard } from "./alarm_board";
import { texts } from "./alarm_texts";
import { AlarmVerbs, type AlarmVerb } from "./alarm_verbs";
import { useFresh } from "./fresh";
import { useRuleNames } from "./rule_names";
import { Ago, AlarmTags, severities, Severity, type AlarmItem, type SeverityName } from "./severity";
import { useSignals } from "./signals";

const operation = "GET /api/v1/alarms";
const states = ["open", "raised", "acknowledged", "cleared", "closed", "all"] as const;

export function Alarms() {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const navigate = useNavigate();
  const { words } = useNaming();
  const rules = useRuleNames();
  const [address, setAddress] = useSearchParams();
  const [help, setHelp] = useState(false);
  const [wanted, setWanted] = useState<AlarmVerb | null>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const state = states.find((one) => one === address.get("state")) ?? "open";
  const severity: SeverityName | "" = severities.find((one) => one === address.get("severity")) ?? "";
  const [rule, area, shelved] = [address.get("rule") ?? "", address.get("area") ?? "", address.get("shelved") ?? ""];
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      return after;
    }, { replace: true });

  const query = { state, area, severity: severity || null, rule: rule || null, shelved: shelved ? shelved === "yes" : null };
  const found = useInfiniteQuery({
    queryKey: [operation, "list", query],
    queryFn: ({ pageParam, signal }) => call(operation, { query: { ...query, after: pageParam, limit: 60 }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
  useFresh([operation, "GET /api/v1/alarms/board"], (entry) => entry.kind === "alarm");
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  const selection = useSelection(ids);
  const here = rows.find((row) => row.id === selection.at);
  const toggleStorm = (id: string) => setOpen((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
  const begin = (verb: AlarmVerb) => {
    if (!selection.chosen.size && here) selection.choose([here.id]);
    setWanted(verb);
  };
  useKeys({
    j: () => selection.move(1), ArrowDown: () => selection.move(1),
    k: () => selection.move(-1), ArrowUp: () => selection.move(-1),
    Enter: () => here && void navigate(`/desk/senses/alarms/${here.id}`),
    x: () => here && selection.toggle(here.id),
    a: () => begin("acknowledge"), s: () => begin("shelve"), c: () => begin("close"),
    e: () => here && here.children > 0 && toggleStorm(here.id),
    "?": () => setHelp(true),
  });
  const streets = Object.entries(words?.areas ?? {}).filter(([code]) => code.length === 9);
  const nameOf = (id: string) => nameIn(rows.find((row) => row.id === id)?.names, language);

  return (
    <>
      <header className="desk-head">
        <h1>{t("title")}</h1>
        <div className="desk-filters"><button type="button" className="chip" onClick={() => setHelp(true)}><kbd>?</kbd> {c("keys")}</button></div>
      </header>
      <AlarmBoard area={area} severity={severity} rule={rule} nameOfRule={rules.nameOf} onSeverity={(one) => put("severity", one)} onRule={(one) => put("rule", one)} />
      <div className="filters">
        <label className="filter"><span>{t("filter.state")}</span><select value={state} onChange={(event) => put("state", event.target.value === "open" ? "" : event.target.value)}>{states.map((one) => <option key={one} value={one}>{t(`state.${one}`)}</option>)}</select></label>
        <label className="filter"><span>{t("filter.severity")}</span><select value={severity} onChange={(event) => put("severity", event.target.value)}><option value="">{t("any")}</option>{severities.map((one) => <option key={one} value={one}>{t(`severity.${one}`)}</option>)}</select></label>
        <label className="filter"><span>{t("filter.rule")}</span><select value={rule} onChange={(event) => put("rule", event.target.value)}><option value="">{t("any")}</option>{rules.items.map((one) => <option key={one.code} value={one.code}>{rules.nameOf(one.code)}</option>)}</select></label>
        <label className="filter"><span>{t("filter.area")}</span><select value={area} onChange={(event) => put("area", event.target.value)}><option value="">{t("any")}</option>{streets.map(([code, names]) => <option key={code} value={code}>{nameIn(names, language)}</option>)}</select></label>
        <label className="filter"><span>{t("filter.shelved")}</span><select value={shelved} onChange={(event) => put("shelved", event.target.value)}><option value="">{t("any")}</option><option value="no">{t("no")}</option><option value="yes">{t("yes")}</option></select></label>
      </div>
      <AlarmVerbs ids={[...selection.chosen]} nameOf={nameOf} wanted={wanted} onWanted={setWanted} onDone={() => selection.choose([])}>
        <b>{t("selected", { n: selection.chosen.size })}</b> <button type="button" className="link" onClick={() => selection.choose([])}>{t("clear")}</button>
      </AlarmVerbs>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <Empty title={t("empty")}>{t("empty.next")}</Empty> : null}
      {rows.length ? (
        <table className="rows">
          <thead>
            <tr>
              <th className="rows-check"><input type="checkbox" aria-label={t("select.all")} checked={selection.chosen.size === ids.length} onChange={(event) => selection.choose(event.target.checked ? ids : [])} /></th>
              <th>{t("column.severity")}</th><th>{t("column.alarm")}</th><th>{t("column.value")}</th><th>{t("column.since")}</th><th>{t("column.state")}</th><th>{t("column.case")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Fragment key={row.id}>
                <tr data-row={row.id} className={`alarm-row ${row.severity}${row.id === selection.at ? " at" : ""}`} onClick={() => selection.setAt(row.id)}>
                  <td className="rows-check"><input type="checkbox" aria-label={t("select", { name: nameIn(row.names, language) })} checked={selection.chosen.has(row.id)} onChange={() => selection.toggle(row.id)} /></td>
                  <Cells alarm={row} storm={row.children > 0 ? { open: open.has(row.id), toggle: () => toggleStorm(row.id) } : null} />
                </tr>
                {open.has(row.id) ? <Children parent={row.id} /> : null}
              </Fragment>
            ))}
          </tbody>
        </table>
      ) : null}
      {found.hasNextPage ? <button type="button" className="button second" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{c("more")}</button> : rows.length ? <p className="soft small rows-end">{c("end", { n: rows.length })}</p> : null}
      {help ? (
        <KeyHelp
          keys={[["j k", t("key.move")], ["Enter", t("key.open")], ["x", t("key.select")], ["a", t("key.acknowledge")], ["s", t("key.shelve")], ["c", t("key.close")], ["e", t("key.storm")]]}
          onClose={() => setHelp(false)}
        />
      ) : null}
    </>
  );
}

export function Cells({ alarm, storm }: { alarm: AlarmItem; storm: { open: boolean; toggle: () => void } | null }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { area } = useNaming();
  const { show, named } = useSignals();
  return (
    <>
      <td><Severity of={alarm.severity} /></td>
      <td className="rows-main">
        <Link to={`/desk/senses/alarms/${alarm.id}`} className="case-line-title">{nameIn(alarm.names, language)}</Link>
        <small>
          {alarm.device ? <Link to={`/desk/senses/devices/code/${alarm.device}`}>{nameIn(alarm.device_names, language)}</Link> : t("storm", { n: alarm.children })}
          <span className="soft"> · {area(alarm.area)}</span>
        </small>
        {storm ? <button type="button" className="chip" aria-expanded={storm.open} onClick={storm.toggle}>{storm.open ? t("storm.close") : t("storm.open", { n: alarm.children })}</button> : null}
      </td>
      <td className="number">
        {alarm.value === null ? "–" : show(alarm.metric, alarm.value)}
        {alarm.limit !== null ? <small className="soft">{named(alarm.metric)} · {t("value.limit", { limit: show(alarm.metric, alarm.limit) })}</small> : null}
      </td>
      <td><Ago at={alarm.raised_at} /></td>
      <td><AlarmTags alarm={alarm} /></td>
      <td>{alarm.case_id ? <Link to={`/desk/cases/${alarm.case_id}`}>{alarm.case_number}</Link> : "–"}</td>
    </>
  );
}

/** The alarms folded into one, as rows below it. */
function Children({ parent }: { parent: string }) {
  const found = useAnswer(operation, { query: { parent, state: "all", limit: 200 } });
  return <>{(found.data?.items ?? []).map((one) => <tr key={one.id} className="alarm-child"><td /><Cells alarm={one} storm={null} /></tr>)}</>;
}
