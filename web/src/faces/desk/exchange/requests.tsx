// Requests for sharing, from both sides; the one whose step it is decides here or on the case's page.

import { Button, Segmented, Space, Table } from "antd";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { Empty, ErrorNotice } from "../../../shared/ui/parts";
import { Reason, useTold, Wide, type ShareRequest } from "./parts";
import { texts } from "./texts";

const outdated = ["GET /api/v1/exchange/requests", "GET /api/v1/exchange/grants", "GET /api/v1/tasks"] as const;
const tone = { asked: "yellow", granted: "green", refused: "red", cancelled: "grey" } as const;
const sides = ["", "asked", "provided"] as const;
type Act = "agree" | "refuse" | "take.back";

export function Requests() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const side = sides.find((one) => one === address.get("side")) ?? "";
  const after = address.get("after");
  const found = useAnswer("GET /api/v1/exchange/requests", { query: { side, ...(after ? { after } : {}) } }, { keep: true });
  const [acting, setActing] = useState<[Act, ShareRequest] | null>(null);
  return (
    <>
      <Segmented value={side} onChange={(value) => setAddress(value ? { side: value } : {})} options={[{ value: "", label: t("side.all") }, { value: "asked", label: t("side.asked") }, { value: "provided", label: t("side.provided") }]} />
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      <Wide label={t("tab.requests")} width={680}>
        <Table
          size="small" rowKey="id" pagination={false} loading={found.isPending && !found.error} dataSource={found.data?.items ?? []} locale={{ emptyText: <Empty title={t("requests.none")}>{t("requests.none.next")}</Empty> }}
          columns={[
            { title: t("name"), render: (_, row) => <><Link to={`/desk/exchange/resources/${row.resource.id}`}>{nameIn(row.resource.names, language)}</Link><br /><small className="soft">{nameIn(row.resource.provider, language)} → {nameIn(row.consumer, language)}</small></> },
            { title: t("purpose"), render: (_, row) => <>{row.wanted.purpose}<br /><small className="soft">{t(`delivery.${row.wanted.delivery}`)} · {t("items")} {row.wanted.items.length}{row.wanted.plain.length ? ` · ${t("personal")} ${row.wanted.plain.length}` : ""}</small></> },
            { title: t("asked.at"), render: (_, row) => shortTime(row.asked_at, language) },
            { title: t("state"), render: (_, row) => <><span className={`tag ${tone[row.state]}`}>{row.task ? row.task.status : t(`request.${row.state}`)}</span>{row.note ? <><br /><small className="soft">{row.note}</small></> : null}{row.task?.due_at ? <><br /><small className="soft">{t("due", { at: shortTime(row.task.due_at, language) })}</small></> : null}</> },
            { title: "", render: (_, row) => (
              <Space wrap>
                {row.task?.mine ? <><Button size="small" type="primary" onClick={() => setActing(["agree", row])}>{t("agree")}</Button><Button size="small" danger onClick={() => setActing(["refuse", row])}>{t("refuse")}</Button></> : null}
                {row.state === "asked" && !row.task?.mine ? <Button size="small" onClick={() => setActing(["take.back", row])}>{t("take.back")}</Button> : null}
                {row.case_id && row.task?.mine ? <Link to={`/desk/cases/${row.case_id}`}>{t("case", { number: row.case_number })}</Link> : null}
                {row.grant_id ? <Link to="/desk/exchange/grants">{t("tab.grants")}</Link> : null}
              </Space>
            ) },
          ]}
        />
      </Wide>
      {found.data?.after ? <Button onClick={() => setAddress({ ...(side ? { side } : {}), after: found.data?.after ?? "" })}>{t("more")}</Button> : null}
      {acting ? <Acting act={acting[0]} row={acting[1]} onClose={() => setActing(null)} /> : null}
    </>
  );
}

function Acting({ act, row, onClose }: { act: Act; row: ShareRequest; onClose: () => void }) {
  const t = useTexts(texts);
  const told = useTold();
  const decide = useChange("POST /api/v1/exchange/requests/{id}/decision", outdated);
  const cancel = useChange("POST /api/v1/exchange/requests/{id}/cancel", outdated);
  const done = { onSuccess: () => (told.good(t("done")), onClose()) };
  return (
    <Reason
      title={t(act)} about={row.wanted.purpose} label={act === "take.back" ? t("note") : t("opinion")} needed={act === "refuse"} danger={act !== "agree"}
      pending={decide.isPending || cancel.isPending} error={decide.error ?? cancel.error} onClose={onClose}
      onReason={(note) => (act === "take.back" ? cancel.mutate({ path: { id: row.id }, body: { note } }, done) : decide.mutate({ path: { id: row.id }, body: { approve: act === "agree", note } }, done))}
    />
  );
}
