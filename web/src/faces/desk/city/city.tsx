// Bring your own city (自带城市): who it is, its files, its packs; written, checked, opened. Every step says what it does.

import { Alert, App, Button, Checkbox, Form, Input, Select, Space, Steps, Table, Tag } from "antd";
import { useEffect, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "../../../shared/api/client";
import type { FoundedView, NewCity } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, textNow, useTexts, type Pair } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { FileButton } from "../shared/file_button";
import "./city.css";
import { exampleSheet } from "./example";
import { outlineOf, type Outline } from "./outline";
import { boundaryText, Unreadable } from "./shapefile";
import { texts } from "./texts";

interface Wish {
  id: string;
  zh: string;
  en: string;
  division: string;
  coordinates: string;
  surveyed: boolean;
  packs: string[];
  demo: boolean;
  password: string;
  day: boolean;
}
const first: Partial<Wish> = { coordinates: "EPSG:4490", surveyed: false, packs: ["urban-management"], demo: true, password: "", day: true };
const fieldsOf: (keyof Wish)[][] = [["id", "zh", "en", "division"], ["coordinates"], ["packs", "password"]];

const cutShort: Pair = ["文件读不出来,可能不完整。", "The file cannot be read; it may be cut short."];

export default function BringYourOwnCity() {
  const t = useTexts(texts);
  const language = useLanguage();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [step, setStep] = useState(0);
  const [form] = Form.useForm<Wish>();
  const [boundary, setBoundary] = useState<File | null>(null);
  const [outline, setOutline] = useState<Outline | null>(null);
  const [geometry, setGeometry] = useState("");
  const [unreadable, setUnreadable] = useState<Pair | null>(null);
  const [sheet, setSheet] = useState<File | null>(null);
  const [founded, setFounded] = useState<FoundedView | null>(null);
  const [busy, setBusy] = useState(false);
  const packs = useAnswer("GET /api/v1/packs", {}, { fresh: 60_000 });
  const demo = Form.useWatch("demo", { form, preserve: true }) ?? true;

  useEffect(() => {
    if (!boundary) return;
    let gone = false;
    void boundaryText(boundary).then(
      (text) => {
        if (gone) return;
        setGeometry(text);
        setOutline(outlineOf(text));
        setUnreadable(null);
      },
      (error: unknown) => {
        if (gone) return;
        setOutline(null);
        setUnreadable(error instanceof Unreadable ? error.words : cutShort);
      },
    );
    return () => {
      gone = true;
    };
  }, [boundary]);

  const next = async () => {
    try {
      await form.validateFields(fieldsOf[step] ?? []);
      setStep(step + 1);
    } catch {
      // The form shows what is missing.
    }
  };
  const write = async () => {
    const wish = form.getFieldsValue(true) as Wish;
    if (!boundary || !sheet) return;
    const body = new FormData();
    for (const name of ["id", "zh", "en", "division", "coordinates"] as const) body.set(name, wish[name]);
    body.set("surveyed", String(Boolean(wish.surveyed)));
    body.set("packs", wish.packs.join(","));
    body.set("password", wish.demo ? wish.password : "");
    body.set("day", String(Boolean(wish.demo && wish.day)));
    body.set("boundary", new File([geometry], "boundary.geojson", { type: "application/geo+json" }));
    body.set("organisations", sheet);
    setBusy(true);
    try {
      setFounded(await call("POST /api/v1/new-cities", { body: body as never }));
      await client.invalidateQueries({ queryKey: ["GET /api/v1/new-cities"] });
    } catch (error) {
      void message.error(messageOf(error), 10);
    } finally {
      setBusy(false);
    }
  };
  const errors = founded?.findings.filter((one) => one.level === "error").length ?? 0;
  return (
    <div className="new-city">
      <h1>{t("title")}</h1>
      <p className="soft">{t("lead")}</p>
      <Steps current={step} size="small" items={(["who", "files", "packs", "check", "open"] as const).map((one) => ({ title: t(`step.${one}`) }))} />
      <Form form={form} layout="vertical" initialValues={first} className="new-city-form">
        {step === 0 ? (
          <>
            <Form.Item name="zh" label={t("zh")} rules={[{ required: true, max: 60 }]}><Input autoComplete="off" autoFocus /></Form.Item>
            <Form.Item name="en" label={t("en")} rules={[{ required: true, max: 100 }]}><Input autoComplete="off" /></Form.Item>
            <Form.Item name="id" label={t("id")} extra={t("id.help")} rules={[{ required: true, pattern: /^[a-z][a-z0-9-]{1,29}$/, message: t("id.help") }]}><Input autoComplete="off" /></Form.Item>
            <Form.Item name="division" label={t("division")} extra={t("division.help")} rules={[{ required: true, pattern: /^\d{6}$/, message: t("division.help") }]}><Input autoComplete="off" inputMode="numeric" /></Form.Item>
          </>
        ) : null}
        {step === 1 ? (
          <>
            <FileField label={t("boundary")} help={t("boundary.help")} accept=".geojson,.json,.zip,application/geo+json,application/zip" file={boundary} onFile={setBoundary} />
            {unreadable ? <Alert type="error" showIcon title={textNow(unreadable)} /> : null}
            {outline ? (
              outline.path ? (
                <p><Shape outline={outline} /> <span className="soft">{t("boundary.read", { count: outline.shapes, points: outline.points })}</span></p>
              ) : <Alert type="error" showIcon title={t("boundary.bad")} />
            ) : null}
            <Form.Item name="coordinates" label={t("coordinates")}>
              <Select options={[{ value: "EPSG:4490", label: "CGCS2000 (EPSG:4490)" }, { value: "EPSG:4326", label: "WGS-84 (EPSG:4326)" }, { value: "GCJ-02", label: "GCJ-02" }, { value: "BD-09", label: "BD-09" }]} />
            </Form.Item>
            <Form.Item name="surveyed" valuePropName="checked"><Checkbox>{t("surveyed")}</Checkbox></Form.Item>
            <FileField label={t("sheet")} help={t("sheet.help")} accept=".csv,.xlsx,.xls,.ods" file={sheet} onFile={setSheet} />
            <Button size="small" onClick={() => save("organisations.csv", exampleSheet(String(form.getFieldValue("division") ?? "")))}>{t("sheet.template")}</Button>
          </>
        ) : null}
        {step === 2 ? (
          <>
            <p className="soft">{t("packs.help")}</p>
            <Form.Item name="packs" rules={[{ required: true }]}>
              <Checkbox.Group className="new-city-packs" options={(packs.data?.items ?? []).map((one) => ({ value: one.id, label: `${nameIn(one, language)} · ${one.id}` }))} />
            </Form.Item>
            <Form.Item name="demo" valuePropName="checked" extra={t("demo.help")}><Checkbox>{t("demo")}</Checkbox></Form.Item>
            {demo ? (
              <>
                <Form.Item name="password" label={t("password")} rules={[{ required: true, min: 8, message: t("password") }]}><Input autoComplete="off" /></Form.Item>
                <Form.Item name="day" valuePropName="checked"><Checkbox>{t("day")}</Checkbox></Form.Item>
              </>
            ) : null}
          </>
        ) : null}
      </Form>
      {step === 3 ? (
        <>
          <p className="soft">{t("check.help")}</p>
          <Button type="primary" loading={busy} disabled={!boundary || !sheet} onClick={() => void write()}>{t("check")}</Button>
          {founded ? (
            <>
              <p>{t("check.numbers", { organisations: founded.organisations, posts: founded.posts, streets: founded.streets, communities: founded.communities })}</p>
              <Alert type={errors ? "error" : "success"} showIcon title={errors ? t("check.bad", { count: errors }) : t("check.good")} />
              {founded.findings.length ? (
                <Table size="small" pagination={false} rowKey={(row) => `${row.file} ${row.line} ${row.code} ${row.zh}`} dataSource={founded.findings}
                  columns={[
                    { title: t("finding.where"), render: (_, row) => <code>{t("finding.row", { file: row.file, line: row.line })}</code> },
                    { title: t("finding.what"), render: (_, row) => <><span className={`tag ${row.level === "error" ? "red" : "yellow"}`}>{row.code}</span> {nameIn(row, language)}</> },
                  ]} />
              ) : null}
            </>
          ) : null}
        </>
      ) : null}
      {step === 4 && founded ? <Opening id={founded.city.id} accounts={founded.accounts} /> : null}
      <Space style={{ marginTop: 16 }}>
        {step > 0 ? <Button onClick={() => setStep(step - 1)}>{t("back")}</Button> : null}
        {step < 4 ? (
          <Button type={step === 3 && !founded ? "default" : "primary"} disabled={(step === 1 && (!outline?.path || !sheet)) || (step === 3 && (!founded || errors > 0))} onClick={() => void next()}>{t("next")}</Button>
        ) : null}
      </Space>
      {step === 0 ? <Founded /> : null}
    </div>
  );
}

