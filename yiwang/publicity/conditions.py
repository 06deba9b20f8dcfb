"""CEL as SQL: the part of CEL in which anomaly rules are written, so that a million records are judged where they lie.

Names are ``it``, ``other``, ``before`` with their attributes. Known are ``|| && ! == != < <= > >= in + - * / ( )``, texts,
numbers, ``true``, ``false``, lists of them, ``has(it.x)``, ``size(it.x)``, ``it.x.startsWith("…")`` and ``it.x.contains("…")``.
A value that is missing makes whatever compares it not hold. Values are always bound, never written into the SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from yiwang.flow.conditions import ConditionInvalid, compile_condition
from yiwang.kernel.access import Sql
from yiwang.kernel.database import Json
from yiwang.registry.declarations import AttributeDeclaration, ThingType
from yiwang.registry.sealing import SAME

Kind = Literal["text", "number", "bool"]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<mark>==|!=|<=|>=|&&|\|\||[-+*/!<>()\[\],.]))""",
    re.VERBOSE,
)
_COMPARED = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ESCAPES = {"n": "\n", "t": "\t"}
_deepest = 30


@dataclass(frozen=True, slots=True)
class Side:
    """What a name in a rule stands for: a type, and the SQL of its attributes' JSON.

    With ``taken`` its values are columns instead, read out of the JSON once: ``attributes`` is how their names begin, ``taken``
    receives the attributes in the order of their numbers.
    """

    type: ThingType
    attributes: str
    taken: list[str] | None = None


@dataclass(frozen=True, slots=True)
class _Term:
    sql: str
    kind: Kind


def condition_sql(text: str, sides: Mapping[str, Side], args: Sql) -> str:
    """The SQL condition of a rule.

    Raises:
        ConditionInvalid: not CEL, more of CEL than is known here, an unknown name, or kinds that do not compare.
    """
    compile_condition(text)
    parser = _Parser(text, sides, args)
    found = parser.whole()
    if found.kind != "bool":
        raise ConditionInvalid("结果不是真假值", "it gives neither true nor false")
    return found.sql


def kind_of(declared: AttributeDeclaration) -> Kind | None:
    """How an attribute compares; None for lists, objects and what is sealed."""
    schema = declared.json_schema
    options = schema.get("enum")
    if declared.sealed:
        return None
    if isinstance(options, list) and options:
        return "text" if isinstance(options[0], str) else "number"
    kinds: dict[Json, Kind] = {"string": "text", "number": "number", "integer": "number", "boolean": "bool"}
    given = schema.get("type")
    return kinds.get(given) if isinstance(given, str) else None


