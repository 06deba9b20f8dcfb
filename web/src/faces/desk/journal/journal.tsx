// The journal (日志) for those who may read it: told in words, filters in the address, newest first, the raw entry one
// click away, and the check of the whole chain.

import { useState, type FormEvent } from "react";
import { Link, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import type { ToldEntry } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { DayField } from "../shared/day_field";
import { texts as common } from "../shared/texts";
import "./journal.css";
import { texts } from "./texts";

const names = ["verb", "subject_kind", "subject_id", "actor_id", "since", "until"] as const;
const uuid = /^[0-9a-f-]{36}$/i;

function queryOf(address: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = address.get(name)?.trim();
    if (!value || (name.endsWith("_id") && !uuid.test(value))) continue;
    found[name] = name === "since" || name === "until" ? `${value.length === 16 ? `${value}:00` : value}+08:00` : value;
  }
  return found;
}

export default function Journal() {
  const t = useTexts(texts);
  const c = useTexts(common);
  const [address, setAddress] = useSearchParams();
  const before = address.get("before");
  const page = useAnswer("GET /api/v1/journal", { query: { ...queryOf(address), before, limit: 100 } }, { keep: true });
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft small">{t("about")}</p><div className="desk-filters"><Verify /></div></header>
      <Filters key={address.toString()} />
      {page.error ? <ErrorNotice error={page.error} onRetry={() => void page.refetch()} /> : null}
      {page.isPending && !page.error ? <Loading /> : null}
      {page.data && !page.data.entries.length ? <Empty title={t("empty")} /> : null}
      {page.data?.entries.length ? (
        <table className="rows">
          <thead><tr><th>{t("column.at")}</th><th>{t("column.who")}</th><th>{t("column.verb")}</th><th>{t("column.subject")}</th><th>{t("column.data")}</th></tr></thead>
          <tbody>{page.data.entries.map((entry) => <Entry key={entry.cursor} entry={entry} />)}</tbody>
        </table>
      ) : null}
      {page.data?.next ? (
        <button type="button" className="button second" onClick={() => setAddress((now) => (now.set("before", page.data?.next ?? ""), new URLSearchParams(now)))}>{c("more")}</button>
      ) : null}
    </section>
  );
}

function Filters() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const words = useAnswer("GET /api/v1/desk/journal-words", {}, { fresh: 600_000 });
  const [chosen, setChosen] = useState<Record<string, string>>(() => Object.fromEntries(names.map((name) => [name, address.get(name) ?? ""])));
  const put = (name: (typeof names)[number], value: string) => setChosen((now) => ({ ...now, [name]: value }));
  const find = (event: FormEvent) => {
    event.preventDefault();
    setAddress(new URLSearchParams(Object.entries(chosen).filter(([, value]) => value.trim())));
  };
  const choice = (name: "verb" | "subject_kind", label: string, options: readonly { code: string; zh: string; en: string }[]) => (
    <label className="filter">
      <span>{label}</span>
      <select value={chosen[name]} onChange={(event) => put(name, event.target.value)}>
        <option value="">{t("any")}</option>
        {options.map((one) => <option key={one.code} value={one.code}>{nameIn(one, language)}</option>)}
      </select>
    </label>
  );
  const sorted = [...(words.data?.verbs ?? [])].sort((one, other) => one.code.localeCompare(other.code));
  return (
    <form className="filters" role="search" onSubmit={find}>
      {choice("subject_kind", t("kind"), words.data?.kinds ?? [])}
      {choice("verb", t("verb"), sorted.filter((one) => !chosen.subject_kind || one.code.startsWith(`${chosen.subject_kind}.`)))}
      <span className="filter"><span>{t("since")}</span><DayField time label={t("since")} value={chosen.since ?? ""} onDay={(value) => put("since", value)} /></span>
      <span className="filter"><span>{t("until")}</span><DayField time label={t("until")} value={chosen.until ?? ""} onDay={(value) => put("until", value)} /></span>
      <label className="filter wide-filter"><span>{t("subject")}</span><input value={chosen.subject_id} maxLength={36} onChange={(event) => put("subject_id", event.target.value)} /></label>
      <label className="filter wide-filter"><span>{t("who")}</span><input value={chosen.actor_id} maxLength={36} onChange={(event) => put("actor_id", event.target.value)} /></label>
      <button className="button small">{t("find")}</button>
      {names.some((name) => address.has(name)) ? <button type="button" className="chip" onClick={() => setAddress({})}>{t("clear")}</button> : null}
    </form>
  );
}

function Entry({ entry }: { entry: ToldEntry }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address] = useSearchParams();
  const to = (name: string, value: string): string => {
    const after = new URLSearchParams(address);
    after.set(name, value);
    after.delete("before");
    return `?${after}`;
  };
  const number = entry.data.number;
  const kind = nameIn(entry.kind_words, language);
  const said = entry.said.filter((one) => one.name.zh !== "编号");
  return (
    <tr>
      <td className="number" title={exactTime(entry.at, language)}>{shortTime(entry.at, language)}</td>
      <td>{entry.actor_id ? <Link to={to("actor_id", entry.actor_id)}>{entry.actor_name}</Link> : entry.actor_name}</td>
      <td><Link to={to("verb", entry.verb)}>{nameIn(entry.verb_words, language)}</Link></td>
      <td>{entry.subject_id ? <Link to={to("subject_id", entry.subject_id)}>{kind} {typeof number === "string" ? number : ""}</Link> : kind}</td>
      <td>
        <dl className="journal-said">
          {said.map((one, place) => <div key={place}><dt>{nameIn(one.name, language)}</dt><dd>{one.at ? shortTime(one.at, language) : nameIn(one.value, language)}</dd></div>)}
        </dl>
        <details><summary className="soft small">{t("raw")}</summary><pre>{JSON.stringify({ verb: entry.verb, kind: entry.subject_kind, id: entry.subject_id, area: entry.area, data: entry.data }, null, 2)}</pre></details>
      </td>
    </tr>
  );
}

function Verify() {
  const t = useTexts(texts);
  const [state, setState] = useState<"idle" | "busy">("idle");
  const [said, setSaid] = useState("");
  const run = async () => {
    setState("busy");
    setSaid("");
    try {
      const found = await call("POST /api/v1/journal/verify");
      setSaid(found.whole ? t("verified", { n: found.links }) : t("broken", { why: found.reason }));
    } catch (error) {
      setSaid(messageOf(error));
    }
    setState("idle");
  };
  return (
    <>
      <button type="button" className="chip" disabled={state === "busy"} onClick={() => void run()}>{state === "busy" ? t("verifying") : t("verify")}</button>
      {said ? <span role="status" className="small">{said}</span> : null}
    </>
  );
}
