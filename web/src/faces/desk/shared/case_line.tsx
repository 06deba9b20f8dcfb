// A case as a line of a list: what it is about, with the marks that change how one treats it.

import type { ReactNode } from "react";
import { Link } from "react-router";
import type { CaseItem } from "../../../shared/api/description";
import { useLanguage } from "../../../shared/i18n/language";
import { useTexts } from "../../../shared/i18n/texts";
import { texts } from "./texts";

export function Tag({ look = "grey", children }: { look?: "red" | "yellow" | "green" | "blue" | "grey"; children: ReactNode }) {
  return <span className={`tag ${look}`}>{children}</span>;
}

export function CaseTags({ item, urged = 0 }: { item: CaseItem; urged?: number }) {
  const t = useTexts(texts);
  return (
    <>
      {item.urgency === "urgent" ? <Tag look="red">{t("urgent")}</Tag> : null}
      {item.supervised ? <Tag look="red">{t("supervised")}</Tag> : null}
      {urged ? <Tag look="yellow">{t("urged", { n: urged })}</Tag> : null}
      {item.suspended ? <Tag look="blue">{t("suspended")}</Tag> : null}
      {item.rework_count ? <Tag look="yellow">{t("rework", { n: item.rework_count })}</Tag> : null}
      {item.followers ? <Tag>{t("reports", { n: item.followers + 1 })}</Tag> : null}
    </>
  );
}

export function CaseLine({ item, urged = 0 }: { item: CaseItem; urged?: number }) {
  const t = useTexts(texts);
  const language = useLanguage();
  const name = (language === "zh" ? item.class_name : item.class_name_en) || t("no.class");
  return (
    <>
      <Link to={`/desk/cases/${item.id}`} className="case-line-title">{name}</Link> <CaseTags item={item} urged={urged} />
      <span className="case-line-text">{item.text || t("no.text")}</span>
    </>
  );
}
