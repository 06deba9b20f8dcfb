// What stands around every page of the portal.

import type { ReactNode } from "react";
import { Link, NavLink } from "react-router";
import { useTexts } from "../../shared/i18n/texts";
import { useSession } from "../../shared/session/session";
import { landing } from "../../shared/session/sign_in_page";
import { PublicFrame } from "../../shared/ui/public_frame";
import { texts } from "./texts";

interface Props {
  title?: string;
  children: ReactNode;
}

export function Frame({ title, children }: Props) {
  const t = useTexts(texts);
  const { person } = useSession();
  const navigation = (
    <>
      <NavLink to="/report">{t("nav.report")}</NavLink>
      <NavLink to="/follow">{t("nav.follow")}</NavLink>
      <NavLink to="/standards">{t("nav.standards")}</NavLink>
      <NavLink to="/notices">{t("nav.notices")}</NavLink>
    </>
  );
  return (
    <PublicFrame {...(title ? { title } : {})} navigation={navigation}>
      {children}
      <footer className="portal-footer small">
        <a href="/plain/">{t("footer.plain")}</a>
        <Link to="/publicity">{t("footer.publicity")}</Link>
        <Link to="/open-data">{t("footer.data")}</Link>
        <Link to="/records">{t("footer.records")}</Link>
        <Link to="/verify">{t("footer.verify")}</Link>
        <a href="/plain/vote">{t("footer.vote")}</a>
        {person ? <Link to={landing(person)}>{t("footer.mine")}</Link> : <Link to="/sign-in">{t("footer.staff")}</Link>}
      </footer>
    </PublicFrame>
  );
}
