// An office as it shall be: its names, where it stands, what it serves, its posts. Closing keeps all that speaks of it.

import { Button, Form, Input, Select, Space } from "antd";
import { useState } from "react";
import type { JsonValue, OrganisationView, PostView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useAll } from "./all";
import { HistoryButton, SaveDialog, useMaySet, useSetting, type Document } from "./editing";
import { texts } from "./editing_texts";
import { useOfficeKind } from "./setting_words";

const kinds = ["government", "centre", "department", "section", "street", "town", "community", "enterprise", "institution"];

interface Office {
  names: { zh: string; en: string };
  kind: string;
  parent: string | null;
  area: string | null;
  serves: string[];
  posts: { code: string; area?: string | null; names?: JsonValue }[];
  closed: boolean;
}

const nothing: Office = { names: { zh: "", en: "" }, kind: "section", parent: null, area: null, serves: [], posts: [], closed: false };

/** What may be done with the chosen office, or with the tree where none is chosen. */
export function OfficeEditing({ office, offices }: { office: OrganisationView | undefined; offices: readonly OrganisationView[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { maySet } = useMaySet();
  const [doing, setDoing] = useState<"edit" | "add" | "close" | null>(null);
  if (!maySet("organisation")) return null;
  const name = office ? nameIn(office.names, language) : "";
  return (
    <Space wrap style={{ marginBottom: 8 }}>
      {office ? <Button size="small" onClick={() => setDoing("edit")}>{t("edit")}</Button> : null}
      <Button size="small" onClick={() => setDoing("add")}>{office ? t("office.add") : t("office.top")}</Button>
      {office ? <Button size="small" danger onClick={() => setDoing("close")}>{t("office.close")}</Button> : null}
      <HistoryButton kind="organisation" {...(office ? { settingKey: office.code } : {})} name={name || t("kind.organisation")} />
      {doing === "add" ? <Adding parent={office?.code ?? null} offices={offices} onClose={() => setDoing(null)} /> : null}
      {office && doing && doing !== "add" ? <Editing code={office.code} name={name} offices={offices} closing={doing === "close"} onClose={() => setDoing(null)} /> : null}
    </Space>
  );
}

function Adding({ parent, offices, onClose }: { parent: string | null; offices: readonly OrganisationView[]; onClose: () => void }) {
  const t = useTexts(texts);
  const { put } = useSetting();
  const [code, setCode] = useState("");
  const [office, setOffice] = useState<Office>({ ...nothing, parent });
  const ready = /^[a-z][a-z0-9-]*$/.test(code) && Boolean(office.names.zh && office.names.en) && !offices.some((one) => one.code === code);
  return (
    <SaveDialog open wide title={t("office.top")} ready={ready} onClose={onClose} onSave={(why) => put("organisation", code, 0, why, office as unknown as Document)}>
      <label className="administration-why"><span>{t("office.code")}</span><Input value={code} maxLength={60} onChange={(event) => setCode(event.target.value)} /></label>
      <Fields office={office} offices={offices} own={code} onChange={(part) => setOffice((before) => ({ ...before, ...part }))} />
    </SaveDialog>
  );
}

function Editing({ code, name, offices, closing, onClose }: { code: string; name: string; offices: readonly OrganisationView[]; closing: boolean; onClose: () => void }) {
  const t = useTexts(texts);
  const { put } = useSetting();
  const standing = useAnswer("GET /api/v1/administration/standing", { query: { kind: "organisation", key: code } }, { fresh: 0 });
  const [changes, setChanges] = useState<Partial<Office>>({});
  const document = standing.data?.document;
  const office = document ? { ...(document as unknown as Office), ...changes, closed: closing } : null;
  const save = (why: string) => (office ? put("organisation", code, standing.data?.version ?? 0, why, office as unknown as Document) : Promise.resolve(false));
  return (
    <SaveDialog open wide={!closing} title={closing ? `${t("office.close")} ${name}` : t("edit.of", { name })} ready={office !== null} onClose={onClose} onSave={save}>
      {standing.error ? <ErrorNotice error={standing.error} /> : null}
      {closing ? <p>{t("office.close.sure")}</p> : office ? <Fields office={office} offices={offices} own={code} onChange={(part) => setChanges((before) => ({ ...before, ...part }))} /> : <Loading />}
    </SaveDialog>
  );
}

function Fields({ office, offices, own, onChange }: { office: Office; offices: readonly OrganisationView[]; own: string; onChange: (part: Partial<Office>) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const kindWords = useOfficeKind();
  const posts = useAll<PostView>("GET /api/v1/posts");
  const known = new Map((posts.data ?? []).map((one) => [one.code, nameIn(one.names, language)]));
  const held = new Map(office.posts.map((one) => [one.code, one]));
  const serves = [...new Set(offices.flatMap((one) => one.serves))].sort();
  return (
    <Form layout="vertical" component="div">
      <Form.Item label={t("name.zh")} htmlFor="office-zh"><Input id="office-zh" value={office.names.zh} maxLength={100} onChange={(event) => onChange({ names: { ...office.names, zh: event.target.value } })} /></Form.Item>
      <Form.Item label={t("name.en")} htmlFor="office-en"><Input id="office-en" value={office.names.en} maxLength={200} onChange={(event) => onChange({ names: { ...office.names, en: event.target.value } })} /></Form.Item>
      <Form.Item label={t("office.parent")}>
        <Select aria-label={t("office.parent")} allowClear showSearch optionFilterProp="label" placeholder={t("office.parent.none")} value={office.parent ?? undefined} onChange={(parent?: string) => onChange({ parent: parent ?? null })}
          options={offices.filter((one) => one.code !== own).map((one) => ({ value: one.code, label: nameIn(one.names, language) }))} />
      </Form.Item>
      <Form.Item label={t("office.kind")}><Select aria-label={t("office.kind")} value={office.kind} onChange={(kind) => onChange({ kind })} options={kinds.map((value) => ({ value, label: kindWords(value) }))} /></Form.Item>
      <Form.Item label={t("office.area")} htmlFor="office-area"><Input id="office-area" value={office.area ?? ""} maxLength={40} onChange={(event) => onChange({ area: event.target.value.trim() || null })} /></Form.Item>
      <Form.Item label={t("office.serves")}><Select aria-label={t("office.serves")} mode="multiple" value={office.serves} onChange={(values: string[]) => onChange({ serves: values })} options={serves.map((value) => ({ value, label: value }))} /></Form.Item>
      <Form.Item label={t("office.posts")}>
        <Select aria-label={t("office.posts")} mode="multiple" showSearch optionFilterProp="label" value={[...held.keys()]} onChange={(codes: string[]) => onChange({ posts: codes.flatMap((code) => { const kept = office.posts.filter((one) => one.code === code); return kept.length ? kept : [{ code }]; }) })}
          options={[...known].map(([value, label]) => ({ value, label: `${label} ${value}` }))} />
      </Form.Item>
    </Form>
  );
}
