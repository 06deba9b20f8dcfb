// One resource: its metadata and items, what may be done with it, its story, and the way to ask for it.

import { Alert, Button, Space, Table } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { exactTime } from "../../../shared/time/clock";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Asking } from "./asking";
import { tone } from "./catalogue";
import { Facts, Reason, useCodes, useSharing, useTold, Wide } from "./parts";
import { texts } from "./texts";

const lists = ["GET /api/v1/exchange/resources", "GET /api/v1/exchange/resources/{id}", "GET /api/v1/exchange/words"] as const;
const moves = ["submit", "register", "publish", "return", "refuse", "withdraw"] as const;
type Move = (typeof moves)[number];
const withReason: readonly Move[] = ["return", "refuse", "withdraw"];

export function ResourceDetail() {
  const { id = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const codes = useCodes();
  const told = useTold();
  const { asks } = useSharing();
  const found = useAnswer("GET /api/v1/exchange/resources/{id}", { path: { id } });
  const types = useAnswer("GET /api/v1/types", {}, { fresh: 600_000 });
  const move = useChange("POST /api/v1/exchange/resources/{id}/moves", lists);
  const object = useChange("POST /api/v1/exchange/matters");
  const [reasoning, setReasoning] = useState<Move | "objection" | null>(null);
  const [asking, setAsking] = useState(false);
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  const { resource, verbs, faults, steps } = found.data;
  const go = (verb: Move, note = "") => move.mutate({ path: { id }, body: { verb, note } }, { onSuccess: () => (told.good(t("done")), setReasoning(null)), onError: (error) => withReason.includes(verb) || told.bad(error) });
  return (
    <>
      <h2>{nameIn(resource.names, language)} <span className={`tag ${tone[resource.state]}`}>{nameIn(resource.state_words, language)}</span></h2>
      <Space wrap>
        {asks && resource.state === "published" && resource.share_type !== 3 && resource.type ? <Button type="primary" onClick={() => setAsking(true)}>{t("ask")}</Button> : null}
        {moves.filter((verb) => verbs.includes(verb)).map((verb) => (
          <Button key={verb} danger={withReason.includes(verb)} type={withReason.includes(verb) ? "default" : "primary"} loading={move.isPending} onClick={() => (withReason.includes(verb) ? setReasoning(verb) : go(verb))}>{t(`verb.${verb}`)}</Button>
        ))}
        {verbs.includes("edit") ? <Link className="chip" to="edit">{t("edit")}</Link> : null}
        {asks && resource.state === "published" ? <Button onClick={() => setReasoning("objection")}>{t("matter.objection")}</Button> : null}
      </Space>
      {faults.length && resource.state !== "published" ? <Alert type="warning" showIcon title={t("faults")} description={<ul>{faults.map((one) => <li key={one.where + one.zh}>{nameIn(one, language)}</li>)}</ul>} /> : null}
      <Facts of={[
        [t("code"), resource.code],
        [t("provider"), nameIn(resource.provider_names, language)],
        [t("share.type"), `${codes.word("share_types", resource.share_type)}${resource.share_condition ? `:${resource.share_condition}` : ""}`],
        [t("open"), resource.open ? resource.open_condition || "✓" : "—"],
        [t("format"), `${codes.word("formats", resource.format)} ${resource.format_detail}`],
        [t("cycle"), codes.word("cycles", resource.cycle)],
        [t("type"), resource.type ? <Link to={`/desk/records/${resource.type}`}>{nameIn(types.data?.items.find((one) => one.id === resource.type)?.names, language) || resource.type}</Link> : t("type.none")],
        [t("abstract"), nameIn(resource.abstract, language)],
      ]} />
      <h3>{t("items")}</h3>
      <Wide label={t("items")} width={420}>
        <Table
          size="small" rowKey="name_zh" pagination={false} dataSource={resource.items}
          columns={[
            { title: t("item.name"), render: (_, item) => nameIn({ zh: item.name_zh, en: item.name_en || item.name_zh }, language) },
            { title: t("item.kind"), render: (_, item) => t(`data.${item.data_type}`) },
            { title: t("item.length"), render: (_, item) => item.length || "—", className: "number" },
            { title: "", render: (_, item) => (item.personal || item.sealed ? <span className="tag yellow">{t("personal")}</span> : null) },
          ]}
        />
      </Wide>
      <h3>{t("story")}</h3>
      <ol className="exchange-story">
        {steps.map((step) => <li key={step.at + step.verb}><span className="soft">{exactTime(step.at, language)}</span> {t(`verb.${step.verb as Move}`)} · {step.by}{step.note ? ` · ${step.note}` : ""}</li>)}
      </ol>
      {asking ? <Asking resource={resource} onClose={() => setAsking(false)} /> : null}
      {reasoning ? (
        <Reason
          title={reasoning === "objection" ? t("matter.objection") : t(`verb.${reasoning}`)} label={reasoning === "objection" ? t("matter.text") : t("note")} needed danger={reasoning !== "objection"}
          pending={move.isPending || object.isPending} error={reasoning === "objection" ? object.error : move.error} onClose={() => (move.reset(), object.reset(), setReasoning(null))}
          onReason={(text) => {
            if (reasoning !== "objection") go(reasoning, text);
            else object.mutate({ body: { kind: "objection", resource: id, text } }, { onSuccess: ({ number }) => (told.good(t("matter.done", { number })), setReasoning(null)) });
          }}
        />
      ) : null}
    </>
  );
}
