// Moving running cases to another version of their flow (迁移): judged first, with every reason; then moved, in the background.

import { Alert, App, Button, Select, Space, Table } from "antd";
import { useEffect, useState } from "react";
import { addressOf, call, type Answer } from "../../../shared/api/client";
import type { HeadView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./migrate_texts";
import { texts as designer } from "./texts";

const askEvery = 1500; // ms
type Migration = Answer<"GET /api/v1/definitions/{key}/migrations/{migration_id}">;

export function Migrate({ flow, versions }: { flow: string; versions: readonly HeadView[] }) {
  const t = useTexts(texts);
  const d = useTexts(designer);
  const language = useLanguage();
  const { may } = useSession();
  const { message, modal } = App.useApp();
  const [pair, setPair] = useState<[number | null, number | null]>([null, null]);
  const [steps, setSteps] = useState<Record<string, string>>({});
  const [run, setRun] = useState<Migration | null>(null);
  const published = versions.filter((one) => one.state !== "draft");
  const to = pair[1] ?? published[0]?.version ?? versions[0]?.version ?? null;
  const from = pair[0] ?? published.find((one) => one.version !== to)?.version ?? null;
  const ready = from !== null && to !== null && from !== to;
  const old = useAnswer("GET /api/v1/definitions/{key}/versions/{version}", { path: { key: flow, version: from ?? 1 } }, { enabled: ready, fresh: 60_000 });
  const next = useAnswer("GET /api/v1/definitions/{key}/versions/{version}", { path: { key: flow, version: to ?? 1 } }, { enabled: ready, fresh: 60_000 });
  const past = useAnswer("GET /api/v1/definitions/{key}/migrations", { path: { key: flow } }, { enabled: may("definition", "edit") || may("definition", "publish") });
  const gone = (old.data?.steps ?? []).filter((one) => !next.data?.steps.some((other) => other.node === one.node));
  const { refetch } = past;
  const id = run?.id;
  const underWay = run !== null && run.state !== "done";
  useEffect(() => {
    if (!id || !underWay) return;
    const timer = window.setInterval(() => {
      call("GET /api/v1/definitions/{key}/migrations/{migration_id}", { path: { key: flow, migration_id: id } }).then(
        (found) => {
          setRun(found);
          if (found.state === "done") void refetch();
        },
        () => undefined, // asked again in a moment
      );
    }, askEvery);
    return () => clearInterval(timer);
  }, [flow, id, underWay, refetch]);
  if (published.length < 2 && versions.length < 2) return <p className="soft">{d("compare.one")}</p>;
  const begin = async (dryRun: boolean) => {
    if (from === null || to === null) return;
    if (!dryRun && !(await modal.confirm({ title: t("move"), content: t("move.sure", { n: run?.moved ?? 0, from, to }), okText: t("move"), cancelText: d("cancel"), okButtonProps: { danger: true } }))) return;
    try {
      setRun(await call("POST /api/v1/definitions/{key}/migrations", { path: { key: flow }, body: { from, to, dry_run: dryRun, mapping: { steps } } }));
    } catch (error) {
      void message.error(messageOf(error), 10);
    }
  };
  const options = versions.map((one) => ({ value: one.version, label: `${one.version} · ${d(`state.${one.state}`)}` }));
  const choose = (chosen: [number | null, number | null]) => {
    setPair(chosen);
    setSteps({});
    setRun(null);
  };
  const judged = run !== null && run.dry_run && run.state === "done" && run.from === from && run.to === to;
  return (
    <>
      <p className="soft">{t("about")}</p>
      <Space wrap className="designer-tools">
        <label>{t("from")} <Select aria-label={t("from")} value={from} options={options} onChange={(value) => choose([value, to])} /></label>
        <label>{t("to")} <Select aria-label={t("to")} value={to} options={options} onChange={(value) => choose([from, value])} /></label>
        <Button disabled={!ready || underWay || !may("definition", "publish")} onClick={() => void begin(true)}>{t("judge")}</Button>
        <Button type="primary" danger disabled={!judged || !run.moved || !may("definition", "publish")} onClick={() => void begin(false)}>{t("move")}</Button>
      </Space>
      {may("definition", "publish") ? null : <p className="soft">{d("read.only")}</p>}
      {old.error ?? next.error ? <ErrorNotice error={old.error ?? next.error} /> : null}
      {ready && gone.length ? (
        <section className="designer-set">
          <b>{t("gone")}</b>
          {gone.map((one) => (
            <label key={one.node} className="designer-field"><span>{nameIn(one.names, language)} →</span>
              <Select allowClear aria-label={nameIn(one.names, language)} value={steps[one.node]} placeholder={t("gone.stay")} style={{ maxWidth: 320 }} options={(next.data?.steps ?? []).map((other) => ({ value: other.node, label: nameIn(other.names, language) }))}
                onChange={(value: string | undefined) => setSteps(({ [one.node]: _, ...others }) => (value ? { ...others, [one.node]: value } : others))} />
            </label>
          ))}
        </section>
      ) : null}
      {run ? <Run flow={flow} run={run} /> : null}
      <h2>{t("past")}</h2>
      <Table
        size="small" rowKey="id" pagination={false} loading={past.isLoading} dataSource={past.data?.items ?? []} locale={{ emptyText: t("past.none") }}
        columns={[
          { title: t("at"), render: (_, row) => shortTime(row.created_at, language) },
          { title: t("who"), dataIndex: "created_by" },
          { title: t("versions"), render: (_, row) => `${row.from} → ${row.to}` },
          { title: t("what"), render: (_, row) => (row.dry_run ? t("judged") : t("moved")) },
          { title: t("result"), render: (_, row) => t("counts", { moved: row.moved, refused: row.refused, over: row.over, total: row.total }) },
        ]}
      />
    </>
  );
}

function Run({ flow, run }: { flow: string; run: Migration }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const done = run.moved + run.refused + run.over;
  const said = t("counts", { moved: run.moved, refused: run.refused, over: run.over, total: run.total });
  return (
    <section aria-live="polite">
      {run.state === "done" ? <Alert type={run.refused ? "warning" : "success"} showIcon title={`${run.dry_run ? t("judged") : t("moved")}:${said}`} /> : <p><progress value={done} max={run.total || 1} aria-label={t("running")} /> {t("running")} {done} / {run.total}</p>}
      {run.reasons.length ? (
        <>
          <h3>{t("reasons")}</h3>
          <ul>{run.reasons.map((one) => <li key={`${one.code} ${one.element}`}>{nameIn(one, language)} <b className="number">× {one.count}</b></li>)}</ul>
          <a href={addressOf("GET /api/v1/definitions/{key}/migrations/{migration_id}/cannot-move.csv", { path: { key: flow, migration_id: run.id } })} download>{t("list")}</a>
        </>
      ) : null}
    </section>
  );
}
