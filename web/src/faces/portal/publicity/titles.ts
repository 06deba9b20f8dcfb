// What a publication is called to its readers.

import type { IssueView } from "../../../shared/api/description";
import type { Language } from "../../../shared/i18n/language";
import { nameIn } from "../../../shared/i18n/texts";

/** Its own title; where that is only the name of its kind, that name in the reader's language. */
export const titleOf = ({ title, names }: Pick<IssueView, "title" | "names">, language: Language): string => (title === names.zh ? nameIn(names, language) : title);
