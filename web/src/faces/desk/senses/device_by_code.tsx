// A device by the city's own code, as alarms and cases name it: leads to its page.

import { Link, Navigate, useParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useTexts } from "../../../shared/i18n/texts";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { texts } from "./texts";

export function DeviceByCode() {
  const { code = "" } = useParams();
  const t = useTexts(texts);
  const found = useAnswer("GET /api/v1/devices", { query: { text: code, limit: 100 } }, { fresh: 60_000 });
  const device = found.data?.items.find((one) => one.code === code);
  const retired = useAnswer("GET /api/v1/devices", { query: { text: code, retired: true, limit: 100 } }, { enabled: found.data !== undefined && !device });
  const former = retired.data?.items.find((one) => one.code === code);
  const id = device?.id ?? former?.id;
  if (id !== undefined) return <Navigate to={`/desk/senses/devices/${id}`} replace />;
  if (found.error ?? retired.error) return <ErrorNotice error={found.error ?? retired.error} />;
  if (retired.data) return <Empty title={t("gone")}><Link to="/desk/senses/devices">{t("back.devices")}</Link></Empty>;
  return <Loading />;
}
