// Two records side by side: what differs is marked, each attribute says what it counted; merge, different, later.

import { useState } from "react";
import { Link } from "react-router";
import { call, type Answer } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { useKeys } from "../../../shared/ui/keys";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useMay } from "../records/records";
import { labelOf, wordsOf, type ThingType } from "../records/values";
import { outdated, type Decided, type Listed } from "./resolution";
import { texts } from "./texts";

type Pair = Answer<"GET /api/v1/duplicates/pairs/{id}">;
type Side = "low" | "high";
const sides: readonly Side[] = ["low", "high"];

interface Props {
  pair: Listed;
  onDecided: (decided: Decided) => void;
}

export function Beside({ pair, onDecided }: Props) {
  const type = useAnswer("GET /api/v1/types/{type}", { path: { type: pair.type } }, { fresh: 300_000 });
  const found = useAnswer("GET /api/v1/duplicates/pairs/{id}", { path: { id: pair.id } });
  const error = found.error ?? type.error;
  if (error) return <ErrorNotice error={error} onRetry={() => void found.refetch()} />;
  return found.data && type.data ? <Shown type={type.data} pair={found.data} onDecided={onDecided} /> : <Loading />;
}

function Shown({ type, pair, onDecided }: { type: ThingType; pair: Pair; onDecided: Props["onDecided"] }) {
  const t = useTexts(texts);
  const may = useMay(type.id);
  const [plain, setPlain] = useState<Pair | null>(null);
  const [asking, setAsking] = useState(false);
  const [keep, setKeep] = useState<Side>("low");
  const [ticks, setTicks] = useState<Record<string, boolean>>({});
  const [note, setNote] = useState("");
  const change = useChange("POST /api/v1/duplicates/pairs/{id}/decision", outdated);
  const going: Side = keep === "low" ? "high" : "low";
  const shown = plain ?? pair;
  // What only the record that goes tells is taken over, unless somebody unticks it; where both tell, what stays is what stands.
  const takes = (name: string) => ticks[name] ?? pair.agreement[name] === going;
  const offered = (name: string) => may("record") && (pair.agreement[name] === going || pair.agreement[name] === "different");
  const decide = (decision: Decided["decision"]) => {
    const take = Object.keys(pair.agreement).filter((name) => offered(name) && takes(name));
    const body = decision === "merge" ? { decision, keep: pair[keep].id, take, seen: [pair.low.fact, pair.high.fact], note } : { decision, note };
    // A promise, not a callback of mutate: the pair leaves the queue, and this with it, before a callback would be called.
    change.mutateAsync({ path: { id: pair.id }, body }).then((done) => onDecided({ pair: pair.id, decision, merge: done.merge }), () => undefined);
  };
  useKeys({ m: () => decide("merge"), d: () => decide("different"), l: () => decide("later"), "1": () => (setKeep("low"), setTicks({})), "2": () => (setKeep("high"), setTicks({})) }, !change.isPending && !asking);
  return (
    <section className="card" aria-labelledby="twin-title">
      <h2 id="twin-title">{t("compare")} <span className={`tag ${pair.level === "same" ? "red" : "yellow"}`}>{t(`level.${pair.level}`)}</span> <small className="soft">{t("score.of", { score: pair.score, same: pair.same, review: pair.review })}</small></h2>
      {plain ? <p className="record-past" role="status">{t("unmask.done")}</p> : null}
      <table className="rows twin-records">
        <thead>
          <tr>
            <th scope="col">{t("attribute")}</th>
            {sides.map((side) => <Head key={side} type={type} pair={shown} side={side} keep={keep} onKeep={() => (setKeep(side), setTicks({}))} />)}
            <th scope="col">{t("points")}</th>
          </tr>
        </thead>
        <tbody>
          {Object.keys(pair.agreement).map((name) => (
            <Line key={name} type={type} pair={shown} name={name} going={going} take={offered(name) ? takes(name) : null} onTake={(on) => setTicks({ ...ticks, [name]: on })} />
          ))}
        </tbody>
      </table>
      {change.error ? <p role="alert" className="notice-error">{messageOf(change.error)}</p> : null}
      {asking ? <Unmask id={pair.id} onPlain={(found) => (setPlain(found), setAsking(false))} onCancel={() => setAsking(false)} /> : null}
      <div className="twin-do">
        <button type="button" className="button" disabled={change.isPending} onClick={() => decide("merge")}>{t("merge")} <kbd>m</kbd></button>
        <button type="button" className="button second" disabled={change.isPending} onClick={() => decide("different")}>{t("different")} <kbd>d</kbd></button>
        <button type="button" className="button second" disabled={change.isPending} onClick={() => decide("later")}>{t("later")} <kbd>l</kbd></button>
        <label className="filter"><span>{t("note")}</span><input value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} /></label>
        {may("unmask") && !plain && !asking ? <button type="button" className="chip" onClick={() => setAsking(true)}>{t("unmask")}</button> : null}
      </div>
    </section>
  );
}

