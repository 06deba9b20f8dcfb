"""Reading cells: the unary tests of DMN (``-``, ``"a","b"``, ``>= 3``, ``[1..5)``, ``not("a")``), or CEL for true or false.

A condition cell is first read as unary tests (DMN 1.3 § 7.3.3: literals, comparisons, intervals; their ends may also name a
variable); whatever is not of that form is CEL, which sees all variables and its own column's value as ``value``. Plain CEL
forms over that value (``value in [...]``, ``value.startsWith("02")``, joined by ``||``) become tests too, so that they are
as quick and as well understood by the checks. An answer cell is a literal, or CEL.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from yiwang.flow.conditions import ConditionInvalid
from yiwang.flow.decisions.expressions import Expression, compile_expression, own_value
from yiwang.flow.decisions.model import Scalar, longest_cell
from yiwang.flow.decisions.unary import ANYTHING, Asked, Contains, Equals, Not, OneOf, Prefix, Range, Test
from yiwang.kernel.database import Json


class CellInvalid(ValueError):
    """A cell that cannot be used; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Constant:
    """An answer that needs no working out."""

    value: Json


Answer: TypeAlias = Constant | Expression


def parse_test(text: str, subject: str | None = None) -> Test:
    """Read a condition cell. ``subject``: the variable that the column shows, if it shows just one.

    Raises:
        CellInvalid: neither unary tests nor CEL.
    """
    _bounded(text)
    if text.strip() in ("", "-"):
        return ANYTHING
    found = _unary(text)
    if found is None:
        found = _plain_cel(text, {own_value, subject})
    return Asked(_compiled(text)) if found is None else found


def parse_answer(text: str) -> Answer:
    """Read an answer cell; an empty one is null.

    Raises:
        CellInvalid: neither a literal nor CEL.
    """
    _bounded(text)
    if not text.strip():
        return Constant(None)
    found = _unary(text)
    if isinstance(found, Equals) and len(found.values) == 1:
        return Constant(found.values[0])
    if text.lstrip()[0] in "[{":
        try:
            value: Json = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return _compiled(text)
        return Constant(value)
    return _compiled(text)


def is_unary(text: str) -> bool:
    """Whether a cell is written as unary tests, or as a literal, and so is FEEL too. Raises: CellInvalid."""
    return text.strip() in ("", "-") or _unary(text) is not None


def literal_text(value: Json) -> str:
    """How a value is written in a cell."""
    return json.dumps(value, ensure_ascii=False)


def _bounded(text: str) -> None:
    if len(text) > longest_cell:
        raise CellInvalid(f"超过 {longest_cell} 个字符", f"longer than {longest_cell} characters")
    if "\0" in text:
        raise CellInvalid("含有空字符", "it holds a NUL character")


_SYNTAX = re.compile(r"<input>:1:([0-9]+): Syntax error: ([^|]*)")
_FULL_WIDTH = re.compile("[“”‘’（）［］【】，、；：＜＞＝≥≤≠]")


def _compiled(text: str) -> Expression:
    try:
        return compile_expression(text)
    except ConditionInvalid as invalid:
        odd = _FULL_WIDTH.search(re.sub(r'"(?:\\.|[^"\\])*"', "", text))
        if odd is not None:
            mark = odd.group()
            raise CellInvalid(
                f"有全角符号“{mark}”,请改用半角(英文)标点",
                f"it holds the full-width mark {mark}; use ASCII punctuation",
            ) from invalid
        zh, en = invalid.zh, invalid.en
        fault = _SYNTAX.search(en)
        if fault is not None:
            what = fault[2].split(" expecting")[0].strip().rstrip(".")
            zh, en = f"第 {fault[1]} 个字符处:{what}", f"at character {fault[1]}: {what}"
        raise CellInvalid(f"看不懂({zh})", f"not understood ({en})") from invalid


def _token_pattern(text: str) -> re.Pattern[str]:
    return re.compile(
        rf"""\s*(?:(?P<text>{text})
        |(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z_0-9]))
        |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
        |(?P<mark>\.\.|<=|>=|\|\||==|[<>\[\](),.]))""",
        re.VERBOSE,
    )


