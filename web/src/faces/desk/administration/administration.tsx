// Administration (系统管理): offices, accounts, roles, absences, calendar, limits, indicators, packs — each under its own address.

import { Tabs } from "antd";
import { Suspense, lazy } from "react";
import { Navigate, useNavigate, useParams, Route, Routes } from "react-router";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { Holding, Loading } from "../../../shared/ui/parts";
import "./administration.css";
import { useMaySet } from "./editing";
import { texts } from "./texts";

const rooms = {
  organisations: lazy(() => import("./organisations")),
  accounts: lazy(() => import("./accounts")),
  roles: lazy(() => import("./roles")),
  absences: lazy(() => import("./absences")),
  calendar: lazy(() => import("./calendar")),
  limits: lazy(() => import("./limits")),
  indicators: lazy(() => import("./indicators")),
  packs: lazy(() => import("./packs")),
  models: lazy(() => import("./models")),
  changes: lazy(() => import("./changes")),
} as const;
type Room = keyof typeof rooms;

export default function Administration() {
  return (
    <Routes>
      <Route index element={<Navigate to="organisations" replace />} />
      <Route path=":room" element={<Rooms />} />
    </Routes>
  );
}

function Rooms() {
  const t = useTexts(texts);
  const navigate = useNavigate();
  const { may } = useSession();
  const { mayLook } = useMaySet();
  const { room = "" } = useParams();
  const hidden = new Set<Room>([...(may("account", "read") ? [] : (["accounts"] as const)), ...(may("role", "read") ? [] : (["roles"] as const)), ...(may("model", "read") ? [] : (["models"] as const)), ...(mayLook ? [] : (["changes"] as const))]);
  const shown = (Object.keys(rooms) as Room[]).filter((one) => !hidden.has(one));
  const chosen = shown.find((one) => one === room);
  if (!chosen) return <Navigate to="/desk/administration/organisations" replace />;
  const Chosen = rooms[chosen];
  return (
    <div className="administration">
      <h1>{t("title")}</h1>
      <Tabs activeKey={chosen} onChange={(key) => void navigate(`/desk/administration/${key}`)} items={shown.map((key) => ({ key, label: t(`tab.${key}`) }))} />
      <Holding key={chosen}><Suspense fallback={<Loading />}><Chosen /></Suspense></Holding>
    </div>
  );
}
