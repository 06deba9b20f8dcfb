// What stands in the register about a device: for entering, changing and adopting one.

import { useState } from "react";
import type { DeviceBody } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { CityMap } from "../../../shared/map/city_map";
import { useSignals } from "./signals";
import { texts } from "./texts";

interface Props {
  title: string;
  begin?: Partial<DeviceBody>;
  /** Kinds to choose from; all without it. */
  profiles?: readonly string[];
  /** The address, or the kind, is settled. */
  fixed?: readonly ("address" | "profile")[];
  save?: string;
  onSave: (body: DeviceBody) => Promise<unknown>;
  onCancel: () => void;
}

export function DeviceForm({ title, begin = {}, profiles, fixed = [], save, onSave, onCancel }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const signals = useSignals();
  const [form, setForm] = useState({
    code: begin.code ?? "", profile: begin.profile ?? profiles?.[0] ?? "", address: begin.address ?? "", zh: begin.names?.zh ?? "", en: begin.names?.en ?? "",
    organisation: begin.organisation ?? "", secret: "", at: begin.at ?? null, attributes: (begin.attributes ?? {}) as Record<string, string>,
  });
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const put = (part: Partial<typeof form>) => setForm((before) => ({ ...before, ...part }));
  const kinds = signals.profiles.filter((one) => !profiles || profiles.includes(one.id));
  const attributes = signals.profile(form.profile)?.attributes ?? {};
  const send = async () => {
    setBusy(true);
    setRefusal("");
    try {
      await onSave({
        code: form.code.trim(), profile: form.profile, address: form.address.trim(), names: { zh: form.zh.trim(), en: form.en.trim() },
        organisation: form.organisation.trim() || null, at: form.at, secret: form.secret || null,
        attributes: Object.fromEntries(Object.entries(form.attributes).filter(([key, value]) => value.trim() && key in attributes)),
      });
    } catch (error) {
      setRefusal(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="card" aria-label={title} onSubmit={(event) => (event.preventDefault(), void send())}>
      <h2>{title}</h2>
      <div className="fields-grid">
        <label className="filter"><span>{t("form.code")} *</span><input required maxLength={60} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" value={form.code} onChange={(event) => put({ code: event.target.value })} /></label>
        <label className="filter"><span>{t("filter.profile")} *</span><select required disabled={fixed.includes("profile")} value={form.profile} onChange={(event) => put({ profile: event.target.value })}><option value="">–</option>{kinds.map((one) => <option key={one.id} value={one.id}>{nameIn(one.names, language)} · {one.protocol}</option>)}</select></label>
        <label className="filter"><span>{t("form.address")} *</span><input required maxLength={64} readOnly={fixed.includes("address")} value={form.address} onChange={(event) => put({ address: event.target.value })} /></label>
        <label className="filter"><span>{t("form.zh")} *</span><input required maxLength={200} value={form.zh} onChange={(event) => put({ zh: event.target.value })} /></label>
        <label className="filter"><span>{t("form.en")}</span><input maxLength={200} value={form.en} onChange={(event) => put({ en: event.target.value })} /></label>
        <label className="filter"><span>{t("form.organisation")}</span><input maxLength={60} value={form.organisation} onChange={(event) => put({ organisation: event.target.value })} /></label>
        <label className="filter"><span>{t("form.secret")}</span><input type="password" autoComplete="new-password" minLength={4} maxLength={128} value={form.secret} onChange={(event) => put({ secret: event.target.value })} /></label>
        {Object.entries(attributes).map(([key, names]) => (
          <label key={key} className="filter"><span>{nameIn(names, language)}</span><input maxLength={500} value={form.attributes[key] ?? ""} onChange={(event) => put({ attributes: { ...form.attributes, [key]: event.target.value } })} /></label>
        ))}
      </div>
      <p className="label">{t("form.place")} <span className="soft number">{form.at ? `${form.at[0].toFixed(6)}, ${form.at[1].toFixed(6)}` : "–"}</span></p>
      <CityMap label={t("form.place")} height={240} markers={form.at ? [{ id: "here", lon: form.at[0], lat: form.at[1], look: "place" }] : []} onPick={(place) => put({ at: [place.lon, place.lat] })} />
      {refusal ? <p className="notice-error" role="alert">{refusal}</p> : null}
      <p className="row-line"><button className="button" disabled={busy}>{save ?? t("form.save")}</button><button type="button" className="button second" onClick={onCancel}>{t("cancel")}</button></p>
    </form>
  );
}
