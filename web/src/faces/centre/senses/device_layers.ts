// Devices on the map: by state and, where a metric is chosen, with its last value; red where a rule's limit is passed.

import type { Feature } from "geojson";
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import { useMemo } from "react";
import type { DeviceView, LatestAnswer } from "../../../shared/api/description";
import { colours, fonts } from "../../../shared/map/style";
import type { Theme } from "../../../shared/ui/theme";
import type { Limit } from "../../desk/senses/rule_names";

export function useDeviceLayers(theme: Theme): LayerSpecification[] {
  return useMemo(() => {
    const c = colours[theme];
    const colour: ExpressionSpecification = ["match", ["get", "look"], "over", c.red, "online", c.green, c.grey];
    return [
      { id: "devices-dots", type: "circle", source: "devices", paint: { "circle-color": ["match", ["get", "look"], "offline", c.halo, colour], "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 3.5, 15, 7], "circle-stroke-color": colour, "circle-stroke-width": 2 } },
      { id: "devices-values", type: "symbol", source: "devices", layout: { "text-field": ["get", "value"], "text-font": fonts, "text-size": 12, "text-offset": [0, -1.3] }, paint: { "text-color": ["match", ["get", "look"], "over", c.red, c.text], "text-halo-color": c.halo, "text-halo-width": 1.8 } },
    ];
  }, [theme]);
}

export function deviceFeatures(
  devices: readonly DeviceView[], latest: LatestAnswer | undefined, metric: string, show: (value: number) => string, limits: (profile: string) => Limit[],
): Feature[] {
  const values = new Map<string, number>();
  latest?.device.forEach((code, place) => {
    const value = latest.value[place];
    if (latest.metric[place] === metric && value !== undefined) values.set(code, value);
  });
  return devices.flatMap((one): Feature[] => {
    if (!one.at) return [];
    const value = values.get(one.code);
    if (metric && value === undefined && one.state.online) return [];
    const over = value !== undefined && limits(one.profile).some((limit) => (limit.side === "above" ? value > limit.value : value < limit.value));
    const look = !one.state.online ? "offline" : over ? "over" : "online";
    return [{ type: "Feature", properties: { code: one.code, look, value: value === undefined ? "" : show(value) }, geometry: { type: "Point", coordinates: one.at } }];
  });
}