function FileField({ label, help, accept, file, onFile }: { label: string; help: string; accept: string; file: File | null; onFile: (file: File) => void }) {
  return (
    <div className="new-city-file">
      <b>{label}</b>
      <FileButton label={label} accept={accept} onFile={(file) => file && onFile(file)} />
      {file ? <span className="tag green">{file.name}</span> : null}
      <small className="soft">{help}</small>
    </div>
  );
}

function Shape({ outline }: { outline: Outline }) {
  return <svg className="new-city-shape" viewBox={outline.viewBox} aria-hidden="true"><path d={outline.path} /></svg>;
}

/** Opening one city, and how it stands afterwards. */
function Opening({ id, accounts }: { id: string; accounts: readonly string[] }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const { message, modal } = App.useApp();
  const [watched, setWatched] = useState(true);
  const found = useAnswer("GET /api/v1/new-cities/{id}", { path: { id } });
  const state = found.data?.state;
  useEffect(() => {
    if (!watched) return;
    const timer = window.setInterval(() => void client.invalidateQueries({ queryKey: ["GET /api/v1/new-cities/{id}"] }), state === "opening" ? 1500 : 5000);
    return () => clearInterval(timer);
  }, [client, watched, state]);
  const act = async (work: () => Promise<NewCity>) => {
    setWatched(true);
    try {
      client.setQueryData(["GET /api/v1/new-cities/{id}", { id }, null], await work());
    } catch (error) {
      void message.error(messageOf(error), 10);
    }
  };
  if (found.error) return <ErrorNotice error={found.error} />;
  const one = found.data;
  if (!one) return null;
  return (
    <section aria-live="polite">
      <p className="soft">{t("open.help")}</p>
      <Space wrap>
        {state === "running" || state === "opening" ? (
          <Button danger onClick={() => modal.confirm({ title: t("stop"), content: t("stop.sure"), okText: t("stop"), cancelText: t("cancel"), onOk: () => act(() => call("POST /api/v1/new-cities/{id}/stop", { path: { id } })) })}>{t("stop")}</Button>
        ) : <Button type="primary" disabled={state === "faulty"} onClick={() => void act(() => call("POST /api/v1/new-cities/{id}/open", { path: { id } }))}>{t("open")}</Button>}
        <span className={`tag ${state === "running" ? "green" : state === "opening" ? "blue" : state === "faulty" ? "red" : "grey"}`}>{state ? t(`state.${state}`) : ""}</span>
        {state === "opening" && one.seconds !== null ? <span>{t("seconds", { count: Math.round(one.seconds) })}</span> : null}
      </Space>
      {one.address ? (
        <Alert type="success" showIcon style={{ marginTop: 12 }} title={t("running")}
          description={<><p><a href={one.address} target="_blank" rel="noopener">{t("visit", { address: one.address })}</a></p>{accounts.length ? <p>{t("accounts")} {accounts.map((login) => <Tag key={login}>{login}</Tag>)}</p> : null}</>} />
      ) : null}
      {one.log ? <details open={state === "opening" || state === "stopped"}><summary>{t("log")}</summary><pre className="new-city-log">{one.log}</pre></details> : null}
      <p className="soft small">{t("for.good")}</p>
      <pre className="new-city-log">{one.command}</pre>
    </section>
  );
}

/** What was founded before. */
function Founded() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [chosen, setChosen] = useState<string | null>(null);
  const found = useAnswer("GET /api/v1/new-cities");
  if (!found.data?.items.length) return null;
  return (
    <>
      <h2>{t("list")}</h2>
      <Table size="small" rowKey="id" pagination={false} dataSource={found.data.items}
        columns={[
          { title: t("zh"), render: (_, row) => <Button type="link" size="small" onClick={() => setChosen(row.id)}>{nameIn(row, language)}</Button> },
          { title: t("step.open"), render: (_, row) => <span className={`tag ${row.state === "running" ? "green" : "grey"}`}>{t(`state.${row.state}`)}</span> },
          { title: t("folder"), render: (_, row) => <code>{row.folder}</code> },
        ]} />
      {chosen ? <Opening key={chosen} id={chosen} accounts={[]} /> : null}
    </>
  );
}

function save(name: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
