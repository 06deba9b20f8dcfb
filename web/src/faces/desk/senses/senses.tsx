// The senses (感知): alarms, devices, who is knocking, alarm rules, vehicles and fences; one place in the navigation, a room each.

import { NavLink, Navigate, Route, Routes } from "react-router";
import { useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { AlarmPage } from "./alarm";
import { Alarms } from "./alarms";
import { Device } from "./device";
import { DeviceByCode } from "./device_by_code";
import { Devices } from "./devices";
import { Fences } from "./fences";
import { Knocking } from "./knocking";
import { Rule } from "./rule";
import { Rules } from "./rules";
import "./senses.css";
import { texts } from "./texts";
import { Vehicle } from "./vehicle";
import { Vehicles } from "./vehicles";

export default function Senses() {
  const t = useTexts(texts);
  const { may } = useSession();
  const rooms = [
    { path: "alarms", name: t("room.alarms"), shown: may("alarm", "read") },
    { path: "devices", name: t("room.devices"), shown: may("device", "read") },
    { path: "vehicles", name: t("room.vehicles"), shown: may("device", "read") },
    { path: "fences", name: t("room.fences"), shown: may("device", "read") },
    { path: "rules", name: t("room.rules"), shown: may("alarm", "read") },
    { path: "knocking", name: t("room.knocking"), shown: may("device", "adopt") },
  ].filter((room) => room.shown);
  return (
    <section className="desk-screen senses">
      <nav className="senses-rooms" aria-label={t("title")}>
        {rooms.map((room) => <NavLink key={room.path} to={`/desk/senses/${room.path}`}>{room.name}</NavLink>)}
      </nav>
      <Routes>
        <Route index element={<Navigate to={rooms[0]?.path ?? "alarms"} replace />} />
        <Route path="alarms" element={<Alarms />} />
        <Route path="alarms/:id" element={<AlarmPage />} />
        <Route path="devices" element={<Devices />} />
        <Route path="devices/code/:code" element={<DeviceByCode />} />
        <Route path="devices/:id" element={<Device />} />
        <Route path="vehicles" element={<Vehicles />} />
        <Route path="vehicles/:code" element={<Vehicle />} />
        <Route path="fences" element={<Fences />} />
        <Route path="rules" element={<Rules />} />
        <Route path="rules/:code" element={<Rule />} />
        <Route path="knocking" element={<Knocking />} />
        <Route path="*" element={<Navigate to="/desk/senses" replace />} />
      </Routes>
    </section>
  );
}
