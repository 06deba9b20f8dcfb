"""Reading a source file row by row: CSV (UTF-8 with or without BOM, GB18030) and Excel workbooks (first sheet)."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import python_calamine

from yiwang.casework.errors import ImportFileInvalid

FIELD_LIMIT = 1_000_000
_PIECE = 1 << 20


class Source:
    """A file whose header holds the wanted columns. Rows are numbered as a spreadsheet shows them: the header is row 1."""

    def __init__(self, path: Path, wanted: Sequence[str]) -> None:
        self.path = path
        if not path.is_file():
            raise ImportFileInvalid(file=str(path), why="there is no such file")
        self._excel = path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods")
        self._encoding = "" if self._excel else _encoding(path)
        header = self._header()
        missing = [name for name in wanted if name not in header]
        if missing:
            known = ", ".join(header)
            raise ImportFileInvalid(file=str(path), why=f"columns {', '.join(missing)} are missing; it has {known}")
        self.header = header
        self.wanted = list(wanted)
        self._places = [header.index(name) for name in wanted]

    @property
    def sha256(self) -> str:
        """Identifies the file's content, for resuming."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def rows(self) -> Iterator[tuple[int, list[str] | None]]:
        """(row number, values of the wanted columns in their order); None for a row with too few cells."""
        least = max(self._places) + 1 if self._places else 0
        for number, row in enumerate(self._all(), start=1):
            if number == 1 or not any(row):
                continue
            yield number, [row[place] for place in self._places] if len(row) >= least else None

    def count(self) -> int:
        """Rows below the header."""
        return max(sum(1 for _ in self.rows()), 0)

    def _header(self) -> list[str]:
        for row in self._all():
            return [cell.strip() for cell in row]
        raise ImportFileInvalid(file=str(self.path), why="it is empty")

    def _all(self) -> Iterator[list[str]]:
        if self._excel:
            yield from self._sheet()
            return
        csv.field_size_limit(FIELD_LIMIT)
        with self.path.open(encoding=self._encoding, newline="") as file:
            try:
                yield from csv.reader(file, strict=False)
            except (csv.Error, UnicodeDecodeError) as error:
                raise ImportFileInvalid(file=str(self.path), why=str(error)) from error

    def _sheet(self) -> Iterator[list[str]]:
        try:
            sheet = python_calamine.CalamineWorkbook.from_path(str(self.path)).get_sheet_by_index(0)
            for row in sheet.iter_rows():
                yield [_cell(value) for value in row]
        except python_calamine.CalamineError as error:
            raise ImportFileInvalid(file=str(self.path), why=str(error)) from error


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _encoding(path: Path) -> str:
    """UTF-8 when the whole file is; GB18030 otherwise (it reads GBK and GB2312 too)."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(_PIECE):
                pass
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"
