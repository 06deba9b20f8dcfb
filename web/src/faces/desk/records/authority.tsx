// A place in a list with second approval (二人核准): why, until when, who asked; another person approves or refuses.

import { useState } from "react";
import { useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { Tag } from "../shared/case_line";
import { ReasonDialog } from "../shared/reason_dialog";
import { texts } from "./texts";
import type { Thing, ThingType } from "./values";

const outdated = ["GET /api/v1/things/{type}", "GET /api/v1/things/{type}/{id}", "GET /api/v1/things/{type}/{id}/history"] as const;
const states = ["waiting", "in_force", "refused", "ended", "replaced"] as const;
const looks = { waiting: "yellow", in_force: "green", refused: "red", ended: "grey", replaced: "grey" } as const;

interface Props {
  type: ThingType;
  thing: Thing;
  may: boolean;
  /** What stands above it in a list of several. */
  title?: string;
  /** More that whoever decides has to know. */
  more?: readonly (readonly [string, string])[];
}

export function Authority({ type, thing, may, title, more = [] }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [asking, setAsking] = useState<boolean | null>(null);
  const decide = useChange("POST /api/v1/things/{type}/{id}/authority", outdated);
  const one = thing.authority;
  if (!one) return null;
  const state = states.find((known) => known === one.state) ?? "ended";
  const facts = [
    ...more,
    [t("authority.basis"), one.basis],
    [t("authority.until"), one.until],
    [t("authority.asked"), `${one.asked_by} · ${shortTime(one.asked_at, language)}`],
    [t("authority.decided"), one.decided_at ? `${one.decided_by} · ${shortTime(one.decided_at, language)}` : ""],
    [t("authority.note"), one.note],
  ] as const;
  const heading = `authority-${thing.id}`;
  const verb = t(asking ? "authority.approve" : "authority.refuse");
  return (
    <section className="card" aria-labelledby={heading}>
      <h2 id={heading}>{title ?? t("authority")} <Tag look={looks[state]}>{t(`authority.${state}`)}</Tag></h2>
      <dl className="facts">{facts.map(([name, value], place) => (value ? <div key={place}><dt>{name}</dt><dd>{value}</dd></div> : null))}</dl>
      {state === "waiting" && may ? (
        <p className="row-line">
          <button type="button" className="button small" onClick={() => setAsking(true)}>{t("authority.approve")}</button>
          <button type="button" className="button second small" onClick={() => setAsking(false)}>{t("authority.refuse")}</button>
        </p>
      ) : null}
      {asking === null ? null : (
        <ReasonDialog
          title={`${verb}: ${thing.title}`} about={t("authority.about")} verb={verb} optional={asking} pending={decide.isPending} error={decide.error} onClose={() => (decide.reset(), setAsking(null))}
          onReason={(note) => decide.mutate({ path: { type: type.id, id: thing.id }, body: { fact: one.fact, approve: asking, note } }, { onSuccess: () => setAsking(null) })}
        />
      )}
    </section>
  );
}
