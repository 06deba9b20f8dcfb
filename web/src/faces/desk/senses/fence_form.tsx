// What a fence is and whom it binds; its ground is drawn on the map beside.

import { useState } from "react";
import { call } from "../../../shared/api/client";
import type { FenceBody, FenceView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { texts } from "./vehicle_texts";

export type Draft = Omit<FenceView, "id" | "number"> & { id: string | null };
const kinds = ["circle", "rectangle", "polygon", "route"] as const;
const keeps = ["", "inside", "outside"] as const;
const least = { circle: 1, rectangle: 2, polygon: 3, route: 2 } as const;

export const begun = (): Draft => ({
  id: null, code: "", zh: "", en: "", kind: "circle", points: [], size: 300, keep: "inside", speed_limit: null, hours: {}, area: "", organisation: null,
  everyone: false, vehicles: [], revision: 1,
});

interface Props {
  draft: Draft;
  onChange: (draft: Draft) => void;
  onSaved: () => void;
  onCancel: () => void;
}

export function FenceForm({ draft, onChange, onSaved, onCancel }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const vehicles = useAnswer("GET /api/v1/devices", { query: { protocol: "jt808", limit: 500 } }, { fresh: 60_000 });
  const put = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  const sized = draft.kind === "circle" || draft.kind === "route";
  const save = async () => {
    setBusy(true);
    setRefusal("");
    const { id, revision, ...rest } = draft;
    const body: FenceBody = { code: rest.code.trim(), zh: rest.zh.trim(), en: rest.en, kind: rest.kind, points: rest.points, size: sized ? rest.size : 0, keep: rest.keep, speed_limit: rest.speed_limit, hours: rest.hours, area: rest.area, organisation: rest.organisation, everyone: rest.everyone, vehicles: rest.vehicles };
    try {
      if (id) await call("PUT /api/v1/fences/{fence_id}", { path: { fence_id: id }, body: { ...body, revision } });
      else await call("POST /api/v1/fences", { body });
      onSaved();
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="card" aria-label={draft.id ? t("fence.edit") : t("fence.new")} onSubmit={(event) => (event.preventDefault(), void save())}>
      <div className="form-row">
        <label className="filter"><span>{t("fence.shape")}</span><select value={draft.kind} onChange={(event) => put({ kind: kinds.find((one) => one === event.target.value) ?? "circle", points: [], size: event.target.value === "route" ? 60 : 300 })}>{kinds.map((one) => <option key={one} value={one}>{t(`shape.${one}`)}</option>)}</select></label>
        {sized ? <label className="filter"><span>{draft.kind === "circle" ? t("size.circle") : t("size.route")}</span><input type="number" min={1} max={100000} value={draft.size} onChange={(event) => put({ size: Number(event.target.value) })} /></label> : null}
      </div>
      <p className="row-line" role="status">
        <b>{t(`draw.${draft.kind}`)}</b> <span className="soft">{t("draw.points", { n: draft.points.length })}</span>
        <button type="button" className="link small" disabled={!draft.points.length} onClick={() => put({ points: draft.points.slice(0, -1) })}>{t("draw.undo")}</button>
        <button type="button" className="link small" disabled={!draft.points.length} onClick={() => put({ points: [] })}>{t("draw.clear")}</button>
      </p>
      <div className="form-row">
        <label className="filter"><span>{t("code")} *</span><input required maxLength={60} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" value={draft.code} onChange={(event) => put({ code: event.target.value })} /></label>
        <label className="filter"><span>{t("zh")} *</span><input required maxLength={100} value={draft.zh} onChange={(event) => put({ zh: event.target.value })} /></label>
        <label className="filter"><span>{t("en")}</span><input maxLength={100} value={draft.en} onChange={(event) => put({ en: event.target.value })} /></label>
        <label className="filter"><span>{t("keep")}</span><select value={draft.keep} onChange={(event) => put({ keep: keeps.find((one) => one === event.target.value) ?? "" })}>{keeps.map((one) => <option key={one} value={one}>{t(`keep.${one}`)}</option>)}</select></label>
        <label className="filter"><span>{t("limit")}</span><input type="number" min={5} max={200} value={draft.speed_limit ?? ""} onChange={(event) => put({ speed_limit: event.target.value ? Number(event.target.value) : null })} /></label>
      </div>
      <p><label><input type="checkbox" checked={draft.everyone} onChange={(event) => put({ everyone: event.target.checked })} /> {t("everyone")}</label></p>
      {draft.everyone ? null : (
        <label className="field"><span className="label">{t("members")}</span>
          <select multiple size={5} value={draft.vehicles} onChange={(event) => put({ vehicles: [...event.target.selectedOptions].map((one) => one.value) })}>
            {(vehicles.data?.items ?? []).map((one) => <option key={one.id} value={one.code}>{nameIn(one.names, language)} · {one.code}</option>)}
          </select>
        </label>
      )}
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      <p className="row-line"><button className="button" disabled={busy || draft.points.length < least[draft.kind]}>{t("save")}</button><button type="button" className="button second" onClick={onCancel}>{t("cancel")}</button></p>
    </form>
  );
}
