// What waits for a second person (二人核准): by list, the entries that somebody recorded, to approve or refuse.

import { useState } from "react";
import { Link } from "react-router";
import { purposeOf, sayPurpose } from "../../../shared/api/purpose";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { useSession } from "../../../shared/session/session";
import { Empty, ErrorNotice, Loading } from "../../../shared/ui/parts";
import { Authority } from "../records/authority";
import { columnsOf, labelOf, wordsOf, type Thing, type ThingType } from "../records/values";
import { texts as common } from "../shared/texts";
import { texts } from "./texts";

export default function Approvals() {
  const t = useTexts(texts);
  const { may } = useSession();
  const types = useAnswer("GET /api/v1/types", {}, { fresh: 300_000 });
  const mine = types.data?.items.filter((one) => one.authority && (may("thing", "approve") || may(`thing-${one.id}`, "approve")));
  return (
    <section className="desk-screen">
      <header className="desk-head"><h1>{t("title")}</h1><p className="soft">{t("about")}</p></header>
      {types.error ? <ErrorNotice error={types.error} onRetry={() => void types.refetch()} /> : null}
      {types.isPending && !types.error ? <Loading /> : null}
      {mine && !mine.length ? <Empty title={t("none")}>{t("none.next")}</Empty> : null}
      {mine?.map((type) => <Waiting key={type.id} type={type} />)}
    </section>
  );
}

function Waiting({ type }: { type: ThingType }) {
  const t = useTexts(texts);
  const c = useTexts(common);
  const language = useLanguage();
  const [after, setAfter] = useState<string | null>(null);
  // Such lists are read for a purpose, which goes into the journal: whoever comes here reads them to decide.
  const purpose = purposeOf(type.id) ?? t("purpose.second");
  const found = useAnswer("GET /api/v1/things/{type}", { path: { type: type.id }, query: { standing: "waiting", purpose, after, limit: 50 } });
  const items = found.data?.items;
  return (
    <section aria-labelledby={`waiting-${type.id}`}>
      <h2 id={`waiting-${type.id}`}>{nameIn(type.names, language)}</h2>
      <p className="row-line soft">{items?.length ? t("waiting", { n: items.length }) : null} <Link to={`/desk/records/${type.id}`} onClick={() => sayPurpose(type.id, purpose)}>{t("whole")}</Link></p>
      {found.error ? <ErrorNotice error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isPending && !found.error ? <Loading /> : null}
      {items && !items.length ? <p className="soft">{t("nothing")}</p> : null}
      {items?.map((one) => <Entry key={one.id} type={type} thing={one} />)}
      {found.data?.after ? <button type="button" className="button second" onClick={() => setAfter(found.data?.after ?? null)}>{c("more")}</button> : null}
    </section>
  );
}

function Entry({ type, thing }: { type: ThingType; thing: Thing }) {
  const language = useLanguage();
  const more = columnsOf(type).filter((name) => !type.title.includes(name)).map((name) => [labelOf(type, name, language), wordsOf(type.attributes[name], thing.attributes[name], language)] as const);
  return <Authority type={type} thing={thing} may title={thing.title || nameIn(type.names, language)} more={more} />;
}
