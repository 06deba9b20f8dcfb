// What differs between a version of a rule and what is being written: line by line, differing lines marked.

import { useEffect, useRef } from "react";
import type { RuleAnswer, RuleDeclaration } from "../../../shared/api/description";
import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./rule_texts";
import { without } from "./rule_words";

function lines(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path}: ${String(value)}`];
  return Object.entries(value).sort(([one], [other]) => one.localeCompare(other)).flatMap(([name, one]) => lines(one, path ? `${path}.${name}` : name));
}

export function Compare({ version, rule, onClose }: { version: RuleAnswer; rule: RuleDeclaration; onClose: () => void }) {
  const t = useTexts(texts);
  const host = useRef<HTMLElement>(null);
  useEffect(() => host.current?.scrollIntoView({ block: "nearest" }), [version]);
  const [before, after] = [lines(without(version.declaration)), lines(without(rule))];
  const same = before.join("\n") === after.join("\n");
  const shown = (own: string[], other: string[]) => own.map((line) => <span key={line}>{other.includes(line) ? line : <mark>{line}</mark>}{"\n"}</span>);
  return (
    <section className="card" aria-label={t("compare")} ref={host}>
      <p>{t("compare.with", { n: version.version })} <button type="button" className="link" onClick={onClose}>{t("cancel")}</button></p>
      {same ? <p>{t("compare.same")}</p> : <div className="compare"><pre tabIndex={0}>{shown(before, after)}</pre><pre tabIndex={0}>{shown(after, before)}</pre></div>}
    </section>
  );
}
