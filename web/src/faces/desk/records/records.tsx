// Data resources (数据资源): the registers of the city. Every screen here follows from the declared type: list, map, detail,
// history, forms.

import { useState } from "react";
import { Link, Route, Routes, useParams } from "react-router";
import { purposeOf, sayPurpose } from "../../../shared/api/purpose";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { RecordDetail } from "./detail";
import { NewRecord } from "./editing";
import { ImportRecords } from "./importing/wizard";
import { RecordList } from "./list";
import "./records.css";
import { texts } from "./texts";
import type { ThingType } from "./values";

export default function Records() {
  return (
    <Routes>
      <Route index element={<Types />} />
      <Route path=":type" element={<Of screen={RecordList} />} />
      <Route path=":type/new" element={<Of screen={NewRecord} />} />
      <Route path=":type/import" element={<Of screen={ImportRecords} />} />
      <Route path=":type/:id" element={<Of screen={RecordDetail} />} />
    </Routes>
  );
}

/** What a person may do with things of a type, by all grants. */
export function useMay(type: string): (verb: string) => boolean {
  const { may } = useSession();
  return (verb) => may("thing", verb) || may(`thing-${type}`, verb);
}

/** A list with second approval is read only for a purpose, which is asked for once in a sitting. */
function ForPurpose({ type, children }: { type: ThingType; children: React.ReactNode }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const [purpose, setPurpose] = useState("");
  const [known, setKnown] = useState(() => purposeOf(type.id) !== undefined);
  if (known) return children;
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{nameIn(type.names, language)}</h1></header>
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          sayPurpose(type.id, purpose.trim());
          setKnown(true);
        }}
      >
        <p>{t("purpose.why")}</p>
        <div className="field"><label htmlFor="purpose">{t("purpose")}</label><input id="purpose" required minLength={4} maxLength={200} value={purpose} onChange={(event) => setPurpose(event.target.value)} /></div>
        <button className="button" disabled={purpose.trim().length < 4}>{t("purpose.go")}</button>
      </form>
    </section>
  );
}

function Of({ screen: Screen }: { screen: (props: { type: ThingType }) => React.ReactNode }) {
  const { type = "" } = useParams();
  const found = useAnswer("GET /api/v1/types/{type}", { path: { type } }, { fresh: 300_000 });
  if (found.error) return <ErrorNotice error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading />;
  return found.data.authority ? <ForPurpose key={type} type={found.data}><Screen type={found.data} /></ForPurpose> : <Screen key={type} type={found.data} />;
}

function Types() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { may } = useSession();
  const found = useAnswer("GET /api/v1/types", {}, { fresh: 60_000 });
  const mine = found.data?.items.filter((one) => may("thing", "read") || may(`thing-${one.id}`, "read")) ?? [];
  const seen = [...mine].sort((one, other) => one.pack.localeCompare(other.pack));
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {found.data && !seen.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      <ul className="record-types">
        {seen.map((one) => (
          <li key={one.id}>
            <Link to={`/desk/records/${one.id}`} className="card">
              <b>{nameIn(one.names, language)}</b>
              {one.standard ? <small className="soft">{one.standard}</small> : null}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
