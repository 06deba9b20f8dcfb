"""Refused rows: read from an import's own reports, sealed, shown with personal values masked, corrected and sent again."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

from yiwang.exchange.pulls.model import QuarantinedRow
from yiwang.exchange.pulls.secrets import ExchangeSecrets
from yiwang.kernel.database import JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.registry.importing.mapping import REPORT_COLUMNS, ImportMapping
from yiwang.registry.reading import masked
from yiwang.registry.types import CompiledType

MOST_ROWS = 10_000
"""Rows of one run that are put aside; all of them stand in the import's report."""
_HIDDEN = "***"


def refused_rows(
    folder: Path, pull_id: UUID, run_id: UUID, at: datetime, secrets: ExchangeSecrets
) -> list[QuarantinedRow]:
    """The rows that an import refused, from ``report.csv`` and ``refused.csv`` in its folder."""
    report, refused = folder / "report.csv", folder / "refused.csv"
    if not report.is_file() or not refused.is_file():
        return []
    problems = problems_by_row(report)
    found: list[QuarantinedRow] = []
    with refused.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        for number, cells in zip(sorted(problems), rows, strict=False):
            if len(found) == MOST_ROWS:
                break
            values = {
                name: cell for name, cell in zip(header, cells, strict=False) if name and name not in REPORT_COLUMNS
            }
            text = json.dumps(values, ensure_ascii=False, sort_keys=True)
            found.append(
                QuarantinedRow(
                    new_id(), pull_id, run_id, number, secrets.blind(text), secrets.seal(text), problems[number], "waiting",
                    at,
                )
            )  # fmt: skip
    return found


def problems_by_row(report: Path, most: int | None = None) -> dict[int, list[JsonObject]]:
    """What a report says of each row: column, code, zh, en, fix_zh, fix_en. Values are not repeated. ``most``: lines that are
    read of it."""
    found: dict[int, list[JsonObject]] = {}
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        for row, column, _, code, zh, en, fix_zh, fix_en in islice(rows, most):
            told: JsonObject = {"column": column, "code": code, "zh": zh, "en": en, "fix_zh": fix_zh, "fix_en": fix_en}
            found.setdefault(int(row), []).append(told)
    return found


def opened(row: QuarantinedRow, secrets: ExchangeSecrets) -> dict[str, str]:
    """The cells by column, as they came."""
    values: dict[str, str] = json.loads(secrets.open(row.sealed))
    return values


def shown(values: Mapping[str, str], kind: CompiledType, mapping: ImportMapping) -> dict[str, str]:
    """The cells that are read as attributes: personal ones masked, sealed ones hidden."""
    personal, found = kind.declaration.personal, dict[str, str]()
    places = {mapping.lon, mapping.lat, mapping.geometry} - {None}
    for column, value in values.items():
        name = mapping.columns.get(column)
        if name is None:
            if column in places:
                found[column] = value
        elif name in kind.sealed:
            found[column] = _HIDDEN if value else ""
        elif name in personal:
            found[column] = str(masked(value, personal[name])) if value else ""
        else:
            found[column] = value
    return found


def corrected(values: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The row with what was given instead; only columns that it has."""
    return {column: given.get(column, value) for column, value in values.items()}


def write_row(path: Path, values: Mapping[str, str]) -> None:
    """One row as a file of its own (mode 0600), to be imported like any other."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(values)
        out.writerow(values.values())