_TOKEN = _token_pattern(r'"(?:\\.|[^"\\])*"')
_PLAIN_TOKEN = _token_pattern(r""""[^"\\\n]*"|'[^'\\\n]*'""")
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_LOW_MARKS = {"[": False, "(": True, "]": True}
_HIGH_MARKS = {"]": False, ")": True, "[": True}
_Token: TypeAlias = tuple[str, str]


def _tokens(text: str, pattern: re.Pattern[str]) -> list[_Token] | None:
    """Kind and text of each token; None where something else stands in between."""
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = pattern.match(text, at)
        if match is None or match.lastgroup is None:
            return None
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


class _NotOfThisForm(Exception):
    """The text is no unary test; it may still be CEL."""


def _unary(text: str) -> Test | None:
    tokens = _tokens(text, _TOKEN)
    if tokens is None:
        return None
    try:
        return _Unary(tokens).whole()
    except _NotOfThisForm:
        return None


class _Unary:
    """The grammar of unary tests, token by token."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at = tokens, 0

    def whole(self) -> Test:
        negated = self.tokens[:2] == [("word", "not"), ("mark", "(")]
        if negated:
            self.at = 2
        tests = [self._test()]
        while self._take(","):
            tests.append(self._test())
        if negated and not self._take(")"):
            raise _NotOfThisForm
        if self.at != len(self.tokens):
            raise _NotOfThisForm
        return Not(_joined(tests)) if negated else _joined(tests)

    def _peek(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _take(self, mark: str) -> bool:
        if self._peek() == ("mark", mark):
            self.at += 1
            return True
        return False

    def _test(self) -> Test:
        kind, text = self._peek()
        if kind == "mark" and text in ("<", "<=", ">", ">="):
            self.at += 1
            bound = self._end()
            if isinstance(bound, _Name):
                return _asked(f"{own_value} {text} {bound}")
            return Range(None, bound, high_open=text == "<") if text[0] == "<" else Range(bound, None, text == ">")
        if kind == "mark" and text in _LOW_MARKS:
            return self._interval(_LOW_MARKS[text])
        value = self._literal()
        if isinstance(value, _Name):
            raise _NotOfThisForm  # a bare name is an expression, which may well be true or false by itself
        return Equals((value,))

    def _interval(self, low_open: bool) -> Test:
        self.at += 1
        low = self._end()
        if not self._take(".."):
            raise _NotOfThisForm
        high = self._end()
        kind, mark = self._peek()
        if kind != "mark" or mark not in _HIGH_MARKS:
            raise _NotOfThisForm
        self.at += 1
        high_open = _HIGH_MARKS[mark]
        if isinstance(low, _Name) or isinstance(high, _Name):
            parts = [str(end) if isinstance(end, _Name) else literal_text(end) for end in (low, high)]
            above, below = ">" if low_open else ">=", "<" if high_open else "<="
            return _asked(f"{own_value} {above} {parts[0]} && {own_value} {below} {parts[1]}")
        if isinstance(low, str) != isinstance(high, str):
            raise CellInvalid("区间两端的类型不同", "the ends of the interval differ in kind")
        return Range(low, high, low_open, high_open)

    def _end(self) -> str | int | float | _Name:
        value = self._literal()
        if value is None or isinstance(value, bool):
            raise CellInvalid("只有数、文字和日期能比大小", "only numbers, texts and dates have an order")
        return value

    def _literal(self) -> Scalar | _Name:
        kind, text = self._peek()
        self.at += 1
        if kind == "text":
            return _text_of(text)
        if kind == "number":
            return _number_of(text)
        if kind == "word" and text in _CONSTANTS:
            return _CONSTANTS[text]
        if kind == "word" and text == "date" and self._take("("):
            return self._date()
        if kind == "word" and text not in ("not", "date"):
            path = [text]
            while self._take("."):
                kind, text = self._peek()
                if kind != "word":
                    raise _NotOfThisForm
                path.append(text)
                self.at += 1
            return _Name(".".join(path))
        raise _NotOfThisForm

    def _date(self) -> str:
        kind, text = self._peek()
        if kind != "text":
            raise _NotOfThisForm
        self.at += 1
        if not self._take(")"):
            raise _NotOfThisForm
        day = _text_of(text)
        if not is_date(day):
            raise CellInvalid(f"{day[:40]} 不是日期(如 2026-06-18)", f"{day[:40]} is no date such as 2026-06-18")
        return day


class _Name(str):
    """A variable at the end of a comparison or interval."""

    __slots__ = ()


def _asked(text: str) -> Test:
    return Asked(_compiled(f"{own_value} != null && {text}"))


def _joined(tests: list[Test]) -> Test:
    """One test that any of these satisfies; those of one kind become one."""
    values = tuple(value for test in tests if isinstance(test, Equals) for value in test.values)
    starts = tuple(text for test in tests if isinstance(test, Prefix) for text in test.texts)
    joined: list[Test] = [*([Equals(values)] if values else []), *([Prefix(starts)] if starts else [])]
    for end in (False, True):
        parts = tuple(text for test in tests if isinstance(test, Contains) and test.end is end for text in test.texts)
        joined += [Contains(parts, end)] if parts else []
    joined += [test for test in tests if not isinstance(test, Equals | Prefix | Contains)]
    return joined[0] if len(joined) == 1 else OneOf(tuple(joined))


def is_date(text: str) -> bool:
    """Whether the text is a date as 2026-06-18."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _no_constant(name: str) -> Json:
    raise ValueError(name)


