// What a record belongs to and what belongs to it (以房管人): each line leads to the other record.

import { useState } from "react";
import { Link } from "react-router";
import { useAnswer, useChange } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";
import type { Relation, ThingType } from "./values";

const outdated = ["GET /api/v1/things/{type}/{id}/relations"] as const;

interface Props {
  type: ThingType;
  id: string;
  asked: { valid_at?: string; known_at?: string };
  editable: boolean;
}

export function Relations({ type, id, asked, editable }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/things/{type}/{id}/relations", { path: { type: type.id, id }, query: asked });
  const types = useAnswer("GET /api/v1/types", {}, { fresh: 300_000 }).data?.items ?? [];
  const end = useChange("POST /api/v1/relations/{id}/end", outdated);
  const groups = new Map<string, { name: string; lines: { relation: Relation; type: string; id: string; title: string }[] }>();
  for (const relation of found.data?.items ?? []) {
    const out = relation.from_id === id;
    const declared = types.find((one) => one.id === relation.from_type)?.relations[relation.kind];
    const key = `${out ? ">" : "<"}${relation.from_type}.${relation.kind}`;
    const name = nameIn(out ? declared?.names : declared?.inverse, language) || relation.kind;
    const group = groups.get(key) ?? { name, lines: [] };
    group.lines.push(out ? { relation, type: relation.to_type, id: relation.to_id, title: relation.to_title } : { relation, type: relation.from_type, id: relation.from_id, title: relation.from_title });
    groups.set(key, group);
  }
  return (
    <section className="card" aria-labelledby="record-relations">
      <h2 id="record-relations">{t("relations")}</h2>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {end.error ? <ErrorNotice error={end.error} /> : null}
      {found.data && !groups.size ? <p className="soft">{t("relations.none")}</p> : null}
      {[...groups].map(([key, group]) => (
        <ul key={key} className="record-relations" aria-label={group.name}>
          <li><b>{group.name}</b>{group.lines.length > 1 ? <span className="soft">{group.lines.length}</span> : null}</li>
          {group.lines.map((line) => (
            <li key={line.relation.id}>
              {line.title ? <Link to={`/desk/records/${line.type}/${line.id}`}>{line.title}</Link> : <span className="soft">{t("relation.hidden")}</span>}
              {editable && line.relation.from_id === id ? <button type="button" className="link" disabled={end.isPending} onClick={() => confirm(t("relation.end.sure", { name: group.name })) && end.mutate({ path: { id: line.relation.id }, body: {} })}>{t("relation.end")}</button> : null}
            </li>
          ))}
        </ul>
      ))}
      {editable && Object.keys(type.relations).length ? <Adding type={type} id={id} /> : null}
    </section>
  );
}

function Adding({ type, id }: { type: ThingType; id: string }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [kind, setKind] = useState(Object.keys(type.relations)[0] ?? "");
  const [words, setWords] = useState("");
  const to = type.relations[kind]?.to ?? "";
  const found = useAnswer("GET /api/v1/things/{type}", { path: { type: to }, query: { q: words, limit: 8 } }, { enabled: words.trim().length > 1, keep: true });
  const relate = useChange("POST /api/v1/things/{type}/{id}/relations", outdated);
  return (
    <details>
      <summary className="chip">＋ {t("relation.add")}</summary>
      <div className="row-line">
        <label className="filter"><span>{t("relation.kind")}</span><select value={kind} onChange={(event) => setKind(event.target.value)}>{Object.entries(type.relations).map(([name, one]) => <option key={name} value={name}>{nameIn(one.names, language)}</option>)}</select></label>
        <label className="filter"><span>{t("relation.find")}</span><input type="search" value={words} maxLength={60} onChange={(event) => setWords(event.target.value)} /></label>
      </div>
      {relate.error ? <ErrorNotice error={relate.error} /> : null}
      <ul className="record-relations">
        {words.trim().length > 1 ? found.data?.items.map((one) => (
          <li key={one.id}>{one.title}<button type="button" className="link" disabled={relate.isPending} onClick={() => relate.mutate({ path: { type: type.id, id }, body: { relation: kind, to: one.id } }, { onSuccess: () => setWords("") })}>{t("relation.add")}</button></li>
        )) : null}
      </ul>
    </details>
  );
}
