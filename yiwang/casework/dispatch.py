"""Dispatch advice: the first row of the decision table that fits names the department, the limit and the reason."""

from __future__ import annotations

from dataclasses import dataclass

import cel

from yiwang.casework.declarations import DispatchRow, DispatchTable, Words


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row may ask about."""

    class_code: str
    area: str
    text: str
    channel: str
    urgency: str

    def as_cel(self) -> dict[str, str]:
        return {
            "class": self.class_code,
            "class_code": self.class_code,
            "area": self.area,
            "text": self.text,
            "channel": self.channel,
            "urgency": self.urgency,
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """Which kind of department, within which limit (None: the standard's), why, and by which row (from 1)."""

    department: str
    limit: str | None
    reason: Words
    row: int


class CompiledTable:
    """A dispatch table with its class lists indexed and its expressions compiled once."""

    def __init__(self, table: DispatchTable) -> None:
        self.id = table.id
        self._rows = [_Row(number, row) for number, row in enumerate(table.rows, start=1)]

    def advise(self, facts: Facts) -> Advice | None:
        """The first row that fits, or None when the table is silent."""
        for row in self._rows:
            if row.fits(facts):
                return Advice(row.row.department, row.row.limit, row.row.reason, row.number)
        return None


class _Row:
    def __init__(self, number: int, row: DispatchRow) -> None:
        self.number = number
        self.row = row
        self._exact = frozenset(code for code in row.classes if not code.endswith("*"))
        self._prefixes = tuple(code[:-1] for code in row.classes if code.endswith("*"))
        self._areas = tuple(row.areas)
        self._when = cel.compile(row.when) if row.when else None

    def fits(self, facts: Facts) -> bool:
        if self._exact or self._prefixes:
            code = facts.class_code
            if code not in self._exact and not (self._prefixes and code.startswith(self._prefixes)):
                return False
        if self._areas and not facts.area.startswith(self._areas):
            return False
        return self._when is None or self._when.execute(facts.as_cel()) is True
