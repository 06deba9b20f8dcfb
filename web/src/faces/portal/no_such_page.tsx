import { Link } from "react-router";
import { useTexts } from "../../shared/i18n/texts";
import { Empty } from "../../shared/ui/parts";
import { Frame } from "./frame";
import { texts } from "./texts";

export function NoSuchPage() {
  const t = useTexts(texts);
  return (
    <Frame title={t("missing.title")}>
      <Empty title={t("missing.why")} />
      <p className="portal-centre"><Link className="button" to="/">{t("missing.home")}</Link></p>
    </Frame>
  );
}
