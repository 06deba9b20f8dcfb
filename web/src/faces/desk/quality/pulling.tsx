// A new pull in words: what is fetched, from where, how often. It runs at once; the list tells how that went.

import { Alert, Button, Form, Input, InputNumber, Modal, Select } from "antd";
import type { PullBody, PullTrial } from "../../../shared/api/description";
import { messageOf } from "../../../shared/api/problem";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { useTold } from "../exchange/parts";
import { texts } from "./texts";

const kinds = ["postgresql", "mysql", "folder", "sftp", "http"] as const;
type Kind = (typeof kinds)[number];
type Given = Pick<PullBody, "name" | "type"> & { kind: Kind; source: Record<string, string | number>; secret?: string; every_minutes: number };

/** What each kind of source is asked for; those with a star are needed. */
const asked: Record<Kind, readonly string[]> = {
  postgresql: ["host*", "port*", "database*", "user*", "source*", "key"],
  mysql: ["host*", "port*", "database*", "user*", "source*", "key"],
  folder: ["pattern*"],
  sftp: ["host*", "port*", "user*", "host_key*", "folder*", "pattern*"],
  http: ["url*", "items", "next", "key", "key_parameter"],
};
const ports: Partial<Record<Kind, number>> = { postgresql: 5432, mysql: 3306, sftp: 22 };
const often = [0, 15, 60, 360, 1440, 10_080] as const;
type Word = "host" | "port" | "database" | "user" | "source" | "key" | "pattern" | "host_key" | "folder" | "url" | "items" | "next" | "key_parameter";

export function Pulling({ onClose }: { onClose: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const told = useTold();
  const { may } = useSession();
  const [form] = Form.useForm<Given>();
  const kind = Form.useWatch("kind", form) ?? "postgresql";
  const types = useAnswer("GET /api/v1/types", {});
  const declare = useChange("POST /api/v1/exchange/pulls", ["GET /api/v1/exchange/pulls"]);
  const trial = useChange("POST /api/v1/exchange/pulls/try", []);
  const offered = (types.data?.items ?? []).filter((one) => may("thing", "import") || may(`thing-${one.id}`, "import"));
  const bodyOf = ({ kind: chosen, source, ...rest }: Given) => {
    const filled = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== "" && value != null));
    return { ...rest, secret: rest.secret ?? "", source: { kind: chosen, ...filled } as PullBody["source"] };
  };
  const send = (given: Given) => declare.mutate({ body: bodyOf(given) }, { onSuccess: ({ name }) => (told.good(t("pull.made", { name })), onClose()) });
  const tryOut = () => form.validateFields().then((given) => trial.mutate({ body: bodyOf(given) }), () => undefined);
  const outcome = declare.error ?? trial.error ?? trial.data;
  return (
    <Modal open title={t("pull.new")} width={640} okText={t("pull.start")} cancelText={t("cancel")} onCancel={onClose} onOk={() => form.submit()} confirmLoading={declare.isPending} maskClosable={false}
      footer={(_, { OkBtn, CancelBtn }) => (<><Button onClick={tryOut} loading={trial.isPending}>{t("pull.try")}</Button><CancelBtn /><OkBtn /></>)}>
      <p className="soft">{t("pull.about")}</p>
      <Form form={form} layout="vertical" preserve={false} onValuesChange={trial.reset} initialValues={{ kind: "postgresql", every_minutes: 1440, source: { port: 5432 } }} onFinish={send}>
        <Form.Item name="name" label={t("name")} rules={[{ required: true, min: 2, max: 100, whitespace: true }]}><Input maxLength={100} /></Form.Item>
        <Form.Item name="type" label={t("type")} rules={[{ required: true }]} extra={types.data && !offered.length ? t("type.none") : undefined}>
          <Select loading={types.isPending} showSearch={{ optionFilterProp: "label" }} options={offered.map((one) => ({ value: one.id, label: nameIn(one.names, language) }))} />
        </Form.Item>
        <Form.Item name="kind" label={t("kind")}>
          <Select options={kinds.map((value) => ({ value, label: t(`kind.${value}`) }))} onChange={(value: Kind) => form.setFieldValue("source", { port: ports[value] })} />
        </Form.Item>
        {asked[kind].map((each) => {
          const word = each.replace("*", "") as Word;
          return (
            <Form.Item key={`${kind} ${word}`} name={["source", word]} label={t(`source.${word}`)} rules={[{ required: each.endsWith("*") }]}>
              {word === "port" ? <InputNumber min={1} max={65_535} /> : word === "source" ? <Input.TextArea rows={2} maxLength={10_000} /> : <Input maxLength={word === "host_key" ? 2000 : 300} />}
            </Form.Item>
          );
        })}
        {kind === "folder" ? null : <Form.Item name="secret" label={t("pull.secret")} extra={t("pull.secret.about")}>{kind === "sftp" ? <Input.TextArea rows={3} autoComplete="off" maxLength={10_000} /> : <Input.Password autoComplete="new-password" maxLength={10_000} />}</Form.Item>}
        <Form.Item name="every_minutes" label={t("often")}><Select options={often.map((value) => ({ value, label: t(`often.${value}`) }))} /></Form.Item>
      </Form>
      <div ref={(shown) => (outcome ? shown?.scrollIntoView({ block: "nearest" }) : undefined)}>
        {declare.error ? <Alert type="error" showIcon title={messageOf(declare.error)} /> : null}
        {trial.error ? <Alert type="error" showIcon title={messageOf(trial.error)} /> : null}
        {trial.data ? <Tried trial={trial.data} onClose={trial.reset} /> : null}
      </div>
    </Modal>
  );
}

/** What the pull would bring, and why the first rows would be refused. */
function Tried({ trial, onClose }: { trial: PullTrial; onClose: () => void }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const count = (name: string) => trial.counts[name] ?? 0;
  if (!trial.file) return <Alert type="info" showIcon closable={{ onClose }} title={t("pull.tried.nothing")} />;
  return (
    <Alert type={count("refused") ? "warning" : "success"} showIcon closable={{ onClose }} title={t("pull.tried", { file: trial.file, rows: trial.rows })}
      description={
        <>
          <p className="pull-counts">{(["new", "changed", "same", "refused"] as const).map((name) => <span key={name}>{t(`result.${name}`, { n: count(name) })}</span>)}</p>
          <p>{t("pull.tried.kept")}</p>
          {trial.unread.length ? <p>{t("pull.tried.unread", { columns: trial.unread.join(language === "zh" ? "、" : ", ") })}</p> : null}
          {trial.refused.length ? (
            <div className="scroll pull-refused" tabIndex={0} role="region" aria-label={t("pull.refused", { n: trial.refused.length })}>
              <table className="rows">
                <caption>{t("pull.refused", { n: trial.refused.length })}</caption>
                <thead><tr><th>{t("row")}</th><th>{t("column")}</th><th>{t("reason")}</th><th>{t("remedy")}</th></tr></thead>
                <tbody>
                  {trial.refused.flatMap(({ row, problems }) => problems.map((one, index) => (
                    <tr key={`${row} ${index}`}>
                      <td className="number" data-label={t("row")}>{row}</td>
                      <td data-label={t("column")}>{one.column || t("row.whole")}</td>
                      <td data-label={t("reason")}>{nameIn(one, language)}</td>
                      <td data-label={t("remedy")}>{nameIn({ zh: one.fix_zh, en: one.fix_en }, language)}</td>
                    </tr>
                  )))}
                </tbody>
              </table>
            </div>
          ) : null}
        </>
      }
    />
  );
}
