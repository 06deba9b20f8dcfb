// Hot issues (热点问题): what many people report, its heat and how it rises or fades; alarms of sudden ones.

import { Route, Routes } from "react-router";
import "./hot_issues.css";
import { Issue } from "./issue";
import { Issues } from "./issues";

export default function HotIssues() {
  return (
    <Routes>
      <Route index element={<Issues />} />
      <Route path=":id" element={<Issue />} />
    </Routes>
  );
}
