// Recording, changing and correcting: a form from the type's schema. Faults stand at their fields in the server's words. Personal
// values that one sees masked stay as recorded unless a new one is typed. When another changes the record meanwhile, it is told
// while one still types, and nothing of either is lost (./conflict).

import { useEffect, useRef, useState, type FormEvent } from "react";
import { useNavigate } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "../../../shared/api/client";
import { messageOf, Problem } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { shortTime } from "../../../shared/time/clock";
import { DayField } from "../shared/day_field";
import { Conflict, meeting, type Meeting } from "./conflict";
import { RecordField } from "./field";
import { texts } from "./texts";
import { groupsOf, labelOf, momentOf, wordsOf, type Thing, type ThingType, type Value } from "./values";

export function NewRecord({ type }: { type: ThingType }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("new")} · {nameIn(type.names, language)}</h1></header>
      <RecordForm type={type} thing={null} seen={null} newer={null} kept={new Set()} correcting={false} onDone={() => history.back()} />
    </section>
  );
}

const lookEvery = 15_000; // ms

interface EditProps {
  type: ThingType;
  /** As it was when the edit began; with its personal values where `plain`. */
  thing: Thing;
  masked: Thing;
  /** As it stands. */
  now: Thing;
  plain: boolean;
  correcting: boolean;
  onDone: () => void;
}

export function EditRecord({ type, thing, masked, now, plain, correcting, onDone }: EditProps) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const hidden = Object.entries(type.attributes).filter(([name, one]) => one.personal && !plain && name in thing.attributes);
  useEffect(() => {
    const timer = window.setInterval(() => void client.invalidateQueries({ queryKey: ["GET /api/v1/things/{type}/{id}"] }), lookEvery);
    return () => clearInterval(timer);
  }, [client]);
  return (
    <section className="card">
      <h2>{correcting ? t("correct") : t("change")}</h2>
      <p className="soft">{correcting ? t("correct.about") : t("change.about")}</p>
      <RecordForm key={`${thing.fact}${String(correcting)}${String(plain)}`} type={type} thing={thing} seen={masked} newer={now.fact === thing.fact ? null : now} kept={new Set(hidden.map(([name]) => name))} correcting={correcting} onDone={onDone} />
    </section>
  );
}

type Values = Record<string, Value>;

interface FormProps {
  type: ThingType;
  thing: Thing | null;
  /** The same as everybody sees it. */
  seen: Thing | null;
  /** What another recorded since. */
  newer: Thing | null;
  kept: ReadonlySet<string>;
  correcting: boolean;
  onDone: () => void;
}

