// Plans (周期任务) and tasks of matters (任务分解): what comes by period and how far it is; figures of offices.

import { NavLink, Route, Routes } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useTexts } from "../../../shared/i18n/texts";
import { Figures } from "./figures";
import { PlanPage } from "./plan";
import { PlanList } from "./list";
import "./plans.css";
import { texts } from "./texts";

export default function Plans() {
  const t = useTexts(texts);
  const kinds = useAnswer("GET /api/v1/breakdowns", {}, { fresh: 600_000 }).data?.items ?? [];
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{t("title")}</h1><p className="soft">{t("about")}</p>
        {kinds.length ? (
          <nav className="desk-filters plans-tabs" aria-label={t("title")}>
            <NavLink className="chip" to="/desk/plans" end>{t("tab.plans")}</NavLink>
            <NavLink className="chip" to="/desk/plans/figures">{t("tab.figures")}</NavLink>
          </nav>
        ) : null}
      </header>
      <Routes>
        <Route index element={<PlanList />} />
        <Route path="figures" element={<Figures kinds={kinds} />} />
        <Route path="of/:id" element={<PlanPage />} />
      </Routes>
    </section>
  );
}
