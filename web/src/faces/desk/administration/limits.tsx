// Filing and closing standards with their limits, class by class.

import { Input, Select, Space, Table } from "antd";
import { useSearchParams } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { limitWords } from "../../../shared/time/limits";
import { ErrorNotice } from "../../../shared/ui/parts";
import { HistoryButton } from "./editing";
import { texts as words } from "./editing_texts";
import { LimitEditing } from "./limit_dialog";
import { texts } from "./texts";

export default function Limits() {
  const t = useTexts(texts);
  const language = useLanguage();
  const [address, setAddress] = useSearchParams();
  const types = useAnswer("GET /api/v1/case-types", {}, { fresh: 60_000 });
  const key = address.get("type") ?? types.data?.[0]?.id ?? "";
  const w = useTexts(words);
  const tree = types.data?.find((one) => one.id === key)?.tree ?? "";
  const sought = (address.get("q") ?? "").toLowerCase();
  const classes = useAnswer("GET /api/v1/case-types/{key}/classes", { path: { key } }, { enabled: Boolean(key), fresh: 60_000 });
  const rows = (classes.data ?? [])
    .filter((one) => !sought || `${one.code} ${one.names.zh} ${one.names.en}`.toLowerCase().includes(sought))
    .flatMap((one) => one.standards.map((standard, place) => ({ key: `${one.code} ${standard.id}`, first: place === 0, count: one.standards.length, code: one.code, names: one.names, standard })));
  const put = (changes: Record<string, string>) => setAddress((before) => new URLSearchParams({ ...Object.fromEntries(before), ...changes }), { replace: true });
  return (
    <>
      <Space wrap style={{ marginBottom: 12 }}>
        <label>{t("limits.type")} <Select style={{ minWidth: 180 }} aria-label={t("limits.type")} value={key || undefined} onChange={(type) => put({ type })} options={(types.data ?? []).map((one) => ({ value: one.id, label: nameIn(one.names, language) }))} /></label>
        <Input.Search allowClear defaultValue={sought} placeholder={t("limits.search")} aria-label={t("limits.search")} onSearch={(q) => put({ q })} />
        <HistoryButton kind="limit" name={w("kind.limit")} />
      </Space>
      <p className="soft small">{t("limits.whence")}</p>
      {types.error || classes.error ? <ErrorNotice error={types.error ?? classes.error} /> : null}
      <Table
        size="small" rowKey="key" loading={classes.isLoading} dataSource={rows} pagination={{ pageSize: 25, showSizeChanger: false }} locale={{ emptyText: t("none") }}
        columns={[
          { title: t("limits.class"), render: (_, row) => row.first ? <>{nameIn(row.names, language)} <small className="soft">{row.code}</small></> : "" },
          { title: t("limits.filing"), render: (_, row) => nameIn(row.standard.filing, language) },
          { title: t("limits.closing"), render: (_, row) => nameIn(row.standard.closing, language) },
          { title: t("limits.limit"), render: (_, row) => <Space><b>{limitWords(row.standard.limit, language)}</b><LimitEditing settingKey={`${tree}/${row.code}/${row.standard.id}`} limit={row.standard.limit} name={nameIn(row.names, language)} /></Space> },
        ]}
      />
    </>
  );
}