function RecordForm({ type, thing, seen, newer, kept: hidden, correcting, onDone }: FormProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [kept, setKept] = useState(hidden);
  const [values, setValues] = useState<Values>(() => (thing ? Object.fromEntries(Object.entries(thing.attributes).filter(([name]) => !hidden.has(name))) : {}));
  const [geometry, setGeometry] = useState<string>(thing?.geometry ? JSON.stringify(thing.geometry) : "");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [said, setSaid] = useState("");
  const [met, setMet] = useState<Meeting | null>(null);
  const touched = useRef(new Set<string>());
  const [busy, setBusy] = useState(false);

  /** Another was faster: what only they changed is taken over, what both changed is for the person to decide. */
  const meet = (theirs: Thing, words: string) => {
    const found = meeting(type, met?.theirs ?? seen ?? theirs, theirs, words, (name) => touched.current.has(name) || kept.has(name));
    setMet(found);
    setValues((before) => ({ ...before, ...Object.fromEntries(found.taken.map((name) => [name, theirs.attributes[name] ?? null])) }));
    if (found.moved === "taken") setGeometry(theirs.geometry ? JSON.stringify(theirs.geometry) : "");
    void client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith("GET /api/v1/things/{type}/{id}") });
  };
  const save = async (expected: string | null) => {
    setBusy(true);
    setFaults({});
    setSaid("");
    try {
      const shape: unknown = geometry.trim() ? JSON.parse(geometry) : null;
      const body = {
        attributes: Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== null && value !== "" && !type.attributes[name]?.calculated)),
        keep: [...kept],
        geometry: shape as Thing["geometry"],
        valid_from: momentOf(from) ?? (correcting ? (thing?.valid_from ?? null) : null),
        valid_until: momentOf(until) ?? (correcting ? (thing?.valid_until ?? null) : null),
        reason,
        expected,
      };
      const made = thing
        ? await call("PUT /api/v1/things/{type}/{id}", { path: { type: type.id, id: thing.id }, body })
        : await call("POST /api/v1/things/{type}", { path: { type: type.id }, body });
      await client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith("GET /api/v1/things/") });
      if (thing) onDone();
      else void navigate(`/desk/records/${type.id}/${made.id}`, { replace: true });
    } catch (error) {
      if (error instanceof SyntaxError) setFaults({ geometry: t("place.wrong") });
      else if (error instanceof Problem && error.code === "thing.changed_meanwhile" && thing) {
        const theirs = await call("GET /api/v1/things/{type}/{id}", { path: { type: type.id, id: thing.id } });
        meet(theirs, t("conflict", { who: theirs.recorded_by }));
      } else {
        if (error instanceof Problem) setFaults(Object.fromEntries(error.errors.map((one) => [one.where.split("/")[1] ?? "", language === "zh" ? one.zh : one.en])));
        setSaid(messageOf(error));
      }
    } finally {
      setBusy(false);
    }
  };
  const set = (name: string, value: Value) => {
    touched.current.add(name);
    setValues((before) => ({ ...before, [name]: value }));
  };
  const shape = (value: string) => {
    touched.current.add("geometry");
    setGeometry(value);
  };
  const waiting = newer && newer.fact !== met?.theirs.fact ? newer : null;
  const keep = (name: string, wanted: boolean) => {
    setKept((before) => {
      const after = new Set(before);
      if (wanted) after.add(name);
      else after.delete(name);
      return after;
    });
    if (wanted) set(name, null);
  };
  return (
    <form className="record-form" noValidate onSubmit={(event: FormEvent) => (event.preventDefault(), void save(met?.theirs.fact ?? thing?.fact ?? null))}>
      {waiting ? <p className="record-past" role="status">{t("meanwhile", { who: waiting.recorded_by, when: shortTime(waiting.recorded_from, language) })} <button type="button" className="chip" onClick={() => meet(waiting, t("conflict", { who: waiting.recorded_by }))}>{t("meanwhile.look")}</button></p> : null}
      {groupsOf(type).map((group) => (
        <fieldset key={group.join()} className="fields-grid">
          {group.map((name) =>
            type.attributes[name]?.calculated ? (
              <div key={name} className="field"><span className="label">{labelOf(type, name, language)} <span className="hint">{t("calculated")}</span></span><span className="soft">{wordsOf(type.attributes[name], thing?.attributes[name], language) || "–"}</span></div>
            ) : kept.has(name) ? (
              <div key={name} className="field"><span className="label">{labelOf(type, name, language)}</span><span className="soft">{t("kept", { value: wordsOf(type.attributes[name], thing?.attributes[name], language) })} <button type="button" className="link" onClick={() => keep(name, false)}>{t("kept.change")}</button></span></div>
            ) : (
              <div key={name}>
                <RecordField name={name} attribute={type.attributes[name]} value={values[name] ?? null} fault={faults[name]} onChange={set} />
                {hidden.has(name) ? <button type="button" className="link" onClick={() => keep(name, true)}>{t("kept.keep")}</button> : null}
              </div>
            ),
          )}
        </fieldset>
      ))}
      {type.geometry === "none" ? null : <PlaceField kind={type.geometry} value={geometry} fault={faults.geometry} onChange={shape} />}
      <div className="fields-grid">
        <span className="filter"><span>{t("from")}</span><DayField label={t("from")} time value={from} onDay={setFrom} /></span>
        <span className="filter"><span>{t("until")}</span><DayField label={t("until")} time value={until} onDay={setUntil} /></span>
        <label className="filter"><span>{t("reason")}</span><input value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} /></label>
      </div>
      {said ? <p className="field-fault" role="alert">{said}</p> : null}
      {met ? <Conflict type={type} met={met} mine={values} onTake={(name) => setValues((before) => ({ ...before, [name]: met.theirs.attributes[name] ?? null }))} onPlace={() => setGeometry(met.theirs.geometry ? JSON.stringify(met.theirs.geometry) : "")} /> : null}
      <p className="row-line">
        <button className="button" disabled={busy}>{met ? t("conflict.go") : t("save")}</button>
        <button type="button" className="button second" onClick={onDone}>{t("cancel")}</button>
      </p>
    </form>
  );
}

function PlaceField({ kind, value, fault, onChange }: { kind: string; value: string; fault: string | undefined; onChange: (value: string) => void }) {
  const t = useTexts(texts);
  const place = pointOf(value);
  const pick = kind === "point" || kind === "any";
  return (
    <div className={fault ? "field field-bad" : "field"}>
      <span className="label">{pick ? t("place.pick") : t("place")} <span className="hint">{t("optional")}</span></span>
      {pick ? <CityMap label={t("place.pick")} height={280} markers={place ? [{ id: "place", lon: place[0], lat: place[1], look: "place" }] : []} onPick={({ lon, lat }) => onChange(JSON.stringify({ type: "Point", coordinates: [lon, lat] }))} /> : null}
      {place ? <span className="soft">{t("place.given", { lon: place[0], lat: place[1] })}</span> : null}
      <label><span className="hint">{t("place.geojson")}</span><textarea value={value} rows={2} onChange={(event) => onChange(event.target.value)} /></label>
      {fault ? <p className="field-fault">{fault}</p> : null}
    </div>
  );
}

function pointOf(text: string): [number, number] | null {
  try {
    const found = JSON.parse(text) as { type?: string; coordinates?: unknown } | null;
    const [lon, lat] = Array.isArray(found?.coordinates) ? (found.coordinates as unknown[]) : [];
    return found?.type === "Point" && typeof lon === "number" && typeof lat === "number" ? [lon, lat] : null;
  } catch {
    return null; // it is being typed
  }
}
