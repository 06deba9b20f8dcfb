import type { CaseTypeItem } from "../../shared/api/description";

/** The kinds of case that residents may report, the one that asks least of them first. */
export const residentTypes = (types: readonly CaseTypeItem[]): CaseTypeItem[] =>
  types
    .filter((one) => "resident" in one.channels)
    .sort((one, other) => (one.needs.resident?.length ?? 0) - (other.needs.resident?.length ?? 0));