function Head({ type, pair, side, keep, onKeep }: { type: ThingType; pair: Pair; side: Side; keep: Side; onKeep: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const fact = pair[side];
  return (
    <th scope="col">
      <Link to={`/desk/records/${type.id}/${fact.id}`}>{fact.title || fact.id.slice(-6)}</Link>
      <div className="soft small">{t(side === "low" ? "older" : "newer")} · {t("recorded", { at: shortTime(fact.recorded_from, language), by: fact.recorded_by })}</div>
      <label><input type="radio" name="twin-keep" checked={keep === side} onChange={onKeep} /> {t("keep")} <kbd>{side === "low" ? "1" : "2"}</kbd></label>
    </th>
  );
}

interface LineProps {
  type: ThingType;
  pair: Pair;
  name: string;
  going: Side;
  /** Whether it is taken over; null where that is not offered. */
  take: boolean | null;
  onTake: (on: boolean) => void;
}

function Line({ type, pair, name, going, take, onTake }: LineProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const agreement = pair.agreement[name] ?? "same";
  const reason = pair.reasons.find((one) => one.attribute === name);
  const label = labelOf(type, name, language);
  return (
    <tr className={agreement}>
      <th scope="row">{label}</th>
      {sides.map((side) => (
        <td key={side}>
          {wordsOf(type.attributes[name], pair[side].attributes[name], language)}
          {side === going && take !== null ? <label className="take"><input type="checkbox" checked={take} aria-label={`${t("take")} ${label}`} onChange={(event) => onTake(event.target.checked)} />{t("take")}</label> : null}
        </td>
      ))}
      <td>
        <b>{t(`agree.${agreement}`)}</b>
        {reason ? (
          <span title={t("alike", { how: t(`how.${reason.how}`), percent: Math.round(reason.similarity * 100) })} className={`twin-points number ${reason.points < 0 ? "minus" : "plus"}`}> {reason.points > 0 ? "+" : ""}{reason.points}{reason.similarity > 0 && reason.similarity < 1 ? ` · ${t("alike", { how: t(`how.${reason.how}`), percent: Math.round(reason.similarity * 100) })}` : ""}</span>
        ) : null}
      </td>
    </tr>
  );
}

function Unmask({ id, onPlain, onCancel }: { id: string; onPlain: (found: Pair) => void; onCancel: () => void }) {
  const t = useTexts(texts);
  const [purpose, setPurpose] = useState("");
  const [said, setSaid] = useState("");
  const ask = async () => {
    try {
      onPlain(await call("POST /api/v1/duplicates/pairs/{id}/unmasked", { path: { id }, body: { purpose } }));
    } catch (error) {
      setSaid(messageOf(error));
    }
  };
  return (
    <form className="row-line" onSubmit={(event) => (event.preventDefault(), void ask())}>
      <label className="field"><span>{t("unmask.why")}</span><input value={purpose} maxLength={200} required minLength={4} autoFocus onChange={(event) => setPurpose(event.target.value)} /></label>
      <button className="button small">{t("unmask")}</button>
      <button type="button" className="button second small" onClick={onCancel}>{t("cancel")}</button>
      {said ? <p role="alert">{said}</p> : null}
    </form>
  );
}
