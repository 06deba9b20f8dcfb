// Trying a rule on the past: "would have fired 14 times", on which devices, when, how far; with progress, and it can be left.

import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { RuleDeclaration, TrialAnswer } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { cityNow, exactTime, shortTime } from "../../../shared/time/clock";
import { rehearse, type Progress } from "./rehearsing";
import { texts } from "./rule_texts";
import { clean } from "./rule_words";
import { severities, Severity } from "./severity";
import { useSignals } from "./signals";

const spans = [1, 7, 30, 90] as const;

export function Trial({ rule }: { rule: RuleDeclaration }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { show } = useSignals();
  const [days, setDays] = useState<number>(30);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [result, setResult] = useState<TrialAnswer | null>(null);
  const [refusal, setRefusal] = useState("");
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const start = async () => {
    const mine = new AbortController();
    running.current = mine;
    setRefusal("");
    setResult(null);
    setProgress({ progress: 0, readings: 0, fired: 0 });
    const until = cityNow();
    try {
      setResult(await rehearse({ declaration: clean(rule), since: new Date(until - days * 86_400_000).toISOString(), until: new Date(until).toISOString() }, setProgress, mine.signal));
    } catch (error) {
      if (!mine.signal.aborted) setRefusal(messageOf(error));
    } finally {
      setProgress(null);
    }
  };
  const time = (at: string) => <time dateTime={at} title={exactTime(at, language)}>{shortTime(at, language)}</time>;
  return (
    <section className="card" aria-labelledby="rule-trial">
      <h2 id="rule-trial">{t("try")}</h2>
      <p className="soft small">{t("try.about")}</p>
      <p className="row-line">
        <label>{t("try.days")} <select value={days} onChange={(event) => setDays(Number(event.target.value))}>{spans.map((one) => <option key={one} value={one}>{t("try.days.n", { n: one })}</option>)}</select></label>
        {progress ? <button type="button" className="button second small" onClick={() => running.current?.abort()}>{t("try.stop")}</button> : <button type="button" className="button small" onClick={() => void start()}>{t("try.do")}</button>}
      </p>
      {progress ? <p role="status"><progress value={progress.progress} max={1} aria-label={t("try")} /> {t("try.progress", { readings: progress.readings, fired: progress.fired })}</p> : null}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      {result ? (
        <div role="status">
          <p><b>{nameIn(result, language)}</b> <small className="soft">{t("try.readings", { readings: result.readings })}</small></p>
          {result.complete ? null : <p className="notice-error">{t("try.incomplete")}</p>}
          {result.firings.length ? (
            <ol className="plain-list trial-list" aria-label={t("try")}>
              {result.firings.map((one) => {
                const severity = severities.find((name) => name === one.severity);
                return (
                  <li key={`${one.device} ${one.raised}`}>
                    {severity ? <Severity of={severity} /> : null} <Link to={`/desk/senses/devices/code/${one.device}`}>{nameIn(one, language)}</Link>
                    <small className="soft">{t("try.raised")} {time(one.raised)} · {one.to ? <>{t("try.to")} {time(one.to)}</> : t("try.open")}{one.peak === null ? null : <> · {t("try.peak")} {show(rule.when.metric ?? null, one.peak)}</>}</small>
                  </li>
                );
              })}
            </ol>
          ) : null}
        </div>
      ) : null}
    </section>
  );
}
