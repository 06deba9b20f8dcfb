"""Which values a cell covers: each column is cut into the finest pieces that its cells can tell apart.

A piece is a value that some cell names, the gap between two neighbours on a line of numbers or texts, true, false, null, or
whatever else there may be. A cell then is a set of pieces (bits of an int), a rule a box, and questions about overlaps, gaps
and rules that are never reached are arithmetic with sets. Texts that begin alike lie side by side, so prefixes are pieces too.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from yiwang.flow.decisions.cells import is_date, literal_text
from yiwang.flow.decisions.model import Kind, Scalar
from yiwang.flow.decisions.unary import Anything, Equals, Not, OneOf, Prefix, Range, Test, literals_in, same, tests_in
from yiwang.flow.model import Names

Box: TypeAlias = tuple[int, ...]
"""For each column the set of pieces."""

_SETTLED = (Anything, Equals, Range, Prefix, OneOf, Not)


def settled(test: Test) -> bool:
    """Whether the values that fit can be told without running anything."""
    return all(isinstance(inner, _SETTLED) for inner in tests_in(test))


@dataclass(frozen=True, slots=True)
class _Line:
    """Points in order, and the gaps around them; piece ``2 i + 1`` is point i, ``2 i`` the gap before it."""

    points: list[str] | list[int | float]

    @property
    def count(self) -> int:
        return 2 * len(self.points) + 1

    def place(self, value: str | int | float) -> int:
        """The piece of a point."""
        return 2 * bisect_left(self.points, value) + 1

    def between(self, test: Range) -> int:
        """The set of pieces in a range; its bounds are points."""
        low = 0 if test.low is None else self.place(test.low) + test.low_open
        high = self.count if test.high is None else self.place(test.high) + (not test.high_open)
        return _bits(low, high)


def _bits(low: int, high: int) -> int:
    return (1 << high) - (1 << low) if high > low else 0


class Domain:
    """The pieces of one column. ``full``: the set of all that may occur."""

    def __init__(self, kind: Kind, tests: Iterable[Test], allowed: Test) -> None:
        every = [*(inner for test in tests for inner in tests_in(test)), *tests_in(allowed)]
        self.kind = kind
        self._single: list[Scalar] = self._singles(every)
        numbers = sorted({value for value in _bounds(every) if isinstance(value, int | float)})
        texts = sorted({value for value in _bounds(every) if isinstance(value, str)})
        self._numbers, self._texts = _Line(numbers), _Line(texts)
        self._after_singles = len(self._single)
        self._after_numbers = self._after_singles + self._numbers.count
        self.other = self._after_numbers + self._texts.count
        self._masks: dict[Test, int] = {}
        self._written = sum(
            1 << self._after_numbers + self._texts.place(text)
            for text in {text for test in every if not isinstance(test, Prefix) for text in literals_in(test)}
            if isinstance(text, str)
        )
        self.full = (1 << self.other + 1) - 1
        self.full = self._possible() & self.mask(allowed)
        self._masks.clear()

    def mask(self, test: Test) -> int:
        """The set of pieces that fit a settled test."""
        found = self._masks.get(test)
        if found is None:
            found = self._masks[test] = self._mask(test) & self.full
        return found

    def words(self, mask: int) -> Names:
        """The set as a cell would say it."""
        if mask == self.full:
            return Names("任意值", "any value")
        said = [literal_text(value) for at, value in enumerate(self._single) if mask >> at & 1]
        said += self._runs(mask >> self._after_singles & _bits(0, self._numbers.count), self._numbers)
        texts = mask >> self._after_numbers & _bits(0, self._texts.count)
        if self.kind == "date":
            said += self._runs(texts, self._texts)
            texts = 0
        said += [literal_text(one) for at, one in enumerate(self._texts.points) if texts >> 2 * at + 1 & 1]
        shown = ", ".join(said[:6]) + (" …" if len(said) > 6 else "")
        gaps = any(texts >> at & 1 for at in range(0, self._texts.count, 2))
        if (gaps or mask >> self.other & 1) and len(said) <= 6:
            return Names(f"{shown} 或其他值" if said else "其他值", f"{shown} or another" if said else "another value")
        return Names(shown, shown)

    def named(self, mask: int) -> bool:
        """Whether the set holds a text that is written somewhere in the column, or anything that is no text."""
        return bool(mask & (self._written | _bits(0, self._after_numbers)))

    def _singles(self, every: list[Test]) -> list[Scalar]:
        named = [value for test in every if isinstance(test, Equals) for value in test.values]
        singles: list[Scalar] = [None] if None in named else []
        truths = [True, False] if self.kind == "boolean" or any(isinstance(value, bool) for value in named) else []
        return [*singles, *truths]

    def _possible(self) -> int:
        """Without the pieces in which no value of the kind lies."""
        possible = self.full
        if self.kind in ("number", "integer", "boolean"):
            possible &= ~(_bits(self._after_numbers, self.other + 1))
        if self.kind in ("string", "date", "deadline", "boolean"):
            possible &= ~_bits(self._after_singles, self._after_numbers)
        if self.kind not in ("any", "boolean"):
            for at, value in enumerate(self._single):
                possible &= ~(1 << at) if isinstance(value, bool) else -1
        if self.kind != "any":
            possible &= ~(1 << self.other)
        for at in range(self._numbers.count):
            if not _holds_number(self._numbers.points, at, whole=self.kind == "integer"):
                possible &= ~(1 << self._after_singles + at)
        for at in range(self._texts.count):
            if not _holds_text(self._texts.points, at, dates=self.kind == "date"):
                possible &= ~(1 << self._after_numbers + at)
        return possible

    def _mask(self, test: Test) -> int:
        match test:
            case Anything():
                return self.full
            case Equals(values):
                return self._values(values)
            case Range(low, high):
                if isinstance(low if low is not None else high, str):
                    return self._texts.between(test) << self._after_numbers
                return self._numbers.between(test) << self._after_singles
            case Prefix(texts):
                found = 0
                for text in texts:
                    found |= self._texts.between(Range(text, after(text), high_open=True)) << self._after_numbers
                return found
            case OneOf(tests):
                found = 0
                for one in tests:
                    found |= self.mask(one)
                return found
            case Not(inner):
                return self.full & ~self.mask(inner)
            case _:
                raise TypeError("an expression has no pieces")

    def _values(self, values: tuple[Scalar, ...]) -> int:
        found = 0
        for value in values:
            if isinstance(value, str):
                found |= 1 << self._after_numbers + self._texts.place(value)
            elif value is None or isinstance(value, bool):
                found |= 1 << next(at for at, one in enumerate(self._single) if same(one, value))
            else:
                found |= 1 << self._after_singles + self._numbers.place(value)
        return found

    def _runs(self, pieces: int, line: _Line) -> list[str]:
        """Neighbouring pieces of a line as intervals."""
        said: list[str] = []
        at = 0
        while pieces >> at:
            if not pieces >> at & 1:
                at += 1
                continue
            end = at
            while end + 1 < line.count and self._joined(pieces, end, line):
                end += 1
            said.append(_interval(line.points, at, end))
            at = end + 1
        return said

    def _joined(self, pieces: int, at: int, line: _Line) -> bool:
        """Whether the next piece belongs to the run: it is in the set, or no value of the kind lies in it."""
        if pieces >> at + 1 & 1:
            return True
        if self.kind == "date":
            empty = not _holds_text(line.points, at + 1, dates=True)
        else:
            empty = not _holds_number(line.points, at + 1, whole=self.kind == "integer")
        return empty and bool(pieces >> at + 2 & 1)


def _bounds(every: Iterable[Test]) -> Iterable[Scalar]:
    for test in every:
        if isinstance(test, Equals):
            yield from (value for value in test.values if not isinstance(value, bool) and value is not None)
        elif isinstance(test, Range):
            yield from (bound for bound in (test.low, test.high) if bound is not None)
        elif isinstance(test, Prefix):
            for text in test.texts:
                yield text
                end = after(text)
                if end is not None:
                    yield end


def after(prefix: str) -> str | None:
    """The first text behind all that begin with ``prefix``; None when every later text does."""
    for at in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[at])
        if code < 0x10FFFF:
            # Surrogates are no characters: behind U+D7FF comes U+E000.
            return prefix[:at] + chr(0xE000 if code == 0xD7FF else code + 1)
    return None


def _holds_number(points: list[str] | list[int | float], at: int, *, whole: bool) -> bool:
    if not whole:
        return True
    low = points[at // 2 - 1] if at else None
    if at % 2:
        return float(points[at // 2]).is_integer()
    high = points[at // 2] if at // 2 < len(points) else None
    return low is None or high is None or math.floor(float(low)) + 1 < float(high)


def _holds_text(points: list[str] | list[int | float], at: int, *, dates: bool) -> bool:
    low = str(points[at // 2 - 1]) if at >= 2 else None
    if at % 2:
        return not dates or is_date(str(points[at // 2]))
    high = str(points[at // 2]) if at // 2 < len(points) else None
    if low is None:
        return high != ""
    if high == low + "\0":
        return False
    if dates and high is not None and is_date(low) and is_date(high):
        return date.fromisoformat(low) + timedelta(days=1) < date.fromisoformat(high)
    return True


def _interval(points: list[str] | list[int | float], first: int, last: int) -> str:
    low = None if first == 0 else literal_text(points[(first - 1) // 2])
    high = literal_text(points[last // 2]) if last // 2 < len(points) else None
    low_open, high_open = first % 2 == 0, last % 2 == 0
    if low is None and high is None:
        return "-"
    if low is None:
        return f"{'<' if high_open else '<='} {high}"
    if high is None:
        return f"{'>' if low_open else '>='} {low}"
    if first == last and not low_open:
        return low
    return f"{'(' if low_open else '['}{low}..{high}{')' if high_open else ']'}"


def subtract(box: Box, other: Box) -> list[Box]:
    """What is left of ``box`` without ``other``, in boxes that do not overlap; ``[box]`` when they do not meet."""
    if any(not mine & theirs for mine, theirs in zip(box, other, strict=True)):
        return [box]
    left: list[Box] = []
    inside: list[int] = []
    for at, (mine, theirs) in enumerate(zip(box, other, strict=True)):
        outside = mine & ~theirs
        if outside:
            left.append((*inside, outside, *box[at + 1 :]))
        inside.append(mine & theirs)
    return left
