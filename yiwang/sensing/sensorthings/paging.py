"""Pages by key: in which order rows come, and where the next page begins.

The order asked for is completed by the keys of the set, so that it is total. The place where a page ended is the values of
these expressions, carried in ``$skiptoken``: the next page costs what the first did, however far it lies.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

import orjson

from yiwang.kernel.access import Sql
from yiwang.kernel.database import Record
from yiwang.sensing.sensorthings.compiling import Compiler
from yiwang.sensing.sensorthings.errors import QueryInvalid
from yiwang.sensing.sensorthings.model import KEY_TYPES
from yiwang.sensing.sensorthings.odata import Kind, Options, Order, Path

Value: TypeAlias = "float | int | str | bool | datetime | date | time | timedelta | None"

_CASTS: Final = {
    Kind.NUMBER: "float8", Kind.TEXT: "text", Kind.TIME: "timestamptz", Kind.DATE: "date", Kind.CLOCK: "time",
    Kind.DURATION: "interval", Kind.BOOLEAN: "boolean",
}  # fmt: skip
_KEY_KINDS: Final = {"device": Kind.NUMBER, "metric": Kind.NUMBER, "profile": Kind.TEXT, "at": Kind.TIME}
_longest_token = 2000


@dataclass(frozen=True, slots=True)
class Term:
    """One expression of the order; ``sure``: it is never null."""

    sql: str
    kind: Kind
    cast: str
    descending: bool
    sure: bool


def terms_of(compiler: Compiler, orders: Sequence[Order]) -> list[Term]:
    """The whole order of a set: what is asked for, then its keys."""
    keys = {f"{compiler.alias}.{key}": key for key in compiler.kind.keys}
    found: list[Term] = []
    for order in orders:
        if order.expression == Path(("id",)):
            found += [_key_term(sql, key, order.descending) for sql, key in keys.items()]
            continue
        piece = compiler.value(order.expression)
        if piece.kind in (Kind.PLACE, Kind.NULL):
            raise QueryInvalid("$orderby", "places have no order", "空间位置不能排序")
        sql, kind = (f"({piece.sql} #>> '{{}}')", Kind.TEXT) if piece.kind is Kind.JSON else (piece.sql, piece.kind)
        if sql in keys:
            found.append(_key_term(sql, keys[sql], order.descending))
        else:
            found.append(Term(sql, kind, _CASTS[kind], order.descending, sure=False))
    named = {term.sql for term in found}
    return found + [_key_term(sql, key, False) for sql, key in keys.items() if sql not in named]


def _key_term(sql: str, key: str, descending: bool) -> Term:
    return Term(sql, _KEY_KINDS[key], KEY_TYPES[key], descending, sure=True)


def order_by(terms: Sequence[Term]) -> str:
    return ", ".join(f"{term.sql} desc" if term.descending else term.sql for term in terms)


def after(terms: Sequence[Term], token: str, args: Sql) -> str:
    """The condition of rows behind the place that ``token`` names.

    Raises:
        QueryInvalid: the token was not made for this order.
    """
    values = _read(token, terms)
    if all(term.sure and term.descending == terms[0].descending for term in terms):
        places = ", ".join(f"{args.bind(value)}::{term.cast}" for term, value in zip(terms, values, strict=True))
        sign = "<" if terms[0].descending else ">"
        return f"({', '.join(term.sql for term in terms)}) {sign} ({places})"
    ways: list[str] = []
    alike: list[str] = []
    for term, value in zip(terms, values, strict=True):
        if value is None:
            ways += [" and ".join([*alike, f"{term.sql} is not null"])] if term.descending else []
            alike.append(f"{term.sql} is null")
            continue
        place = f"{args.bind(value)}::{term.cast}"
        behind = f"{term.sql} {'<' if term.descending else '>'} {place}"
        if not term.sure and not term.descending:
            behind = f"({behind} or {term.sql} is null)"  # nulls come last when ascending, first when descending
        ways.append(" and ".join([*alike, behind]))
        alike.append(f"{term.sql} = {place}")
    condition = "(" + " or ".join(f"({way})" for way in ways) + ")" if ways else "false"
    first = terms[0]
    if first.sure and values[0] is not None:  # said once more in a form that an index can use
        condition += f" and {first.sql} {'<=' if first.descending else '>='} {args.bind(values[0])}::{first.cast}"
    return condition


def token_of(row: Record, terms: Sequence[Term]) -> str:
    """The place of ``row``, whose columns ``o0 o1 …`` are the terms."""
    values: list[object] = []
    for number in range(len(terms)):
        value = row[f"o{number}"]
        if isinstance(value, timedelta):
            value = value / timedelta(microseconds=1)
        values.append(value.isoformat() if isinstance(value, datetime | date | time) else value)
    return urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def _read(token: str, terms: Sequence[Term]) -> list[Value]:
    try:
        return _values(token, terms)
    except (ValueError, binascii.Error, OverflowError) as error:
        reason, reason_zh = "it is not one of ours; follow @iot.nextLink as it is", "令牌无效,请原样使用 @iot.nextLink"
        raise QueryInvalid("$skiptoken", reason, reason_zh) from error


def _values(token: str, terms: Sequence[Term]) -> list[Value]:
    """Raises ValueError, binascii.Error, OverflowError."""
    if len(token) > _longest_token or not token.isascii():
        raise ValueError("too long")
    found = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    if not isinstance(found, list) or len(found) != len(terms):
        raise ValueError("another order")
    return [_value(value, term) for value, term in zip(found, terms, strict=True)]


def _value(value: object, term: Term) -> Value:
    """Raises ValueError, OverflowError."""
    if value is None and not term.sure:
        return None
    match term.kind, value:
        case Kind.NUMBER, bool():
            raise ValueError("no number")
        case Kind.NUMBER, int() | float():
            return _bounded(value, term) if term.cast in ("int", "smallint") else float(value)
        case Kind.TEXT, str() if "\x00" not in value:
            return value
        case Kind.TIME, str():
            found = datetime.fromisoformat(value)
            if found.tzinfo is None:
                raise ValueError("no zone")
            return found
        case Kind.DATE, str():
            return date.fromisoformat(value)
        case Kind.CLOCK, str():
            return time.fromisoformat(value)
        case Kind.DURATION, int() | float():
            return timedelta(microseconds=value)
        case Kind.BOOLEAN, bool():
            return value
        case _:
            raise ValueError("another kind")


def _bounded(value: float, term: Term) -> int:
    if not isinstance(value, int) or not 0 <= value < (2**15 if term.cast == "smallint" else 2**31):
        raise ValueError("no key")
    return value


def page_size(options: Options, usual: int, most: int) -> int:
    """How many entities this page has: what was asked for, within what the server serves."""
    return min(usual if options.top is None else options.top, most)
