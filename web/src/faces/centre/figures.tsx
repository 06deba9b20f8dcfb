// The head's figures: each a button that opens its rows.

import { useLanguage } from "../../shared/i18n/language";
import { useTexts } from "../../shared/i18n/texts";
import { texts } from "./texts";

export interface Figure {
  id: "open" | "overdue" | "due_soon" | "suspended" | "reported_today" | "closed_today";
  count: number | undefined;
}
const cap = 10_000; // the server counts no further

export function Figures({ figures, past, onRows }: { figures: readonly Figure[]; past: boolean; onRows: ((id: Figure["id"]) => void) | null }) {
  const t = useTexts(texts);
  const language = useLanguage();
  return (
    <section className="centre-figures" aria-label={t("figures")}>
      {figures.map(({ id, count }) => {
        const shown = count === undefined ? "–" : `${count.toLocaleString(language === "zh" ? "zh-CN" : "en-GB")}${count >= cap ? "+" : ""}`;
        const name = past && (id === "reported_today" || id === "closed_today") ? t(`figure.${id}.past`) : t(`figure.${id}`);
        return (
          <button
            key={id} type="button" className={`figure ${id}`} disabled={!onRows} onClick={() => onRows?.(id)}
            aria-label={t("figure.rows", { name, count: shown })}
          >
            <span>{name}</span>{" "}
            <b className="number">{shown}</b>
          </button>
        );
      })}
    </section>
  );
}
