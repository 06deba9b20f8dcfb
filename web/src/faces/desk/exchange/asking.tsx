// Asking for a resource: purpose, items, what is needed unmasked, how it is delivered, until when.

import { Alert, Checkbox, Form, Input, InputNumber, Modal, Select } from "antd";
import { useNavigate } from "react-router";
import { messageOf } from "../../../shared/api/problem";
import { useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { cityDay, cityNow } from "../../../shared/time/clock";
import { DayField } from "../shared/day_field";
import { useTold, type Resource } from "./parts";
import { texts } from "./texts";

interface Fields {
  purpose: string;
  items: string[];
  plain: string[];
  delivery: "api" | "file" | "view";
  quota: number;
  until: string;
}
const year = 365 * 86_400_000;

export function Asking({ resource, onClose }: { resource: Resource; onClose: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const navigate = useNavigate();
  const told = useTold();
  const [form] = Form.useForm<Fields>();
  const ask = useChange("POST /api/v1/exchange/requests", ["GET /api/v1/exchange/requests", "GET /api/v1/exchange/grants"]);
  const offered = resource.items.filter((item) => item.attribute);
  const label = (item: Resource["items"][number]) => nameIn({ zh: item.name_zh, en: item.name_en || item.name_zh }, language);
  const hidden = offered.filter((item) => item.personal || item.sealed);
  const first: Fields = { purpose: "", items: offered.filter((item) => !item.personal && !item.sealed).map((item) => item.attribute), plain: [], delivery: "api", quota: 1000, until: cityDay(cityNow() + year) };
  const send = ({ until, ...fields }: Fields) =>
    ask.mutate(
      { body: { ...fields, resource: resource.id, filters: {}, within: "", until: `${until}T23:59:59+08:00` } },
      { onSuccess: ({ state }) => (told.good(t(state === "granted" ? "granted.now" : "asked")), onClose(), void navigate(state === "granted" ? "/desk/exchange/grants" : "/desk/exchange/requests")) },
    );
  return (
    <Modal open title={t("ask")} width={720} okText={t("send")} cancelText={t("cancel")} onCancel={onClose} onOk={() => form.submit()} confirmLoading={ask.isPending} maskClosable={false}>
      <p>{t("ask.about", { name: nameIn(resource.names, language) })} {resource.share_type === 1 ? t("ask.at.once") : t("ask.decided", { condition: resource.share_condition })}</p>
      {ask.error ? <Alert type="error" showIcon title={messageOf(ask.error)} /> : null}
      <Form form={form} layout="vertical" initialValues={first} onFinish={send}>
        <Form.Item name="purpose" label={t("purpose")} rules={[{ required: true, min: 6, max: 1000, whitespace: true }]}><Input.TextArea rows={3} /></Form.Item>
        <Form.Item name="items" label={t("items")} rules={[{ required: true }]}><Checkbox.Group options={offered.map((item) => ({ value: item.attribute, label: label(item) }))} /></Form.Item>
        {hidden.length && resource.share_type === 2 ? <Form.Item name="plain" label={t("plain")}><Checkbox.Group options={hidden.map((item) => ({ value: item.attribute, label: label(item) }))} /></Form.Item> : <Form.Item name="plain" hidden><Input /></Form.Item>}
        <Form.Item name="delivery" label={t("delivery")}><Select options={(["api", "file", "view"] as const).map((value) => ({ value, label: t(`delivery.${value}`) }))} /></Form.Item>
        <Form.Item name="quota" label={t("quota")}><InputNumber min={1} max={1_000_000} /></Form.Item>
        <Form.Item label={t("until")} shouldUpdate={(one: Fields, other: Fields) => one.until !== other.until}>
          {() => <DayField label={t("until")} value={(form.getFieldValue("until") as string | undefined) ?? ""} onDay={(day) => form.setFieldValue("until", day)} />}
        </Form.Item>
        <Form.Item name="until" hidden><Input /></Form.Item>
      </Form>
    </Modal>
  );
}