def _text_of(token: str) -> str:
    try:
        text: str = json.loads(token.replace("\\'", "'"), strict=False)
    except ValueError as error:
        raise CellInvalid(f"文字 {token[:40]} 的转义有误", f"the text {token[:40]} has a wrong escape") from error
    if "\0" in text or (not text.isprintable() and any("\ud800" <= one <= "\udfff" for one in text)):
        raise CellInvalid("文字含有不允许的字符", "the text holds a character that is not allowed")
    return text


def _number_of(token: str) -> int | float:
    if token.lstrip("-").isdigit():
        return int(token)
    number = float(token)
    if not math.isfinite(number):
        raise CellInvalid(f"数 {token[:40]} 太大", f"the number {token[:40]} is too large")
    return number


def _plain_cel(text: str, subjects: set[str | None]) -> Test | None:
    """``value in [...] || value.startsWith("02")`` and the like as tests; None for any other CEL."""
    tokens = _tokens(text, _PLAIN_TOKEN)
    if tokens is None:
        return None
    tests: list[Test] = []
    parts = _split(tokens, ("mark", "||"))
    for part in parts:
        if len(part) < 3 or part[0][0] != "word" or part[0][1] not in subjects:
            return None
        test = _plain_part(part[1:])
        if test is None:
            return None
        tests.append(test)
    return _joined(tests)


def _plain_part(tokens: list[_Token]) -> Test | None:
    marks = [text for _, text in tokens]
    if (
        tokens[0] == ("mark", ".")
        and len(tokens) == 5
        and marks[2] == "("
        and marks[4] == ")"
        and tokens[3][0] == "text"
    ):
        words = (marks[3][1:-1],)
        match marks[1]:
            case "startsWith":
                return Prefix(words)
            case "endsWith":
                return Contains(words, end=True)
            case "contains":
                return Contains(words)
            case _:
                return None
    if marks[:2] == ["in", "["] and marks[-1] == "]" and len(tokens) >= 4:
        items = _split(tokens[2:-1], ("mark", ","))
        values = [_plain_literal(item) for item in items]
        return None if None in values else Equals(tuple(value.values[0] for value in values if value is not None))
    if tokens[0][0] == "mark" and marks[0] in ("==", "<", "<=", ">", ">=") and len(tokens) == 2:
        literal = _plain_literal(tokens[1:])
        if literal is None or marks[0] == "==":
            return literal
        bound = literal.values[0]
        if bound is None or isinstance(bound, bool):
            return None
        return (
            Range(None, bound, high_open=marks[0] == "<")
            if marks[0][0] == "<"
            else Range(bound, None, low_open=marks[0] == ">")
        )
    return None


def _plain_literal(tokens: list[_Token]) -> Equals | None:
    if len(tokens) != 1:
        return None
    kind, text = tokens[0]
    if kind == "text":
        return Equals((text[1:-1],))
    if kind == "number":
        return Equals((_number_of(text),))
    return Equals((_CONSTANTS[text],)) if kind == "word" and text in _CONSTANTS else None


def _split(tokens: list[_Token], at: _Token) -> list[list[_Token]]:
    parts: list[list[_Token]] = [[]]
    for token in tokens:
        if token == at:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
