// The quality of one type: rules, sources, trend, the worst records down to each, and what was sent to the sources.

import { App, Button, Input, Modal } from "antd";
import { useMemo, useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import type { QualityDetail, QualitySourceView } from "../../../shared/api/description";
import { messageOf, Problem } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { Chart, type Series } from "../../../shared/chart/chart";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Score, useWatch } from "./score";
import { texts } from "./texts";

export function TypeQuality() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { type = "" } = useParams();
  const { message } = App.useApp();
  const found = useAnswer("GET /api/v1/exchange/quality/{type}", { path: { type } }, { fresh: 5_000 });
  const run = useChange("POST /api/v1/exchange/quality/{type}/runs", ["GET /api/v1/exchange/quality", "GET /api/v1/exchange/quality/{type}"]);
  const [sending, setSending] = useState<QualitySourceView | null>(null);
  useWatch(Boolean(found.data?.under_way), () => void found.refetch());
  const back = <Link to="/desk/quality" className="chip">{t("back")}</Link>;
  if (found.error instanceof Problem && found.error.code === "quality.not_judged") return <Empty title={found.error.message}>{back}</Empty>;
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  const name = nameIn(found.data.names, language);
  return (
    <>
      <div className="desk-head">
        <h2>{name}</h2> <Score score={found.data.score} />
        <span className="soft small" title={exactTime(found.data.run.at, language)}>{shortTime(found.data.run.at, language)}</span>
        <div className="desk-filters">
          {found.data.under_way ? <span className="tag blue">{t("running", { n: found.data.under_way.judged })}</span> : found.data.may_run ? <Button size="small" onClick={() => run.mutate({ path: { type } }, { onSuccess: () => void message.success(t("run.begun", { name })), onError: (error) => void message.error(messageOf(error), 8) })}>{t("run")}</Button> : null}
          {back}
        </div>
      </div>
      <Trend quality={found.data} name={name} />
      <Rules quality={found.data} />
      <Sources quality={found.data} onSend={setSending} />
      <Worst quality={found.data} />
      {sending ? <Send type={type} source={sending} onClose={() => setSending(null)} /> : null}
    </>
  );
}

