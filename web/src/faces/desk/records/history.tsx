// All that was ever believed of a record, and what two of those versions say differently.

import { useState } from "react";
import { Link } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { texts } from "./texts";
import { labelOf, placeOf, wordsOf, type Thing, type ThingType } from "./values";

export function History({ type, id }: { type: ThingType; id: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/things/{type}/{id}/history", { path: { type: type.id, id } });
  const lineage = useAnswer("GET /api/v1/exchange/lineage/{type}/{thing_id}", { path: { type: type.id, thing_id: id } });
  const origins = new Map(lineage.data?.items.map((one) => [one.fact, one]));
  const origin = (fact: string) => {
    const one = origins.get(fact);
    return one?.name ? <small className="soft" title={one.at ? exactTime(one.at, language) : undefined}>{t("origin", { name: one.name, row: one.row ?? "–", day: one.at ? shortTime(one.at, language) : "" })}</small> : null;
  };
  const [chosen, setChosen] = useState<[string, string] | null>(null);
  const facts = found.data?.items ?? [];
  const [left, right] = chosen ?? [facts[1]?.fact ?? "", facts[0]?.fact ?? ""];
  const one = facts.find((fact) => fact.fact === left);
  const other = facts.find((fact) => fact.fact === right);
  const period = (fact: Thing) => `${fact.valid_from ? shortTime(fact.valid_from, language) : t("always")} – ${fact.valid_until ? shortTime(fact.valid_until, language) : t("open.end")}`;
  /** What we believed and when, as a sentence. */
  const believed = (fact: Thing) => {
    const [from, until, known, gone] = [fact.valid_from, fact.valid_until, fact.recorded_from, fact.recorded_until].map((at) => (at ? shortTime(at, language) : ""));
    const words = from && until ? t("period.whole", { from, until }) : from ? t("period.open", { from }) : until ? t("period.until", { until }) : t("period.always");
    return gone ? t("believed.then", { known: known ?? "", until: gone, period: words }) : t("believed.now", { known: known ?? "", period: words });
  };
  /** The record as it was known when this was recorded, at a moment that it speaks of. */
  const then = (fact: Thing) => {
    const valid = fact.valid_from ?? (fact.valid_until ? new Date(Date.parse(fact.valid_until) - 60_000).toISOString() : null);
    return `?${new URLSearchParams({ ...(valid ? { valid_at: placeOf(valid) } : {}), known_at: placeOf(fact.recorded_from) })}`;
  };
  return (
    <section className="card" aria-labelledby="record-history">
      <h2 id="record-history">{t("history")}</h2>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      <table className="rows">
        <thead><tr>{facts.length > 1 ? <th>{t("compare")}</th> : null}<th>{t("valid")}</th><th>{t("recorded")}</th><th>{t("by")}</th><th>{t("reason")}</th></tr></thead>
        <tbody>
          {facts.map((fact) => (
            <tr key={fact.fact}>
              {facts.length > 1 ? (
                <td className="rows-check">
                  <input type="radio" name="history-left" aria-label={t("compare.first")} checked={left === fact.fact} onChange={() => setChosen([fact.fact, right])} />
                  <input type="radio" name="history-right" aria-label={t("compare.second")} checked={right === fact.fact} onChange={() => setChosen([left, fact.fact])} />
                </td>
              ) : null}
              <td><span title={exactTime(fact.valid_from, language)}>{period(fact)}</span><small className="soft">{believed(fact)} <Link to={then(fact)}>{t("believed.look")}</Link></small></td>
              <td title={exactTime(fact.recorded_from, language)}>{shortTime(fact.recorded_from, language)} {fact.recorded_until ? <Tag look="grey">{t("superseded")}</Tag> : <Tag look="green">{t("believed")}</Tag>}</td>
              <td>{fact.recorded_by} {origin(fact.fact)}</td>
              <td>{fact.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {one && other && one !== other ? <Differences type={type} one={one} other={other} heads={[period(one), period(other)]} /> : null}
    </section>
  );
}

function Differences({ type, one, other, heads }: { type: ThingType; one: Thing; other: Thing; heads: [string, string] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const names = [...new Set([...Object.keys(one.attributes), ...Object.keys(other.attributes)])].filter((name) => JSON.stringify(one.attributes[name]) !== JSON.stringify(other.attributes[name]));
  const moved = JSON.stringify(one.geometry) !== JSON.stringify(other.geometry);
  if (!names.length && !moved) return <p className="soft">{t("same")}</p>;
  return (
    <table className="rows" aria-label={t("differences")}>
      <thead><tr><th>{t("conflict.field")}</th><th>{heads[0]}</th><th>{heads[1]}</th></tr></thead>
      <tbody>
        {names.map((name) => (
          <tr key={name} className="record-differs"><th scope="row">{labelOf(type, name, language)}</th><td>{wordsOf(type.attributes[name], one.attributes[name], language)}</td><td>{wordsOf(type.attributes[name], other.attributes[name], language)}</td></tr>
        ))}
        {moved ? <tr className="record-differs"><th scope="row">{t("place")}</th><td>{placeWords(one)}</td><td>{placeWords(other)}</td></tr> : null}
      </tbody>
    </table>
  );
}

const placeWords = (thing: Thing): string => (thing.geometry ? JSON.stringify(thing.geometry.coordinates).slice(0, 60) : "–");
