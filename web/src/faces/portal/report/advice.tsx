// What the city proposes while somebody writes: the kind of matter, and open reports near by that may be the same.

import { useQuery } from "@tanstack/react-query";
import { call } from "../../../shared/api/client";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { metreWords } from "../../../shared/place/here";
import { limitWords } from "../../../shared/time/limits";
import { agoWords, cityNow } from "../../../shared/time/clock";
import type { Kind } from "../case_types";
import type { Draft } from "./draft";
import { anotherKind } from "./kind";
import { useLater } from "./later";
import { texts } from "./texts";

interface Props {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}

const QUIET_MILLISECONDS = 600;

/** Kinds that the words speak for; a tap chooses one, another tap takes it back. */
export function Advice({ draft, type, change }: Props & { type: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { place } = draft;
  const text = useLater(draft.text.trim().slice(0, 1000), QUIET_MILLISECONDS);
  const asked = useLater(JSON.stringify({ type, text, lon: place?.lon, lat: place?.lat, crs: crsOf(place) }), QUIET_MILLISECONDS);
  const found = useQuery({
    queryKey: ["advice", asked],
    queryFn: ({ signal }) => call("POST /api/v1/advice", { body: JSON.parse(asked) as { type: string }, signal, quiet: true }),
    enabled: type !== "" && text.length >= 4 && (JSON.parse(asked) as { type: string }).type === type,
    retry: false, // a help, not a need
    staleTime: 600_000,
    placeholderData: (before) => before,
  });
  const shown = text.length >= 4 ? (found.data?.classes ?? []).slice(0, 3) : [];
  if (!shown.length) return null;
  const department = found.data?.department;
  return (
    <div className="report-advice" role="group" aria-label={t("looks")}>
      <span className="soft small">{t("looks")}</span>
      <span className="row">
        {shown.map((one) => (
          <button
            key={one.class_code} type="button" className="report-chip" aria-pressed={draft.classCode === one.class_code}
            onClick={() => change({ classCode: draft.classCode === one.class_code ? null : one.class_code })}
          >
            {language === "zh" ? one.zh : one.en || one.zh}
          </button>
        ))}
      </span>
      {department?.limit ? (
        <span className="soft small">{t("looks.office", { office: language === "zh" ? department.department.zh : department.department.en || department.department.zh, limit: limitWords(department.limit, language) })}</span>
      ) : null}
    </div>
  );
}

/** A device and a camera say WGS-84; the city's own map and names are CGCS2000. */
const crsOf = (place: Draft["place"]): "EPSG:4326" | "EPSG:4490" => (place?.from === "here" || place?.from === "photo" ? "EPSG:4326" : "EPSG:4490");

interface NearProps extends Props {
  kinds: readonly Kind[];
  chosen: Kind | undefined;
}

/** Open reports near the place that may be the same matter, of kinds that residents report: joining one takes its kind. */
export function Near({ draft, kinds, chosen, change }: NearProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { place } = draft;
  const asked = useLater(JSON.stringify({ text: draft.text.trim().slice(0, 1000), class_code: draft.classCode, lon: place?.lon, lat: place?.lat, crs: crsOf(place) }), QUIET_MILLISECONDS);
  const found = useQuery({
    queryKey: ["near", asked],
    queryFn: ({ signal }) => call("POST /api/v1/cases/alike", { body: { ...(JSON.parse(asked) as object), limit: 5 }, signal, quiet: true }),
    enabled: place !== null,
    retry: false, // a help, not a need
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
  if (!place) return null;
  if (draft.joins) {
    return (
      <div className="notice-good report-chosen" role="status">
        <span>{t("near.joined", { number: draft.joins })}</span>
        <button type="button" className="button plain" onClick={() => change({ joins: null })}>{t("near.leave")}</button>
      </div>
    );
  }
  const shown = (found.data ?? []).filter((one) => one.state === "open" && one.metres !== null && one.metres < 300 && kinds.some((kind) => kind.type === one.type)).slice(0, 3);
  if (!shown.length) return null;
  return (
    <section className="card" aria-labelledby="near-title">
      <h2 id="near-title">{t("near.title")}</h2>
      <ul className="report-near">
        {shown.map((one) => (
          <li key={one.number}>
            <span>
              <b>{language === "zh" ? one.class_name : one.class_name_en || one.class_name}</b> · {metreWords(one.metres ?? 0, language === "zh")}
              <br />
              <small className="soft">{agoWords(one.reported_at, cityNow(), language)} · {t("near.reports", { n: one.reports })} · {language === "zh" ? one.status : one.status_en}</small>
            </span>
            <button type="button" className="button second" onClick={() => change({ ...(one.type === chosen?.type ? {} : anotherKind(one.type)), joins: one.number, ...(one.class_code ? { classCode: one.class_code } : {}) })}>{t("near.join")}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}
