// What people do with alarms, one or many at once: acknowledge, put aside until a time, take off the shelf, close with a reason.

import { useEffect, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { call, type Answer } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { cityNow } from "../../../shared/time/clock";
import { texts } from "./alarm_texts";

export const alarmVerbs = ["acknowledge", "shelve", "unshelve", "close"] as const;
export type AlarmVerb = (typeof alarmVerbs)[number];
type Done = Answer<"POST /api/v1/alarms/close">;
const shelfHours = [1, 4, 12, 24, 72, 168] as const;

interface Props {
  ids: readonly string[];
  nameOf: (id: string) => string;
  /** Which verbs to offer; all that one may without it. */
  offered?: readonly string[] | undefined;
  /** A verb that a key has chosen. */
  wanted?: AlarmVerb | null;
  onWanted?: (verb: AlarmVerb | null) => void;
  onDone: () => void;
  children?: React.ReactNode;
}

async function act(verb: AlarmVerb, ids: string[], words: string, hours: number): Promise<Done> {
  if (verb === "acknowledge") return call("POST /api/v1/alarms/acknowledge", { body: { ids, note: words } });
  if (verb === "close") return call("POST /api/v1/alarms/close", { body: { ids, reason: words } });
  if (verb === "unshelve") return call("POST /api/v1/alarms/unshelve", { body: { ids } });
  return call("POST /api/v1/alarms/shelve", { body: { ids, reason: words, until: new Date(cityNow() + hours * 3_600_000).toISOString() } });
}

export function AlarmVerbs({ ids, nameOf, offered, wanted = null, onWanted, onDone, children }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const client = useQueryClient();
  const { may } = useSession();
  const [own, setOwn] = useState<AlarmVerb | null>(null);
  const [words, setWords] = useState("");
  const [hours, setHours] = useState<number>(4);
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<Done | null>(null);
  const [refusal, setRefusal] = useState("");
  const asking = wanted ?? own;
  const ask = (verb: AlarmVerb | null) => {
    setOwn(verb);
    onWanted?.(verb);
    setRefusal("");
  };
  useEffect(() => setWords(""), [asking]);
  const verbs = alarmVerbs.filter((verb) => (offered ? offered.includes(verb) : may("alarm", verb === "unshelve" ? "shelve" : verb)));
  const run = async (verb: AlarmVerb) => {
    setBusy(true);
    try {
      setTold(await act(verb, [...ids], words, hours));
      ask(null);
      await client.invalidateQueries();
      onDone();
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  if (!ids.length && !told) return null;
  const valid = asking !== null && verbs.includes(asking);
  return (
    <section className="bulk" aria-live="polite">
      {ids.length ? (
        <div className="bulk-row">
          {children}
          {verbs.map((verb) => (
            <button key={verb} type="button" className={`button second small${asking === verb ? " active" : ""}`} disabled={busy} onClick={() => (verb === "unshelve" ? void run(verb) : ask(verb))}>{t(verb)}</button>
          ))}
        </div>
      ) : null}
      {asking && valid && ids.length ? (
        <form className="bulk-row" onSubmit={(event) => (event.preventDefault(), void run(asking))} onKeyDown={(event) => event.key === "Escape" && ask(null)}>
          {asking === "shelve" ? (
            <label>{t("shelve.hours")}{" "}
              <select value={hours} onChange={(event) => setHours(Number(event.target.value))}>
                {shelfHours.map((one) => <option key={one} value={one}>{one < 24 ? t("hours", { n: one }) : t("days", { n: one / 24 })}</option>)}
              </select>
            </label>
          ) : null}
          <label>{asking === "acknowledge" ? t("note.optional") : t("reason")}{" "}
            <input autoFocus value={words} maxLength={1000} required={asking !== "acknowledge"} onChange={(event) => setWords(event.target.value)} />
          </label>
          <button className={asking === "close" ? "button danger small" : "button small"} disabled={busy}>{t(asking)} · {t("do")}</button>
          <button type="button" className="link" onClick={() => ask(null)}>{t("cancel")}</button>
        </form>
      ) : null}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      {told ? (
        <div role="status">
          <p>{t("done", { n: told.done.length })}{told.refused.length ? ` · ${t("refused", { n: told.refused.length })}` : ""}</p>
          {told.refused.length ? <ul>{told.refused.map((one) => <li key={one.id}><b>{nameOf(one.id)}</b> {nameIn(one, language)}</li>)}</ul> : null}
        </div>
      ) : null}
    </section>
  );
}
