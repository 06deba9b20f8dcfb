// An address of the designer that names nothing: says so, and the way on.

import { Link } from "react-router";
import { useTexts } from "../../../shared/i18n/texts";
import { Empty } from "../../../shared/ui/parts";
import { texts } from "./texts";

export function Unknown({ code }: { code: string }) {
  const t = useTexts(texts);
  return (
    <>
      <h1>{t("title")}</h1>
      <Empty title={t("unknown", { code })}>
        {t("unknown.next")} <Link to="/desk/designer">{t("back")}</Link>
      </Empty>
    </>
  );
}
