// Publishing records to everybody (公示) and what rules find in records (异常核查): proposed, approved, ended; set aside.

import { NavLink, Navigate, Route, Routes } from "react-router";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { Findings } from "./findings";
import { IssuePage } from "./issue";
import { Publications } from "./publications";
import { texts } from "./texts";

export default function Publicity() {
  const t = useTexts(texts);
  const { may } = useSession();
  const both = may("publication", "read") && may("anomaly", "read");
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1><p className="soft">{t("about")}</p>
        {both ? (
          <nav className="desk-filters" aria-label={t("title")}>
            <NavLink className="chip" to="/desk/publicity" end>{t("tab.publications")}</NavLink>
            <NavLink className="chip" to="/desk/publicity/findings">{t("tab.findings")}</NavLink>
          </nav>
        ) : null}
      </header>
      <Routes>
        <Route index element={may("publication", "read") ? <Publications /> : <Navigate to="/desk/publicity/findings" replace />} />
        <Route path="issues/:id" element={<IssuePage />} />
        <Route path="findings" element={<Findings />} />
      </Routes>
    </section>
  );
}
