// Choosing the kind in two taps: group, kind; or in one among those used lately. The table is kept on the telephone.

import { useMemo, useState } from "react";
import { call } from "../../../shared/api/client";
import type { ClassItem } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { Loading } from "../../../shared/ui/parts";
import { useKept } from "../kept";
import type { FieldDraft } from "./draft";
import type { Way } from "./screen";
import { texts } from "./texts";

const KEY = "yiwang-field-kinds";
const MOST_RECENT = 6;
const MOST_FOUND = 24;

interface Used {
  type: string;
  code: string;
}

function usedKinds(): Used[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(read) ? (read as Used[]).filter((one) => typeof one?.type === "string" && typeof one.code === "string") : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

export function noteKind(kind: Used): void {
  const others = usedKinds().filter((one) => one.type !== kind.type || one.code !== kind.code);
  localStorage.setItem(KEY, JSON.stringify([kind, ...others].slice(0, 40)));
}

interface Props {
  way: Way;
  draft: FieldDraft;
  change: (part: Partial<FieldDraft>) => void;
}

export function KindField({ way, draft, change }: Props) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [group, setGroup] = useState("");
  const [words, setWords] = useState("");
  const table = useKept(`classes/${way.type}`, () => call("GET /api/v1/case-types/{key}/classes", { path: { key: way.type }, quiet: true }), { fresh: 600_000 });
  const classes = table.data?.answer;
  const groups = useMemo(() => {
    const made = new Map<string, ClassItem[]>();
    for (const one of classes ?? []) made.set(one.group.zh, [...(made.get(one.group.zh) ?? []), one]);
    return made;
  }, [classes]);
  const choose = (one: ClassItem) => {
    change({ classCode: one.code, className: nameIn(one.names, language) });
    setGroup("");
    setWords("");
  };

  if (draft.classCode) {
    return (
      <section className="field-card row" aria-label={t("kind")}>
        <b>✓ {draft.className}</b>
        <button type="button" className="button plain" onClick={() => change({ classCode: "", className: "" })}>{t("kind.change")}</button>
      </section>
    );
  }
  if (table.error && !classes) return <p className="field-warn">{t("kind.offline")}</p>;
  if (!classes) return <Loading />;
  const wanted = words.trim().toLowerCase();
  const found = wanted
    ? classes.filter((one) => [one.names.zh, one.names.en, one.group.zh, one.group.en].some((text) => text.toLowerCase().includes(wanted))).slice(0, MOST_FOUND)
    : group ? (groups.get(group) ?? []) : [];
  const recent = usedKinds()
    .filter((one) => one.type === way.type)
    .map((one) => classes.find((item) => item.code === one.code))
    .filter((one) => one !== undefined)
    .slice(0, MOST_RECENT);
  const button = (one: ClassItem) => <button key={one.code} type="button" onClick={() => choose(one)}>{nameIn(one.names, language)}</button>;
  return (
    <section className="field-card stack" aria-labelledby="kind">
      <h2 id="kind">{t("kind")}</h2>
      <input className="input" type="search" value={words} placeholder={t("kind.find")} aria-label={t("kind.find")} maxLength={40} onChange={(event) => setWords(event.target.value)} />
      {wanted && !found.length ? <p className="soft">{t("kind.none")}</p> : null}
      {found.length ? (
        <>
          {group && !wanted ? <button type="button" className="button plain" onClick={() => setGroup("")}>{t("kind.back")}</button> : null}
          <div className="field-kinds">{found.map(button)}</div>
        </>
      ) : wanted ? null : (
        <>
          {recent.length ? <><span className="soft">{t("kind.recent")}</span><div className="field-kinds">{recent.map(button)}</div><span className="soft">{t("kind.group")}</span></> : null}
          <div className="field-kinds">
            {[...groups].map(([name, list]) => <button key={name} type="button" onClick={() => setGroup(name)}>{nameIn(list[0]?.group, language)}</button>)}
          </div>
        </>
      )}
    </section>
  );
}
