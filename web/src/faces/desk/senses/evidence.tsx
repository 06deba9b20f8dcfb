// What speaks for a case that an alarm has opened: the alarm as it stands, the curve, devices nearby. Shown on the case page.

import { Link } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts, type Names } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { texts } from "./alarm_texts";
import { EvidenceCurve } from "./evidence_curve";
import { useFresh } from "./fresh";
import "./senses.css";
import { AlarmTags, Severity, severities, type SeverityName } from "./severity";

interface Kept {
  alarm: string;
  names: Names;
  severity: string;
  raised_at: string;
  limit: number | null;
  device: ({ code: string } & Names) | null;
  curves: { metric: string; unit: string; points: [at: string, value: number][] }[];
  near: { code: string; names: Names; metres: number }[];
}

const isKept = (value: unknown): value is Kept =>
  typeof value === "object" && value !== null && "alarm" in value && "curves" in value && Array.isArray(value.curves) && "near" in value && Array.isArray(value.near);

/** The evidence that stands in the fields of a case; nothing where there is none. */
export default function Evidence({ caseId, evidence }: { caseId: string; evidence: unknown }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const reads = may("alarm", "read");
  const alarms = useAnswer("GET /api/v1/alarms", { query: { case: caseId, state: "all", limit: 20 } }, { enabled: reads });
  useFresh(["GET /api/v1/alarms"], (entry) => entry.kind === "alarm");
  if (!isKept(evidence)) return null;
  const alarm = alarms.data?.items.find((one) => one.id === evidence.alarm);
  const severity: SeverityName | undefined = alarm?.severity ?? severities.find((one) => one === evidence.severity);
  return (
    <section className="card senses" aria-labelledby="case-evidence">
      <h2 id="case-evidence">{t("evidence")}</h2>
      <p className="row-line">
        {severity ? <Severity of={severity} /> : null}
        {reads ? <Link to={`/desk/senses/alarms/${evidence.alarm}`}>{nameIn(evidence.names, language)}</Link> : <b>{nameIn(evidence.names, language)}</b>}
        {evidence.device ? may("device", "read") ? <Link to={`/desk/senses/devices/code/${evidence.device.code}`}>{nameIn(evidence.device, language)}</Link> : nameIn(evidence.device, language) : null}
        {alarm ? <AlarmTags alarm={alarm} /> : null}
      </p>
      {evidence.curves.map((curve, place) => (
        <EvidenceCurve key={curve.metric} metric={curve.metric} points={curve.points.map(([at, value]) => ({ at, value }))} limit={place === 0 ? evidence.limit : null} at={evidence.raised_at} />
      ))}
      {evidence.curves.length ? null : <p className="soft">{t("curve.none")}</p>}
      {evidence.near.length ? (
        <p className="small"><b>{t("evidence.near")}</b>{" "}
          {evidence.near.map((one) => <span key={one.code} className="chip">{nameIn(one.names, language)} <span className="soft">{t("evidence.metres", { n: one.metres })}</span></span>)}
        </p>
      ) : null}
    </section>
  );
}
