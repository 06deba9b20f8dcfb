"""The files that tell what is wrong: a report, row by row, and the refused rows themselves, to be corrected and sent again."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from yiwang.kernel.sheets import harmless
from yiwang.registry.importing.judging import RowNote
from yiwang.registry.importing.sources import Table

COLUMNS = (
    "行 row", "列 column", "值 value", "代码 code", "问题 problem", "problem", "如何改正 how to correct", "how to correct",
)  # fmt: skip
PROBLEM, REMEDY = "问题 problem", "如何改正 how to correct"


class Report:
    """A CSV that a spreadsheet opens. ``written`` bytes were written before, the rest of the file is not believed: an import
    that was interrupted tells each row once. Without a path nothing is written."""

    def __init__(self, path: Path | None, written: int = 0) -> None:
        self._path, self._written = path, written

    def __enter__(self) -> Report:
        self._file = None
        if self._path is not None:
            self._path.touch(mode=0o600)
            self._file = self._path.open("r+", encoding="utf-8", newline="")
            self._written = min(self._written, self._path.stat().st_size)
            self._file.truncate(self._written)
            self._file.seek(0, 2)
            self._out = csv.writer(self._file)
            if not self._written:
                self._file.write("\ufeff")
                self._out.writerow(COLUMNS)
        return self

    def write(self, notes: Sequence[RowNote]) -> int:
        """Append; returns how long the file is now, in bytes."""
        if self._file is None:
            return 0
        for note in notes:
            cells = (note.column, note.value, note.code, note.zh, note.en, note.fix_zh, note.fix_en)
            self._out.writerow((note.row, *map(harmless, cells)))
        self._file.flush()
        return self._file.tell()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def write_refused(report: Path, table: Table, path: Path) -> int:
    """The refused rows as they came, with two more columns that say what is wrong; returns how many. They hold personal
    values as they were sent: the file is for the sender alone (mode 0600)."""
    told = _by_row(report)
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([*map(harmless, table.header), PROBLEM, REMEDY])
        width, count = len(table.header), 0
        for number, cells in table.rows() if told else ():
            words = told.pop(number, None)
            if words is not None:
                out.writerow([*map(harmless, (cells + [""] * width)[:width]), *words])
                count += 1
                if not told:
                    break
    return count


def _by_row(report: Path) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        for row, column, _, _, zh, _, fix, _ in rows:
            before = found.get(int(row))
            problem = f"{column}:{zh}" if column else zh
            found[int(row)] = (f"{before[0]};{problem}", f"{before[1]};{fix}") if before else (problem, fix)
    return found
