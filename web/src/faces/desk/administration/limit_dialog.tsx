// The handling limit of one standard, with what it would mean today.

import { Button, Input } from "antd";
import { useState } from "react";
import { useAnswer } from "../../../shared/api/queries";
import { useTexts } from "../../../shared/i18n/texts";
import { HistoryButton, SaveDialog, useMaySet, useSetting } from "./editing";
import { texts } from "./editing_texts";

export function LimitEditing({ settingKey, limit, name }: { settingKey: string; limit: string; name: string }) {
  const t = useTexts(texts);
  const { maySet } = useMaySet();
  const [open, setOpen] = useState(false);
  if (!maySet("limit")) return null;
  return (
    <>
      <Button size="small" aria-label={t("edit.of", { name })} onClick={() => setOpen(true)}>{t("edit")}</Button>
      {open ? <Editor settingKey={settingKey} limit={limit} name={name} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Editor({ settingKey, limit, name, onClose }: { settingKey: string; limit: string; name: string; onClose: () => void }) {
  const t = useTexts(texts);
  const { put } = useSetting();
  const [text, setText] = useState(limit);
  const standing = useAnswer("GET /api/v1/administration/standing", { query: { kind: "limit", key: settingKey } }, { fresh: 0 });
  const save = (why: string) => put("limit", settingKey, standing.data?.version ?? 0, why, { limit: text.trim() });
  return (
    <SaveDialog open title={t("edit.of", { name })} ready={Boolean(text.trim() && standing.data)} onClose={onClose} onSave={save}>
      <label className="administration-why"><span>{t("limit")}</span><Input value={text} maxLength={40} onChange={(event) => setText(event.target.value)} /></label>
      <p className="soft small">{t("limit.help")} <HistoryButton kind="limit" settingKey={settingKey} name={name} /></p>
    </SaveDialog>
  );
}
