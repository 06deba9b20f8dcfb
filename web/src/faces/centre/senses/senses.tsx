// The senses on the centre's map: alarms pulsing, devices by state and value, vehicles moving; a click leads to each. Which
// layers are shown stands in the address.

import type { Map as LibreMap, MapMouseEvent } from "maplibre-gl";
import { useEffect, useEffectEvent, useMemo } from "react";
import { Link, useNavigate } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { useTheme } from "../../../shared/ui/theme";
import { useAskEvery, useFresh } from "../../desk/senses/fresh";
import { useLiveVehicles } from "../../desk/senses/live_vehicles";
import { useLayers } from "../../desk/senses/map_layers";
import { useRuleNames } from "../../desk/senses/rule_names";
import { useSignals } from "../../desk/senses/signals";
import { useVehicleLayers, vehicleFeatures } from "../../desk/senses/vehicle_layers";
import { useAlarmMarks } from "./alarm_marks";
import { deviceFeatures, useDeviceLayers } from "./device_layers";
import { deviceTileLayers, useDeviceTiles } from "./device_tiles";
import "./senses.css";
import { texts } from "./texts";

const layers = ["alarms", "devices", "vehicles"] as const;
type Layer = (typeof layers)[number];
const nothing = [] as const;
const valuesEvery = 5000; // ms

interface Props {
  map: LibreMap | null;
  /** Names of the layers from the address; null: as at first. */
  shown: string | null;
  metric: string;
  onShown: (shown: string | null) => void;
  onMetric: (metric: string | null) => void;
}

export default function Senses({ map, shown, metric, onShown, onMetric }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const theme = useTheme();
  const navigate = useNavigate();
  const { may } = useSession();
  const signals = useSignals();
  const rules = useRuleNames();
  const offered: Record<Layer, boolean> = { alarms: may("alarm", "read"), devices: may("device", "read"), vehicles: may("device", "read") };
  const on = (shown ?? "alarms").split(",");
  const wants = (layer: Layer) => offered[layer] && on.includes(layer);
  const toggle = (layer: Layer) => {
    const after = layers.filter((one) => (one === layer ? !on.includes(one) : on.includes(one))).join(",");
    onShown(after === "alarms" ? null : after);
  };

  const alarms = useAnswer("GET /api/v1/alarms", { query: { state: "open", shelved: false, limit: 200 } }, { enabled: offered.alarms });
  useFresh(["GET /api/v1/alarms"], (entry) => entry.kind === "alarm");
  useAlarmMarks(
    map, wants("alarms") ? (alarms.data?.items ?? nothing) : nothing,
    (one) => t("alarm", { severity: nameIn(one.severity_names, language), name: nameIn(one.names, language) }),
    (id) => void navigate(`/desk/senses/alarms/${id}`),
  );

  const devices = useAnswer("GET /api/v1/devices", { query: { limit: 500 } }, { enabled: wants("devices"), fresh: 60_000 });
  const many = typeof devices.data?.next === "number"; // more than the list gives at once: drawn from tiles
  const latest = useAnswer("GET /api/v1/readings/latest", { query: { metric: [metric], limit: 20_000 } }, { enabled: wants("devices") && !many && metric !== "" && may("reading", "read"), fresh: 0 });
  useFresh(["GET /api/v1/devices"], (entry) => entry.verb === "device.went_online" || entry.verb === "device.went_offline" || entry.verb === "device.registered" || entry.verb === "device.adopted");
  useAskEvery("GET /api/v1/readings/latest", valuesEvery, wants("devices") && !many && metric !== "");
  const deviceDots = useMemo(
    () => (wants("devices") && !many ? deviceFeatures(devices.data?.items ?? [], metric ? latest.data : undefined, metric, (value) => signals.show(metric, value), (profile) => rules.limits(profile, metric)) : []),
    [devices.data, latest.data, metric, signals, rules, on.join()],
  );
  useLayers(map, "devices", deviceDots, useDeviceLayers(theme));
  const shownValue = useMemo(() => ({ metric: metric ? signals.metric(metric) : undefined, profiles: signals.profiles, limits: (profile: string) => rules.limits(profile, metric) }), [signals, rules, metric]);
  useDeviceTiles(map, wants("devices") && many, theme, shownValue);

  const vehicles = useLiveVehicles({ map, enabled: wants("vehicles") });
  const vehicleDots = useMemo(() => (wants("vehicles") ? vehicleFeatures(vehicles ?? [], (one) => one.plate ?? nameIn(one, language)) : []), [vehicles, language, on.join()]);
  useLayers(map, "vehicles", vehicleDots, useVehicleLayers(theme, "vehicles"));

  const clicked = useEffectEvent((event: MapMouseEvent) => {
    if (!map?.getLayer("devices-dots") || !map.getLayer("vehicles-dots")) return;
    const tiles = deviceTileLayers.filter((layer) => map.getLayer(layer));
    const [hit] = map.queryRenderedFeatures(event.point, { layers: ["vehicles-dots", "devices-dots", ...tiles] });
    if (!hit) return;
    const code: unknown = hit.properties.code ?? hit.properties.id;
    if (typeof code === "string") void navigate(hit.layer.id === "vehicles-dots" ? `/desk/senses/vehicles/${code}` : `/desk/senses/devices/code/${code}`);
    else if (hit.geometry.type === "Point") map.easeTo({ center: hit.geometry.coordinates as [number, number], zoom: Math.min(map.getZoom() + 2, 17) });
  });
  useEffect(() => {
    if (!map) return;
    const listen = (event: MapMouseEvent) => clicked(event);
    map.on("click", listen);
    return () => void map.off("click", listen);
  }, [map]);

  const some = layers.filter((layer) => offered[layer]);
  if (!some.length) return null;
  const open = alarms.data?.items.length ?? 0;
  const measured = new Set((devices.data?.items ?? []).flatMap((one) => signals.profile(one.profile)?.measures.map((measure) => measure.metric) ?? []));
  return (
    <span className="centre-senses" role="group" aria-label={t("senses")}>
      {some.map((layer) => (
        <label key={layer}><input type="checkbox" checked={wants(layer)} onChange={() => toggle(layer)} /> {t(`layer.${layer}`)}</label>
      ))}
      {open ? <Link className="centre-alarm" to="/desk/senses/alarms">{t("count", { n: alarms.data?.next ? `${open}+` : open })}</Link> : null}
      {wants("devices") ? (
        <label>{t("metric")}{" "}
          <select value={metric} onChange={(event) => onMetric(event.target.value || null)}>
            <option value="">{t("metric.none")}</option>
            {signals.metrics.filter((one) => measured.has(one.code)).map((one) => <option key={one.code} value={one.code}>{nameIn(one.names, language)}{signals.unit(one.code) ? ` (${signals.unit(one.code)})` : ""}</option>)}
          </select>
        </label>
      ) : null}
    </span>
  );
}
