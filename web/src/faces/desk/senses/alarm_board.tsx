// The board of open alarms: how many of each severity and rule; each number leads to its rows.

import { useAnswer } from "../../../shared/api/queries";
import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./alarm_texts";
import { severities, Severity, type SeverityName } from "./severity";

interface Props {
  area: string;
  severity: string;
  rule: string;
  nameOfRule: (code: string) => string;
  onSeverity: (severity: SeverityName | "") => void;
  onRule: (rule: string) => void;
}

export function AlarmBoard({ area, severity, rule, nameOfRule, onSeverity, onRule }: Props) {
  const t = useTexts(texts);
  const { data } = useAnswer("GET /api/v1/alarms/board", { query: { area } }, { keep: true });
  if (!data) return null;
  const awake = data.counts.filter((one) => !one.shelved);
  const sum = (of: typeof data.counts) => of.reduce((all, one) => all + one.count, 0);
  const shelved = sum(data.counts.filter((one) => one.shelved));
  const rules = new Map<string, number>();
  for (const one of awake) rules.set(one.rule, (rules.get(one.rule) ?? 0) + one.count);
  return (
    <section aria-label={t("board")}>
      <ul className="alarm-board">
        {severities.map((one) => (
          <li key={one}>
            <button type="button" aria-pressed={severity === one} onClick={() => onSeverity(severity === one ? "" : one)}>
              <Severity of={one} />
              <b className="number">{sum(awake.filter((row) => row.severity === one))}</b>
            </button>
          </li>
        ))}
      </ul>
      <p className="alarm-by-rule small">
        <span className="soft">{t("board.total", { n: data.total })}{shelved ? ` · ${t("board.shelved", { n: shelved })}` : ""} · {t("board.rule")}</span>
        {[...rules].sort((one, other) => other[1] - one[1]).slice(0, 12).map(([code, count]) => (
          <button key={code} type="button" className="chip" aria-pressed={rule === code} onClick={() => onRule(rule === code ? "" : code)}>{nameOfRule(code)} <b className="number">{count}</b></button>
        ))}
      </p>
    </section>
  );
}
