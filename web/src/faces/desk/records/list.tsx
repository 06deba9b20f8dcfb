// The list of a type: words, filters, columns and the two moments stand in the address.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState, type FormEvent } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useKeys } from "../../../shared/ui/keys";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { DayField } from "../shared/day_field";
import { KeyHelp } from "../shared/key_help";
import { useSelection } from "../shared/selection";
import { useNaming } from "../shared/words";
import { Exporting } from "./exporting";
import { RecordMap } from "./map";
import { useMay } from "./records";
import { texts } from "./texts";
import { columnsOf, labelOf, momentsOf, schemaOf, wordsOf, type ThingType } from "./values";

const operation = "GET /api/v1/things/{type}";

/** What the address asks for, as the API takes it. */
export function askedOf(type: ThingType, address: URLSearchParams) {
  const where = Object.keys(type.attributes).flatMap((name) => {
    const value = address.get(`f.${name}`);
    return value ? [`${name}:${value}`] : [];
  });
  return { q: address.get("q") ?? "", area: address.get("area") ?? "", ...(where.length ? { where } : {}), ...momentsOf(address) };
}

export function RecordList({ type }: { type: ThingType }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const navigate = useNavigate();
  const may = useMay(type.id);
  const [address, setAddress] = useSearchParams();
  const [help, setHelp] = useState(false);
  const asked = askedOf(type, address);
  const onMap = address.get("view") === "map" && type.geometry !== "none";
  const found = useInfiniteQuery({
    queryKey: [operation, type.id, asked],
    queryFn: ({ pageParam, signal }) => call(operation, { path: { type: type.id }, query: { ...asked, ...(pageParam ? { after: pageParam } : {}), limit: 50 }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.after,
    placeholderData: (before) => before,
    enabled: !onMap,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const selection = useSelection(useMemo(() => rows.map((row) => row.id), [rows]));
  const shown = address.get("columns")?.split(",").filter((name) => name in type.attributes) ?? columnsOf(type);
  const past = new URLSearchParams([...address].filter(([name]) => name === "valid_at" || name === "known_at")).toString();
  const to = (id: string) => `/desk/records/${type.id}/${id}${past ? `?${past}` : ""}`;
  const set = (name: string, value: string) => setAddress((before) => (value ? before.set(name, value) : before.delete(name), new URLSearchParams(before)), { replace: true });
  useKeys({
    j: () => selection.move(1),
    ArrowDown: () => selection.move(1),
    k: () => selection.move(-1),
    ArrowUp: () => selection.move(-1),
    Enter: () => selection.at && void navigate(to(selection.at)),
    "/": () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
    "?": () => setHelp(true),
  });
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{nameIn(type.names, language)}</h1>
        <p className="soft"><Link to="/desk/records">{t("types")}</Link>{type.standard ? ` · ${type.standard}` : ""}</p>
        <div className="desk-filters">
          {type.geometry === "none" ? null : <button type="button" className="chip" aria-pressed={onMap} onClick={() => set("view", onMap ? "" : "map")}>{onMap ? t("list") : t("map")}</button>}
          {onMap ? null : <Columns type={type} shown={shown} onShown={(names) => set("columns", names.join(","))} />}
          {may("export") ? <Exporting type={type} asked={asked} /> : null}
          {may("import") ? <Link className="chip" to={`/desk/records/${type.id}/import`}>{t("import")}</Link> : null}
          {may("record") ? <Link className="chip" to={`/desk/records/${type.id}/new`}>＋ {t("new")}</Link> : null}
        </div>
      </header>
      <Filters type={type} address={address} set={set} clear={() => setAddress({})} />
      <Past address={address} clear={() => (set("valid_at", ""), set("known_at", ""))} />
      {onMap ? <RecordMap type={type} asked={asked} onThing={(id) => void navigate(to(id))} /> : null}
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error && !onMap ? <Loading /> : null}
      {found.data && !rows.length && !onMap ? <Empty title={t("empty")}>{t("empty.next")}</Empty> : null}
      {rows.length && !onMap ? (
        <>
          <table className="rows">
            <thead><tr>{shown.map((name) => <th key={name}>{labelOf(type, name, language)}</th>)}<th>{t("area.of")}</th></tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id} data-row={row.id} className={row.id === selection.at ? "at" : ""} onClick={() => selection.setAt(row.id)} onDoubleClick={() => void navigate(to(row.id))}>
                  {shown.map((name, place) => (
                    <td key={name} data-label={labelOf(type, name, language)}>{place === 0 ? <Link className="case-line-title" to={to(row.id)}>{wordsOf(type.attributes[name], row.attributes[name], language)}</Link> : wordsOf(type.attributes[name], row.attributes[name], language)}</td>
                  ))}
                  <td data-label={t("area.of")}>{naming.area(row.area)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {found.hasNextPage ? (
            <button type="button" className="button second" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("more")}</button>
          ) : <p className="soft small rows-end">{t("end.of.list", { n: rows.length })}</p>}
        </>
      ) : null}
      {help ? <KeyHelp keys={[["j k", "↓ ↑"], ["Enter", t("key.open")], ["/", t("key.search")]]} onClose={() => setHelp(false)} /> : null}
    </section>
  );
}

interface FiltersProps {
  type: ThingType;
  address: URLSearchParams;
  set: (name: string, value: string) => void;
  clear: () => void;
}

function Filters({ type, address, set, clear }: FiltersProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { words } = useNaming();
  const [typed, setTyped] = useState(address.get("q") ?? "");
  const find = (event: FormEvent) => {
    event.preventDefault();
    set("q", typed.trim());
  };
  const streets = Object.entries(words?.areas ?? {}).filter(([code]) => code.length === 9);
  const filters = Object.entries(type.attributes).filter(([, one]) => one.filter);
  return (
    <div className="filters" role="search">
      {Object.values(type.attributes).some((one) => one.search) ? (
        <form className="filter-search" onSubmit={find}>
          <input type="search" value={typed} maxLength={100} onChange={(event) => setTyped(event.target.value)} placeholder={t("search")} aria-label={t("search")} data-search />
          <button className="button small">{t("find")}</button>
        </form>
      ) : null}
      {filters.map(([name, one]) => {
        const choices = schemaOf(one).enum;
        const label = nameIn(one.names, language);
        const key = `f.${name}`;
        return (
          <label key={name} className="filter">
            <span>{label}</span>
            {choices ?? schemaOf(one).type === "boolean" ? (
              <select value={address.get(key) ?? ""} onChange={(event) => set(key, event.target.value)}>
                <option value="">{t("any")}</option>
                {choices?.map((value) => <option key={value} value={value}>{wordsOf(one, value, language)}</option>) ?? [["true", t("yes")], ["false", t("no")]].map(([value, text]) => <option key={value} value={value}>{text}</option>)}
              </select>
            ) : (
              <input key={address.get(key)} defaultValue={address.get(key) ?? ""} maxLength={100} onBlur={(event) => set(key, event.target.value.trim())} onKeyDown={(event) => event.key === "Enter" && set(key, event.currentTarget.value.trim())} />
            )}
          </label>
        );
      })}
      <label className="filter">
        <span>{t("area")}</span>
        <select value={address.get("area") ?? ""} onChange={(event) => set("area", event.target.value)}>
          <option value="">{t("any")}</option>
          {streets.map(([code, name]) => <option key={code} value={code}>{nameIn(name, language)}</option>)}
        </select>
      </label>
      <Moments address={address} set={set} />
      {address.size ? <div className="filter-end"><button type="button" className="chip" onClick={() => (setTyped(""), clear())}>{t("clear")}</button></div> : null}
    </div>
  );
}

/** The two times: what was true then, what was known then. */
export function Moments({ address, set }: Pick<FiltersProps, "address" | "set">) {
  const t = useTexts(texts);
  return (
    <>
      {(["valid_at", "known_at"] as const).map((name) => {
        const label = t(name === "valid_at" ? "valid.at" : "known.at");
        return <span key={name} className="filter"><span>{label}</span><DayField label={label} time value={address.get(name) ?? ""} onDay={(day) => set(name, day)} /></span>;
      })}
    </>
  );
}

export function Past({ address, clear }: { address: URLSearchParams; clear: () => void }) {
  const t = useTexts(texts);
  const valid = address.get("valid_at");
  const known = address.get("known_at");
  if (!valid && !known) return null;
  const words = (moment: string) => moment.replace("T", " ").slice(0, 16);
  return (
    <p className="record-past" role="status">
      <b>{t("as.of")}</b>
      <span>{valid && known ? t("as.of.both", { valid: words(valid), known: words(known) }) : valid ? t("as.of.valid", { valid: words(valid) }) : known ? t("as.of.known", { known: words(known) }) : ""}</span>
      <button type="button" className="chip" onClick={clear}>{t("as.of.now")}</button>
    </p>
  );
}

function Columns({ type, shown, onShown }: { type: ThingType; shown: string[]; onShown: (names: string[]) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <details className="record-columns">
      <summary className="chip">{t("columns")}</summary>
      <div>
        {Object.keys(type.attributes).map((name) => (
          <label key={name}>
            <input type="checkbox" checked={shown.includes(name)} onChange={(event) => onShown(event.target.checked ? [...shown, name] : shown.filter((one) => one !== name))} />
            {labelOf(type, name, language)}
          </label>
        ))}
      </div>
    </details>
  );
}
