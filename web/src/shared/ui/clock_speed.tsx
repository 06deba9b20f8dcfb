// How fast the day of a demo city passes; everybody may change it there.

import { call } from "../api/client";
import { city } from "../city";
import { useTexts } from "../i18n/texts";
import { clockSpeed, isSimulated, setCityClock, useCityNow } from "../time/clock";
import { texts } from "./texts";

const SPEEDS = [0, 1, 60, 600];

export function ClockSpeed() {
  useCityNow();
  const t = useTexts(texts);
  if (!city.demo || !isSimulated()) return null;
  const speed = clockSpeed();
  const choose = async (wanted: number): Promise<void> => {
    setCityClock(await call("PUT /api/v1/clock", { body: { speed: wanted }, quiet: true }));
  };
  return (
    <select
      className="clock-speed wide-only"
      aria-label={t("clock.speed")}
      title={t("clock.speed")}
      value={speed}
      onChange={(event) => void choose(Number(event.target.value)).catch(() => undefined)}
    >
      {(SPEEDS.includes(speed) ? SPEEDS : [...SPEEDS, speed]).map((one) => (
        <option key={one} value={one}>{one === 0 ? t("clock.stopped") : `×${one}`}</option>
      ))}
    </select>
  );
}
