"""The functions that OGC 18-088 (table 25) lets an expression call, each as SQL: texts, dates, numbers, places.

Distances and lengths are in degrees, the unit of the coordinate system (EPSG:4326), as the standard has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from yiwang.sensing.sensorthings.odata import Expression, Kind, Literal


@dataclass(frozen=True, slots=True)
class Piece:
    """SQL that yields a value of ``kind``."""

    sql: str
    kind: Kind


class Refused(ValueError):
    """An argument that a function cannot take; ``zh`` and ``en`` say why."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


Write: TypeAlias = Callable[[Sequence[Piece], Sequence[Expression], str], Piece]


@dataclass(frozen=True, slots=True)
class Function:
    """``forms``: the kinds of arguments that it takes; ``write`` gets the arguments as SQL and as written, and the clock's
    parameter where ``clock``."""

    forms: tuple[tuple[Kind, ...], ...]
    write: Write
    clock: bool = False


_T, _N, _P = Kind.TEXT, Kind.NUMBER, Kind.PLACE
_NUMBERED: Final = re.compile(r"\{(\d)\}")


def _plain(template: str, kind: Kind, *forms: tuple[Kind, ...]) -> Function:
    """``{0}`` stands for the first argument."""

    def write(pieces: Sequence[Piece], _given: Sequence[Expression], _clock: str) -> Piece:
        return Piece(_NUMBERED.sub(lambda found: pieces[int(found[1])].sql, template), kind)

    return Function(forms, write)


def _part(of_time: str, kinds: tuple[Kind, ...]) -> Function:
    """A part of a time (in UTC), of a date or of a time of day."""

    def write(pieces: Sequence[Piece], _given: Sequence[Expression], _clock: str) -> Piece:
        sql = f"({pieces[0].sql} at time zone 'UTC')" if pieces[0].kind is Kind.TIME else pieces[0].sql
        return Piece(f"{of_time.replace('{0}', sql)}::float8", Kind.NUMBER)

    return Function(tuple((kind,) for kind in kinds), write)


_DAYS = (Kind.TIME, Kind.DATE)
_HOURS = (Kind.TIME, Kind.CLOCK)


def _substring_of(pieces: Sequence[Piece], _given: Sequence[Expression], _clock: str) -> Piece:
    text, begin = pieces[0].sql, f"greatest({pieces[1].sql}, 0)::int"
    if len(pieces) == 2:
        return Piece(f"substr({text}, {begin} + 1)", Kind.TEXT)
    return Piece(f"substr({text}, {begin} + 1, greatest({pieces[2].sql}, 0)::int)", Kind.TEXT)


def _now(_pieces: Sequence[Piece], _given: Sequence[Expression], clock: str) -> Piece:
    return Piece(f"{clock}::timestamptz", Kind.TIME)


_RELATION = re.compile(r"[012TF*]{9}", re.ASCII)


def _relate(pieces: Sequence[Piece], given: Sequence[Expression], _clock: str) -> Piece:
    pattern = given[2]
    if not (isinstance(pattern, Literal) and isinstance(pattern.value, str) and _RELATION.fullmatch(pattern.value)):
        raise Refused(
            "the third argument of st_relate is nine of 0 1 2 T F *", "st_relate 的第三个参数应为 9 个 0、1、2、T、F、*"
        )
    return Piece(f"st_relate({pieces[0].sql}, {pieces[1].sql}, {pieces[2].sql})", Kind.BOOLEAN)


def _spatial(name: str) -> Function:
    return _plain(f"{name}({{0}}, {{1}})", Kind.BOOLEAN, (_P, _P))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "contains": _plain("(strpos({0}, {1}) > 0)", Kind.BOOLEAN, (_T, _T)),
    "substringof": _plain("(strpos({1}, {0}) > 0)", Kind.BOOLEAN, (_T, _T)),
    "startswith": _plain("starts_with({0}, {1})", Kind.BOOLEAN, (_T, _T)),
    "endswith": _plain("(right({0}, length({1})) = {1})", Kind.BOOLEAN, (_T, _T)),
    "length": _plain("length({0})::float8", _N, (_T,)),
    "indexof": _plain("(strpos({0}, {1}) - 1)::float8", _N, (_T, _T)),
    "substring": Function(((_T, _N), (_T, _N, _N)), _substring_of),
    "tolower": _plain("lower({0})", _T, (_T,)),
    "toupper": _plain("upper({0})", _T, (_T,)),
    "trim": _plain("btrim({0})", _T, (_T,)),
    "concat": _plain("({0} || {1})", _T, (_T, _T)),
    "year": _part("extract(year from {0})", _DAYS),
    "month": _part("extract(month from {0})", _DAYS),
    "day": _part("extract(day from {0})", _DAYS),
    "hour": _part("extract(hour from {0})", _HOURS),
    "minute": _part("extract(minute from {0})", _HOURS),
    "second": _part("floor(extract(second from {0}))", _HOURS),
    "fractionalseconds": _part("mod(extract(second from {0}), 1)", _HOURS),
    "date": _plain("({0} at time zone 'UTC')::date", Kind.DATE, (Kind.TIME,)),
    "time": _plain("({0} at time zone 'UTC')::time", Kind.CLOCK, (Kind.TIME,)),
    "totaloffsetminutes": _plain("(case when {0} is null then null else 0 end)::float8", _N, (Kind.TIME,)),
    "now": Function(((),), _now, clock=True),
    "mindatetime": _plain("'-infinity'::timestamptz", Kind.TIME, ()),
    "maxdatetime": _plain("'infinity'::timestamptz", Kind.TIME, ()),
    "round": _plain("round({0}::float8)", _N, (_N,)),
    "floor": _plain("floor({0}::float8)", _N, (_N,)),
    "ceiling": _plain("ceil({0}::float8)", _N, (_N,)),
    "geo.distance": _plain("st_distance({0}, {1})", _N, (_P, _P)),
    "geo.length": _plain("st_length({0})", _N, (_P,)),
    "geo.intersects": _spatial("st_intersects"),
    "st_equals": _spatial("st_equals"),
    "st_disjoint": _spatial("st_disjoint"),
    "st_touches": _spatial("st_touches"),
    "st_within": _spatial("st_within"),
    "st_overlaps": _spatial("st_overlaps"),
    "st_crosses": _spatial("st_crosses"),
    "st_intersects": _spatial("st_intersects"),
    "st_contains": _spatial("st_contains"),
    "st_relate": Function(((_P, _P, _T),), _relate),
}
