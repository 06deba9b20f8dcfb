"""The plan catalogue (规划条目) that packs answer: rows by id with the number of their clauses and their names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A system that the plans ask for; its clauses are counted from 1."""

    id: str
    clauses: int
    name_zh: str
    name_en: str


@cache
def plan_rows() -> dict[str, PlanRow]:
    """The catalogue shipped with this version, by id."""
    text = (Path(__file__).parent / "data" / "plan.yaml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, object]] = yaml.safe_load(text)
    return {key: PlanRow(key, int(str(row["clauses"])), str(row["zh"]), str(row["en"])) for key, row in rows.items()}


def clauses_of(claim: str) -> list[str]:
    """The clauses of a claim: all of a known row, or the one that it names; of an unknown row none."""
    row_id, _, number = claim.partition("/")
    row = plan_rows().get(row_id)
    if row is None:
        return []
    if number:
        return [claim] if 1 <= int(number) <= row.clauses else []
    return [f"{row_id}/{index}" for index in range(1, row.clauses + 1)]
