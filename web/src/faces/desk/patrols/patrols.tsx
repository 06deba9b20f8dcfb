// How much of each grid was walked on a day (巡查覆盖): for the shift leader, without anybody's way.

import { Progress, Table } from "antd";
import { useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { metreWords } from "../../../shared/place/here";
import { cityDay, cityNow, timeOfDay } from "../../../shared/time/clock";
import { ErrorNotice } from "../../../shared/ui/parts";
import { DayField } from "../shared/day_field";
import { texts } from "./texts";

export default function Patrols() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const day = address.get("day") ?? cityDay(cityNow());
  const found = useAnswer("GET /api/v1/patrols", { query: { day } }, { keep: true, fresh: 60_000 });
  return (
    <>
      <h1>{t("title")}</h1>
      <p><DayField label={t("day")} value={day} onDay={(value) => setAddress(value ? { day: value } : {}, { replace: true })} /></p>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      <Table
        size="small" rowKey={(row) => `${row.account} ${row.area}`} pagination={false} loading={found.isLoading} dataSource={found.data?.items ?? []} locale={{ emptyText: t("none") }} scroll={{ x: "max-content" }}
        columns={[
          { title: t("worker"), render: (_, row) => <>{row.name} {row.on_patrol ? <span className="tag green">{t("now")}</span> : null}</> },
          { title: t("area"), render: (_, row) => nameIn(row.area_names, language) || row.area },
          { title: t("walked"), render: (_, row) => row.walked === null ? "–" : <span className="patrol-share"><Progress aria-label={t("walked")} percent={Math.round(row.walked * 100)} size="small" style={{ width: 160 }} /></span> },
          { title: t("way"), render: (_, row) => metreWords(row.metres, language === "zh") },
          { title: t("time"), render: (_, row) => `${timeOfDay(row.first_at)}–${timeOfDay(row.last_at)}` },
        ]}
      />
      <p className="soft small">{t("what", { days: found.data?.kept_days ?? 30 })}</p>
    </>
  );
}
