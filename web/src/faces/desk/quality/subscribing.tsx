// A new subscription in words: which records, which of their attributes, to whom they are sent. The secret is shown once.

import { Alert, Checkbox, Form, Input, Modal, Select } from "antd";
import { useState } from "react";
import type { SubscriptionMade } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { ShownOnce } from "../exchange/parts";
import { texts } from "./texts";

interface Fields {
  name: string;
  type: string;
  fields: string[];
  area: string;
  personal: "masked" | "left-out";
  url: string;
  beginning: boolean;
}
const first: Partial<Fields> = { fields: [], area: "", personal: "masked", url: "", beginning: false };

export function Subscribing({ onClose }: { onClose: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const [form] = Form.useForm<Fields>();
  const type = Form.useWatch("type", form);
  const [made, setMade] = useState<SubscriptionMade | null>(null);
  const types = useAnswer("GET /api/v1/types", {});
  const subscribe = useChange("POST /api/v1/exchange/subscriptions", ["GET /api/v1/exchange/subscriptions"]);
  if (made) return <ShownOnce title={t("subscription.made", { name: made.name })} warning={t("secret.once")} lines={[[t("url"), made.url], [t("secret"), made.secret]]} onClose={onClose} />;
  const offered = (types.data?.items ?? []).filter((one) => may("thing", "export") || may(`thing-${one.id}`, "export"));
  const attributes = Object.entries(offered.find((one) => one.id === type)?.attributes ?? {});
  const send = (given: Fields) =>
    subscribe.mutate({ body: { ...given, where: {}, geometry: true } }, { onSuccess: (answer) => (answer.secret ? setMade(answer) : onClose()) });
  return (
    <Modal open title={t("subscription.new")} width={640} okText={t("subscribe")} cancelText={t("cancel")} onCancel={onClose} onOk={() => form.submit()} confirmLoading={subscribe.isPending} maskClosable={false}>
      <p className="soft">{t("subscription.about")}</p>
      {subscribe.error ? <Alert type="error" showIcon title={messageOf(subscribe.error)} /> : null}
      <Form form={form} layout="vertical" initialValues={first} onFinish={send}>
        <Form.Item name="name" label={t("name")} rules={[{ required: true, min: 2, max: 100, whitespace: true }]}><Input maxLength={100} /></Form.Item>
        <Form.Item name="type" label={t("type")} rules={[{ required: true }]} extra={types.data && !offered.length ? t("type.none") : undefined}>
          <Select loading={types.isPending} showSearch={{ optionFilterProp: "label" }} onChange={() => form.setFieldValue("fields", [])} options={offered.map((one) => ({ value: one.id, label: nameIn(one.names, language) }))} />
        </Form.Item>
        <Form.Item name="fields" label={t("fields")} extra={t("fields.all")}>
          <Select mode="multiple" disabled={!type} showSearch={{ optionFilterProp: "label" }} options={attributes.map(([value, one]) => ({ value, label: nameIn(one.names, language) }))} />
        </Form.Item>
        <Form.Item name="personal" label={t("personal")}><Select options={(["masked", "left-out"] as const).map((value) => ({ value, label: t(`personal.${value}`) }))} /></Form.Item>
        <Form.Item name="area" label={t("area")} rules={[{ pattern: /^[0-9]{0,20}$/ }]}><Input inputMode="numeric" maxLength={20} /></Form.Item>
        <Form.Item name="url" label={t("url")} extra={t("url.about")} rules={[{ pattern: /^(https?:\/\/[\x21-\x7e]+)?$/, message: t("url.wrong") }]}><Input maxLength={500} placeholder="https://" /></Form.Item>
        <Form.Item name="beginning" valuePropName="checked"><Checkbox>{t("beginning")}</Checkbox></Form.Item>
      </Form>
    </Modal>
  );
}
