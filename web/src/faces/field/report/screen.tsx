// Reporting from the spot: a photo, a kind, sent. The position comes by itself; everything goes through the queue, so that it
// makes no difference whether there is a network.

import { useMemo, useState } from "react";
import { Link } from "react-router";
import { call } from "../../../shared/api/client";
import type { CaseTypeItem, ChannelWords } from "../../../shared/api/description";
import { givenFields, type Fields } from "../../../shared/forms/conditions";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { PhotoPicker } from "../../../shared/photos/picker";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Asked, lackingFields } from "../asked";
import { momentNow } from "../clock";
import { useKept } from "../kept";
import { shotHere, usePosition, type Position } from "../position";
import { enqueue, useQueue } from "../queue/queue";
import type { Worker } from "../who";
import { useFieldDraft, type FieldDraft } from "./draft";
import { KindField, noteKind } from "./kinds";
import { texts } from "./texts";

export interface Way {
  type: string;
  channel: string;
  names: { zh: string; en: string };
  needs: readonly string[];
  /** The declared fields that its form asks for. */
  asked: Fields;
}

type Own = Pick<ChannelWords, "type" | "key">;

/** What is given on the spot: channels that need more belong to the desk. */
const GIVEN_HERE = new Set(["photo", "place", "class", "text"]);

/** The ways of reporting on the spot that are this worker's, of all kinds of case; the first of a kind goes by the kind's name. */
function waysOf(types: readonly CaseTypeItem[], own: readonly Own[]): Way[] {
  const found = types.flatMap((type) =>
    Object.entries(type.channels)
      .filter(([channel]) => own.some((one) => one.type === type.id && one.key === channel))
      .map(([channel, names]) => ({ channel, names, needs: type.needs[channel] ?? [] }))
      .filter(({ needs }) => needs.includes("place") && needs.every((need) => GIVEN_HERE.has(need)))
      .map((way, nth) => ({
        ...way, type: type.id, names: nth ? way.names : type.names,
        asked: Object.fromEntries((type.asks[way.channel] ?? []).flatMap((name) => (type.fields[name] ? [[name, type.fields[name]]] : []))),
      })),
  );
  const typing = (way: Way) => (way.needs.includes("text") ? 1 : 0);
  return found.sort((one, other) => typing(one) - typing(other)); // what needs no words first: a photo and two taps
}

export default function ReportScreen({ worker }: { worker: Worker }) {
  const t = useTexts(texts);
  const types = useKept("case-types", () => call("GET /api/v1/case-types", { quiet: true }), { fresh: 600_000 });
  const own = useKept(`channels/${worker.account}`, async (): Promise<Own[]> => (await call("GET /api/v1/desk/words", { quiet: true })).channels.map(({ type, key }) => ({ type, key })), { fresh: 600_000 });
  const ways = useMemo(() => waysOf(types.data?.answer ?? [], own.data?.answer ?? []), [types.data, own.data]);
  const [sent, setSent] = useState<string | null>(null);
  if (sent) return <Sent id={sent} onAnother={() => setSent(null)} />;
  const error = types.error ?? own.error;
  if (error) return <ErrorNotice error={error} onRetry={() => void Promise.all([types.refetch(), own.refetch()])} />;
  if (!types.data || !own.data) return <Loading />;
  if (!ways.length) return <Empty title={t("none")} />;
  return <Form worker={worker} ways={ways} onSent={setSent} />;
}

