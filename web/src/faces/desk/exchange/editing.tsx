// Writing a resource: the metadata of the guide; items come from the type of records.

import { Alert, Button, Checkbox, Form, Input, Select, Space } from "antd";
import { useNavigate, useParams } from "react-router";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { useCodes, useTold, type Resource } from "./parts";
import { texts } from "./texts";

interface Fields {
  provider: string;
  class_code: string;
  name_zh: string;
  abstract_zh: string;
  type: string | null;
  format: string;
  share_type: string;
  share_condition: string;
  open: boolean;
  cycle: string;
  keywords: string;
}
const lists = ["GET /api/v1/exchange/resources", "GET /api/v1/exchange/resources/{id}", "GET /api/v1/exchange/words"] as const;
const empty: Fields = { provider: "", class_code: "", name_zh: "", abstract_zh: "", type: null, format: "3", share_type: "2", share_condition: "", open: false, cycle: "4", keywords: "" };

export function NewResource() {
  return <Writing resource={null} />;
}

export function EditResource() {
  const { id = "" } = useParams();
  const found = useAnswer("GET /api/v1/exchange/resources/{id}", { path: { id } });
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  return found.data ? <Writing resource={found.data.resource} /> : <Loading />;
}

function Writing({ resource }: { resource: Resource | null }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const codes = useCodes();
  const told = useTold();
  const navigate = useNavigate();
  const types = useAnswer("GET /api/v1/types", {}, { fresh: 300_000 });
  const create = useChange("POST /api/v1/exchange/resources", lists);
  const change = useChange("PUT /api/v1/exchange/resources/{id}", lists);
  const first: Fields = resource
    ? { provider: resource.provider, class_code: resource.class_code, name_zh: resource.names.zh, abstract_zh: resource.abstract.zh, type: resource.type, format: String(resource.format), share_type: String(resource.share_type), share_condition: resource.share_condition, open: resource.open, cycle: String(resource.cycle), keywords: resource.keywords.join("、") }
    : empty;
  const save = ({ provider, keywords, type, ...fields }: Fields) => {
    const body = {
      ...fields,
      type: type || null,
      format: Number(fields.format),
      share_type: Number(fields.share_type),
      cycle: Number(fields.cycle),
      keywords: keywords.split(/[、,，\s]+/).filter(Boolean),
      name_en: resource?.names.en ?? "",
      abstract_en: resource?.abstract.en ?? "",
      provider_code: resource?.provider_code ?? "",
      format_detail: resource?.format_detail ?? "",
      share_method: resource?.share_method ?? 3,
      open_condition: resource?.open_condition ?? "",
      level: resource?.level ?? ("general" as const),
      related: resource?.related ?? [],
      items: resource && resource.type === type ? resource.items.map(({ name_zh, name_en, data_type, length, attribute }) => ({ name_zh, name_en, data_type, length, attribute })) : null,
    };
    const done = ({ resource: { id } }: { resource: Resource }) => (told.good(t("saved")), void navigate(`/desk/exchange/resources/${id}`));
    if (resource) change.mutate({ path: { id: resource.id }, body: { ...body, revision: resource.revision } }, { onSuccess: done });
    else create.mutate({ body: { ...body, provider } }, { onSuccess: done });
  };
  const error = create.error ?? change.error;
  return (
    <Form layout="vertical" initialValues={first} onFinish={save} style={{ maxWidth: 720 }}>
      {error ? <Alert type="error" showIcon title={messageOf(error)} /> : null}
      <Form.Item name="name_zh" label={t("name")} rules={[{ required: true, min: 2, max: 200, whitespace: true }]}><Input autoComplete="off" /></Form.Item>
      <Space wrap size="large">
        <Form.Item name="provider" label={t("provider.code")} rules={[{ required: true, max: 60 }]}><Input autoComplete="off" disabled={Boolean(resource)} /></Form.Item>
        <Form.Item name="class_code" label={t("class")} rules={[{ required: true, pattern: /^[123][0-9]{5}[0-9A-Z]{0,14}$/ }]}><Input autoComplete="off" disabled={Boolean(resource)} /></Form.Item>
        <Form.Item name="type" label={t("type")}><Select allowClear showSearch optionFilterProp="label" style={{ minWidth: 180 }} options={types.data?.items.map((one) => ({ value: one.id, label: nameIn(one.names, language) })) ?? []} /></Form.Item>
      </Space>
      <Form.Item name="abstract_zh" label={t("abstract")}><Input.TextArea rows={3} maxLength={2000} /></Form.Item>
      <Space wrap size="large">
        <Form.Item name="format" label={t("format")}><Select style={{ minWidth: 150 }} options={codes.options("formats")} /></Form.Item>
        <Form.Item name="cycle" label={t("cycle")}><Select style={{ minWidth: 120 }} options={codes.options("cycles")} /></Form.Item>
        <Form.Item name="share_type" label={t("share.type")}><Select style={{ minWidth: 150 }} options={codes.options("share_types")} /></Form.Item>
        <Form.Item name="open" valuePropName="checked"><Checkbox>{t("open")}</Checkbox></Form.Item>
      </Space>
      <Form.Item name="share_condition" label={t("share.condition")}><Input.TextArea rows={2} maxLength={500} /></Form.Item>
      <Form.Item name="keywords" label={t("keywords")}><Input maxLength={400} /></Form.Item>
      <Button type="primary" htmlType="submit" loading={create.isPending || change.isPending}>{t("save")}</Button>
    </Form>
  );
}
