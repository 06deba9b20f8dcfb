// One open dataset: what it is about, its columns, its first records, and how to take it.

import { useEffect } from "react";
import { Link, useParams } from "react-router";
import type { ColumnView, DatasetDetail } from "../../../shared/api/description";
import { addressOf } from "../../../shared/api/client";
import { Problem } from "../../../shared/api/problem";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Frame } from "../frame";
import { texts } from "./texts";
import { cycleOf, kindOf, longDay } from "./words";

export function Dataset() {
  const { id = "" } = useParams();
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /opendata/datasets/{dataset}", { path: { dataset: id } });
  const title = found.data ? nameIn(found.data.names, language) : "";
  useEffect(() => {
    if (title) document.title = title;
  }, [title]);
  if (found.error instanceof Problem && found.error.status === 404) {
    return <Frame title={t("gone")}><p>{t("gone.why")}</p><Link className="button" to="/open-data">{t("all")}</Link></Frame>;
  }
  return (
    <Frame {...(title ? { title } : {})}>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.data ? <Shown dataset={found.data} /> : found.error ? null : <Loading />}
      <p><Link to="/open-data">← {t("all")}</Link></p>
    </Frame>
  );
}

function Shown({ dataset }: { dataset: DatasetDetail }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <div className="stack opendata-dataset">
      <section className="card">
        <p className="opendata-about">{nameIn(dataset.about, language)}</p>
        <dl className="opendata-facts">
          <div><dt>{t("provider")}</dt><dd>{nameIn(dataset.provider, language)}</dd></div>
          <div><dt>{t("code")}</dt><dd className="number">{dataset.code}</dd></div>
          <div><dt>{t("cycle")}</dt><dd>{t(cycleOf(dataset.cycle))}</dd></div>
          {dataset.published ? <div><dt>{t("published")}</dt><dd>{longDay(dataset.published, language)}</dd></div> : null}
          {dataset.recorded ? <div><dt>{t("recorded")}</dt><dd>{longDay(dataset.recorded, language)}</dd></div> : null}
          {dataset.downloads.length ? <div><dt>{t("rows")}</dt><dd className="number">{dataset.rows.toLocaleString(language)}</dd></div> : null}
          {dataset.conditions ? <div><dt>{t("conditions")}</dt><dd>{dataset.conditions}</dd></div> : null}
        </dl>
        {dataset.keywords.length ? <p className="opendata-forms">{dataset.keywords.map((one) => <span key={one}>{one}</span>)}</p> : null}
      </section>
      <section className="card" aria-labelledby="downloads">
        <h2 id="downloads">{t("downloads")}</h2>
        {dataset.downloads.length ? (
          <p className="row">{dataset.downloads.map((one) => <a key={one.form} className="button" href={one.path} download>{t("download", { form: one.name })}</a>)}</p>
        ) : <p>{t("elsewhere")}</p>}
        {dataset.features ? <Programs dataset={dataset} features={dataset.features} /> : null}
      </section>
      {dataset.columns.length ? <Columns columns={dataset.columns} /> : null}
      {dataset.downloads.length ? <Preview dataset={dataset} /> : null}
    </div>
  );
}

function Programs({ dataset, features }: { dataset: DatasetDetail; features: string }) {
  const t = useTexts(texts);
  const described = addressOf("GET /opendata/datasets/{dataset}/dcat.{form}", { path: { dataset: dataset.id, form: "ttl" } });
  const ckan = addressOf("GET /api/3/action/{action}", { path: { action: "package_show" } });
  return (
    <details>
      <summary>{t("programs")}</summary>
      <ul className="opendata-addresses">
        <li>{t("programs.features")}<br /><a href={features}><code>{features}</code></a></li>
        <li>{t("programs.ckan")}<br /><a href={`${ckan}?id=${dataset.id}`}><code>{`${ckan}?id=${dataset.id}`}</code></a></li>
        <li>{t("programs.dcat")}<br /><a href={described}><code>{described}</code></a></li>
      </ul>
    </details>
  );
}

function Columns({ columns }: { columns: readonly ColumnView[] }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="card" aria-labelledby="fields">
      <h2 id="fields">{t("fields")}</h2>
      <div className="opendata-table" role="region" aria-labelledby="fields" tabIndex={0}>
        <table>
          <thead><tr><th scope="col">{t("field")}</th><th scope="col">{t("field.key")}</th><th scope="col">{t("field.kind")}</th></tr></thead>
          <tbody>
            {columns.map((one) => (
              <tr key={one.name}>
                <th scope="row">{nameIn(one.names, language)}{one.unit ? <span className="soft"> ({one.unit})</span> : null}</th>
                <td><code>{one.name}</code></td>
                <td>{t(kindOf(one.kind))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Preview({ dataset }: { dataset: DatasetDetail }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /opendata/datasets/{dataset}/preview", { path: { dataset: dataset.id } });
  const rows = found.data?.items ?? [];
  const written = (column: ColumnView, value: unknown): string => {
    if (value === null || value === undefined) return "";
    if (typeof value === "boolean") return t(value ? "yes" : "no");
    if (Array.isArray(value)) return value.map((one) => written(column, one)).join("、");
    if (typeof value === "object") return JSON.stringify(value);
    return nameIn(column.words[String(value)], language) || String(value);
  };
  return (
    <section className="card" aria-labelledby="preview">
      <h2 id="preview">{t("preview", { n: rows.length })}</h2>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !rows.length ? <p>{t("preview.none")}</p> : null}
      {rows.length ? (
        <div className="opendata-table" role="region" aria-labelledby="preview" tabIndex={0}>
          <table>
            <thead><tr>{dataset.columns.map((one) => <th key={one.name} scope="col">{nameIn(one.names, language)}</th>)}</tr></thead>
            <tbody>
              {rows.map((row) => <tr key={row.id}>{dataset.columns.map((one) => <td key={one.name}>{written(one, row.values[one.name])}</td>)}</tr>)}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}