function Trend({ quality, name }: { quality: QualityDetail; name: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const names = useMemo(() => quality.trend.map((one) => shortTime(one.at, language)), [quality, language]);
  const drawn = useMemo<Series[]>(() => [{ name: t("score"), kind: "line", tone: "brand", values: quality.trend.map((one) => one.score) }], [quality, t]);
  if (quality.trend.length < 2) return null;
  return (
    <section className="card" aria-labelledby="quality-trend">
      <h3 id="quality-trend">{t("trend")}</h3>
      <Chart label={t("trend.label", { name, n: quality.trend.length })} names={names} series={drawn} height={180}>
        <table className="rows">
          <thead><tr><th>{t("checked")}</th><th>{t("score")}</th></tr></thead>
          <tbody>{quality.trend.map((one) => <tr key={one.at}><td>{shortTime(one.at, language)}</td><td className="number">{one.score ?? "–"}</td></tr>)}</tbody>
        </table>
      </Chart>
    </section>
  );
}

function Rules({ quality }: { quality: QualityDetail }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="card" aria-labelledby="quality-rules">
      <h3 id="quality-rules">{t("rules")}</h3>
      <table className="rows">
        <thead><tr><th>{t("rule")}</th><th>{t("dimension")}</th><th>{t("judged")}</th><th>{t("failed")}</th></tr></thead>
        <tbody>
          {quality.rules.map((one) => (
            <tr key={one.id}>
              <td>{nameIn(one.names, language)} {one.declared ? null : <small className="soft">{t("follows")}</small>}</td>
              <td>{t(`dimension.${one.dimension as "complete"}`)}</td>
              <td className="number">{one.judged.toLocaleString()}</td>
              <td className="number">{one.failed ? <Link to={`?rule=${one.id}`}>{one.failed.toLocaleString()}</Link> : 0}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Sources({ quality, onSend }: { quality: QualityDetail; onSend: (source: QualitySourceView) => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="card" aria-labelledby="quality-sources">
      <h3 id="quality-sources">{t("by.source")}</h3>
      <table className="rows">
        <thead><tr><th>{t("source")}</th><th>{t("score")}</th><th>{t("judged")}</th><th>{t("failed")}</th><th /></tr></thead>
        <tbody>
          {quality.sources.map((one) => {
            const failed = Object.values(one.failed).reduce((sum, count) => sum + count, 0);
            return (
              <tr key={one.organisation}>
                <td>{nameIn(one.names, language)}</td>
                <td><Score score={one.score} /></td>
                <td className="number">{one.judged.toLocaleString()}</td>
                <td className="number">{failed ? <Link to={`?source=${one.organisation}`}>{failed.toLocaleString()}</Link> : 0}</td>
                <td>{quality.may_run && failed && one.organisation ? <Button size="small" onClick={() => onSend(one)}>{t("dispatch")}</Button> : null}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {quality.dispatched.length ? (
        <>
          <h4>{t("dispatched.list")}</h4>
          <table className="rows">
            <thead><tr><th>{t("case")}</th><th>{t("source")}</th><th>{t("failed")}</th><th>{t("at")}</th><th>{t("by")}</th></tr></thead>
            <tbody>
              {quality.dispatched.map((one) => (
                <tr key={one.id}>
                  <td><Link to={`/desk/cases/${one.case_id}`}>{one.number}</Link></td>
                  <td>{nameIn(one.names, language)}</td>
                  <td className="number">{one.failed.toLocaleString()}</td>
                  <td title={exactTime(one.at, language)}>{shortTime(one.at, language)}</td>
                  <td>{one.by}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      ) : null}
    </section>
  );
}

function Worst({ quality }: { quality: QualityDetail }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const rule = address.get("rule") ?? "";
  const source = address.get("source");
  const found = useAnswer("GET /api/v1/exchange/quality/{type}/defects", { path: { type: quality.type }, query: { rule, organisation: source === null ? null : Number(source), after: address.get("after") ?? "" } }, { keep: true });
  const names = new Map(quality.rules.map((one) => [one.id, nameIn(one.names, language)]));
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      if (name !== "after") after.delete("after");
      return after;
    });
  return (
    <section className="card" aria-labelledby="quality-worst">
      <div className="desk-head">
        <h3 id="quality-worst">{t("worst")}</h3>
        <label className="filter"><span>{t("rule")}</span><select value={rule} onChange={(event) => put("rule", event.target.value)}><option value="">{t("rule.any")}</option>{quality.rules.map((one) => <option key={one.id} value={one.id}>{nameIn(one.names, language)}</option>)}</select></label>
        <label className="filter"><span>{t("source")}</span><select value={source ?? ""} onChange={(event) => put("source", event.target.value)}><option value="">{t("source.any")}</option>{quality.sources.map((one) => <option key={one.organisation} value={one.organisation}>{nameIn(one.names, language)}</option>)}</select></label>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.data && !found.data.items.length ? <p className="soft">{t("worst.none")}</p> : null}
      {found.data?.items.length ? (
        <table className="rows">
          <thead><tr><th>{t("record")}</th><th>{t("source")}</th><th>{t("broken")}</th></tr></thead>
          <tbody>
            {found.data.items.map((one) => (
              <tr key={one.id}>
                <td><Link to={`/desk/records/${quality.type}/${one.id}`}>{one.title || t("show")}</Link></td>
                <td>{nameIn(one.names, language)}</td>
                <td>{one.rules.map((id) => <span key={id} className="tag yellow">{names.get(id) ?? id}</span>)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {found.data?.after ? <Button onClick={() => put("after", found.data?.after ?? "")}>{t("more")}</Button> : null}
    </section>
  );
}

function Send({ type, source, onClose }: { type: string; source: QualitySourceView; onClose: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { message } = App.useApp();
  const [note, setNote] = useState("");
  const send = useChange("POST /api/v1/exchange/quality/{type}/dispatches", ["GET /api/v1/exchange/quality/{type}"]);
  const go = () =>
    send.mutate(
      { path: { type }, body: { organisation: source.organisation, rule: "", note } },
      { onSuccess: ({ number }) => { void message.success(t("dispatched", { number })); onClose(); }, onError: (error) => void message.error(messageOf(error), 8) },
    );
  return (
    <Modal open title={t("dispatch.title", { name: nameIn(source.names, language) })} okText={t("dispatch")} cancelText={t("cancel")} onCancel={onClose} onOk={go} confirmLoading={send.isPending}>
      <p className="soft">{t("dispatch.about")}</p>
      <label className="field"><span>{t("dispatch.note")}</span><Input.TextArea rows={3} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} /></label>
    </Modal>
  );
}
