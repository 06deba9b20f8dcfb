// The journal (日志) for those who may read it: filters in the address, newest first, and the check of the whole chain.

import { useState, type FormEvent } from "react";
import { Link, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import type { JournalEntry } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { texts as common } from "../shared/texts";
import "./journal.css";
import { texts } from "./texts";

const names = ["verb", "subject_kind", "subject_id", "actor_id", "since", "until"] as const;
const labels = { verb: "verb", subject_kind: "kind", subject_id: "subject", actor_id: "who", since: "since", until: "until" } as const;
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
  const find = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "");
    setAddress(new URLSearchParams(given));
  };
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft small">{t("about")}</p><div className="desk-filters"><Verify /></div></header>
      <form className="filters" role="search" onSubmit={find} key={address.toString()}>
        {names.map((name) => (
          <label key={name} className="filter wide-filter"><span>{t(labels[name])}</span><input name={name} type={name === "since" || name === "until" ? "datetime-local" : "text"} defaultValue={address.get(name) ?? ""} maxLength={60} /></label>
        ))}
        <button className="button small">{t("find")}</button>
      </form>
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

function Entry({ entry }: { entry: JournalEntry }) {
  const language = useLanguage();
  const [address] = useSearchParams();
  const to = (name: string, value: string): string => {
    const after = new URLSearchParams(address);
    after.set(name, value);
    after.delete("before");
    return `?${after}`;
  };
  const number = entry.data.number;
  return (
    <tr>
      <td className="number" title={exactTime(entry.at, language)}>{shortTime(entry.at, language)}</td>
      <td>{entry.actor_id ? <Link to={to("actor_id", entry.actor_id)}>{entry.actor_name}</Link> : entry.actor_name}</td>
      <td><Link to={to("verb", entry.verb)}><code>{entry.verb}</code></Link></td>
      <td>{entry.subject_id ? <Link to={to("subject_id", entry.subject_id)}>{entry.subject_kind} {typeof number === "string" ? number : entry.subject_id.slice(0, 8)}</Link> : entry.subject_kind}</td>
      <td><details><summary className="journal-data">{JSON.stringify(entry.data)}</summary><pre>{JSON.stringify(entry.data, null, 2)}</pre></details></td>
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
