"""FEEL (DMN 1.3 § 10) as CEL, for the part of it that tables of other tools usually hold.

Read: ``?``, names, literals, comparisons, ``and``, ``or``, ``not()``, ``between``, ``in``, ``if``, lists, ``+ - * /``, and a few
functions on texts and lists. Anything else is refused with words; such a cell can be written in CEL instead. Numbers of FEEL
are decimal and those of CEL are not, so arithmetic is done with doubles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from yiwang.flow.decisions.cells import is_date, literal_text
from yiwang.flow.decisions.expressions import own_value

identifier = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class FeelUnsupported(ValueError):
    """FEEL that is not executed; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class _Term(NamedTuple):
    """CEL text; ``kind``: number, text, truth or other, as far as the text itself tells; ``own``: it speaks of the value."""

    text: str
    kind: str = "other"
    own: bool = False


_Token: TypeAlias = tuple[str, str]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*")
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?![A-Za-z_0-9]))
    |(?P<word>[^\W\d]\w*)
    |(?P<mark>\.\.|\*\*|<=|>=|!=|[-+*/<>=?()\[\],.]))""",
    re.VERBOSE,
)
_WORDS = ("starts with", "ends with", "string length", "list contains")
_COMPARISONS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CALLS: dict[str, tuple[int, Callable[..., str]]] = {
    "contains": (2, lambda one, other: f"{one}.contains({other})"),
    "starts with": (2, lambda one, other: f"{one}.startsWith({other})"),
    "ends with": (2, lambda one, other: f"{one}.endsWith({other})"),
    "matches": (2, lambda one, other: f"{one}.matches({other})"),
    "list contains": (2, lambda one, other: f"({other} in {one})"),
    "string length": (1, lambda one: f"size({one})"),
    "count": (1, lambda one: f"size({one})"),
    "not": (1, lambda one: f"!({one})"),
}
_deepest = 20
_TRUTHS = frozenset({"contains", "starts with", "ends with", "matches", "list contains", "not"})


def unary_as_cel(text: str, names: Mapping[str, str]) -> str:
    """A unary tests cell as one CEL condition over ``value``. ``names``: FEEL names that are no identifiers, and theirs.

    Raises:
        FeelUnsupported: it holds something that is not executed.
    """
    return _Feel(text, names).tests()


def expression_as_cel(text: str, names: Mapping[str, str]) -> str:
    """A FEEL expression as CEL.

    Raises:
        FeelUnsupported: it holds something that is not executed.
    """
    return _Feel(text, names).expression()


class _Feel:
    """Recursive descent over the tokens; each rule gives the CEL text."""

    def __init__(self, text: str, names: Mapping[str, str]) -> None:
        self.names = names
        self.tokens = self._tokens(text)
        self.at = 0
        self.depth = 0

    def tests(self) -> str:
        negated = self._ahead("not", "(") and self._closes_at_end()
        if negated:
            self.at += 2
        parts = [self._test()]
        while self._take(","):
            parts.append(self._test())
        if negated:
            self._need(")")
        self._end()
        joined = " || ".join(parts)
        return f"!({joined})" if negated else joined

    def expression(self) -> str:
        term = self._either()
        self._end()
        return term.text

    def _test(self) -> str:
        kind, text = self._peek()
        if kind == "mark" and text in _COMPARISONS:
            self.at += 1
            return f"{own_value} {_COMPARISONS[text]} {self._sum().text}"
        interval = self._interval(own_value)
        if interval is not None:
            return interval
        term = self._either()
        return term.text if term.own or term.kind == "truth" else f"{own_value} == {term.text}"

    def _interval(self, subject: str) -> str | None:
        """``[a..b)`` as a condition on ``subject``; None when what follows is no interval."""
        kind, mark = self._peek()
        if kind != "mark" or mark not in "[(" or mark == "":
            return None
        start = self.at
        self.at += 1
        try:
            low = self._sum()
        except FeelUnsupported:
            self.at = start
            return None
        if not self._take(".."):
            self.at = start
            return None
        high = self._sum()
        kind, end = self._peek()
        if kind != "mark" or end not in ("]", ")", "["):
            raise self._odd()
        self.at += 1
        above, below = "<" if mark == "(" else "<=", "<=" if end == "]" else "<"
        return f"({low.text} {above} {subject} && {subject} {below} {high.text})"

    def _either(self) -> _Term:
        self.depth += 1
        if self.depth > _deepest:
            raise FeelUnsupported(f"嵌套超过 {_deepest} 层", f"nested deeper than {_deepest}")
        term = self._both()
        while self._take_word("or"):
            other = self._both()
            term = _Term(f"({term.text} || {other.text})", "truth", term.own or other.own)
        self.depth -= 1
        return term

    def _both(self) -> _Term:
        term = self._comparison()
        while self._take_word("and"):
            other = self._comparison()
            term = _Term(f"({term.text} && {other.text})", "truth", term.own or other.own)
        return term

    def _comparison(self) -> _Term:
        term = self._sum()
        kind, mark = self._peek()
        if kind == "mark" and mark in _COMPARISONS:
            self.at += 1
            other = self._sum()
            return _Term(f"{term.text} {_COMPARISONS[mark]} {other.text}", "truth", term.own or other.own)
        if self._take_word("between"):
            low = self._sum()
            if not self._take_word("and"):
                raise self._odd()
            high = self._sum()
            text = f"({low.text} <= {term.text} && {term.text} <= {high.text})"
            return _Term(text, "truth", term.own or low.own or high.own)
        if self._take_word("in"):
            interval = self._interval(term.text)
            if interval is not None:
                return _Term(interval, "truth", term.own)
            items = self._list("(", ")") if self._peek() == ("mark", "(") else self._list("[", "]")
            return _Term(f"{term.text} in [{', '.join(item.text for item in items)}]", "truth", term.own)
        return term

    def _sum(self) -> _Term:
        return self._arithmetic(("+", "-"), lambda: self._arithmetic(("*", "/"), self._unary))

    def _arithmetic(self, marks: tuple[str, ...], operand: Callable[[], _Term]) -> _Term:
        term = operand()
        while True:
            kind, mark = self._peek()
            if kind != "mark" or mark not in marks:
                return term
            self.at += 1
            other = operand()
            own = term.own or other.own
            if mark == "+" and "text" in (term.kind, other.kind):
                term = _Term(f"({term.text} + {other.text})", "text", own)
            else:
                term = _Term(f"({_double(term)} {mark} {_double(other)})", "double", own)

    def _unary(self) -> _Term:
        if self._take("-"):
            term = self._primary()
            return (
                _Term(f"-{term.text}", "number")
                if term.kind == "number"
                else _Term(f"-{_double(term)}", "double", term.own)
            )
        return self._primary()

    def _primary(self) -> _Term:
        kind, text = self._peek()
        self.at += 1
        if kind == "text":
            return _Term(text, "text")
        if kind == "number":
            return _Term(text, "number")
        if (kind, text) == ("mark", "?"):
            return self._path(_Term(own_value, "other", own=True))
        if (kind, text) == ("mark", "("):
            term = self._either()
            self._need(")")
            return _Term(f"({term.text})", term.kind, term.own)
        if (kind, text) == ("mark", "["):
            self.at -= 1
            items = self._list("[", "]")
            return _Term(f"[{', '.join(item.text for item in items)}]", "other", any(item.own for item in items))
        if kind == "word":
            return self._word(text)
        self.at -= 1
        raise self._odd()

    def _word(self, word: str) -> _Term:
        if word in ("true", "false", "null"):
            return _Term(word, "constant")
        if word == "if":
            return self._choice()
        if self._peek() == ("mark", "("):
            return self._call(word)
        name = self.names.get(word, word)
        if not identifier.fullmatch(name) or word in ("then", "else", "for", "some", "every", "function", "return"):
            self.at -= 1
            raise self._odd()
        return self._path(_Term(name))

    def _path(self, term: _Term) -> _Term:
        while self._take("."):
            kind, word = self._peek()
            if kind != "word" or not identifier.fullmatch(word):
                raise self._odd()
            self.at += 1
            term = _Term(f"{term.text}.{word}", term.kind, term.own)
        return term

    def _choice(self) -> _Term:
        condition = self._either()
        if not self._take_word("then"):
            raise self._odd()
        one = self._either()
        if not self._take_word("else"):
            raise self._odd()
        other = self._either()
        own = condition.own or one.own or other.own
        return _Term(
            f"({condition.text} ? {one.text} : {other.text})", one.kind if one.kind == other.kind else "other", own
        )

    def _call(self, name: str) -> _Term:
        arguments = self._list("(", ")")
        own = any(argument.own for argument in arguments)
        if name == "date" and len(arguments) == 1 and arguments[0].kind == "text":
            day = arguments[0].text[1:-1]
            if not is_date(day):
                raise FeelUnsupported(
                    f"{day[:40]} 不是日期(如 2026-06-18)", f"{day[:40]} is no date such as 2026-06-18"
                )
            return _Term(literal_text(day), "text")
        count, write = _CALLS.get(name, (-1, str))
        if count != len(arguments):
            raise FeelUnsupported(
                f"不支持函数 {name}(…),请改用 CEL 写这一格",
                f"the function {name}(…) is not executed; write the cell in CEL",
            )
        return _Term(write(*(argument.text for argument in arguments)), "truth" if name in _TRUTHS else "other", own)

    def _list(self, opening: str, closing: str) -> list[_Term]:
        self._need(opening)
        items: list[_Term] = []
        while not self._take(closing):
            if items:
                self._need(",")
            items.append(self._either())
        return items

    def _tokens(self, text: str) -> list[_Token]:
        longest = sorted([*_WORDS, *self.names], key=len, reverse=True)
        found: list[_Token] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            blank = len(text) - len(text[at:].lstrip())
            name = next((one for one in longest if text.startswith(one, blank) and _ends(text, blank + len(one))), None)
            if name is not None:
                found.append(("word", name))
                at = blank + len(name)
                continue
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                piece = text[blank : blank + 20]
                raise FeelUnsupported(
                    f"看不懂“{piece}”,请改用 CEL 写这一格", f"“{piece}” is not understood; write the cell in CEL"
                )
            found.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        return found

    def _peek(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _ahead(self, word: str, mark: str) -> bool:
        return self.tokens[self.at : self.at + 2] == [("word", word), ("mark", mark)]

    def _closes_at_end(self) -> bool:
        """Whether the bracket after the first word closes with the last token."""
        depth = 0
        for at, token in enumerate(self.tokens):
            depth += (token == ("mark", "(")) - (token == ("mark", ")"))
            if at > 0 and depth == 0:
                return at == len(self.tokens) - 1
        return False

    def _take(self, mark: str) -> bool:
        if self._peek() == ("mark", mark):
            self.at += 1
            return True
        return False

    def _take_word(self, word: str) -> bool:
        if self._peek() == ("word", word):
            self.at += 1
            return True
        return False

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            raise self._odd()

    def _end(self) -> None:
        if self.at != len(self.tokens):
            raise self._odd()

    def _odd(self) -> FeelUnsupported:
        seen = self._peek()[1]
        if not seen:
            return FeelUnsupported("写法不完整,请补全或改用 CEL", "it is not complete; complete it or write it in CEL")
        return FeelUnsupported(
            f"不支持“{seen}”处的写法,请改用 CEL", f"what stands at “{seen}” is not executed; write it in CEL"
        )


def _ends(text: str, at: int) -> bool:
    return at >= len(text) or not (text[at].isalnum() or text[at] == "_")


def _double(term: _Term) -> str:
    """The term as a double, which is what FEEL's numbers become in arithmetic."""
    if term.kind == "number":
        return term.text if "." in term.text else f"{term.text}.0"
    return term.text if term.kind == "double" else f"double({term.text})"
