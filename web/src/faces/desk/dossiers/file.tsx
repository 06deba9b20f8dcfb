// The file of one thing: its cases by part, what follows from them, and what is recorded.

import { Link, useParams } from "react-router";
import type { DossierPartView, DossierView } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { shortTime } from "../../../shared/time/clock";
import { ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Tag } from "../shared/case_line";
import { groupsOf, labelOf, wordsOf, type ThingType, type Value } from "../records/values";
import { texts } from "./texts";

export function DossierPage() {
  const { type = "", id = "" } = useParams();
  const declared = useAnswer("GET /api/v1/types/{type}", { path: { type } }, { fresh: 300_000 });
  const found = useAnswer("GET /api/v1/things/{type}/{id}/dossier", { path: { type, id } });
  const error = declared.error ?? found.error;
  if (error) return <ErrorNotice error={error} onRetry={() => void found.refetch()} />;
  return declared.data && found.data ? <Shown type={declared.data} file={found.data} /> : <Loading />;
}

function Shown({ type, file }: { type: ThingType; file: DossierView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const attributes = file.attributes as Record<string, Value>;
  return (
    <section className="desk-screen">
      <header className="desk-head">
        <h1>{file.title || file.key}</h1>
        <p className="soft"><Link to={`/desk/dossiers/${type.id}`}>{nameIn(type.names, language)}</Link> · {t("key")} <span className="number">{file.key}</span></p>
        <div className="desk-filters"><Link className="chip" to={`/desk/records/${type.id}/${file.thing}`}>{t("record")}</Link></div>
      </header>
      <div className="record-grid">
        <div>{file.parts.map((part) => <Part key={part.id} type={type} part={part} />)}</div>
        <section className="card" aria-labelledby="dossier-facts">
          <h2 id="dossier-facts">{t("facts")}</h2>
          {groupsOf(type).map((group) => (
            <dl key={group.join()} className="record-facts">
              {group.map((name) => <div key={name}><dt>{labelOf(type, name, language)}</dt><dd>{wordsOf(type.attributes[name], attributes[name], language)}</dd></div>)}
            </dl>
          ))}
        </section>
      </div>
    </section>
  );
}

function Part({ type, part }: { type: ThingType; part: DossierPartView }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const fields = Object.keys(part.field_names);
  const given = Object.entries(part.gives as Record<string, Value>);
  const id = `dossier-${part.id}`;
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>{nameIn(part.names, language)} <small className="soft">{t("months", { n: part.months })}</small></h2>
      {given.length ? <dl className="dossier-figures">{given.map(([name, value]) => <div key={name}><dt>{labelOf(type, name, language)}</dt><dd>{wordsOf(type.attributes[name], value, language)}</dd></div>)}</dl> : null}
      {part.cases.length ? (
        <table className="rows">
          <thead><tr><th>{t("case")}</th><th>{t("status")}</th>{fields.map((name) => <th key={name}>{nameIn(part.field_names[name], language)}</th>)}<th>{t("reported")}</th><th>{t("closed")}</th></tr></thead>
          <tbody>
            {part.cases.map((one) => (
              <tr key={one.id}>
                <td data-label={t("case")}><Link className="case-line-title" to={`/desk/cases/${one.id}`}>{nameIn(one.class_names, language) || one.number}</Link>{one.class_names ? <small className="soft number">{one.number}</small> : null}</td>
                <td data-label={t("status")}><Tag look={one.state === "closed" ? "green" : "blue"}>{language === "zh" ? one.status : one.status_en}</Tag></td>
                {fields.map((name) => <td key={name} data-label={nameIn(part.field_names[name], language)} className="number">{wordsOf(undefined, one.fields[name] as Value | undefined, language)}</td>)}
                <td data-label={t("reported")}>{shortTime(one.reported_at, language)}</td>
                <td data-label={t("closed")}>{one.closed_at ? shortTime(one.closed_at, language) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : <p className="soft">{t("cases.none")}</p>}
    </section>
  );
}
