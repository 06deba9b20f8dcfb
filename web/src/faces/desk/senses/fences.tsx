// Fences (电子围栏): circles, rectangles, polygons and routes, drawn on the map; whom they bind and how.

import type { Feature } from "geojson";
import type { Map as LibreMap } from "maplibre-gl";
import { useCallback, useEffect, useMemo, useState } from "react";
import { call } from "../../../shared/api/client";
import type { FenceView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { queryClient, useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { useSession } from "../../../shared/session/session";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useTheme } from "../../../shared/ui/theme";
import { begun, FenceForm, type Draft } from "./fence_form";
import { fenceFeatures, useFenceLayers } from "./fence_layers";
import { useFresh } from "./fresh";
import { boundsOf, featureOf } from "./ground";
import { useLayers } from "./map_layers";
import { texts } from "./vehicle_texts";

const operation = "GET /api/v1/fences";

export function Fences() {
  const t = useTexts(texts);
  const language = useLanguage();
  const theme = useTheme();
  const { may } = useSession();
  const [map, setMap] = useState<LibreMap | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [told, setTold] = useState("");
  const found = useAnswer(operation, { query: { limit: 500 } });
  useFresh([operation], (entry) => entry.kind === "fence");
  const rows = found.data?.items ?? [];
  const edits = may("device", "edit");
  useLayers(map, "fences", useMemo(() => fenceFeatures((found.data?.items ?? []).filter((one) => one.id !== draft?.id), (one) => nameIn(one, language), chosen), [found.data, language, chosen, draft?.id]), useFenceLayers(theme, "fences"));
  const drawn = useMemo(() => {
    if (!draft) return [];
    const shape = featureOf({ kind: draft.kind, points: draft.points, size: draft.size }, { keep: draft.keep, name: draft.zh, chosen: true });
    return [...(shape ? [shape] : []), ...draft.points.map((point): Feature => ({ type: "Feature", properties: { keep: draft.keep }, geometry: { type: "Point", coordinates: point } }))];
  }, [draft]);
  useLayers(map, "drawing", drawn, useFenceLayers(theme, "drawing"));
  const corners = useMemo(() => draft?.points.map(([lon, lat], place) => ({ id: String(place), lon, lat, look: "blue" as const, title: String(place + 1) })) ?? [], [draft?.points]);
  const show = useCallback((fence: FenceView) => {
    setChosen(fence.id);
    const feature = featureOf(fence, {});
    const points = feature?.geometry.type === "Polygon" ? feature.geometry.coordinates.flat() : fence.points;
    const bounds = boundsOf(points.map(([lon = 0, lat = 0]) => [lon, lat]));
    if (bounds) map?.fitBounds(bounds, { padding: 80, maxZoom: 16 });
  }, [map]);
  useEffect(() => setTold(""), [draft]);
  const pick = draft ? (place: { lon: number; lat: number }) => setDraft((before) => before && addPoint(before, [place.lon, place.lat])) : undefined;
  return (
    <>
      <header className="desk-head">
        <h1>{t("fences")}</h1>
        {edits && !draft ? <div className="desk-filters"><button type="button" className="button small" onClick={() => setDraft(begun())}>{t("fence.new")}</button></div> : null}
      </header>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {told ? <p className="case-told" role="status">{told}</p> : null}
      <div className="senses-columns">
        <CityMap label={t("fences.map")} height={620} onReady={setMap} onPick={pick} markers={corners} />
        <div>
          {draft ? (
            <FenceForm
              draft={draft} onChange={setDraft} onCancel={() => setDraft(null)}
              onSaved={() => {
                setDraft(null);
                void queryClient.invalidateQueries({ queryKey: [operation] });
                window.setTimeout(() => setTold(t("saved")));
              }}
            />
          ) : null}
          <section className="card">
            {found.isPending && !found.error ? <Loading /> : null}
            {found.data && !rows.length ? <Empty title={t("fences.none")} /> : null}
            <ul className="plain-list vehicle-list">
              {rows.map((one) => <FenceLine key={one.id} fence={one} chosen={one.id === chosen} edits={edits && !draft} onShow={() => show(one)} onEdit={() => (show(one), setDraft({ ...one, code: one.code, id: one.id }))} onTold={setTold} />)}
            </ul>
          </section>
        </div>
      </div>
    </>
  );
}

function addPoint(draft: Draft, point: [number, number]): Draft {
  if (draft.kind === "circle") return { ...draft, points: [point] };
  if (draft.kind === "rectangle") return { ...draft, points: draft.points.length >= 2 ? [point] : [...draft.points, point] };
  return { ...draft, points: [...draft.points, point] };
}

interface LineProps {
  fence: FenceView;
  chosen: boolean;
  edits: boolean;
  onShow: () => void;
  onEdit: () => void;
  onTold: (words: string) => void;
}

function FenceLine({ fence, chosen, edits, onShow, onEdit, onTold }: LineProps) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const [asking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState("");
  const attempt = async (act: () => Promise<string>) => {
    setRefusal("");
    try {
      onTold(await act());
      await queryClient.invalidateQueries({ queryKey: [operation] });
    } catch (error) {
      setRefusal(messageOf(error));
    }
  };
  return (
    <li className={chosen ? "at" : ""}>
      <button type="button" className="link" onClick={onShow}><b>{nameIn(fence, language)}</b></button> <span className="soft number">{fence.code}</span>
      <small className="soft">
        {t(`shape.${fence.kind}`)} · {t(`keep.${fence.keep}`)}{fence.speed_limit ? ` · ${t("limit.of", { n: fence.speed_limit })}` : ""} · {fence.everyone ? t("binds.all") : t("binds.some", { n: fence.vehicles.length })}
      </small>
      <span className="row-line">
        {edits ? <button type="button" className="link small" onClick={onEdit}>{t("fence.edit")}</button> : null}
        {may("device", "command") && fence.vehicles.length ? <button type="button" className="link small" onClick={() => void attempt(async () => t("sent", { n: (await call("POST /api/v1/fences/{fence_id}/terminals", { path: { fence_id: fence.id }, body: { vehicles: fence.vehicles.slice(0, 200) } })).commands.length }))}>{t("send")}</button> : null}
        {edits ? <button type="button" className="link small" onClick={() => setAsking(true)}>{t("retire")}</button> : null}
      </span>
      {asking ? <p className="row-line">{t("retire.sure", { name: nameIn(fence, language) })} <button type="button" className="button danger small" onClick={() => void attempt(async () => (await call("DELETE /api/v1/fences/{fence_id}", { path: { fence_id: fence.id } }), t("retire")))}>{t("retire.do")}</button> <button type="button" className="link" onClick={() => setAsking(false)}>{t("cancel")}</button></p> : null}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
    </li>
  );
}
