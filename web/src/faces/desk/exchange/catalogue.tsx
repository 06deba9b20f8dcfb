// The catalogue: what is published, and what the reader's own office is drafting.

import { useInfiniteQuery } from "@tanstack/react-query";
import { Input, Select, Table } from "antd";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { call } from "../../../shared/api/client";
import { useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { Empty, ErrorNotice } from "../../../shared/ui/parts";
import { Reason, useCodes, useSharing, useTold, Wide } from "./parts";
import { texts } from "./texts";

const operation = "GET /api/v1/exchange/resources";
export const tone = { published: "green", registered: "blue", to_audit: "yellow", draft: "yellow", returned: "red", refused: "red", withdrawn: "grey" } as const;

export function CatalogueList() {
  const t = useTexts(texts);
  const language = useLanguage();
  const codes = useCodes();
  const told = useTold();
  const { drafts, asks } = useSharing();
  const [address, setAddress] = useSearchParams();
  const [demanding, setDemanding] = useState(false);
  const demand = useChange("POST /api/v1/exchange/matters");
  const set = (name: string, value: string | null | undefined) => setAddress((before) => (value ? before.set(name, value) : before.delete(name), new URLSearchParams(before)), { replace: true });
  const state = address.get("state");
  const share = address.get("share");
  const asked = { q: address.get("q") ?? "", class_code: address.get("class") ?? "", ...(state ? { state: [state as keyof typeof tone] } : {}), ...(share ? { share_type: Number(share) } : {}) };
  const found = useInfiniteQuery({
    queryKey: [operation, asked],
    queryFn: ({ pageParam, signal }) => call(operation, { query: { ...asked, ...(pageParam ? { after: pageParam } : {}), limit: 50 }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.after,
    placeholderData: (before) => before,
  });
  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="filters" role="search">
        <Input.Search key={address.get("q")} allowClear defaultValue={address.get("q") ?? ""} maxLength={100} placeholder={t("search")} aria-label={t("search")} enterButton={t("find")} onSearch={(words) => set("q", words.trim())} style={{ maxWidth: 360 }} />
        <Select allowClear aria-label={t("class.short")} placeholder={t("class.short")} value={address.get("class")} onChange={(value) => set("class", value)} options={codes.options("classes")} style={{ minWidth: 150 }} />
        <Select allowClear aria-label={t("share.type")} placeholder={t("share.type")} value={share} onChange={(value) => set("share", value)} options={codes.options("share_types")} style={{ minWidth: 150 }} />
        <Select allowClear aria-label={t("state")} placeholder={t("state")} value={state} onChange={(value) => set("state", value)} options={codes.options("states").map((one) => ({ ...one, label: `${one.label} ${codes.counts[one.value] ?? 0}` }))} style={{ minWidth: 140 }} />
        <div className="filter-end">
          {asks ? <button type="button" className="chip" onClick={() => setDemanding(true)}>{t("matter.demand")}</button> : null}
          {drafts ? <Link className="chip" to="/desk/exchange/resources/new">＋ {t("new")}</Link> : null}
        </div>
      </div>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      <Wide label={t("tab.catalogue")} width={820}>
        <Table
          size="small" rowKey="id" pagination={false} loading={found.isPending && !found.error} dataSource={rows} locale={{ emptyText: <Empty title={t("none")}>{t("none.next")}</Empty> }}
          columns={[
            { title: t("name"), render: (_, row) => <Link to={`/desk/exchange/resources/${row.id}`}>{nameIn(row.names, language)}</Link> },
            { title: t("code"), dataIndex: "code", className: "number" },
            { title: t("provider"), render: (_, row) => nameIn(row.provider_names, language) },
            { title: t("share.type"), render: (_, row) => codes.word("share_types", row.share_type) },
            { title: t("opened"), render: (_, row) => (row.open ? <span className="tag green">{t("opened")}</span> : "—") },
            { title: t("cycle"), render: (_, row) => codes.word("cycles", row.cycle) },
            { title: t("items"), render: (_, row) => row.items.length, className: "number" },
            { title: t("state"), render: (_, row) => <span className={`tag ${tone[row.state]}`}>{nameIn(row.state_words, language)}</span> },
          ]}
        />
      </Wide>
      {found.hasNextPage ? <button type="button" className="button second" onClick={() => void found.fetchNextPage()}>{t("more")}</button> : null}
      {demanding ? (
        <Reason
          title={t("matter.demand")} label={t("matter.text")} needed pending={demand.isPending} error={demand.error} onClose={() => setDemanding(false)}
          onReason={(text) => demand.mutate({ body: { kind: "demand", resource: null, text } }, { onSuccess: ({ number }) => (told.good(t("matter.done", { number })), setDemanding(false)) })}
        />
      ) : null}
    </>
  );
}
