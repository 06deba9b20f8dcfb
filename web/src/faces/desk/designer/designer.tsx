// The designer (流程设计): flows drawn, decision tables filled in, both checked and published.

import { Route, Routes } from "react-router";
import "./designer.css";
import { Flow } from "./flow";
import { Lists } from "./lists";
import { DecisionTableScreen } from "./table";

export default function Designer() {
  return (
    <div className="designer">
      <Routes>
        <Route index element={<Lists />} />
        <Route path="flows/:key" element={<Flow />} />
        <Route path="tables/:key" element={<DecisionTableScreen />} />
      </Routes>
    </div>
  );
}
