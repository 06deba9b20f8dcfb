// Data governance (数据治理): quality of every type, what is fetched from other systems, who gets the changes.

import { App, Button } from "antd";
import { Link, NavLink, Route, Routes } from "react-router";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { messageOf } from "../../../shared/api/problem";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Pulls } from "./pulls";
import { Subscriptions } from "./subscriptions";
import { figure, Score, useWatch } from "./score";
import { texts } from "./texts";
import { TypeQuality } from "./type";

const dimensions = ["complete", "unique", "valid", "consistent", "timely", "referential"] as const;

export default function Quality() {
  const t = useTexts(texts);
  const { may } = useSession();
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1>
        <nav className="desk-filters" aria-label={t("sections")}>
          {may("quality", "read") ? <NavLink to="/desk/quality" end className="chip">{t("tab.quality")}</NavLink> : null}
          <NavLink to="/desk/quality/pulls" className="chip">{t("tab.pulls")}</NavLink>
          <NavLink to="/desk/quality/subscriptions" className="chip">{t("tab.subscriptions")}</NavLink>
        </nav>
      </header>
      <Routes>
        <Route index element={may("quality", "read") ? <Board /> : <Pulls />} />
        <Route path="pulls/*" element={<Pulls />} />
        <Route path="subscriptions" element={<Subscriptions />} />
        <Route path="types/:type" element={<TypeQuality />} />
      </Routes>
    </section>
  );
}

function Board() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { message } = App.useApp();
  const found = useAnswer("GET /api/v1/exchange/quality", {}, { fresh: 5_000 });
  const run = useChange("POST /api/v1/exchange/quality/{type}/runs", ["GET /api/v1/exchange/quality"]);
  useWatch(found.data?.items.some((one) => one.under_way) ?? false, () => void found.refetch());
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  if (!found.data.items.length) return <Empty title={t("none")}>{t("none.next")}</Empty>;
  const rows = [...found.data.items].sort((one, other) => (one.score ?? 101) - (other.score ?? 101));
  return (
    <div className="scroll">
      <table className="rows">
        <thead>
          <tr><th>{t("type")}</th><th>{t("score")}</th><th>{t("change")}</th>{dimensions.map((one) => <th key={one}>{t(`dimension.${one}`)}</th>)}<th>{t("sources")}</th><th>{t("failed")}</th><th>{t("checked")}</th><th /></tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.type}>
              <td>{one.run ? <Link to={`/desk/quality/types/${one.type}`}><b>{nameIn(one.names, language)}</b></Link> : nameIn(one.names, language)}</td>
              <td data-label={t("score")}><Score score={one.score} /></td>
              <td className="number" data-label={t("change")}>{one.score === null || one.before === null ? "–" : signed(one.score - one.before)}</td>
              {dimensions.map((dimension) => <td key={dimension} className="number" data-label={t(`dimension.${dimension}`)}>{figure(one.dimensions[dimension])}</td>)}
              <td className="number" data-label={t("sources")}>{one.run ? one.sources : "–"}</td>
              <td className="number" data-label={t("failed")}>{one.run ? one.failed.toLocaleString() : "–"}</td>
              <td data-label={t("checked")}>{one.under_way ? <span className="tag blue">{t("running", { n: one.under_way.judged })}</span> : one.run ? <span title={exactTime(one.run.at, language)}>{shortTime(one.run.at, language)}</span> : <span className="soft">{t("not.checked")}</span>}</td>
              <td>
                {found.data.may_run ? (
                  <Button
                    size="small" disabled={Boolean(one.under_way)}
                    onClick={() => run.mutate({ path: { type: one.type } }, { onSuccess: () => void message.success(t("run.begun", { name: nameIn(one.names, language) })), onError: (error) => void message.error(messageOf(error), 8) })}
                  >{t("run")}</Button>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const signed = (value: number): string => (Math.abs(value) < 0.005 ? "0" : `${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`);
