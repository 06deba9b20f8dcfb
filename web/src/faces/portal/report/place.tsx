// Where it is: "I am here", a place on the map, a named place, or where the photo was taken. Whatever cannot be had says
// which way remains.

import { useEffect, useId, useState } from "react";
import { Problem } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { city } from "../../../shared/city";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts, type Pair } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { NoPosition, whereAmI } from "../../../shared/place/here";
import type { Draft, DraftPlace } from "./draft";
import { nearCity } from "./sending";
import { texts } from "./texts";
import { useLater } from "./later";

interface Props {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  needed: boolean;
  /** Sending was tried without a place. */
  missing: boolean;
}

export function PlaceField({ draft, change, needed, missing }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState<Pair | null>(null);
  const [mapShown, setMapShown] = useState(false);
  const ids = useId();
  const { place } = draft;
  const choose = (chosen: DraftPlace | null, address?: string) => {
    setTrouble(null);
    change({ place: chosen, ...(address === undefined ? {} : { address }) });
  };

  const here = async () => {
    setAsking(true);
    setTrouble(null);
    try {
      const found = await whereAmI();
      choose({ ...found, from: "here" });
      if (found.accuracy > 100) setMapShown(true);
    } catch (error) {
      if (!(error instanceof NoPosition)) throw error;
      setTrouble(error.words);
      setMapShown(true);
    } finally {
      setAsking(false);
    }
  };
  const shot = draft.photos.map((photo) => photo.shot).find((one) => one.lon !== null && one.lat !== null);
  const photoPlace = shot && shot.lon !== null && shot.lat !== null && nearCity({ lon: shot.lon, lat: shot.lat }) ? { lon: shot.lon, lat: shot.lat } : null;

  return (
    <fieldset className="card stack report-place" aria-describedby={missing ? `${ids}-missing` : undefined}>
      <legend>{t("where")} {needed ? null : <span className="soft small">{t("where.optional")}</span>}</legend>
      <div className="row report-ways">
        <button type="button" className="button" onClick={() => void here()} disabled={asking}>{asking ? t("where.asking") : t("where.here")}</button>
        <button type="button" className="button second" aria-expanded={mapShown} onClick={() => setMapShown(!mapShown)}>{t(mapShown ? "where.map.hide" : "where.map")}</button>
        {photoPlace && place?.from !== "photo" ? <button type="button" className="button second" onClick={() => choose({ ...photoPlace, from: "photo" })}>{t("where.photo")}</button> : null}
      </div>
      {trouble ? <p className="notice-warn" role="alert">{language === "zh" ? trouble[0] : trouble[1]}</p> : null}
      {mapShown ? (
        <CityMap
          label={t("where.map.label")} height={300}
          markers={place ? [{ id: "place", look: "place", lon: place.lon, lat: place.lat }] : []}
          focus={place ? { lon: place.lon, lat: place.lat, zoom: 16 } : null}
          onPick={(picked) => choose({ ...picked, from: "map" })}
        />
      ) : null}
      {place ? <Chosen place={place} onClear={() => choose(null)} /> : null}
      {missing && !place ? <p id={`${ids}-missing`} className="notice-error" role="alert">{t("where.needed")}</p> : null}
      <AddressField draft={draft} change={change} choose={choose} />
    </fieldset>
  );
}

/** The chosen place in words, so that a person can see whether it is right. */
function Chosen({ place, onClear }: { place: DraftPlace; onClear: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const located = useAnswer("GET /api/v1/locate", { query: { lon: place.lon, lat: place.lat } }, { fresh: 600_000 });
  if (located.error instanceof Problem) {
    return (
      <div className="notice-error" role="alert">
        {t("where.outside", { city: nameIn(city.names, language) })}{" "}
        <button type="button" className="button second" onClick={onClear}>{t("where.clear")}</button>
      </div>
    );
  }
  const near = language === "zh" ? located.data?.near_zh : located.data?.near_en || located.data?.near_zh;
  const words = near ?? `${place.lon.toFixed(5)}, ${place.lat.toFixed(5)}`;
  return (
    <div className="notice-good report-chosen" role="status">
      <span>
        {t("where.at", { place: words })}
        {place.accuracy ? <small> · {t("where.accuracy", { metres: Math.max(5, Math.round(place.accuracy)) })}</small> : null}
        {place.accuracy && place.accuracy > 100 ? <><br /><small>{t("where.rough")}</small></> : null}
      </span>
      <button type="button" className="button plain" onClick={onClear}>{t("where.clear")}</button>
    </div>
  );
}

interface AddressProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  choose: (place: DraftPlace, address: string) => void;
}

/** Words for the place, with named places while typing. */
function AddressField({ draft, change, choose }: AddressProps) {
  const t = useTexts(texts);
  const ids = useId();
  const [typed, setTyped] = useState("");
  const wanted = useLater(typed.trim(), 300);
  const found = useAnswer("GET /api/v1/places", { query: { q: wanted, limit: 6 } }, { enabled: wanted.length >= 2, keep: true });
  const shown = wanted.length >= 2 && typed ? (found.data ?? []) : [];
  useEffect(() => {
    if (!draft.address) setTyped("");
  }, [draft.address]);
  return (
    <div className="field">
      <label htmlFor={`${ids}-address`}>{t("where.address")}</label>
      <input
        id={`${ids}-address`} className="input" value={draft.address} maxLength={300} autoComplete="off" placeholder={t("where.address.example")}
        onChange={(event) => {
          setTyped(event.target.value);
          change({ address: event.target.value });
        }}
      />
      {shown.length ? (
        <ul className="report-places" aria-label={t("where.found")}>
          {shown.map((one) => (
            <li key={one.id}>
              <button
                type="button"
                onClick={() => {
                  setTyped("");
                  choose({ lon: one.longitude, lat: one.latitude, from: "address" }, one.name);
                }}
              >
                {one.name}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
