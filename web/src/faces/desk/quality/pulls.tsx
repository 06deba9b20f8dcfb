// Pulls of one's office: what is fetched from other systems, how the last time went, and the rows that wait for correction.

import { App, Button, Input, Modal, Space } from "antd";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import type { PullRunView, PullView, QuarantineView } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Pulling } from "./pulling";
import "./quality.css";
import { texts } from "./texts";

const list = ["GET /api/v1/exchange/pulls", "GET /api/v1/exchange/pulls/{pull_id}/quarantine"] as const;
const results = ["new", "changed", "same", "refused"] as const;

export function Pulls() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { message } = App.useApp();
  const [address] = useSearchParams();
  const [adding, setAdding] = useState(false);
  const found = useAnswer("GET /api/v1/exchange/pulls", {}, { fresh: 5_000 });
  const types = useAnswer("GET /api/v1/types", {}, { fresh: 600_000 });
  const run = useChange("POST /api/v1/exchange/pulls/{pull_id}/run", list);
  const pause = useChange("POST /api/v1/exchange/pulls/{pull_id}/pause", list);
  const failed = { onError: (error: Error) => void message.error(messageOf(error), 8) };
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  const nameOf = (id: string) => nameIn(types.data?.items.find((each) => each.id === id)?.names, language) || id;
  const chosen = found.data.items.find((one) => one.id === address.get("pull"));
  return (
    <>
      <p><Button type="primary" onClick={() => setAdding(true)}>{t("pull.new")}</Button></p>
      {adding ? <Pulling onClose={() => setAdding(false)} /> : null}
      {found.data.items.length ? null : <Empty title={t("pulls.none")}>{t("pulls.next")}</Empty>}
      <div className="scroll" hidden={!found.data.items.length}>
        <table className="rows">
          <thead><tr><th>{t("name")}</th><th>{t("type")}</th><th>{t("kind")}</th><th>{t("state")}</th><th>{t("last")}</th><th>{t("rows")}</th><th>{t("waiting")}</th><th>{t("next")}</th><th /></tr></thead>
          <tbody>
            {found.data.items.map((one) => (
              <tr key={one.id}>
                <td><b>{one.name}</b></td>
                <td>{nameOf(one.type)}</td>
                <td>{t(`kind.${one.kind as "folder"}`)}</td>
                <td><span className={`tag ${one.state === "active" ? "green" : "grey"}`}>{t(`state.${one.state as "active"}`)}</span></td>
                <td>{one.runs[0] ? <span title={exactTime(one.runs[0].began_at, language)}>{shortTime(one.runs[0].began_at, language)}</span> : "–"}</td>
                <td><Result run={one.runs[0]} /></td>
                <td className="number">{one.waiting ? <Link to={`?pull=${one.id}`}>{one.waiting}</Link> : 0}</td>
                <td>{one.next_at ? <span title={exactTime(one.next_at, language)}>{shortTime(one.next_at, language)}</span> : "–"}</td>
                <td>
                  <Space>
                    <Button size="small" onClick={() => run.mutate({ path: { pull_id: one.id } }, failed)}>{t("run.pull")}</Button>
                    {one.state === "active" ? <Button size="small" onClick={() => pause.mutate({ path: { pull_id: one.id } }, failed)}>{t("pause")}</Button> : null}
                  </Space>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {chosen ? <Quarantine pull={chosen} /> : null}
    </>
  );
}

function Result({ run }: { run: PullRunView | undefined }) {
  const t = useTexts(texts);
  const language = useLanguage();
  if (!run) return <>–</>;
  if (run.state === "finished") return <>{results.filter((one) => run.counts[one]).map((one) => t(`result.${one}`, { n: String(run.counts[one]) })).join(" · ")}</>;
  return <><span className={`tag ${run.state === "failed" ? "red" : "grey"}`}>{t(`result.${run.state as "failed"}`)}</span> {language === "zh" ? run.why_zh : run.why_en}</>;
}

function Quarantine({ pull }: { pull: PullView }) {
  const t = useTexts(texts);
  const { message } = App.useApp();
  const [address, setAddress] = useSearchParams();
  const found = useAnswer("GET /api/v1/exchange/pulls/{pull_id}/quarantine", { path: { pull_id: pull.id }, query: { after: address.get("after") } }, { keep: true });
  const dismiss = useChange("DELETE /api/v1/exchange/pulls/{pull_id}/quarantine/{row_id}", list);
  const [editing, setEditing] = useState<QuarantineView | null>(null);
  const language = useLanguage();
  return (
    <section className="card" aria-labelledby="quarantine">
      <h2 id="quarantine">{t("quarantine", { name: pull.name })}</h2>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.data && !found.data.items.length ? <p className="soft">{t("quarantine.none")}</p> : null}
      {found.data?.items.length ? (
        <table className="rows">
          <thead><tr><th>{t("row")}</th><th>{t("values")}</th><th>{t("problem")}</th><th /></tr></thead>
          <tbody>
            {found.data.items.map((row) => (
              <tr key={row.id}>
                <td className="number">{row.row}</td>
                <td><dl className="quality-cells">{Object.entries(row.values).map(([column, value]) => <div key={column}><dt>{column}</dt><dd>{value || "–"}</dd></div>)}</dl></td>
                <td>{row.problems.map((one, place) => <p key={place}><b>{String(one["column"])}</b> {String(language === "zh" ? one["zh"] : one["en"])}; {String(language === "zh" ? one["fix_zh"] : one["fix_en"])}</p>)}</td>
                <td>
                  <Space>
                    <Button size="small" type="primary" onClick={() => setEditing(row)}>{t("correct")}</Button>
                    <Button size="small" onClick={() => dismiss.mutate({ path: { pull_id: pull.id, row_id: row.id } }, { onError: (error) => void message.error(messageOf(error), 8) })}>{t("dismiss")}</Button>
                  </Space>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {found.data?.after ? <Button onClick={() => setAddress({ pull: pull.id, after: found.data?.after ?? "" })}>{t("more")}</Button> : null}
      {editing ? <Correct pull={pull} row={editing} onClose={() => setEditing(null)} /> : null}
    </section>
  );
}

function Correct({ pull, row, onClose }: { pull: PullView; row: QuarantineView; onClose: () => void }) {
  const t = useTexts(texts);
  const { message } = App.useApp();
  const [given, setGiven] = useState<Record<string, string>>({});
  const send = useChange("PUT /api/v1/exchange/pulls/{pull_id}/quarantine/{row_id}", list);
  const go = () => send.mutate({ path: { pull_id: pull.id, row_id: row.id }, body: { values: given } }, { onSuccess: () => { void message.success(t("corrected")); onClose(); } });
  return (
    <Modal open title={`${t("correct")} · ${t("row")} ${row.row}`} okText={t("send")} cancelText={t("cancel")} onCancel={onClose} onOk={go} confirmLoading={send.isPending}>
      <p className="soft">{t("correct.about")}</p>
      {send.error ? <ErrorNotice error={send.error} /> : null}
      {Object.entries(row.values).map(([column, value]) => (
        <label key={column} className="field"><span>{column}</span><Input value={given[column] ?? value} onChange={(event) => setGiven({ ...given, [column]: event.target.value })} /></label>
      ))}
    </Modal>
  );
}