function Form({ worker, ways, onSent }: { worker: Worker; ways: Way[]; onSent: (id: string) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { draft, change, clear } = useFieldDraft(worker.account);
  const position = usePosition({ now: true });
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [unkept, setUnkept] = useState(false);
  const way = (ways.find((one) => one.type === draft.type && one.channel === draft.channel) ?? ways[0]) as Way;
  const place = draft.place ?? position.here;
  const missing = way.needs.filter((need) =>
    need === "photo" ? !draft.photos.length : need === "place" ? !place : need === "class" ? !draft.classCode : need === "text" ? draft.text.trim().length < 4 : false,
  );
  const lacking = lackingFields(way.asked, draft.fields);

  const submit = async () => {
    setTried(true);
    if (missing.length || lacking.length) return;
    setBusy(true);
    try {
      const id = await enqueue({
        kind: "report", account: worker.account, title: [draft.className, draft.text.trim()].filter(Boolean).join(" · ").slice(0, 80),
        at: momentNow(), photos: draft.photos, photoKind: "report",
        report: {
          type: way.type, channel: way.channel, text: draft.text.trim(), occurred_at: momentNow(),
          ...(draft.classCode ? { class_code: draft.classCode } : {}),
          ...(Object.keys(way.asked).length ? { fields: givenFields(way.asked, draft.fields) } : {}),
          ...(place ? { lon: round(place.lon), lat: round(place.lat), crs: draft.place ? "EPSG:4490" : "EPSG:4326" } : {}),
        },
      });
      if (draft.classCode) noteKind({ type: way.type, code: draft.classCode });
      await clear();
      onSent(id);
    } catch {
      setUnkept(true);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="stack">
      <h1>{t("title")}</h1>
      {ways.length > 1 ? (
        <div className="field-switch" role="group" aria-label={t("type")}>
          {ways.map((one) => (
            <button
              key={`${one.type}/${one.channel}`} type="button" aria-pressed={one === way}
              onClick={() => change({ type: one.type, channel: one.channel, ...(one.type === way.type ? {} : { classCode: "", className: "", fields: {} }) })}
            >
              {nameIn(one.names, language)}
            </button>
          ))}
        </div>
      ) : null}
      <PhotoPicker photos={draft.photos} told shotNow={shotHere} camera most={8} label={t("photos")} onBusy={setBusy} onChange={(photos) => change({ photos })} />
      <KindField way={way} draft={draft} change={change} />
      <PlacePart draft={draft} change={change} position={position} />
      <div className="field">
        <label htmlFor="field-words">{t("words")}</label>
        <textarea id="field-words" className="input" value={draft.text} maxLength={4000} onChange={(event) => change({ text: event.target.value })} />
      </div>
      {Object.keys(way.asked).length ? <Asked key={`${way.type}/${way.channel}`} fields={way.asked} values={draft.fields} onValues={(fields) => change({ fields })} /> : null}
      {unkept ? <p className="notice-error" role="alert">{t("unkept")}</p> : null}
      <div className="field-send">
        {tried && (missing.length || lacking.length) ? (
          <p className="notice-error" role="alert">{t("missing", { what: [...missing.map((need) => t(wordOf(need))), ...lacking.map((name) => nameIn(way.asked[name]?.names, language))].join(language === "zh" ? "、" : ", ") })}</p>
        ) : null}
        <button type="button" className="button big" disabled={busy} onClick={() => void submit()}>{t("send")}</button>
      </div>
    </div>
  );
}

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;
const wordOf = (need: string) => (need === "photo" ? "need.photo" : need === "place" ? "need.place" : need === "class" ? "need.class" : "need.text");

interface PlaceProps {
  draft: FieldDraft;
  change: (part: Partial<FieldDraft>) => void;
  position: Position;
}

function PlacePart({ draft, change, position }: PlaceProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [map, setMap] = useState(false);
  const { here } = position;
  const place = draft.place ?? here;
  return (
    <section className="field-card stack" aria-label={t("position")}>
      {draft.place ? <p className="field-good">{t("map.at")}</p>
        : here ? <p className={here.accuracy > 100 ? "field-warn" : "field-good"}>{t("at", { lon: here.lon.toFixed(5), lat: here.lat.toFixed(5), metres: Math.max(5, Math.round(here.accuracy)) })}</p>
          : position.trouble ? <p className="field-warn" role="alert">{language === "zh" ? position.trouble[0] : position.trouble[1]}</p>
            : <p role="status">{t("asking")}</p>}
      <div className="row">
        <button type="button" className="button second" disabled={position.asking} onClick={() => { change({ place: null }); position.ask(); }}>{t(position.asking ? "asking" : "again")}</button>
        <button type="button" className="button second" aria-expanded={map} onClick={() => setMap(!map)}>{t(map ? "map.hide" : "map")}</button>
      </div>
      {map ? (
        <CityMap
          label={t("map.label")} height={300} focus={place ? { lon: place.lon, lat: place.lat, zoom: 16 } : null}
          markers={place ? [{ id: "place", look: "place", lon: place.lon, lat: place.lat }] : []} onPick={(picked) => change({ place: picked })}
        />
      ) : null}
    </section>
  );
}

function Sent({ id, onAnother }: { id: string; onAnother: () => void }) {
  const t = useTexts(texts);
  const { items, held } = useQueue();
  const item = items.find((one) => one.id === id);
  const number = item?.kind === "report" ? item.receipt?.number : undefined;
  return (
    <section className="field-card stack" aria-live="polite">
      <h1>{t("done")} ✓</h1>
      {number ? <p className="field-good number">{t("done.number", { number })}</p>
        : item?.state === "refused" ? <p className="notice-error">{t("done.refused")}</p>
          : <p className="field-warn">{t(item?.state === "sending" && !held ? "done.sending" : "done.waiting")}</p>}
      <button type="button" className="button big" onClick={onAnother}>{t("another")}</button>
      <Link className="button second" to="/field">{t("today")}</Link>
    </section>
  );
}
