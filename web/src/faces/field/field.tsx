// The field face (网格员): today's tasks, reporting, checking, patrols; works without a network and sends later.

import { lazy, Suspense, useEffect } from "react";
import { Navigate, Route, Routes, useLocation } from "react-router";
import { useTexts } from "../../shared/i18n/texts";
import { Loading } from "../../shared/ui/parts";
import { startClock } from "./clock";
import "./field.css";
import { FieldFrame } from "./frame";
import { startQueue } from "./queue/queue";
import { texts } from "./texts";
import { useWorker } from "./who";
import { useServiceWorker } from "./worker_registration";

const Today = lazy(() => import("./today/screen"));
const Report = lazy(() => import("./report/screen"));
const Task = lazy(() => import("./task/screen"));
const Patrol = lazy(() => import("./patrol/screen"));
const Queue = lazy(() => import("./queue/screen"));

export default function Field() {
  const t = useTexts(texts);
  const { worker } = useWorker();
  const { pathname } = useLocation();
  useServiceWorker();
  useEffect(() => void startClock(), []);
  const account = worker?.account;
  useEffect(() => {
    if (account) startQueue(account);
  }, [account]);
  if (worker === undefined) return <main id="main" className="field-face"><p className="loading">{t("loading")}</p></main>;
  if (worker === null) return <Navigate to={`/sign-in?next=${encodeURIComponent(pathname)}`} replace />;
  return (
    <FieldFrame worker={worker}>
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route index element={<Today worker={worker} />} />
          <Route path="report" element={<Report worker={worker} />} />
          <Route path="task/:taskId" element={<Task worker={worker} />} />
          <Route path="patrol" element={<Patrol worker={worker} />} />
          <Route path="queue" element={<Queue worker={worker} />} />
          <Route path="*" element={<Navigate to="/field" replace />} />
        </Routes>
      </Suspense>
    </FieldFrame>
  );
}
