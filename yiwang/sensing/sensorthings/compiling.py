"""Expressions of OData → SQL over the entity sets. Every literal is a bound parameter; no text of the caller enters the SQL.

A path over a link to one entity joins it; over a link to many it asks whether there is one of which the comparison is true
(``Datastreams/ObservedProperty/name eq 'PM2.5'`` on Things). Kinds are checked here, so that what PostgreSQL gets is typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NoReturn

from yiwang.kernel.access import Sql
from yiwang.sensing.sensorthings.errors import QueryInvalid
from yiwang.sensing.sensorthings.functions import FUNCTIONS, Piece, Refused
from yiwang.sensing.sensorthings.model import KEY_TYPES, TYPES, EntityType, KeyValues, Visible, shared_keys
from yiwang.sensing.sensorthings.odata import Binary, Call, Expression, Kind, Literal, Path, Unary

_COMPARISONS: Final = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_ARITHMETIC: Final = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%"}
_CASTS: Final = {
    Kind.NUMBER: "float8", Kind.TEXT: "text", Kind.TIME: "timestamptz", Kind.DATE: "date", Kind.CLOCK: "time",
    Kind.DURATION: "interval", Kind.BOOLEAN: "boolean",
}  # fmt: skip
most_joins = 12


@dataclass(slots=True)
class Aliases:
    """Names for sub-selects, one after the other; bounds how many a statement may have."""

    used: int = 0

    def next(self) -> str:
        self.used += 1
        if self.used > most_joins:
            raise QueryInvalid(
                "$filter", f"more than {most_joins} links in one question", f"一次查询的关联超过 {most_joins} 个"
            )
        return f"t{self.used}"


@dataclass(slots=True)
class Statement:
    """One statement being written: its parameters, what may be seen, the clock's time."""

    visible: Visible
    now: datetime
    aliases: Aliases = field(default_factory=Aliases)

    @property
    def args(self) -> Sql:
        return self.visible.args


