// The last value of each metric of a device, with the limits of the rules and the marks in words; a click shows its curve.

import { useMemo } from "react";
import type { DeviceView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { ErrorNotice } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { useAskEvery } from "./fresh";
import { isInvalid, useQuality } from "./quality";
import type { Limit } from "./rule_names";
import { Ago } from "./severity";
import { useSignals } from "./signals";
import { texts } from "./texts";

const operation = "GET /api/v1/readings/latest";

interface Props {
  device: DeviceView;
  limitsOf: (metric: string) => Limit[];
  chosen: string | undefined;
  onChoose: (metric: string) => void;
}

export function Latest({ device, limitsOf, chosen, onChoose }: Props) {
  const t = useTexts(texts);
  const { may } = useSession();
  const { named, show } = useSignals();
  const quality = useQuality();
  const reads = may("reading", "read");
  const found = useAnswer(operation, { query: { after: device.id - 1, profile: [device.profile], limit: 200 } }, { enabled: reads && !device.retired_at, fresh: 0 });
  useAskEvery(operation, 4000, reads && !device.retired_at);
  const rows = useMemo(() => {
    const data = found.data;
    return (data?.metric ?? []).flatMap((metric, place) =>
      data?.device[place] === device.code ? [{ metric, at: data.at[place] ?? 0, value: data.value[place] ?? 0, quality: data.quality[place] ?? 0 }] : [],
    );
  }, [found.data, device.code]);
  if (!reads) return null;
  return (
    <section className="card" aria-labelledby="device-latest">
      <h2 id="device-latest">{t("latest")}</h2>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {found.data && !rows.length ? <p className="soft">{t("latest.none")}</p> : null}
      {rows.length ? (
        <table className="rows">
          <thead><tr><th>{t("latest.metric")}</th><th>{t("latest.value")}</th><th>{t("latest.limits")}</th><th>{t("latest.quality")}</th><th>{t("latest.at")}</th></tr></thead>
          <tbody>
            {rows.map((row) => {
              const limits = limitsOf(row.metric);
              const over = limits.some((limit) => (limit.side === "above" ? row.value > limit.value : row.value < limit.value));
              return (
                <tr key={row.metric} className={`${over && !isInvalid(row.quality) ? "red" : ""}${row.metric === chosen ? " at" : ""}`}>
                  <td><button type="button" className="link" aria-pressed={row.metric === chosen} onClick={() => onChoose(row.metric)}>{named(row.metric)}</button></td>
                  <td className="number"><b>{show(row.metric, row.value)}</b></td>
                  <td className="small">{limits.map((limit) => <span key={`${limit.rule} ${limit.side}`}>{limit.side === "above" ? t("limit.above", { value: limit.value }) : t("limit.below", { value: limit.value })} </span>)}</td>
                  <td>{row.quality ? quality(row.quality).map((name) => <Tag key={name} look={isInvalid(row.quality) ? "red" : "yellow"}>{name}</Tag>) : <span className="soft">{t("quality.good")}</span>}</td>
                  <td><Ago at={new Date(row.at).toISOString()} /></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}
