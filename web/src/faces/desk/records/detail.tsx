// One record: what is true of it by groups, what it belongs to, and its history.

import { useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { MergedInto, Merges } from "../resolution/merges";
import { useNaming } from "../shared/words";
import { EditRecord } from "./editing";
import { Authority } from "./authority";
import { History } from "./history";
import { Moments, Past } from "./list";
import { useMay } from "./records";
import { Relations } from "./relations";
import { texts } from "./texts";
import { groupsOf, labelOf, momentsOf, wordsOf, type Thing, type ThingType } from "./values";

const reads = ["GET /api/v1/things/{type}", "GET /api/v1/things/{type}/{id}", "GET /api/v1/things/{type}/{id}/history", "GET /api/v1/things/{type}/{id}/relations"] as const;

/** The record as it was when somebody began to edit it; what others record meanwhile does not touch the form. */
interface Editing {
  /** As shown: with personal values where those were asked for. */
  thing: Thing;
  /** As everybody sees it. */
  masked: Thing;
  plain: boolean;
  correcting: boolean;
}

export function RecordDetail({ type }: { type: ThingType }) {
  const { id = "" } = useParams();
  const [address, setAddress] = useSearchParams();
  const asked = momentsOf(address);
  const found = useAnswer("GET /api/v1/things/{type}/{id}", { path: { type: type.id, id }, query: asked });
  const set = (name: string, value: string) => setAddress((before) => (value ? before.set(name, value) : before.delete(name), new URLSearchParams(before)), { replace: true });
  if (found.error) {
    return (
      <section className="desk-screen">
        <div className="filters"><Moments address={address} set={set} /></div>
        <Past address={address} clear={() => setAddress({})} />
        <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />
        <MergedInto type={type.id} error={found.error} />
      </section>
    );
  }
  return found.data ? <Shown key={id} type={type} thing={found.data} address={address} set={set} clear={() => setAddress({})} /> : <Loading />;
}

interface Props {
  type: ThingType;
  thing: Thing;
  address: URLSearchParams;
  set: (name: string, value: string) => void;
  clear: () => void;
}

function Shown({ type, thing, address, set, clear }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const may = useMay(type.id);
  const navigate = useNavigate();
  const [editing, setEditing] = useState<Editing | null>(null);
  const [plain, setPlain] = useState<Thing | null>(null);
  const [asking, setAsking] = useState(false);
  const past = address.has("valid_at") || address.has("known_at");
  const end = useChange("POST /api/v1/things/{type}/{id}/end", reads);
  const shown = plain ?? thing;
  const personal = Object.values(type.attributes).some((one) => one.personal);
  const place = middleOf(thing.geometry);
  const edit = (correcting: boolean) => setEditing(editing?.correcting === correcting ? null : { thing: shown, masked: thing, plain: plain !== null, correcting });
  const finish = () => {
    const reason = prompt(t("end.sure"))?.trim();
    if (reason) end.mutate({ path: { type: type.id, id: thing.id }, body: { reason } }, { onSuccess: () => void navigate(`/desk/records/${type.id}`) });
  };
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{shown.title || nameIn(type.names, language)}</h1>
        <p className="soft"><Link to={`/desk/records/${type.id}`}>{nameIn(type.names, language)}</Link></p>
        <div className="desk-filters">
          {type.dossier && !past ? <Link className="chip" to={`/desk/dossiers/${type.id}/${thing.id}`}>{t("dossier")}</Link> : null}
          {personal && may("unmask") && !plain && !past ? <button type="button" className="chip" onClick={() => setAsking(true)}>{t("unmask")}</button> : null}
          {may("record") && !past ? (
            <>
              <button type="button" className="chip" aria-pressed={editing?.correcting === false} onClick={() => edit(false)}>{t("change")}</button>
              <button type="button" className="chip" aria-pressed={editing?.correcting === true} onClick={() => edit(true)}>{t("correct")}</button>
              <button type="button" className="chip" disabled={end.isPending} onClick={finish}>{t("end")}</button>
            </>
          ) : null}
        </div>
      </header>
      <div className="filters"><Moments address={address} set={set} /></div>
      <Past address={address} clear={clear} />
      {end.error ? <ErrorNotice error={end.error} /> : null}
      {asking ? <Unmask type={type} thing={thing} onPlain={(found) => (setPlain(found), setAsking(false))} onCancel={() => setAsking(false)} /> : null}
      {plain ? <p className="record-past" role="status">{t("unmask.done")}</p> : null}
      {editing ? <EditRecord type={type} {...editing} now={thing} onDone={() => (setEditing(null), setPlain(null))} /> : null}
      <div className="record-grid">
        <div>
          {thing.authority ? <Authority type={type} thing={thing} may={may("approve") && !past} /> : null}
          <Facts type={type} thing={shown} masked={!plain} />
          <History type={type} id={thing.id} />
        </div>
        <div>
          <Relations type={type} id={thing.id} asked={momentsOf(address)} editable={may("record") && !past} />
          {past ? null : <Merges type={type.id} id={thing.id} editable={may("merge")} />}
          {place ? (
            <section className="card">
              <h2>{t("place")}</h2>
              <CityMap label={t("place")} height={260} markers={[{ id: "here", lon: place[0], lat: place[1], look: "place", title: shown.title }]} focus={{ lon: place[0], lat: place[1], zoom: 15 }} />
            </section>
          ) : null}
        </div>
      </div>
    </section>
  );
}

