// The subscription of a grant: made by the consumer, seen by both sides, standing still with the grant.

import { Alert, Button, Checkbox, Form, Input, Modal, Popconfirm, Space } from "antd";
import { useState } from "react";
import type { SubscriptionMade } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { ShownOnce, useTold, type Grant } from "./parts";
import { texts } from "./texts";

const outdated = ["GET /api/v1/exchange/grants/{grant_id}/subscription", "GET /api/v1/exchange/subscriptions"] as const;
const looks = { active: "green", paused: "grey", isolated: "red" } as const;

export function SubscribingGrant({ grant, onClose }: { grant: Grant; onClose: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const told = useTold();
  const [form] = Form.useForm<{ name: string; url: string; beginning: boolean }>();
  const [made, setMade] = useState<SubscriptionMade | null>(null);
  const subscribe = useChange("POST /api/v1/exchange/grants/{grant_id}/subscription", outdated);
  if (made) return <ShownOnce title={t("subscribed", { name: made.name })} warning={t("subscribed.once")} lines={[[t("subscribe.url"), made.url], [t("key.secret"), made.secret]]} onClose={onClose} />;
  const done = (answer: SubscriptionMade) => (answer.secret ? setMade(answer) : (told.good(t("subscribed", { name: answer.name })), onClose()));
  return (
    <Modal open title={t("subscribe")} width={560} okText={t("subscribe")} cancelText={t("cancel")} onCancel={onClose} onOk={() => form.submit()} confirmLoading={subscribe.isPending} maskClosable={false}>
      <p className="soft">{t("subscribe.about")}</p>
      <Form form={form} layout="vertical" initialValues={{ name: nameIn(grant.resource.names, language), url: "", beginning: true }} onFinish={(body) => subscribe.mutate({ path: { grant_id: grant.id }, body }, { onSuccess: done })}>
        <Form.Item name="name" label={t("subscribe.name")} rules={[{ required: true, min: 2, max: 100, whitespace: true }]}><Input maxLength={100} /></Form.Item>
        <Form.Item name="url" label={t("subscribe.url")} extra={t("subscribe.url.about")} rules={[{ pattern: /^(https?:\/\/[\x21-\x7e]+)?$/, message: t("subscribe.url.wrong") }]}><Input maxLength={500} placeholder="https://" /></Form.Item>
        <Form.Item name="beginning" valuePropName="checked"><Checkbox>{t("subscribe.beginning")}</Checkbox></Form.Item>
      </Form>
      {subscribe.error ? <Alert type="error" showIcon title={messageOf(subscribe.error)} /> : null}
    </Modal>
  );
}

/** What the subscription of a grant is doing; its consumer pauses, resumes and ends it. */
export function GrantSubscription({ grant }: { grant: Grant }) {
  const t = useTexts(texts);
  const told = useTold();
  const found = useAnswer("GET /api/v1/exchange/grants/{grant_id}/subscription", { path: { grant_id: grant.id } }, { fresh: 5_000 });
  const pause = useChange("POST /api/v1/exchange/subscriptions/{subscription_id}/pause", outdated);
  const resume = useChange("POST /api/v1/exchange/subscriptions/{subscription_id}/resume", outdated);
  const end = useChange("DELETE /api/v1/exchange/subscriptions/{subscription_id}", outdated);
  if (found.error) return <ErrorNotice error={found.error} />;
  const one = found.data?.subscription;
  if (!one) return null;
  const asked = { path: { subscription_id: one.id } };
  const failed = { onError: told.bad };
  const state = one.state as keyof typeof looks;
  return (
    <section className="exchange-subscription" aria-label={t("subscription")}>
      <p>
        <b>{t("subscription")}</b> {one.name} <span className={`tag ${looks[state]}`}>{t(`subscription.${state}`)}</span> · {one.url ? t("subscription.push", { url: one.url }) : t("subscription.read")} · {t("subscription.delivered", { n: one.delivered, lag: one.lag })}
      </p>
      {one.url ? null : <p><span className="soft">{t("subscription.address")}</span> <code>/api/v1/exchange/subscriptions/{one.id}/changes</code></p>}
      {one.last_error ? <p className="soft">{one.last_error}</p> : null}
      {grant.mine ? (
        <Space wrap>
          {grant.state !== "active" ? null : state === "active" ? <Button size="small" onClick={() => pause.mutate(asked, failed)}>{t("subscription.pause")}</Button> : <Button size="small" onClick={() => resume.mutate(asked, failed)}>{t("subscription.resume")}</Button>}
          <Popconfirm title={t("subscription.end.sure")} okText={t("subscription.end")} cancelText={t("cancel")} onConfirm={() => end.mutate(asked, failed)}><Button size="small" danger>{t("subscription.end")}</Button></Popconfirm>
        </Space>
      ) : null}
    </section>
  );
}
