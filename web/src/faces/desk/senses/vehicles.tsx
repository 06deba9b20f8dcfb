// Vehicles (车辆): where each is now, on a map that moves by itself, and as a list; each leads to its track.

import type { Map as LibreMap, MapMouseEvent } from "maplibre-gl";
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useTheme } from "../../../shared/ui/theme";
import { fenceFeatures, useFenceLayers } from "./fence_layers";
import { useLiveVehicles } from "./live_vehicles";
import { useLayers } from "./map_layers";
import { Ago } from "./severity";
import { moving, useVehicleLayers, vehicleFeatures } from "./vehicle_layers";
import { texts } from "./vehicle_texts";

const operation = "GET /api/v1/vehicles";

export function Vehicles() {
  const t = useTexts(texts);
  const language = useLanguage();
  const theme = useTheme();
  const navigate = useNavigate();
  const [address, setAddress] = useSearchParams();
  const [map, setMap] = useState<LibreMap | null>(null);
  const [focus, setFocus] = useState<{ lon: number; lat: number; zoom: number } | null>(null);
  const [text, online] = [address.get("text") ?? "", address.get("online") === "1"];
  const put = (name: string, value: string) => setAddress((before) => {
    const after = new URLSearchParams(before);
    if (value) after.set(name, value);
    else after.delete(name);
    return after;
  }, { replace: true });
  const found = useAnswer(operation, { query: { limit: 5000 } }, { fresh: 0 });
  const live = useLiveVehicles({});
  const items = live ?? found.data?.items;
  const fences = useAnswer("GET /api/v1/fences", { query: { limit: 500 } }, { fresh: 60_000 });
  const all = items ?? [];
  const rows = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return (items ?? []).filter((one) => (!online || one.online) && (!wanted || `${one.vehicle} ${one.plate ?? ""} ${one.zh} ${one.en}`.toLowerCase().includes(wanted)));
  }, [items, text, online]);
  useLayers(map, "fences", useMemo(() => fenceFeatures(fences.data?.items ?? [], (one) => nameIn(one, language), null), [fences.data, language]), useFenceLayers(theme, "fences"));
  useLayers(map, "vehicles", useMemo(() => vehicleFeatures(rows, (one) => one.plate ?? nameIn(one, language)), [rows, language]), useVehicleLayers(theme, "vehicles"));
  const clicked = useEffectEvent((event: MapMouseEvent) => {
    if (!map?.getLayer("vehicles-dots")) return;
    const [hit] = map.queryRenderedFeatures(event.point, { layers: ["vehicles-dots"] });
    if (hit) void navigate(`/desk/senses/vehicles/${String(hit.properties.code)}`);
  });
  useEffect(() => {
    if (!map) return;
    const listen = (event: MapMouseEvent) => clicked(event);
    map.on("click", listen);
    return () => void map.off("click", listen);
  }, [map]);
  return (
    <>
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft number">{t("count", { n: all.length, online: all.filter((one) => one.online).length, moving: all.filter(moving).length })}</p></header>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      <div className="senses-columns">
        <CityMap label={t("map")} height={620} onReady={setMap} focus={focus} />
        <section className="card">
          <div className="form-row">
            <label className="filter"><span>{t("find")}</span><input value={text} onChange={(event) => put("text", event.target.value)} /></label>
            <label className="row-line"><input type="checkbox" checked={online} onChange={(event) => put("online", event.target.checked ? "1" : "")} /> {t("only.online")}</label>
          </div>
          {found.isPending ? <Loading /> : null}
          {found.data && !all.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
          <ul className="plain-list vehicle-list" tabIndex={rows.length > 8 ? 0 : undefined}>
            {rows.map((one) => (
              <li key={one.id}>
                <Link to={`/desk/senses/vehicles/${one.vehicle}`}><b>{one.plate ?? one.vehicle}</b></Link> {nameIn(one, language)}
                <span className={`online-mark ${one.online ? "on" : "off"}`}><i aria-hidden="true" /> {moving(one) ? t("speed", { n: one.speed }) : t("standing")}</span>
                <small className="soft"><Ago at={one.at} /> <button type="button" className="link" aria-label={t("marker", { name: one.plate ?? one.vehicle, speed: one.speed })} onClick={() => setFocus({ lon: one.lon, lat: one.lat, zoom: 15 })}>◎</button></small>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </>
  );
}
