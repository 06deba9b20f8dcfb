// A role of the city's own, beside those of the packs: what it may do, and where.

import { Button, Input, Select, Space } from "antd";
import { useState } from "react";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { HistoryButton, SaveDialog, useMaySet, useSetting, type Document } from "./editing";
import { texts } from "./editing_texts";
import { useGrantWords } from "./grant_words";

interface Grant {
  kind: string;
  verbs: string[];
  area: "any" | "post";
}

interface Role {
  names: { zh: string; en: string };
  grants: Grant[];
  closed: boolean;
}

const nothing: Role = { names: { zh: "", en: "" }, grants: [{ kind: "case", verbs: ["read"], area: "post" }], closed: false };

export function RoleEditing() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { maySet } = useMaySet();
  const [chosen, setChosen] = useState<string | null>(null);
  const settings = useAnswer("GET /api/v1/administration/settings", { query: { kind: "role" } }, { enabled: maySet("role") });
  if (!maySet("role")) return <HistoryButton kind="role" name={t("kind.role")} />;
  const own = (settings.data?.items ?? []).filter((one) => one.document);
  return (
    <Space wrap style={{ marginBottom: 8 }}>
      <Button type="primary" onClick={() => setChosen("")}>{t("role.new")}</Button>
      {own.map((one) => {
        const role = one.document as unknown as Role;
        return <Button key={one.key} size="small" onClick={() => setChosen(one.key)}>{t("edit.of", { name: nameIn(role.names, language) })}</Button>;
      })}
      <HistoryButton kind="role" name={t("kind.role")} />
      {chosen === null ? null : <Editor key={chosen} code={chosen} first={(own.find((one) => one.key === chosen)?.document as unknown as Role | undefined) ?? nothing} version={own.find((one) => one.key === chosen)?.version ?? 0} onClose={() => setChosen(null)} />}
    </Space>
  );
}

function Editor({ code, first, version, onClose }: { code: string; first: Role; version: number; onClose: () => void }) {
  const t = useTexts(texts);
  const { put } = useSetting();
  const [key, setKey] = useState(code);
  const [role, setRole] = useState<Role>(first);
  const words = useGrantWords();
  const grant = (place: number, part: Partial<Grant>) => setRole((before) => ({ ...before, grants: before.grants.map((one, index) => (index === place ? { ...one, ...part } : one)) }));
  const ready = /^[a-z][a-z0-9-]*$/.test(key) && Boolean(role.names.zh && role.names.en) && role.grants.length > 0 && role.grants.every((one) => one.verbs.length);
  return (
    <SaveDialog open wide title={code ? t("edit.of", { name: role.names.zh }) : t("role.new")} ready={ready} onClose={onClose} onSave={(why) => put("role", key, version, why, role as unknown as Document)}>
      <label className="administration-why"><span>{t("role.code")}</span><Input value={key} disabled={Boolean(code)} maxLength={60} onChange={(event) => setKey(event.target.value)} /></label>
      <label className="administration-why"><span>{t("name.zh")}</span><Input value={role.names.zh} maxLength={100} onChange={(event) => setRole({ ...role, names: { ...role.names, zh: event.target.value } })} /></label>
      <label className="administration-why"><span>{t("name.en")}</span><Input value={role.names.en} maxLength={200} onChange={(event) => setRole({ ...role, names: { ...role.names, en: event.target.value } })} /></label>
      <fieldset className="administration-grants">
        <legend>{t("role.grants")}</legend>
        {role.grants.map((one, place) => (
          <Space key={place} wrap>
            <Select style={{ width: 220 }} showSearch optionFilterProp="label" aria-label={t("role.kind")} value={one.kind} onChange={(kind) => grant(place, { kind, verbs: [] })} options={[...words.kinds.keys()].map((value) => ({ value, label: words.kind(value) }))} />
            <Select style={{ minWidth: 260 }} mode="multiple" optionFilterProp="label" aria-label={t("role.verbs")} value={one.verbs} onChange={(wanted: string[]) => grant(place, { verbs: wanted })} options={(words.kinds.get(one.kind)?.verbs ?? []).map((value) => ({ value, label: words.verb(value) }))} />
            <Select style={{ width: 140 }} aria-label={t("role.area")} value={one.area} onChange={(area) => grant(place, { area })} options={(["any", "post"] as const).map((value) => ({ value, label: t(`role.area.${value}`) }))} />
            <Button size="small" type="text" danger aria-label={`${t("remove")} ${words.kind(one.kind)}`} onClick={() => setRole({ ...role, grants: role.grants.filter((_, index) => index !== place) })}>✕</Button>
          </Space>
        ))}
        <Button size="small" onClick={() => setRole({ ...role, grants: [...role.grants, { kind: "case", verbs: [], area: "post" }] })}>{t("role.add")}</Button>
      </fieldset>
      {code ? <label><input type="checkbox" checked={role.closed} onChange={(event) => setRole({ ...role, closed: event.target.checked })} /> {t("role.close")}</label> : null}
    </SaveDialog>
  );
}