function Facts({ type, thing, masked }: { type: ThingType; thing: Thing; masked: boolean }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const open = thing.valid_until === null;
  return (
    <section className="card" aria-labelledby="record-facts">
      <h2 id="record-facts">{t("facts")}</h2>
      {groupsOf(type).map((group) => (
        <dl key={group.join()} className="record-facts">
          {group.map((name) => (
            <div key={name}>
              <dt>{labelOf(type, name, language)}</dt>
              <dd className={masked && type.attributes[name]?.personal && thing.attributes[name] ? "masked" : ""}>{wordsOf(type.attributes[name], thing.attributes[name], language)}</dd>
            </div>
          ))}
        </dl>
      ))}
      <p className="soft small">
        {t("area.of")} {naming.area(thing.area) || "–"} · {t("valid")} {thing.valid_from ? shortTime(thing.valid_from, language) : t("always")} – {open ? t("open.end") : shortTime(thing.valid_until, language)} · {t("recorded")} {shortTime(thing.recorded_from, language)} · {thing.recorded_by}
        {thing.source ? ` · ${t("source.row", { row: thing.source_row ?? "–" })}` : ""}
        {thing.reason ? ` · ${t("reason")}: ${thing.reason}` : ""}
      </p>
    </section>
  );
}

function Unmask({ type, thing, onPlain, onCancel }: { type: ThingType; thing: Thing; onPlain: (found: Thing) => void; onCancel: () => void }) {
  const t = useTexts(texts);
  const [purpose, setPurpose] = useState("");
  const [said, setSaid] = useState("");
  const ask = async () => {
    try {
      onPlain(await call("POST /api/v1/things/{type}/{id}/unmasked", { path: { type: type.id, id: thing.id }, body: { purpose } }));
    } catch (error) {
      setSaid(messageOf(error));
    }
  };
  return (
    <form className="card row-line" onSubmit={(event) => (event.preventDefault(), void ask())}>
      <label className="field"><span>{t("unmask.why")}</span><input value={purpose} maxLength={200} required minLength={4} autoFocus onChange={(event) => setPurpose(event.target.value)} /></label>
      <button className="button small">{t("unmask")}</button>
      <button type="button" className="button second small" onClick={onCancel}>{t("cancel")}</button>
      {said ? <p role="alert">{said}</p> : null}
    </form>
  );
}

/** A place to look at: the point itself, or the middle of the first ring or line. */
export function middleOf(geometry: Thing["geometry"]): [number, number] | null {
  if (!geometry) return null;
  const points: [number, number][] = [];
  const walk = (found: unknown): void => {
    if (!Array.isArray(found)) return;
    if (typeof found[0] === "number" && typeof found[1] === "number") points.push([found[0], found[1]]);
    else for (const one of found) walk(one);
  };
  walk(geometry.coordinates);
  if (!points.length) return null;
  const sum = points.reduce((so, one) => [so[0] + one[0], so[1] + one[1]] as [number, number], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}
