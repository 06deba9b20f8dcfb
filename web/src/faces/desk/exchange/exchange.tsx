// Data sharing (数据共享): the catalogue of what each office has, requests and decisions, interfaces, statements.

import { NavLink, Route, Routes } from "react-router";
import { useTexts } from "../../../shared/i18n/texts";
import { CatalogueList } from "./catalogue";
import { EditResource, NewResource } from "./editing";
import "./exchange.css";
import { Grants } from "./grants";
import { Requests } from "./requests";
import { ResourceDetail } from "./resource";
import { Statements } from "./statements";
import { texts } from "./texts";

const tabs = [
  ["", "tab.catalogue"],
  ["requests", "tab.requests"],
  ["grants", "tab.grants"],
  ["statements", "tab.statements"],
] as const;

export default function Exchange() {
  const t = useTexts(texts);
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1><p className="soft">{t("about")}</p>
        <nav className="exchange-tabs" aria-label={t("title")}>
          {tabs.map(([path, text]) => <NavLink key={path} end={path === ""} to={`/desk/exchange${path ? `/${path}` : ""}`} className="chip">{t(text)}</NavLink>)}
        </nav>
      </header>
      <Routes>
        <Route index element={<CatalogueList />} />
        <Route path="resources/new" element={<NewResource />} />
        <Route path="resources/:id" element={<ResourceDetail />} />
        <Route path="resources/:id/edit" element={<EditResource />} />
        <Route path="requests" element={<Requests />} />
        <Route path="grants" element={<Grants />} />
        <Route path="statements" element={<Statements />} />
      </Routes>
    </section>
  );
}
