// Files of things (一户一档): who is on file, and of each the cases about it with what follows from them. To read only.

import { Link, Navigate, Route, Routes, useParams, useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { columnsOf, labelOf, schemaOf, wordsOf, type ThingType } from "../records/values";
import { texts as common } from "../shared/texts";
import { useNaming } from "../shared/words";
import "../records/records.css";
import "./dossiers.css";
import { DossierPage } from "./file";
import { texts } from "./texts";

export default function Dossiers() {
  return (
    <Routes>
      <Route index element={<Kinds />} />
      <Route path=":type" element={<OfType />} />
      <Route path=":type/:id" element={<DossierPage />} />
    </Routes>
  );
}

function Kinds() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { words } = useNaming();
  const types = useAnswer("GET /api/v1/types", {}, { fresh: 300_000 });
  const kept = types.data?.items.filter((one) => words?.dossiers.includes(one.id));
  if (types.error) return <ErrorNotice error={types.error} onRetry={() => void types.refetch()} />;
  if (!kept || !words) return <Loading />;
  const [only] = kept;
  if (only && kept.length === 1) return <Navigate replace to={`/desk/dossiers/${only.id}`} />;
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      {kept.length ? null : <Empty title={t("none")}>{t("none.next")}</Empty>}
      <ul className="record-types">{kept.map((one) => <li key={one.id}><Link to={`/desk/dossiers/${one.id}`} className="card"><b>{nameIn(one.names, language)}</b></Link></li>)}</ul>
    </section>
  );
}

function OfType() {
  const { type = "" } = useParams();
  const found = useAnswer("GET /api/v1/types/{type}", { path: { type } }, { fresh: 300_000 });
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  return found.data ? <List key={type} type={found.data} /> : <Loading />;
}

function List({ type }: { type: ThingType }) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const where = Object.keys(type.attributes).flatMap((name) => (address.get(name) ? [`${name}:${address.get(name)}`] : []));
  const found = useAnswer("GET /api/v1/things/{type}", { path: { type: type.id }, query: { q: address.get("q") ?? "", ...(where.length ? { where } : {}), after: address.get("after"), limit: 50 } }, { keep: true });
  const put = (name: string, value: string) =>
    setAddress((before) => {
      const changed = new URLSearchParams(before);
      changed.delete("after");
      if (value) changed.set(name, value);
      else changed.delete(name);
      return changed;
    }, { replace: true });
  const items = found.data?.items;
  const columns = columnsOf(type);
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")} · {nameIn(type.names, language)}</h1><p className="soft">{t("about")}</p></header>
      <div className="filters" role="search">
        <form className="filter-search" onSubmit={(event) => (event.preventDefault(), put("q", String(new FormData(event.currentTarget).get("q") ?? "").trim()))}>
          <input type="search" name="q" key={address.get("q")} defaultValue={address.get("q") ?? ""} maxLength={100} placeholder={t("search")} aria-label={t("search")} data-search />
          <button className="button small">{t("find")}</button>
        </form>
        {Object.entries(type.attributes).map(([name, one]) => {
          const choices = one.filter ? schemaOf(one).enum : undefined;
          return choices ? <label key={name} className="filter"><span>{labelOf(type, name, language)}</span><select value={address.get(name) ?? ""} onChange={(event) => put(name, event.target.value)}><option value="">{t("any")}</option>{choices.map((value) => <option key={value} value={value}>{wordsOf(one, value, language)}</option>)}</select></label> : null;
        })}
        {address.size ? <div className="filter-end"><button type="button" className="chip" onClick={() => setAddress({})}>{t("clear")}</button></div> : null}
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {items && !items.length ? <Empty title={t("empty")}>{t("empty.next")}</Empty> : null}
      {items?.length ? (
        <table className="rows">
          <thead><tr>{columns.map((name) => <th key={name}>{labelOf(type, name, language)}</th>)}</tr></thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.id}>
                {columns.map((name, place) => {
                  const value = wordsOf(type.attributes[name], one.attributes[name], language);
                  return <td key={name} data-label={labelOf(type, name, language)}>{place ? value : <Link className="case-line-title" title={t("open")} to={`/desk/dossiers/${type.id}/${one.id}`}>{value}</Link>}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {found.data?.after ? <button type="button" className="button second" onClick={() => put("after", found.data?.after ?? "")}>{c("more")}</button> : null}
    </section>
  );
}
