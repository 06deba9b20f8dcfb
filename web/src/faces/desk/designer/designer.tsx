// The designer (流程设计): flows drawn, decision tables filled in, both checked and published.

import { Navigate, Route, Routes, useParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { DispatchTableScreen } from "./dispatch_table";
import "./designer.css";
import { Flow } from "./flow";
import { Lists } from "./lists";
import { DecisionTableScreen } from "./table";
import { Unknown } from "./unknown";

export default function Designer() {
  return (
    <div className="designer">
      <Routes>
        <Route index element={<Lists />} />
        <Route path="flows/:key" element={<Flow />} />
        <Route path="tables/:key" element={<DecisionTableScreen />} />
        <Route path="dispatch/:key" element={<DispatchTableScreen />} />
        <Route path="*" element={<Found />} />
      </Routes>
    </div>
  );
}

/** An address that names only a code: the flow or table of that code, else words and a way on. */
function Found() {
  const { "*": rest = "" } = useParams();
  const key = rest.split("/").pop() ?? "";
  const sound = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/.test(key);
  const flows = useAnswer("GET /api/v1/definitions", { query: { key, limit: 1 } }, { enabled: sound });
  const tables = useAnswer("GET /api/v1/decisions", { query: { key, limit: 1 } }, { enabled: sound });
  const dispatch = useAnswer("GET /api/v1/desk/dispatch-tables", {}, { enabled: sound });
  const error = flows.error ?? tables.error ?? dispatch.error;
  if (error) return <ErrorNotice error={error} />;
  if (flows.data?.items.length) return <Navigate to={`/desk/designer/flows/${key}`} replace />;
  if (tables.data?.items.length) return <Navigate to={`/desk/designer/tables/${key}`} replace />;
  if (dispatch.data?.some((one) => one.key === key)) return <Navigate to={`/desk/designer/dispatch/${key}`} replace />;
  if (sound && !(flows.data && tables.data && dispatch.data)) return <Loading />;
  return <Unknown code={key} />;
}
