"""Lists of a migration as CSV: UTF-8 with byte order mark, so that spreadsheets read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from yiwang.flow.versions.store import CaseRow

COLUMNS = ("instance", "subject_kind", "subject", "at", "code", "element", "zh", "en")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def head() -> str:
    """The first line, with the mark."""
    return "\ufeff" + ",".join(COLUMNS) + "\r\n"


def lines(rows: Iterable[CaseRow]) -> str:
    """One line for each reason of each instance."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    for row in rows:
        for item in row.obstacles:
            told = item if isinstance(item, dict) else {}
            reason = [str(told.get(name, "")) for name in ("code", "element", "zh", "en")]
            places = " ".join(row.at_nodes)
            cells = [str(row.instance_id), row.subject_kind, str(row.subject_id), places, *reason]
            writer.writerow([_plain(cell) for cell in cells])
    return sheet.getvalue()


def _plain(cell: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
