// The list of hot issues, the hottest first, with alarms on top and the places on a map.

import { useMemo } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import type { HotIssue } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap, type Marker } from "../../../shared/map/city_map";
import { agoWords, exactTime, useCityNow } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { texts as common } from "../shared/texts";
import { useNaming } from "../shared/words";
import { Alarms } from "./alarms";
import { texts } from "./texts";

const spans = [7, 30, 90, 366] as const;

export function Issues() {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const navigate = useNavigate();
  const { words } = useNaming();
  const [address, setAddress] = useSearchParams();
  const days = spans.find((one) => String(one) === address.get("days")) ?? 30;
  const sudden = address.get("sudden") === "1";
  const area = address.get("area") ?? "";
  const page = useAnswer("GET /api/v1/hot-issues", { query: { days, sudden, area, after: address.get("after"), limit: 20 } }, { keep: true });
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      if (name !== "after") after.delete("after");
      return after;
    });
  const issues = page.data?.issues;
  const markers = useMemo<Marker[]>(
    () => (issues ?? []).filter((one) => one.lon !== null && one.lat !== null).map((one) => ({ id: one.id, lon: one.lon ?? 0, lat: one.lat ?? 0, look: one.sudden_at ? "red" : one.tendency === "rising" ? "yellow" : "green", title: t("marker", { title: one.title, letters: one.letters }) })),
    [issues, t],
  );
  const streets = Object.entries(words?.areas ?? {}).filter(([code]) => code.length === 9);
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      <Alarms />
      <div className="filters" role="search">
        <label className="filter"><span>{t("days")}</span><select value={days} onChange={(event) => put("days", event.target.value)}>{spans.map((one) => <option key={one} value={one}>{t("days.n", { n: one })}</option>)}</select></label>
        <label className="filter"><span>{t("area")}</span><select value={area} onChange={(event) => put("area", event.target.value)}><option value="">{t("area.all")}</option>{streets.map(([code, name]) => <option key={code} value={code}>{nameIn(name, language)}</option>)}</select></label>
        <label className="row-line"><input type="checkbox" checked={sudden} onChange={(event) => put("sudden", event.target.checked ? "1" : "")} /> {t("only.sudden")}</label>
      </div>
      {page.error ? <ErrorNotice error={page.error} onRetry={() => void page.refetch()} /> : null}
      {page.isPending && !page.error ? <Loading /> : null}
      {issues && !issues.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      {issues?.length ? (
        <div className="hot-pair">
          <ol className="hot-list">{issues.map((one) => <Line key={one.id} issue={one} />)}</ol>
          <div className="hot-map"><CityMap label={t("map")} height="min(70vh, 620px)" markers={markers} onMarker={(id) => void navigate(`/desk/hot-issues/${id}`)} /></div>
        </div>
      ) : null}
      {page.data?.next ? <button type="button" className="button second" onClick={() => put("after", page.data?.next ?? "")}>{c("more")}</button> : null}
    </section>
  );
}

function Line({ issue }: { issue: HotIssue }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const now = useCityNow();
  const { area } = useNaming();
  return (
    <li>
      <h2><Link to={`/desk/hot-issues/${issue.id}`}>{issue.title}</Link></h2>
      <p className="row-line">
        <span className={`tag ${issue.tendency === "rising" ? "red" : issue.tendency === "fading" ? "blue" : "grey"}`}>{t(`tendency.${issue.tendency}`)}</span>
        {issue.sudden_at ? <span className="tag red">{t("sudden")}</span> : null}
        <b className="number">{t("heat", { heat: Math.round(issue.heat) })}</b>
        <span>{t("counts", { letters: issue.letters, people: issue.people })}</span>
        <span className="soft">{t("week", { week: issue.week, before: issue.week_before })}</span>
      </p>
      <p className="soft small">
        {[issue.places.join("、"), issue.area ? area(issue.area) : ""].filter(Boolean).join(" · ")} · <span title={exactTime(issue.last_at, language)}>{t("last", { ago: agoWords(issue.last_at, now, language) })}</span>
      </p>
    </li>
  );
}
