// Votes (业主表决): those called, the roll, letters with codes, proxies, ballots on paper, the result. Nothing before the end.

import { Link, Route, Routes, useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { texts as common } from "../shared/texts";
import { VoteState } from "./result";
import { texts } from "./texts";
import { VotePage } from "./vote";
import "./votes.css";

const states = ["called", "counted", "withdrawn"] as const;

export default function Votes() {
  const t = useTexts(texts);
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      <Routes>
        <Route index element={<List />} />
        <Route path=":id" element={<VotePage />} />
      </Routes>
    </section>
  );
}

function List() {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const state = states.find((one) => one === address.get("state"));
  const found = useAnswer("GET /api/v1/votes", { query: { state: state ?? null, after: address.get("after") } }, { keep: true });
  const items = found.data?.items;
  return (
    <>
      <div className="filters" role="search">
        <label className="filter"><span>{t("state")}</span><select value={state ?? ""} onChange={(event) => setAddress(event.target.value ? { state: event.target.value } : {})}><option value="">{t("any")}</option>{states.map((one) => <option key={one} value={one}>{t(`state.${one}`)}</option>)}</select></label>
        <a className="chip" href="/plain/votes">{t("public.results")}</a>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {items && !items.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      {items?.length ? (
        <table className="rows">
          <thead><tr><th>{t("vote")}</th><th>{t("scope")}</th><th>{t("took.part")}</th><th>{t("state")}</th><th>{t("time")}</th></tr></thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.id}>
                <td data-label={t("vote")}><Link className="case-line-title" to={`/desk/votes/${one.id}`}>{one.title}</Link><small className="soft">{nameIn(one.names, language)} · <Link to={`/desk/cases/${one.case_id}`}>{one.case_number}</Link></small></td>
                <td data-label={t("scope")}>{one.scope_title}</td>
                <td data-label={t("took.part")} className="number">{one.cast === null ? "–" : `${one.cast} / ${one.voices}`}</td>
                <td data-label={t("state")}><VoteState vote={one} /></td>
                <td data-label={t("time")}>{shortTime(one.opens_at, language)} – {shortTime(one.closes_at, language)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {found.data?.after ? <button type="button" className="button second" onClick={() => setAddress({ ...(state ? { state } : {}), after: found.data?.after ?? "" })}>{c("more")}</button> : null}
    </>
  );
}
