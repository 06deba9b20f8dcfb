// Corrections by people (更正): where a class was chosen otherwise than proposed; from these the next model learns first.

import { Link } from "react-router";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn, useTexts } from "../../../shared/i18n/texts";
import { ErrorNotice } from "../../../shared/ui/parts";
import { texts } from "./texts";

export function Corrections() {
  const t = useTexts(texts);
  const language = useLanguage();
  const found = useAnswer("GET /api/v1/desk/corrections");
  return (
    <section aria-labelledby="corrections">
      <h2 id="corrections">{t("corrections")}</h2>
      <p className="soft small">{t("corrections.about")}</p>
      {found.error ? <ErrorNotice error={found.error} /> : null}
      {found.data && !found.data.length ? <p className="soft">{t("corrections.none")}</p> : null}
      {found.data?.length ? (
        <table className="rows">
          <thead><tr><th>{t("case")}</th><th>{t("type")}</th><th>{t("text")}</th><th>{t("before")}</th><th>{t("after")}</th></tr></thead>
          <tbody>
            {found.data.map((one) => (
              <tr key={one.case_id}><td><Link to={`/desk/cases/${one.case_id}`}>{one.number}</Link></td><td>{nameIn(one.type_names, language)}</td><td>{one.text}</td><td>{nameIn(one.before, language) || t("unsure")}</td><td><b>{nameIn(one.after, language)}</b></td></tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}