def value_sql(side: Side, name: str) -> str:
    """The value of an attribute as text, under the names that it ever had; of a joined one its blind."""
    if side.taken is not None:
        if name not in side.taken:
            side.taken.append(name)
        return f"{side.attributes}{side.taken.index(name)}"
    names = [name]
    for older in sorted(side.type.older, key=lambda each: -each.version):
        names += [old for old, new in older.renamed.items() if new in names and old not in names]
    declared = side.type.attributes[name]
    if declared.sealed:
        found = [f"{side.attributes}->'{each}'->>'{SAME}'" for each in names]
    else:
        found = [f"{side.attributes}->>'{each}'" for each in names]
    return f"({found[0]})" if len(found) == 1 else f"coalesce({', '.join(found)})"


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str, sides: Mapping[str, Side], args: Sql) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._sides = sides
        self._args = args

    def whole(self) -> _Term:
        found = self._either()
        if self._at < len(self._tokens):
            raise _unknown(self._tokens[self._at][1])
        return found

    # -- levels, loosest first --------------------------------------------------------------------------------------------

    def _either(self) -> _Term:
        self._depth += 1
        if self._depth > _deepest:
            raise ConditionInvalid("括号层次太深", "it is nested too deeply")
        found = self._both()
        while self._take("||"):
            found = _Term(f"({_bool(found)} or {_bool(self._both())})", "bool")
        self._depth -= 1
        return found

    def _both(self) -> _Term:
        found = self._relation()
        while self._take("&&"):
            found = _Term(f"({_bool(found)} and {_bool(self._relation())})", "bool")
        return found

    def _relation(self) -> _Term:
        left = self._sum()
        for mark, sql in _COMPARED.items():
            if self._take(mark):
                right = self._sum()
                if left.kind != right.kind:
                    raise ConditionInvalid(
                        f"{_kind_zh(left)}与{_kind_zh(right)}不能比较",
                        f"a {left.kind} does not compare with a {right.kind}",
                    )
                collate = ' collate "C"' if left.kind == "text" and sql not in ("=", "<>") else ""
                return _Term(f"({left.sql} {sql} {right.sql}{collate})", "bool")
        if self._take_word("in"):
            self._need("[")
            listed = [self._either()]
            while self._take(","):
                listed.append(self._either())
            self._need("]")
            if any(each.kind != left.kind for each in listed):
                raise ConditionInvalid("列表中的值与左边不同类", "the values of the list are of another kind")
            return _Term(f"({left.sql} in ({', '.join(each.sql for each in listed)}))", "bool")
        return left

    def _sum(self) -> _Term:
        found = self._product()
        while True:
            if self._take("+"):
                found = _Term(f"({_number(found)} + {_number(self._product())})", "number")
            elif self._take("-"):
                found = _Term(f"({_number(found)} - {_number(self._product())})", "number")
            else:
                return found

    def _product(self) -> _Term:
        found = self._unary()
        while True:
            if self._take("*"):
                found = _Term(f"({_number(found)} * {_number(self._unary())})", "number")
            elif self._take("/"):
                found = _Term(f"({_number(found)} / nullif({_number(self._unary())}, 0))", "number")
            else:
                return found

    def _unary(self) -> _Term:
        if self._take("!"):
            return _Term(f"(not {_bool(self._unary())})", "bool")
        if self._take("-"):
            return _Term(f"(- {_number(self._unary())})", "number")
        return self._primary()

    def _primary(self) -> _Term:
        if self._take("("):
            found = self._either()
            self._need(")")
            return found
        kind, text = self._next()
        if kind == "text":
            return _Term(f"{self._args.bind(_unquoted(text))}::text", "text")
        if kind == "number":
            return _Term(f"{self._args.bind(Decimal(text))}::numeric", "number")
        if kind != "word":
            raise _unknown(text)
        if text in ("true", "false"):
            return _Term(text, "bool")
        if text in ("has", "size"):
            self._need("(")
            value, _ = self._attribute(self._word())
            self._need(")")
            return _Term(f"({value} is not null)", "bool") if text == "has" else _Term(f"length({value})", "number")
        return self._member(text)

    def _member(self, name: str) -> _Term:
        value, kind = self._attribute(name)
        if kind is None:
            raise ConditionInvalid(
                "加密或多值的字段不能参与运算(可用 has 与 with.on)",
                "a sealed or manifold attribute cannot be compared here",
            )
        if self._take("."):
            how = self._word()
            self._need("(")
            wanted = self._either()
            self._need(")")
            if kind != "text" or wanted.kind != "text":
                raise ConditionInvalid(f"{how} 只用于文字", f"{how} is for texts")
            if how == "startsWith":
                return _Term(f"starts_with({value}, {wanted.sql})", "bool")
            if how == "contains":
                return _Term(f"(strpos({value}, {wanted.sql}) > 0)", "bool")
            raise _unknown(how)
        casts = {"number": f"{value}::numeric", "bool": f"{value}::boolean", "text": value}
        return _Term(casts[kind], kind)

    def _attribute(self, name: str) -> tuple[str, Kind | None]:
        side = self._sides.get(name)
        if side is None:
            known = "、".join(self._sides)
            raise ConditionInvalid(f"没有 {name},可用的有:{known}", f"there is no {name}; known here: {known}")
        self._need(".")
        attribute = self._word()
        if attribute not in side.type.attributes:
            known = "、".join(side.type.attributes)
            raise ConditionInvalid(
                f"{side.type.names.zh}没有字段 {attribute},有:{known}",
                f"{side.type.id} has no attribute {attribute}: {known}",
            )
        return value_sql(side, attribute), kind_of(side.type.attributes[attribute])

    # -- tokens -----------------------------------------------------------------------------------------------------------

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise ConditionInvalid("没有写完", "it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise _unknown(text)
        return text

    def _take(self, mark: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("mark", mark):
            self._at += 1
            return True
        return False

    def _take_word(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("word", word):
            self._at += 1
            return True
        return False

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            here = self._tokens[self._at][1] if self._at < len(self._tokens) else ""
            raise ConditionInvalid(f"“{here}”处应为“{mark}”", f"“{mark}” is expected at “{here}”")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unknown(text[at : at + 10].strip())
        found.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
        at = match.end()
    return found


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(1)), text[1:-1])


def _bool(term: _Term) -> str:
    if term.kind != "bool":
        raise ConditionInvalid(f"此处应为真假值,不是{_kind_zh(term)}", f"a truth value is needed, not a {term.kind}")
    return term.sql


def _number(term: _Term) -> str:
    if term.kind != "number":
        raise ConditionInvalid(f"此处应为数,不是{_kind_zh(term)}", f"a number is needed, not a {term.kind}")
    return term.sql


def _kind_zh(term: _Term) -> str:
    return {"text": "文字", "number": "数", "bool": "真假值"}[term.kind]


def _unknown(text: str) -> ConditionInvalid:
    return ConditionInvalid(f"异常规则不认识“{text}”", f"anomaly rules do not know “{text}”")
