// Subscriptions of one's office: who gets which changes, how far behind they are, and what went wrong.

import { App, Button } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime, shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Subscribing } from "./subscribing";
import { texts } from "./texts";

const list = ["GET /api/v1/exchange/subscriptions"] as const;
const looks = { active: "green", paused: "grey", isolated: "red" } as const;

export function Subscriptions() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { message } = App.useApp();
  const [adding, setAdding] = useState(false);
  const found = useAnswer("GET /api/v1/exchange/subscriptions", {}, { fresh: 5_000 });
  const types = useAnswer("GET /api/v1/types", {}, { fresh: 600_000 });
  const pause = useChange("POST /api/v1/exchange/subscriptions/{subscription_id}/pause", list);
  const resume = useChange("POST /api/v1/exchange/subscriptions/{subscription_id}/resume", list);
  const failed = { onError: (error: Error) => void message.error(messageOf(error), 8) };
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  return (
    <>
      <p><Button type="primary" onClick={() => setAdding(true)}>{t("subscription.new")}</Button></p>
      {adding ? <Subscribing onClose={() => setAdding(false)} /> : null}
      {found.data.items.length ? (
        <div className="scroll">
          <table className="rows">
            <thead><tr><th>{t("name")}</th><th>{t("type")}</th><th>{t("way")}</th><th>{t("state")}</th><th>{t("lag")}</th><th>{t("delivered")}</th><th>{t("last")}</th><th>{t("error")}</th><th /></tr></thead>
            <tbody>
              {found.data.items.map((one) => (
                <tr key={one.id}>
                  <td><b>{one.name}</b></td>
                  <td>{nameIn(types.data?.items.find((each) => each.id === one.type)?.names, language) || one.type}{one.grant_id ? <><br /><Link to="/desk/exchange/grants" className="small">{t("by.grant")}</Link></> : null}</td>
                  <td>{one.url ? <span title={one.url}>{t("way.push")}</span> : t("way.read")}</td>
                  <td><span className={`tag ${looks[one.state as keyof typeof looks]}`}>{t(`state.${one.state as keyof typeof looks}`)}</span></td>
                  <td className="number">{one.lag.toLocaleString()}</td>
                  <td className="number">{one.delivered.toLocaleString()}</td>
                  <td>{one.last_at ? <span title={exactTime(one.last_at, language)}>{shortTime(one.last_at, language)}</span> : "–"}</td>
                  <td>{one.last_error}</td>
                  <td>{one.state === "active" ? <Button size="small" onClick={() => pause.mutate({ path: { subscription_id: one.id } }, failed)}>{t("pause")}</Button> : <Button size="small" onClick={() => resume.mutate({ path: { subscription_id: one.id } }, failed)}>{t("resume")}</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : <Empty title={t("subscriptions.none")}>{t("subscriptions.next")}</Empty>}
    </>
  );
}
