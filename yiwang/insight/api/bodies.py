"""What the routes of insight take and answer. A rate is null where its denominator is nothing; times have a zone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

import yiwang.insight.errors  # noqa: F401  # registers the codes that descriptions name
from yiwang.insight.indicators.declared import Board, Indicator, ObjectKind, Period
from yiwang.insight.scoring.periods import Span
from yiwang.insight.scoring.reaching import Change, Reach
from yiwang.insight.scoring.reading import BoardReading, Row
from yiwang.insight.scoring.reckoning import Value
from yiwang.insight.scoring.who import Evaluated
from yiwang.insight.service import InsightService
from yiwang.kernel.text import CleanText

BoardKey = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,59}$", description="考核方案 board")]
IndicatorKey = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,59}$", description="指标 indicator")]
ObjectKey = Annotated[
    str, Path(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.:-]+$", description="评价对象 object")
]
PeriodQuery = Annotated[Period | None, Query(description="考核周期;缺省用方案自己的")]
DayQuery = Annotated[date | None, Query(description="周期内任意一天;缺省为今天")]
Note = Annotated[CleanText, Field(min_length=1, max_length=2000)]


class Body(BaseModel):
    """What a request brings; a member that is not known is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")


class NamesView(BaseModel):
    zh: str
    en: str


class SpanView(BaseModel):
    """From the first day to the last, both within."""

    period: Period
    first: date
    last: date


class ObjectView(BaseModel):
    """An object of evaluation: ``key`` is an area code, an organisation's code, a post's id or an account."""

    kind: ObjectKind
    key: str
    names: NamesView


class ValueView(BaseModel):
    """Both counts beside the rate; ``rate`` is null on an empty denominator."""

    indicator: str
    numerator: int
    denominator: int | None
    rate: float | None


class EarnedView(ValueView):
    """A measure: its weight and the points earned; null: it did not count."""

    weight: float
    points: float | None


class ScoreRow(BaseModel):
    """One object's score. ``rank`` is null without a score, and where nobody is ranked."""

    object: ObjectView
    score: float | None
    grade: str | None
    grade_names: NamesView | None
    rank: int | None
    measures: list[EarnedView]


class IndicatorView(BaseModel):
    """An indicator as published."""

    id: str
    names: NamesView
    numerator: str
    denominator: str | None
    direction: Literal["higher", "lower"]
    unit: Literal["percent", "ratio", "number"]
    objects: list[ObjectKind]
    periods: list[Period]
    types: list[str]
    channels: list[str]
    source: str


class BoardView(BaseModel):
    """A board as published."""

    id: str
    names: NamesView
    object: ObjectKind
    period: Period
    ranking: bool
    target: float | None
    full: float
    measures: list[str]
    source: str


class BoardPage(BaseModel):
    items: list[BoardView]


class IndicatorPage(BaseModel):
    items: list[IndicatorView]


class ScoreBoard(BaseModel):
    """A board in a period, best first. ``as_of``: how far the city's events are counted. ``waiting``: indicators that are
    counted only after a recomputation."""

    board: BoardView
    span: SpanView
    as_of: datetime
    indicators: list[IndicatorView]
    rows: list[ScoreRow]
    waiting: list[str]


class IndicatorTable(BaseModel):
    indicator: IndicatorView
    span: SpanView
    as_of: datetime
    rows: list[IndicatorRow]


class IndicatorRow(BaseModel):
    object: ObjectView
    value: ValueView


class CaseBehind(BaseModel):
    """A case behind a number, and on which day and how often it entered it."""

    case_id: UUID
    number: str
    day: date
    times: int
    status: str
    state: str
    class_code: str | None
    text: str
    address: str
    area: str


class CasesBehind(BaseModel):
    """``next``: give it as ``after`` for the cases that follow."""

    items: list[CaseBehind]
    next: str | None


