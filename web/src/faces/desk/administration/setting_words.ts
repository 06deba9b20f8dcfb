// What settings speak of by code (offices, posts, areas, indicators, grants, classes), in words; the code itself where nothing
// of that name stands any more.

import { useMemo } from "react";
import { useQueries } from "@tanstack/react-query";
import { call } from "../../../shared/api/client";
import type { OrganisationView, PostView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useNaming } from "../shared/words";
import { useAll } from "./all";
import { texts } from "./editing_texts";
import { useGrantWords } from "./grant_words";

const fresh = 600_000; // ms
const officeKinds = ["government", "bureau", "centre", "department", "section", "street", "town", "community", "enterprise", "company", "institution"] as const;
const isOfficeKind = (kind: string): kind is (typeof officeKinds)[number] => (officeKinds as readonly string[]).includes(kind);

export interface SettingWords {
  /** What is set: `key` of a change of this kind; empty where its names say it already. */
  key: (kind: string, key: string) => string;
  /** A text that stands under this member of a setting of this kind. */
  value: (kind: string, member: string, text: string) => string;
}

/** A kind of office in words. */
export function useOfficeKind(): (kind: string) => string {
  const t = useTexts(texts);
  return (kind) => (isOfficeKind(kind) ? t(`office.kind.${kind}`) : kind);
}

/** `keys` are those of the limits that are spoken of: only their classes are asked for. */
export function useSettingWords(limits: readonly string[]): SettingWords {
  const t = useTexts(texts);
  const language = useLanguage();
  const naming = useNaming();
  const grants = useGrantWords();
  const officeKind = useOfficeKind();
  const offices = useAll<OrganisationView>("GET /api/v1/organisations").data;
  const posts = useAll<PostView>("GET /api/v1/posts").data;
  const indicators = useAnswer("GET /api/v1/indicators", {}, { fresh }).data?.items;
  const boards = useAnswer("GET /api/v1/boards", {}, { fresh }).data?.items;
  const types = useAnswer("GET /api/v1/case-types", {}, { fresh }).data;
  const trees = new Set(limits.map((key) => key.split("/")[0]));
  const asked = (types ?? []).filter((one) => trees.delete(one.tree)).map((one) => ({ tree: one.tree, key: one.id }));
  const classes = useQueries({
    queries: asked.map(({ key }) => ({
      queryKey: ["GET /api/v1/case-types/{key}/classes", { key }, null],
      queryFn: ({ signal }: { signal: AbortSignal }) => call("GET /api/v1/case-types/{key}/classes", { path: { key }, signal }),
      staleTime: fresh,
    })),
    combine: (found) => found.map((one, place) => ({ tree: asked[place]?.tree, items: one.data ?? [] })),
  });
  const postNames = useMemo(() => new Map((posts ?? []).map((one) => [one.code, nameIn(one.names, language)])), [posts, language]);

  const office = (code: string) => nameIn(offices?.find((one) => one.code === code)?.names, language) || code;
  const indicator = (id: string) => nameIn(indicators?.find((one) => one.id === id)?.names, language) || id;
  const limit = (key: string): string => {
    const [tree, code, standard] = key.split("/");
    const found = classes.find((one) => one.tree === tree)?.items.find((one) => one.code === code);
    if (!found) return key;
    // The filing standard tells apart what one class has several limits for.
    const filing = found.standards.length > 1 ? nameIn(found.standards.find((one) => one.id === standard)?.filing, language) : "";
    return [nameIn(found.names, language), filing].filter(Boolean).join(" · ");
  };
  return {
    key: (kind, key) => {
      if (kind === "limit") return limit(key);
      if (kind === "indicator") return indicator(key);
      if (kind === "board") return nameIn(boards?.find((one) => one.id === key)?.names, language) || key;
      if (kind === "organisation") return office(key);
      return kind === "hours" ? "" : key;
    },
    value: (kind, member, text) => {
      if (member === "indicator") return indicator(text);
      if (member === "parent") return office(text);
      if (kind === "organisation") {
        if (member === "kind") return officeKind(text);
        if (member === "area") return naming.area(text);
        if (member === "code" || member === "posts") return postNames.get(text) ?? text;
        if (member === "serves") return (offices ?? []).filter((one) => one.serves.includes(text)).map((one) => nameIn(one.names, language)).join(" / ") || text;
      }
      if (kind === "role") {
        if (member === "kind") return grants.kind(text);
        if (member === "verbs") return grants.verb(text);
        if (member === "area" && (text === "any" || text === "post")) return t(`role.area.${text}`);
        if (member === "organisation" && text === "any") return t("role.area.any");
        if (member === "organisation" && (text === "own" || text === "subtree")) return t(`role.organisation.${text}`);
      }
      return text;
    },
  };
}
