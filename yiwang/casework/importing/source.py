"""The columns of a source file that a mapping wants, row by row. What files there are: :mod:`yiwang.kernel.sheets`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from yiwang.casework.errors import ImportFileInvalid
from yiwang.kernel.sheets import Sheet, SheetUnreadable, digest_of


class Source:
    """A file whose header holds the wanted columns. Rows are numbered as a spreadsheet shows them."""

    def __init__(self, path: Path, wanted: Sequence[str]) -> None:
        self.path = path
        try:
            self._sheet = Sheet(path)
        except SheetUnreadable as error:
            raise _invalid(path, error) from error
        self.header = self._sheet.header
        missing = [name for name in wanted if name not in self.header]
        if missing:
            known = ", ".join(self.header)
            raise ImportFileInvalid(file=str(path), why=f"columns {', '.join(missing)} are missing; it has {known}")
        self.wanted = list(wanted)
        self._places = [self.header.index(name) for name in wanted]

    @property
    def sha256(self) -> str:
        """Identifies the file's content, for resuming."""
        return digest_of(self.path)

    def rows(self) -> Iterator[tuple[int, list[str] | None]]:
        """(row number, values of the wanted columns in their order); None for a row with too few cells."""
        places = self._places
        least = max(places) + 1 if places else 0
        try:
            for number, row in self._sheet.rows():
                yield number, [row[place] for place in places] if len(row) >= least else None
        except SheetUnreadable as error:
            raise _invalid(self.path, error) from error

    def count(self) -> int:
        """Rows below the header."""
        return sum(1 for _ in self.rows())


def _invalid(path: Path, error: SheetUnreadable) -> ImportFileInvalid:
    return ImportFileInvalid(file=str(path), why=f"{error.data['reason_zh']} · {error.data['reason_en']}")
