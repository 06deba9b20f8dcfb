"""Unary tests (单元测试, DMN 1.3 § 7.3.3): what a condition cell asks of the value of its column.

A test never fails: a value of another kind, or null, simply does not fit. Text is compared code point by code point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from yiwang.flow.decisions.expressions import Expression
from yiwang.flow.decisions.model import Scalar


@dataclass(frozen=True, slots=True)
class Anything:
    """``-``: every value, null too."""


@dataclass(frozen=True, slots=True)
class Equals:
    """One of these values."""

    values: tuple[Scalar, ...]
    truths: tuple[bool, ...] = field(init=False, repr=False)
    """Which of them are true or false: without it 1 and true would make the same test."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "truths", tuple(isinstance(value, bool) for value in self.values))


@dataclass(frozen=True, slots=True)
class Range:
    """Between two numbers or two texts; None is no bound."""

    low: str | int | float | None
    high: str | int | float | None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Prefix:
    """Text that begins with one of these."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """Text that holds one of these anywhere, or with ``end`` at its end."""

    texts: tuple[str, ...]
    end: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What an expression says."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class OneOf:
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Not:
    test: Test


Test: TypeAlias = Anything | Equals | Range | Prefix | Contains | Asked | OneOf | Not

ANYTHING = Anything()


def tests_in(test: Test) -> Iterator[Test]:
    """The test and all tests within it."""
    yield test
    if isinstance(test, OneOf):
        for inner in test.tests:
            yield from tests_in(inner)
    elif isinstance(test, Not):
        yield from tests_in(test.test)


def asks(test: Test) -> list[Expression]:
    """The expressions that must be run to know."""
    return [inner.expression for inner in tests_in(test) if isinstance(inner, Asked)]


def literals_in(test: Test) -> Iterator[Scalar]:
    """Every value that the test names."""
    for inner in tests_in(test):
        if isinstance(inner, Equals):
            yield from inner.values
        elif isinstance(inner, Range):
            yield from (bound for bound in (inner.low, inner.high) if bound is not None)
        elif isinstance(inner, Prefix | Contains):
            yield from inner.texts


def same(one: object, other: object) -> bool:
    """Equality of JSON values, in which true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def fits(test: Test, value: object) -> bool:
    """Whether the value fits a test that asks no expression."""
    match test:
        case Anything():
            return True
        case Equals(values):
            return any(same(value, one) for one in values)
        case Range():
            return _within(test, value)
        case Prefix(texts):
            return isinstance(value, str) and value.startswith(texts)
        case Contains(texts, end):
            return isinstance(value, str) and (value.endswith(texts) if end else any(one in value for one in texts))
        case OneOf(tests):
            return any(fits(one, value) for one in tests)
        case Not(inner):
            return not fits(inner, value)
        case Asked():
            raise TypeError("an expression is run, not compared")


def _within(test: Range, value: object) -> bool:
    for bound, is_open, sign in ((test.low, test.low_open, 1), (test.high, test.high_open, -1)):
        if bound is not None:
            order = _order(value, bound)
            if order is None or order * sign < 0 or (is_open and order == 0):
                return False
    return True


def _order(value: object, bound: str | int | float) -> int | None:
    """-1, 0 or 1 as the value stands to the bound; None where they cannot be compared."""
    if isinstance(bound, str):
        return (value > bound) - (value < bound) if isinstance(value, str) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (value > bound) - (value < bound)
    return None
