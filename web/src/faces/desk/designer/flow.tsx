// One flow: drawn, set, checked, published; two of its versions compared; where its cases wait.

import { App, Alert, Button, Select, Space, Tabs, Tag } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { useBeforeUnload, useNavigate, useParams, useLocation } from "react-router";
import { call } from "../../../shared/api/client";
import type { DraftView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Sheet } from "./canvas";
import { Compare } from "./compare";
import { Heat } from "./heat";
import { Unknown } from "./unknown";
import { emptyFlow, type Canvas, type Drawn, type Modeler, type Registry } from "./modeler";
import { Migrate } from "./migrate";
import { Panel } from "./panel";
import { Rehearse } from "./rehearse";
import { texts } from "./texts";

interface Stack {
  undo(): void;
  redo(): void;
  canUndo(): boolean;
  canRedo(): boolean;
}
interface Selecting {
  select(element: Drawn): void;
}
type Finding = DraftView["findings"][number];

export function Flow() {
  const { key = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const versions = useAnswer("GET /api/v1/definitions", { query: { key, limit: 200 } });
  // What is on the sheet: the version that was opened, whatever has been saved or published from it since.
  const [opened, setOpened] = useState<{ version: number | null; time: number } | null>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const heads = versions.data?.items ?? [];
  const newest = [...heads].sort((one, other) => other.version - one.version);
  const version = chosen ?? newest[0]?.version ?? null;
  const known = Boolean(versions.data);
  useEffect(() => {
    if (known && opened === null) setOpened({ version, time: 0 });
  }, [known, opened, version]);
  const open = (wanted: number) => {
    setChosen(wanted);
    setOpened((before) => ({ version: wanted, time: (before?.time ?? 0) + 1 }));
  };
  const location = useLocation();
  const begun = Boolean((location.state as { zh?: string } | null)?.zh);
  if (known && !heads.length && !begun) return <Unknown code={key} />;
  const named = newest[0] ? nameIn(newest[0].names, language) : key;
  return (
    <>
      <Space wrap className="designer-head">
        <Button onClick={() => void navigate("/desk/designer")}>← {t("back")}</Button>
        <h1>{named} <small className="soft">{key}</small></h1>
        {newest.length ? (
          <Select aria-label={t("version")} value={version} onChange={open} popupMatchSelectWidth={false}
            options={newest.map((one) => ({ value: one.version, label: `${t("version")} ${one.version} · ${t(`state.${one.state}`)} · ${shortTime(one.published_at ?? one.created_at, language)}` }))} />
        ) : null}
      </Space>
      {versions.error ? <ErrorNotice error={versions.error} /> : null}
      <Tabs
        destroyOnHidden={false}
        items={[
          { key: "draw", label: t("tab.draw"), children: opened ? <Draw key={`${key} ${opened.time}`} flow={key} version={opened.version} onSaved={setChosen} /> : <Loading /> },
          { key: "compare", label: t("tab.compare"), children: <Compare flow={key} versions={newest} /> },
          { key: "rehearse", label: t("tab.rehearse"), disabled: !heads.length, children: <Rehearse flow={key} versions={newest} /> },
          { key: "migrate", label: t("tab.migrate"), disabled: !heads.length, children: <Migrate flow={key} versions={newest} /> },
          { key: "heat", label: t("tab.heat"), disabled: !heads.some((one) => one.state === "published"), children: <Heat flow={key} /> },
        ]}
      />
    </>
  );
}

function Draw({ flow, version, onSaved }: { flow: string; version: number | null; onSaved: (version: number) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const { message, modal } = App.useApp();
  const client = useQueryClient();
  const location = useLocation();
  const given = (location.state ?? {}) as { zh?: string; en?: string };
  const stored = useAnswer("GET /api/v1/definitions/{key}/versions/{version}", { path: { key: flow, version: version ?? 1 } }, { enabled: version !== null, fresh: Infinity });
  const [opened, setOpened] = useState<string | null>(null);
  const [modeler, setModeler] = useState<Modeler | null>(null);
  const [element, setElement] = useState<Drawn | null>(null);
  const [change, setChange] = useState(0);
  const [dirty, setDirty] = useState(false);
  const [findings, setFindings] = useState<Finding[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Error | null>(null);
  const upload = useRef<HTMLInputElement>(null);
  const editable = may("definition", "edit") || may("definition", "publish");
  const first = version === null ? emptyFlow(flow, given.zh ?? flow, given.en ?? flow) : stored.data?.xml;
  const [kept, setKept] = useState<string | null>(null);
  useEffect(() => {
    if (kept === null && first !== undefined) setKept(first);
  }, [kept, first]);
  const xml = opened ?? kept;

  useBeforeUnload(useCallback((event: BeforeUnloadEvent) => {
    if (dirty) event.preventDefault();
  }, [dirty]));

  const save = async (): Promise<DraftView | null> => {
    if (!modeler) return null;
    setBusy(true);
    try {
      const { xml: written = "" } = await modeler.saveXML({ format: true });
      const saved = await call("PUT /api/v1/definitions/{key}/draft", { path: { key: flow }, body: written });
      setFindings(saved.findings);
      setDirty(false);
      onSaved(saved.definition.version);
      void client.invalidateQueries({ queryKey: ["GET /api/v1/definitions"] });
      return saved;
    } catch (error) {
      void message.error(messageOf(error), 8);
      return null;
    } finally {
      setBusy(false);
    }
  };
  const publish = async () => {
    const saved = await save();
    if (!saved || saved.findings.length) return;
    const sure = await modal.confirm({ title: t("publish"), content: t("publish.sure"), okText: t("publish"), cancelText: t("cancel") });
    if (!sure) return;
    setBusy(true);
    try {
      const head = await call("POST /api/v1/definitions/{key}/publish", { path: { key: flow } });
      void message.success(t("published", { version: head.version }));
      await client.invalidateQueries({ queryKey: ["GET /api/v1/definitions"] });
      onSaved(head.version);
    } catch (error) {
      void message.error(messageOf(error), 8);
    } finally {
      setBusy(false);
    }
  };
  const find = (finding: Finding) => {
    const found = modeler?.get<Registry>("elementRegistry").get(finding.where.split("#")[1] ?? "");
    if (!modeler || !found) return;
    modeler.get<Selecting>("selection").select(found);
    modeler.get<Canvas>("canvas").scrollToElement(found);
  };
  const download = async () => {
    const { xml: written = "" } = (await modeler?.saveXML({ format: true })) ?? {};
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([written], { type: "application/xml" }));
    link.download = `${flow}.bpmn`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  const stack = modeler?.get<Stack>("commandStack");

  if (stored.error) return <ErrorNotice error={stored.error} />;
  if (xml === null) return <Loading />;
  return (
    <div className="designer-draw">
      <Space wrap className="designer-tools">
        <Button type="default" disabled={!modeler || !editable} loading={busy} onClick={() => void save().then((saved) => saved && message.success(saved.findings.length ? t("saved") : t("saved.clean")))}>{t("save")}</Button>
        <Button type="primary" disabled={!modeler || !may("definition", "publish")} loading={busy} onClick={() => void publish()}>{t("publish")}</Button>
        <Button disabled={!stack?.canUndo()} onClick={() => stack?.undo()}>↶ {t("undo")}</Button>
        <Button disabled={!stack?.canRedo()} onClick={() => stack?.redo()}>↷ {t("redo")}</Button>
        <Button onClick={() => modeler?.get<Canvas>("canvas").zoom("fit-viewport", "auto")}>{t("fit")}</Button>
        <Button onClick={() => void download()}>{t("download")}</Button>
        <Button disabled={!editable} onClick={() => upload.current?.click()}>{t("upload")}</Button>
        <input ref={upload} type="file" accept=".bpmn,.xml" hidden onChange={(event) => {
          void event.target.files?.[0]?.text().then((text) => {
            setOpened(text);
            setDirty(true);
          });
          event.target.value = "";
        }} />
        {dirty ? <span className="tag yellow">{t("unsaved")}</span> : null}
        {editable ? null : <Tag>{t("read.only")}</Tag>}
      </Space>
      {failed ? <Alert type="error" showIcon title={failed.message} /> : null}
      <div className="designer-board">
        <Sheet
          xml={xml} label={t("sheet")} onSelect={setElement} onFailed={setFailed}
          onReady={(made) => {
            setModeler(made);
            setFailed(null);
          }}
          onChange={() => {
            setChange((before) => before + 1);
            setDirty(true);
          }}
        />
        {modeler ? <Panel modeler={modeler} element={element} change={change} disabled={!editable} /> : null}
      </div>
      {findings ? (
        <section className="designer-findings" aria-live="polite">
          {findings.length ? (
            <>
              <h2>{t("findings", { count: findings.length })}</h2>
              <ol>
                {findings.map((finding, place) => (
                  <li key={place}>
                    <button type="button" className="link-button" title={t("findings.show")} onClick={() => find(finding)}>{finding.where.split("#")[1] ?? finding.where}</button>{" "}
                    {language === "zh" ? finding.zh : finding.en}
                  </li>
                ))}
              </ol>
            </>
          ) : <Alert type="success" showIcon title={t("findings.none")} />}
        </section>
      ) : null}
    </div>
  );
}
