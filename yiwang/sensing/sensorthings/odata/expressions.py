"""Expressions of ``$filter`` and ``$orderby``: text → tree of records.

Precedence, loosest first: ``or``, ``and``, ``not``, comparison, ``add sub``, ``mul div mod``, unary minus. Words of operators
and functions are lower case. Member paths are cut at ``/``; ``@iot.id`` and ``id`` are the same.
"""

from __future__ import annotations

import enum
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.sensing.sensorthings.errors import QueryInvalid

longest = 4000
most_tokens = 400
deepest = 24
_most_coordinates = 2000
_most_steps = 8

Kind = enum.Enum("Kind", "NUMBER TEXT TIME DATE CLOCK DURATION BOOLEAN PLACE JSON NULL")
"""What an expression is worth. CLOCK is a time of day; JSON is a member of ``properties`` whose kind only the row knows."""


@dataclass(frozen=True, slots=True)
class Literal:
    """``value``: float, str, aware datetime, date, time, timedelta, bool, WKT text (PLACE, degrees lon lat) or None."""

    kind: Kind
    value: float | str | datetime | date | time | timedelta | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """Member path: ``Datastream/unitOfMeasurement/symbol``."""

    steps: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join(self.steps)


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """``operator``: not, neg."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """``operator``: or and eq ne gt ge lt le add sub mul div mod."""

    operator: str
    left: Expression
    right: Expression


Expression: TypeAlias = "Literal | Path | Call | Unary | Binary"

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    | (?P<clock>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?)
    | (?P<typed>(?:geography|geometry|duration)'(?:[^']|'')*')
    | (?P<text>'(?:[^']|'')*')
    | (?P<word>@?[^\W\d][\w.]*)
    | (?P<mark>[(),/-])
    """,
    re.VERBOSE,
)
_DURATION = re.compile(
    r"(-?)P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?", re.ASCII
)
_COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_SUMS = frozenset({"add", "sub"})
_PRODUCTS = frozenset({"mul", "div", "mod"})
_RESERVED = _COMPARISONS | _SUMS | _PRODUCTS | {"and", "or", "not"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse_expression(text: str, where: str = "$filter") -> Expression:
    """The tree of an expression.

    Raises:
        QueryInvalid: too long, too deep, or not an expression; says at which character.
    """
    if len(text) > longest:
        raise QueryInvalid(where, f"longer than {longest} characters", f"超过 {longest} 个字符")
    tokens = list(itertools.islice(_tokens(text, where), most_tokens + 1))
    if len(tokens) > most_tokens:
        raise QueryInvalid(where, f"more than {most_tokens} words and marks", f"超过 {most_tokens} 个词")
    return _Parser(tokens, where).whole()


def _tokens(text: str, where: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise QueryInvalid(where, f"character {at + 1} ({text[at]!r}) fits nothing", f"第 {at + 1} 个字符无法识别")
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found.group(), at)
        at = found.end()


class _Parser:
    def __init__(self, tokens: list[_Token], where: str) -> None:
        self._tokens, self._where = tokens, where
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._next < len(self._tokens):
            raise self._wrong("a further word that belongs to nothing", "多余的内容")
        return found

    def _either(self) -> Expression:
        self._depth += 1
        if self._depth > deepest:
            raise QueryInvalid(self._where, f"nested deeper than {deepest}", f"嵌套超过 {deepest} 层")
        found = self._both()
        while self._word("or"):
            found = Binary("or", found, self._both())
        self._depth -= 1
        return found

    def _both(self) -> Expression:
        found = self._negated()
        while self._word("and"):
            found = Binary("and", found, self._negated())
        return found

    def _negated(self) -> Expression:
        times = 0
        while self._word("not"):
            times += 1
        found = self._compared()
        return found if times == 0 else Unary("not", found) if times % 2 else Unary("not", Unary("not", found))

    def _compared(self) -> Expression:
        found = self._sum()
        operator = self._operator(_COMPARISONS)
        return found if operator is None else Binary(operator, found, self._sum())

    def _sum(self) -> Expression:
        found = self._product()
        while operator := self._operator(_SUMS):
            found = Binary(operator, found, self._product())
        return found

    def _product(self) -> Expression:
        found = self._signed()
        while operator := self._operator(_PRODUCTS):
            found = Binary(operator, found, self._signed())
        return found

    def _signed(self) -> Expression:
        negative = False
        while self._mark("-"):
            negative = not negative
        found = self._primary()
        if not negative:
            return found
        if isinstance(found, Literal) and isinstance(found.value, float):
            return Literal(found.kind, -found.value)
        return Unary("neg", found)

    def _primary(self) -> Expression:
        if self._mark("("):
            found = self._either()
            self._expect(")")
            return found
        if self._next >= len(self._tokens):
            raise QueryInvalid(self._where, "it ends too early", "表达式不完整")
        token = self._tokens[self._next]
        if token.kind == "mark":
            raise self._wrong("a value was expected", "此处应为值")
        if token.kind == "word":
            return self._named(token)
        self._next += 1
        return self._literal(token)

    def _named(self, token: _Token) -> Expression:
        words: dict[str, Literal] = {
            "true": Literal(Kind.BOOLEAN, True), "false": Literal(Kind.BOOLEAN, False), "null": Literal(Kind.NULL, None)
        }  # fmt: skip
        if token.text in _RESERVED:
            raise self._wrong("a value was expected", "此处应为值")
        self._next += 1
        if self._mark("("):
            return Call(token.text, self._arguments())
        if token.text in words and not self._is_mark("/"):
            return words[token.text]
        steps = [token.text]
        while self._mark("/"):
            if self._next >= len(self._tokens) or self._tokens[self._next].kind != "word":
                raise self._wrong("a name was expected after /", "“/”之后应为名称")
            steps.append(self._tokens[self._next].text)
            self._next += 1
        if len(steps) > _most_steps:
            raise QueryInvalid(self._where, f"a path of more than {_most_steps} steps", f"路径超过 {_most_steps} 级")
        return Path(tuple("id" if step == "@iot.id" else step for step in steps))

    def _arguments(self) -> tuple[Expression, ...]:
        if self._mark(")"):
            return ()
        found = [self._either()]
        while self._mark(","):
            found.append(self._either())
        self._expect(")")
        return tuple(found)

    def _literal(self, token: _Token) -> Literal:
        try:
            return _literal(token.kind, token.text)
        except (ValueError, OverflowError, shapely.errors.GEOSException) as error:
            reason = " ".join(str(error).split())[:120]
            raise QueryInvalid(
                self._where, f"{token.text[:40]} is not a value ({reason})", f"{token.text[:40]} 不是有效的值"
            ) from error

    def _operator(self, wanted: frozenset[str]) -> str | None:
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.kind == "word" and token.text in wanted:
                self._next += 1
                return token.text
        return None

    def _word(self, text: str) -> bool:
        return self._operator(frozenset({text})) is not None

    def _is_mark(self, text: str) -> bool:
        return self._next < len(self._tokens) and self._tokens[self._next] == _Token(
            "mark", text, self._tokens[self._next].at
        )

    def _mark(self, text: str) -> bool:
        found = self._is_mark(text)
        self._next += found
        return found

    def _expect(self, text: str) -> None:
        if not self._mark(text):
            raise self._wrong(f"“{text}” was expected", f"此处应为“{text}”")

    def _wrong(self, reason: str, reason_zh: str) -> QueryInvalid:
        if self._next >= len(self._tokens):
            return QueryInvalid(self._where, f"{reason} at the end", f"末尾:{reason_zh}")
        at = self._tokens[self._next].at + 1
        return QueryInvalid(self._where, f"{reason} at character {at}", f"第 {at} 个字符:{reason_zh}")


def _literal(kind: str, text: str) -> Literal:
    """Raises ValueError, OverflowError, GEOSException."""
    match kind:
        case "number":
            value = float(text)
            if not math.isfinite(value):
                raise ValueError("too large")
            return Literal(Kind.NUMBER, value)
        case "text":
            found = text[1:-1].replace("''", "'")
            if "\x00" in found or any("\ud800" <= char <= "\udfff" for char in found):
                raise ValueError("a character that no text can hold")
            return Literal(Kind.TEXT, found)
        case "moment":
            return Literal(Kind.TIME, moment(text))
        case "date":
            return Literal(Kind.DATE, date.fromisoformat(text))
        case "clock":
            return Literal(Kind.CLOCK, time.fromisoformat(_six_digits(text)))
        case _:
            name, inside = text.split("'", 1)
            inside = inside[:-1].replace("''", "'")
            return (
                Literal(Kind.DURATION, _duration(inside)) if name == "duration" else Literal(Kind.PLACE, _wkt(inside))
            )


def moment(text: str) -> datetime:
    """An aware time from ISO 8601 text. Raises ValueError, OverflowError."""
    found = datetime.fromisoformat(_six_digits(text))
    if found.tzinfo is None:
        raise ValueError("a time needs its zone")
    if not 1000 <= found.year <= 9000:
        raise ValueError("a year that nobody means")
    return found


def _six_digits(text: str) -> str:
    """``datetime`` knows microseconds; more digits are cut."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        raise ValueError("not an ISO 8601 duration")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if found.group(1) else span


def _wkt(text: str) -> str:
    """WKT made anew from what was understood, so that nothing unread reaches the database."""
    if text.upper().startswith("SRID="):
        head, _, text = text.partition(";")
        if head.upper() != "SRID=4326":
            raise ValueError("coordinates are EPSG:4326")
    shape: BaseGeometry = shapely.from_wkt(text)
    if shape is None or shape.is_empty:
        raise ValueError("an empty shape")
    if shapely.get_num_coordinates(shape) > _most_coordinates:
        raise ValueError(f"more than {_most_coordinates} coordinates")
    low_x, low_y, high_x, high_y = shape.bounds
    if not (-180 <= low_x <= high_x <= 180 and -90 <= low_y <= high_y <= 90):
        raise ValueError("longitude first, in degrees")
    if not shape.is_valid:
        raise ValueError("a shape that crosses itself")
    return str(shapely.to_wkt(shapely.force_2d(shape), rounding_precision=-1))
