// Names by code for the desk's lists: stages, steps, areas, departments, case types.

import { useMemo } from "react";
import type { DeskWords } from "../../../shared/api/description";
import { useAnswer } from "../../../shared/api/queries";
import { useLanguage } from "../../../shared/i18n/language";
import { nameIn } from "../../../shared/i18n/texts";

export interface Naming {
  words: DeskWords | undefined;
  area: (code: string) => string;
  step: (type: string, node: string) => string;
  stage: (stage: string) => string;
  department: (code: string) => string;
  type: (id: string) => string;
}

/** The names in the language of now; the code itself while they are not here yet. */
export function useNaming(): Naming {
  const language = useLanguage();
  const words = useAnswer("GET /api/v1/desk/words", {}, { fresh: 10 * 60_000 }).data;
  return useMemo(() => {
    const area = (code: string): string => {
      for (const digits of [12, 9, 6]) {
        const found = words?.areas[code.slice(0, digits)];
        if (found && code.length >= digits) return nameIn(found, language);
      }
      return code;
    };
    return {
      words,
      area,
      step: (type, node) => nameIn(words?.steps[`${type}/${node}`], language) || node,
      stage: (stage) => nameIn(words?.stages[stage], language) || stage,
      department: (code) => nameIn(words?.departments.find((one) => one.code === code), language) || code,
      type: (id) => nameIn(words?.types.find((one) => one.id === id), language) || id,
    };
  }, [words, language]);
}