class ChangeView(BaseModel):
    """Doing better with ``cases`` of ``available`` cases, and the score that follows. ``possible``: it can still be done;
    otherwise it tells what would have been needed."""

    id: str
    names: NamesView
    cases: int
    available: int
    score: float | None
    enough: bool
    possible: bool


class ReachView(BaseModel):
    """What would have to change: each change alone that helps, and the shortest combination found."""

    object: ObjectView
    span: SpanView
    score: float | None
    target: float
    reached: bool
    reachable: bool
    best: float | None
    single: list[ChangeView]
    together: list[ChangeView]


def service_of(request: Request) -> InsightService:
    service: InsightService = request.app.state.insight
    return service


def names(zh: str, en: str) -> NamesView:
    return NamesView(zh=zh, en=en)


def object_view(one: Evaluated) -> ObjectView:
    return ObjectView(kind=one.kind, key=one.key, names=names(one.zh, one.en))


def span_view(span: Span) -> SpanView:
    return SpanView(period=span.period, first=span.first, last=span.last)


def value_view(value: Value) -> ValueView:
    return ValueView(
        indicator=value.indicator, numerator=value.numerator, denominator=value.denominator, rate=_round(value.rate, 6)
    )


def _round(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)


def formula(amount: object) -> str:
    """An amount as people read it: ``filed − voided``."""
    if isinstance(amount, str):
        return amount
    plus, minus = getattr(amount, "plus", []), getattr(amount, "minus", [])
    return " + ".join(plus) + "".join(f" - {key}" for key in minus)


def indicator_view(one: Indicator) -> IndicatorView:
    return IndicatorView(
        id=one.id, names=names(one.names.zh, one.names.en), numerator=formula(one.numerator),
        denominator=None if one.denominator is None else formula(one.denominator), direction=one.direction, unit=one.unit,
        objects=one.objects, periods=one.periods, types=one.scope.types, channels=one.scope.channels, source=one.source,
    )  # fmt: skip


def board_view(one: Board, indicators: dict[str, Indicator]) -> BoardView:
    known = [measure for measure in one.measures if measure.indicator in indicators]
    full = sum(indicators[m.indicator].weight if m.weight is None else m.weight for m in known)
    return BoardView(
        id=one.id, names=names(one.names.zh, one.names.en), object=one.object, period=one.period, ranking=one.ranking,
        target=one.target, full=full, measures=[measure.indicator for measure in known], source=one.source,
    )  # fmt: skip


def row_view(row: Row) -> ScoreRow:
    grade = row.score.grade
    return ScoreRow(
        object=object_view(row.object),
        score=_round(row.score.total, 2),
        grade=None if grade is None else grade.id,
        grade_names=None if grade is None else names(grade.names.zh, grade.names.en),
        rank=row.score.rank,
        measures=[
            EarnedView(**value_view(one.value).model_dump(), weight=one.weight, points=_round(one.points, 4))
            for one in row.score.earned
        ],
    )


def board_reading(reading: BoardReading) -> ScoreBoard:
    indicators = dict(reading.indicators)
    return ScoreBoard(
        board=board_view(reading.board, indicators),
        span=span_view(reading.span),
        as_of=reading.as_of,
        indicators=[indicator_view(one) for one in indicators.values()],
        rows=[row_view(row) for row in reading.rows],
        waiting=list(reading.waiting),
    )


def change_view(one: Change) -> ChangeView:
    return ChangeView(
        id=one.remedy.id, names=names(one.remedy.zh, one.remedy.en), cases=one.cases, available=one.available,
        score=_round(one.score, 2), enough=one.enough, possible=one.remedy.possible,
    )  # fmt: skip


def reach_view(reading: BoardReading, found: Reach) -> ReachView:
    return ReachView(
        object=object_view(reading.rows[0].object), span=span_view(reading.span), score=_round(found.score, 2),
        target=found.target, reached=found.reached, reachable=found.reachable, best=_round(found.best, 2),
        single=[change_view(one) for one in found.single], together=[change_view(one) for one in found.together],
    )  # fmt: skip


IndicatorTable.model_rebuild()
