// Learned models (学习模型): the versions of each business with their cards; put in service, taken back; what people corrected.

import { App, Button, Space, Table } from "antd";
import { useState } from "react";
import type { ModelItem } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { useNaming } from "../shared/words";
import { texts } from "./models_texts";

export default function Models() {
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const { may } = useSession();
  const { message, modal } = App.useApp();
  const found = useAnswer("GET /api/v1/models");
  const publish = useChange("POST /api/v1/models/{subject}/{version}/publish", ["GET /api/v1/models"]);
  const back = useChange("POST /api/v1/models/{subject}/rollback", ["GET /api/v1/models"]);
  const put = async (row: ModelItem) => {
    if (!(await modal.confirm({ title: t("publish"), content: t("publish.sure", { version: row.version }), okText: t("publish"), cancelText: t("cancel") }))) return;
    publish.mutate({ path: { subject: row.subject, version: row.version } }, {
      onSuccess: (done) => void message.success(t("publish.done", { version: done.version, now: percent(done.new), old: done.old === null ? "–" : percent(done.old), texts: done.texts }), 8),
      onError: (error) => void message.error(messageOf(error), 10),
    });
  };
  const retire = async (row: ModelItem) => {
    if (!(await modal.confirm({ title: t("back"), content: t("back.sure"), okText: t("back"), cancelText: t("cancel"), okButtonProps: { danger: true } }))) return;
    back.mutate({ path: { subject: row.subject } }, {
      onSuccess: (done) => void message.success(t("back.done", { version: done.version })),
      onError: (error) => void message.error(messageOf(error), 10),
    });
  };
  if (found.error) return <ErrorNotice error={found.error} />;
  return (
    <>
      <p className="soft">{t("about")}</p>
      <Table
        size="small" rowKey={(row) => `${row.subject} ${row.version}`} loading={found.isLoading} dataSource={found.data ?? []} pagination={{ pageSize: 20, hideOnSinglePage: true }} locale={{ emptyText: t("none") }}
        expandable={{ expandedRowRender: (row) => <Card row={row} /> }}
        columns={[
          { title: t("business"), render: (_, row) => naming.type(row.subject) },
          { title: t("version"), dataIndex: "version", align: "right" },
          { title: t("state"), render: (_, row) => <span className={`tag ${row.state === "published" ? "green" : "grey"}`}>{t(`state.${row.state}`)}</span> },
          { title: t("score"), align: "right", render: (_, row) => percent(row.macro_f1) },
          { title: t("examples"), dataIndex: "examples", align: "right" },
          { title: t("trained"), render: (_, row) => `${shortTime(row.trained_at, language)} · ${row.trained_by}` },
          { title: t("published"), render: (_, row) => shortTime(row.published_at, language) || "–" },
          { title: t("size"), align: "right", render: (_, row) => `${(row.bytes / 1024).toFixed(0)} kB` },
          { title: "", render: (_, row) => may("model", "publish") ? (
            <Space>
              {row.state === "published" ? <Button size="small" danger onClick={() => void retire(row)}>{t("back")}</Button> : row.state === "withdrawn" ? null : <Button size="small" onClick={() => void put(row)}>{t("publish")}</Button>}
            </Space>
          ) : null },
        ]}
      />
      <p className="soft small">{t("train")} <code>yiwang learn train</code></p>
      <p className="soft small">{t("corrections.elsewhere")}</p>
    </>
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

/** The card of a model: what it learned from, how good it is, what it must not be used for. */
function Card({ row }: { row: ModelItem }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const classes = useAnswer("GET /api/v1/case-types/{key}/classes", { path: { key: row.subject } }, { fresh: 600_000 });
  const [all, setAll] = useState(false);
  const card = row.card;
  const figure = (name: string) => (typeof card[name] === "number" ? card[name] : null);
  const figures = ([["macro_f1", percent], ["accuracy", percent], ["among_first_three", percent], ["sure", percent], ["right_when_sure", percent], ["calibration_error", percent], ["threshold", percent]] as const).flatMap(([name, shown]) => {
    const value = figure(name);
    return value === null ? [] : [{ name, value: shown(value) }];
  });
  const judged = (Array.isArray(card.classes) ? card.classes : []) as { class: string; f1: number; texts: number }[];
  const uses = (Array.isArray(card.use) ? card.use : []) as string[];
  const worst = [...judged].sort((one, other) => one.f1 - other.f1);
  const named = (code: string) => nameIn(classes.data?.find((one) => one.code === code)?.names, language) || t("class.gone");
  return (
    <div className="model-card">
      <ul>{uses.filter((one) => /[\u4e00-\u9fff]/.test(one) === (language === "zh")).map((one) => <li key={one}>{one}</li>)}</ul>
      <dl className="model-figures">{figures.map((one) => <div key={one.name}><dt>{t(`card.${one.name}`)}</dt><dd className="number">{one.value}</dd></div>)}</dl>
      <p className="soft small">{t("card.source", { texts: row.examples, classes: judged.length })} · {t("card.held")}</p>
      <h3>{t("card.worst")}</h3>
      <ul className="model-classes">{(all ? worst : worst.slice(0, 12)).map((one) => <li key={one.class}>{named(one.class)} <b className="number">{percent(one.f1)}</b> <small className="soft">{t("card.texts", { n: one.texts })}</small></li>)}</ul>
      {worst.length > 12 && !all ? <Button size="small" onClick={() => setAll(true)}>{t("card.all", { n: worst.length })}</Button> : null}
    </div>
  );
}
