"""One column of a compiled table: for every value that its cells name the set of rules that it allows (bits of an int)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from math import isnan
from typing import TypeGuard

from yiwang.flow.decisions.model import Kind, Scalar
from yiwang.flow.decisions.parsing import ReadInput, ReadTable
from yiwang.flow.decisions.unary import (
    ANYTHING,
    Anything,
    Contains,
    Equals,
    OneOf,
    Test,
    asks,
    fits,
    literals_in,
    tests_in,
)
from yiwang.kernel.database import Json

_most_remembered = 1024
_longest_remembered = 64

_NO_SUBJECT = "\0"
"""A name that no variable has."""
_USUAL: dict[Kind, type] = {"string": str, "integer": int, "boolean": bool}


class Column:
    """The rules that each value of a column allows. A rule whose cell asks an expression is allowed by every value here."""

    def __init__(self, read: ReadInput, table: ReadTable, at: int) -> None:
        self.read = read
        self.subject = _NO_SUBJECT if read.subject is None else read.subject
        self.usual = _USUAL.get(read.column.kind)
        """The class of which a value need not be looked at further: it is of the kind."""
        self.most: frozenset[Scalar] | None = None
        """The allowed values, where they are such that one look tells; None where there are none, or ``usual`` is None."""
        if isinstance(read.allowed, Equals):
            self.most = frozenset(read.allowed.values)
        elif read.allowed is not ANYTHING:
            self.usual = None
        self._always = 0
        self._exact: dict[object, int] = {}
        tests: dict[Test, int] = {}
        for index, rule in enumerate(table.rules):
            bit = 1 << index
            if asks(rule.tests[at]):
                self._always |= bit
                continue
            for part in _parts(rule.tests[at]):
                if isinstance(part, Anything):
                    self._always |= bit
                elif isinstance(part, Equals):
                    for value in part.values:
                        self._exact[_key(value)] = self._exact.get(_key(value), 0) | bit
                else:
                    tests[part] = tests.get(part, 0) | bit
        self._tests = list(tests.items())
        self.idle = not self._tests and not self._exact
        """Whether every rule fits every value here."""
        searches = any(isinstance(inner, Contains) for test in tests for inner in tests_in(test))
        # Searching long texts is only worth its time for rules that are still possible, so its result is not kept.
        self._remembered: dict[str, int] | None = None if searches else {}
        # Numbers between the same two bounds fit the same tests: what was found for one holds for all of them.
        self._bounds = sorted({one for test in tests for one in literals_in(test) if _is_number(one)})
        self._by_piece: dict[int, int] = {}

    def rules(self, value: Json, candidates: int) -> int:
        """The rules of which this value fits the cell, at least among the candidates."""
        if not self._tests:
            return self._always | self._named(value)
        if isinstance(value, str):
            return self._of_text(value, candidates)
        if _is_number(value) and not (isinstance(value, float) and isnan(value)):
            place = bisect_left(self._bounds, value)
            piece = 2 * place + (place < len(self._bounds) and self._bounds[place] == value)
            found = self._by_piece.get(piece)
            if found is None:
                found = self._by_piece[piece] = self._search(value, -1, named=False)
            return found | self._named(value)
        return self._search(value, candidates)

    def _of_text(self, value: str, candidates: int) -> int:
        if self._remembered is None:
            return self._search(value, candidates)
        found = self._remembered.get(value)
        if found is None:
            found = self._search(value, -1)
            if len(value) <= _longest_remembered:
                if len(self._remembered) >= _most_remembered:
                    self._remembered.clear()
                self._remembered[value] = found
        return found

    def _named(self, value: Json) -> int:
        return 0 if isinstance(value, list | dict) else self._exact.get(_key(value), 0)

    def _search(self, value: Json, candidates: int, *, named: bool = True) -> int:
        found = self._always | (self._named(value) if named else 0)
        for test, rules in self._tests:
            if rules & candidates & ~found and fits(test, value):
                found |= rules
        return found


def _parts(test: Test) -> Iterator[Test]:
    if isinstance(test, OneOf):
        yield from test.tests
    else:
        yield test


def _key(value: object) -> object:
    """A dictionary key in which true is not 1."""
    return (bool, value) if isinstance(value, bool) else value


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
