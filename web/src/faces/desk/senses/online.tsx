// Whether a device is online, since when: by word and shape.

import type { DeviceView } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { agoWords, exactTime, useCityNow } from "../../../shared/time/clock";
import { texts } from "./texts";

export function Online({ device, since = true }: { device: DeviceView; since?: boolean }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const now = useCityNow();
  if (device.retired_at) return <span className="online-mark off" title={exactTime(device.retired_at, language)}><i aria-hidden="true" />{t("state.retired")}</span>;
  const { online, changed_at: at, last_seen: seen } = device.state;
  return (
    <span className={`online-mark ${online ? "on" : "off"}`} title={exactTime(at, language)}>
      <i aria-hidden="true" />{online ? t("state.online") : t("state.offline")}
      {since ? <small className="soft">{at && seen ? t("state.since", { ago: agoWords(at, now, language) }) : t("state.never")}</small> : null}
    </span>
  );
}
