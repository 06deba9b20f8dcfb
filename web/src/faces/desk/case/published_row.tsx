// The published row that a resident's question is about: what everybody sees of it, and in which issue.

import { Link } from "react-router";
import type { CaseDetail } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { valueIn } from "../publicity/issue";
import { texts } from "../publicity/texts";

export function PublishedRow({ item }: { item: CaseDetail }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/cases/{case_id}/published-row", { path: { case_id: item.id } }, { fresh: 600_000 }).data;
  if (!found) return null;
  const { issue, row } = found;
  return (
    <section className="card" aria-labelledby="case-row">
      <h2 id="case-row">{t("asked.about")}</h2>
      <p><Link to={`/desk/publicity/issues/${issue.id}`}>{issue.title}</Link> · {t("nth")} {row.nth}</p>
      <dl className="facts">{issue.columns.map((column) => <div key={column.name}><dt>{nameIn(column.names, language)}</dt><dd>{valueIn(issue, row, column.name, language)} {column.unit}</dd></div>)}</dl>
    </section>
  );
}