class Compiler:
    """Compiles expressions over one entity set; :attr:`joins` grows with the links that they use."""

    def __init__(self, statement: Statement, kind: EntityType, where: str = "$filter") -> None:
        self._statement = statement
        self.where = where
        self.alias = statement.aliases.next()
        self.kind = kind
        self.joins: list[str] = []
        self._bound: dict[tuple[str, ...], tuple[EntityType, str]] = {(): (kind, self.alias)}

    # -- what others call -----------------------------------------------------------------------------------------

    @property
    def args(self) -> Sql:
        """The parameters of the statement."""
        return self._statement.args

    def condition(self, expression: Expression) -> str:
        """An expression that must be true or false, as SQL.

        Raises:
            QueryInvalid: a name that does not exist, kinds that do not fit, a function that is not known.
        """
        if isinstance(expression, Binary) and expression.operator in ("and", "or"):
            return f"({self.condition(expression.left)} {expression.operator} {self.condition(expression.right)})"
        if isinstance(expression, Unary) and expression.operator == "not":
            return f"(not {self.condition(expression.operand)})"
        many = self._many(expression)
        if many is not None:
            return self._exists(many, expression)
        piece = self.value(expression)
        if piece.kind is Kind.JSON:
            return f"(({piece.sql}) = 'true'::jsonb)"
        if piece.kind is not Kind.BOOLEAN:
            self._refuse("it is neither true nor false", "不是真假判断")
        return piece.sql

    def value(self, expression: Expression) -> Piece:
        """Any expression as SQL with its kind."""
        match expression:
            case Literal():
                return self._literal(expression)
            case Path():
                return self._path(expression)
            case Unary(operator="neg"):
                operand = self._number(self.value(expression.operand))
                return Piece(f"(- {operand.sql})", Kind.NUMBER)
            case Unary():
                return Piece(self.condition(expression), Kind.BOOLEAN)
            case Binary(operator="and" | "or"):
                return Piece(self.condition(expression), Kind.BOOLEAN)
            case Binary():
                if expression.operator in _COMPARISONS:
                    return self._comparison(expression)
                return self._arithmetic(expression)
            case Call():
                return self._call(expression)

    def key_conditions(self, key: KeyValues) -> str:
        """The row or rows of this set with these keys."""
        bind = self._statement.args.bind
        parts = [f"{self.alias}.{name} = {bind(value)}::{KEY_TYPES[name]}" for name, value in key.items()]
        return " and ".join(parts) or "true"

    def rows(self) -> str:
        """What stands behind ``from``: the set and the links used so far."""
        return " ".join([f"{self._statement.visible.source(self.kind)} {self.alias}", *self.joins])

    # -- names ----------------------------------------------------------------------------------------------------

    def _path(self, path: Path) -> Piece:
        steps = path.steps
        length = self._bind_links(steps)
        kind, alias = self._bound[steps[:length]]
        if length == len(steps):
            self._refuse(f"{path} is a link and has no value of its own", f"{path} 是关联,没有值")
        found = kind.properties.get(steps[length])
        if found is None:
            self._unknown(kind, steps[length])
        if not found.asked:
            self._refuse(f"{kind.name} cannot be asked by {found.name}", f"{kind.name} 不支持按 {found.name} 查询")
        sql, rest = found.sql.replace("{t}", alias), steps[length + 1 :]
        if not rest:
            return Piece(sql, found.kind)
        if found.kind is not Kind.JSON:
            self._refuse(f"{found.name} has no members", f"{found.name} 没有下级成员")
        return Piece(f"({sql} #> {self._statement.args.bind(list(rest))}::text[])", Kind.JSON)

    def _bind_links(self, steps: tuple[str, ...]) -> int:
        """Join the links to one entity at the beginning of a path; how many steps they are."""
        length = 0
        while length < len(steps):
            kind, alias = self._bound[steps[:length]]
            if steps[: length + 1] in self._bound:
                length += 1
                continue
            link = kind.navigations.get(steps[length])
            if link is None:
                return length
            if link.many:
                self._refuse(
                    f"{link.name} are many: only a comparison can go through them", f"{link.name} 有多个,只能用于比较"
                )
            target = TYPES[link.target]
            joined = self._statement.aliases.next()
            source = self._statement.visible.source(target)
            self.joins.append(f"left join {source} {joined} on {_same(kind, alias, target, joined)}")
            self._bound[steps[: length + 1]] = (target, joined)
            length += 1
        return length

    def _many(self, expression: Expression) -> tuple[str, ...] | None:
        """The first link to many entities that the expression goes through, with the way to it."""
        for path in _paths(expression):
            kind = self.kind
            for number, step in enumerate(path.steps):
                known = self._bound.get(path.steps[: number + 1])
                if known is not None:
                    kind = known[0]
                    continue
                link = kind.navigations.get(step)
                if link is None:
                    break
                if link.many:
                    return path.steps[: number + 1]
                kind = TYPES[link.target]
        return None

    def _exists(self, way: tuple[str, ...], expression: Expression) -> str:
        """True when one of the entities at ``way`` makes the expression true."""
        self._bind_links(way[:-1])
        kind, alias = self._bound[way[:-1]]
        target = TYPES[kind.navigations[way[-1]].target]
        inner = Compiler(self._statement, target, self.where)
        inner._bound = {**self._bound, way: (target, inner.alias)}
        inner.kind = self.kind
        condition = inner.condition(expression)
        source = " ".join([f"{self._statement.visible.source(target)} {inner.alias}", *inner.joins])
        return f"exists (select 1 from {source} where {_same(kind, alias, target, inner.alias)} and {condition})"

    # -- values ---------------------------------------------------------------------------------------------------

    def _literal(self, literal: Literal) -> Piece:
        if literal.kind is Kind.NULL:
            return Piece("null", Kind.NULL)
        place = self._statement.args.bind(literal.value)
        if literal.kind is Kind.PLACE:
            return Piece(f"st_geomfromtext({place}::text, 4326)", Kind.PLACE)
        return Piece(f"{place}::{_CASTS[literal.kind]}", literal.kind)

    def _comparison(self, expression: Binary) -> Piece:
        by_key = self._by_key(expression)
        if by_key is not None:
            return Piece(by_key, Kind.BOOLEAN)
        left, right = self.value(expression.left), self.value(expression.right)
        sign = _COMPARISONS[expression.operator]
        if Kind.NULL in (left.kind, right.kind):
            return Piece(self._with_null(left, right, expression.operator), Kind.BOOLEAN)
        left, right = self._alike(left, right)
        if left.kind is Kind.PLACE:
            self._refuse("places are compared by st_equals and its kin", "空间位置请用 st_equals 等函数比较")
        return Piece(f"({left.sql} {sign} {right.sql})", Kind.BOOLEAN)

    def _with_null(self, left: Piece, right: Piece, operator: str) -> str:
        piece = right if left.kind is Kind.NULL else left
        if operator not in ("eq", "ne"):
            return "false" if piece.kind is Kind.NULL else f"({piece.sql} is null and false)"
        if piece.kind is Kind.NULL:
            return "true" if operator == "eq" else "false"
        nothing = f"({piece.sql} is null{f' or {piece.sql} = {_JSON_NULL}' if piece.kind is Kind.JSON else ''})"
        return nothing if operator == "eq" else f"(not {nothing})"

    def _alike(self, left: Piece, right: Piece) -> tuple[Piece, Piece]:
        """Two pieces of one kind: a member of properties takes the kind of the other, a date becomes a time."""
        if left.kind is Kind.JSON and right.kind is not Kind.JSON:
            left = self._from_json(left, right.kind)
        elif right.kind is Kind.JSON and left.kind is not Kind.JSON:
            right = self._from_json(right, left.kind)
        if {left.kind, right.kind} == {Kind.TIME, Kind.DATE}:
            left, right = _midnight(left), _midnight(right)
        if left.kind is not right.kind:
            names = left.kind.name.lower(), right.kind.name.lower()
            self._refuse(f"{names[0]} and {names[1]} cannot be compared", f"{names[0]} 与 {names[1]} 不能比较")
        return left, right

    def _from_json(self, piece: Piece, kind: Kind) -> Piece:
        types = {Kind.NUMBER: ("number", "float8"), Kind.TEXT: ("string", "text"), Kind.BOOLEAN: ("boolean", "boolean")}
        if kind not in types:
            self._refuse("members of properties are texts, numbers, true or false", "属性成员只能是文字、数或真假")
        name, cast = types[kind]
        return Piece(
            f"(case when jsonb_typeof({piece.sql}) = '{name}' then ({piece.sql} #>> '{{}}')::{cast} end)", kind
        )

    def _by_key(self, expression: Binary) -> str | None:
        """``id`` compared with a literal, as a condition on the keys, which the indexes know."""
        path, literal = expression.left, expression.right
        if isinstance(path, Literal):
            path, literal = literal, path
        if not (isinstance(path, Path) and path.steps[-1] == "id" and isinstance(literal, Literal)):
            return None
        length = self._bind_links(path.steps[:-1])
        if length != len(path.steps) - 1:
            return None
        kind, alias = self._bound[path.steps[:-1]]
        if expression.operator not in ("eq", "ne"):
            return None
        given = literal.value
        if isinstance(given, float) and given.is_integer():
            given = int(given)
        key = kind.key_of(given) if isinstance(given, int | str) and not isinstance(given, bool) else None
        if key is None:
            return "false" if expression.operator == "eq" else "true"
        bind = self._statement.args.bind
        parts = " and ".join(f"{alias}.{name} = {bind(value)}::{KEY_TYPES[name]}" for name, value in key.items())
        return f"({parts})" if expression.operator == "eq" else f"(not ({parts}))"

    def _arithmetic(self, expression: Binary) -> Piece:
        left, right = self.value(expression.left), self.value(expression.right)
        operator = expression.operator
        match left.kind, right.kind, operator:
            case Kind.TIME, Kind.DURATION, "add" | "sub":
                return Piece(f"({left.sql} {_ARITHMETIC[operator]} {right.sql})", Kind.TIME)
            case Kind.DURATION, Kind.DURATION, "add" | "sub":
                return Piece(f"({left.sql} {_ARITHMETIC[operator]} {right.sql})", Kind.DURATION)
            case Kind.TIME, Kind.TIME, "sub":
                return Piece(f"({left.sql} - {right.sql})", Kind.DURATION)
        left, right = self._number(left), self._number(right)
        if operator == "div":
            return Piece(f"({left.sql} / nullif({right.sql}, 0))", Kind.NUMBER)
        if operator == "mod":
            return Piece(f"mod({left.sql}::numeric, nullif({right.sql}, 0)::numeric)::float8", Kind.NUMBER)
        return Piece(f"({left.sql} {_ARITHMETIC[operator]} {right.sql})", Kind.NUMBER)

    def _number(self, piece: Piece) -> Piece:
        if piece.kind is Kind.JSON:
            return self._from_json(piece, Kind.NUMBER)
        if piece.kind is not Kind.NUMBER:
            self._refuse(
                f"one reckons with numbers, not with {piece.kind.name.lower()}", f"{piece.kind.name.lower()} 不能运算"
            )
        return Piece(f"{piece.sql}::float8", Kind.NUMBER)

    def _call(self, call: Call) -> Piece:
        function = FUNCTIONS.get(call.name)
        if function is None:
            self._refuse(f"there is no function {call.name[:40]}", f"没有函数 {call.name[:40]}")
        pieces = [self.value(argument) for argument in call.arguments]
        wanted = next((form for form in function.forms if self._fits(pieces, form)), None)
        if wanted is None:
            forms = "; ".join(
                f"{call.name}({', '.join(kind.name.lower() for kind in form)})" for form in function.forms
            )
            self._refuse(f"the arguments are not those of {forms}", f"参数应为 {forms}")
        pieces = [
            self._from_json(piece, kind) if piece.kind is Kind.JSON else piece
            for piece, kind in zip(pieces, wanted, strict=True)
        ]
        try:
            return function.write(
                pieces, call.arguments, self._statement.args.bind(self._statement.now) if function.clock else ""
            )
        except Refused as refused:
            self._refuse(refused.en, refused.zh)

    def _fits(self, pieces: Sequence[Piece], form: Sequence[Kind]) -> bool:
        of_json = (Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN)
        return len(pieces) == len(form) and all(
            piece.kind is kind or (piece.kind is Kind.JSON and kind in of_json)
            for piece, kind in zip(pieces, form, strict=True)
        )

    def _unknown(self, kind: EntityType, name: str) -> NoReturn:
        known = ", ".join([*kind.properties, *kind.navigations])
        self._refuse(
            f"{kind.name} has no {name[:40]}; it has {known}", f"{kind.name} 没有 {name[:40]};可用的有 {known}"
        )

    def _refuse(self, reason: str, reason_zh: str) -> NoReturn:
        raise QueryInvalid(self.where, reason, reason_zh)


_JSON_NULL: Final = "'null'::jsonb"


def _midnight(piece: Piece) -> Piece:
    return piece if piece.kind is Kind.TIME else Piece(f"({piece.sql}::timestamp at time zone 'UTC')", Kind.TIME)


def _same(kind: EntityType, alias: str, target: EntityType, joined: str) -> str:
    """The join of two linked sets."""
    return " and ".join(f"{joined}.{key} = {alias}.{key}" for key in shared_keys(kind, target))


def _paths(expression: Expression) -> list[Path]:
    """All member paths of an expression, from left to right."""
    match expression:
        case Path():
            return [expression]
        case Unary():
            return _paths(expression.operand)
        case Binary():
            return [*_paths(expression.left), *_paths(expression.right)]
        case Call():
            return [path for argument in expression.arguments for path in _paths(argument)]
        case _:
            return []
