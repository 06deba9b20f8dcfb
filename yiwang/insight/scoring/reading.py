"""Boards and indicators as people read them: scores of every object in a period, the way to a target, the cases behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from yiwang.identity.directory import Directory
from yiwang.insight.errors import BoardUnknown, IndicatorUnknown, ObjectUnknown, RankingOff
from yiwang.insight.indicators.counts import BY_KEY, CASES_OF, WORDS, Count
from yiwang.insight.indicators.declared import Board, Indicator, ObjectKind, Period, counts_of
from yiwang.insight.indicators.publishing import Declared, Published
from yiwang.insight.scoring import store
from yiwang.insight.scoring.periods import Span, span_of
from yiwang.insight.scoring.reaching import Reach, reach, supplied
from yiwang.insight.scoring.reckoning import Counts, Score, Value, ranked, score_of, value_of
from yiwang.insight.scoring.sums import Behind, Sums, cases_behind, sums_of
from yiwang.insight.scoring.who import Evaluated, evaluated
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection

Side = str
"""``numerator`` or ``denominator``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object on a board."""

    object: Evaluated
    score: Score
    counts: Mapping[str, Counts]


@dataclass(frozen=True, slots=True)
class BoardReading:
    """A board in a period. ``as_of``: how far the city's events are counted; ``waiting``: indicators whose scope is not
    counted yet, because a recomputation has to come first."""

    board: Board
    indicators: Mapping[str, Indicator]
    span: Span
    rows: tuple[Row, ...]
    as_of: datetime
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndicatorReading:
    """One indicator for every object of a kind."""

    indicator: Indicator
    span: Span
    rows: tuple[tuple[Evaluated, Value], ...]
    as_of: datetime


class Scores:
    """One per process; declarations are read again when they may have changed."""

    def __init__(self, context: Context, directory: Directory) -> None:
        self._context = context
        self._directory = directory
        self._published = Published()

    async def declared(self) -> Declared:
        """All that is published."""
        async with self._context.database.connection() as connection:
            return await self._published.now(connection)

    async def usual_board(self, kind: ObjectKind) -> str:
        """The first board for a kind of object, as the packs of the city have it.

        Raises:
            BoardUnknown: there is none.
        """
        declared = await self.declared()
        found = sorted(key for key, board in declared.boards.items() if board.object == kind)
        usual = [key for key in found if key == f"{kind}-score"] or found
        if not usual:
            raise BoardUnknown(board=kind, known=", ".join(sorted(declared.boards)) or "–")
        return usual[0]

    def today(self) -> date:
        """The city's own day."""
        return self._context.clock.now().astimezone(self._context.calendar.hours.timezone).date()

    async def board(
        self, actor: Actor, board_id: str, *, period: Period | None = None, day: date | None = None, rank: bool = True,
        only: str | None = None,
    ) -> BoardReading:  # fmt: skip
        """The board's scores of all objects that the actor may see, best first.

        Raises:
            BoardUnknown, DayImpossible; ObjectUnknown: ``only`` names none that the actor may see.
        """
        async with self._context.database.connection() as connection:
            declared = await self._published.now(connection)
            board = declared.boards.get(board_id)
            if board is None:
                raise BoardUnknown(board=board_id, known=", ".join(sorted(declared.boards)) or "–")
            span = span_of(period or board.period, day or self.today())
            progress = await store.progress(connection)
            indicators = {
                one.indicator: declared.indicators[one.indicator]
                for one in board.measures
                if one.indicator in declared.indicators
            }
            board = board.model_copy(
                update={"measures": [one for one in board.measures if one.indicator in indicators]}
            )
            slices = {key: declared.slice_of(board.scope or one.scope) for key, one in indicators.items()}
            objects = await evaluated(connection, self._directory, actor, board.object, board)
            if only is not None:
                objects = [one for one in objects if one.key == only]
                if not objects:
                    raise ObjectUnknown(object=only)
            ready = {key: one for key, one in slices.items() if one is not None and one in progress.slices}
            sums = await self._sums(connection, progress.side, objects, indicators.values(), set(ready.values()), span)
        rows = [_row(board, indicators, one, sums, ready) for one in objects]
        if board.ranking and rank:
            scores = ranked([row.score for row in rows])
            rows = [replace(row, score=score) for row, score in zip(rows, scores, strict=True)]
            rows.sort(key=lambda row: (row.score.rank is None, row.score.rank or 0, row.object.key))
        waiting = tuple(key for key in indicators if key not in ready)
        return BoardReading(board, indicators, span, tuple(rows), progress.as_of, waiting)

    async def indicator(
        self, actor: Actor, indicator_id: str, kind: ObjectKind, *, period: Period, day: date | None = None
    ) -> IndicatorReading:
        """One indicator for all objects of a kind that the actor may see.

        Raises:
            IndicatorUnknown, DayImpossible.
        """
        async with self._context.database.connection() as connection:
            declared = await self._published.now(connection)
            indicator = self._indicator(declared, indicator_id)
            span = span_of(period, day or self.today())
            progress = await store.progress(connection)
            slice_ = declared.slice_of(indicator.scope)
            objects = await evaluated(connection, self._directory, actor, kind, None)
            ready = {slice_} & progress.slices if slice_ is not None else set()
            sums = await self._sums(connection, progress.side, objects, [indicator], ready, span)
        rows = tuple((one, value_of(indicator, _counts(sums, one.key, slice_))) for one in objects)
        return IndicatorReading(indicator, span, rows, progress.as_of)

    async def reach(
        self, actor: Actor, board_id: str, key: str, target: float | None, *, period: Period | None, day: date | None
    ) -> tuple[BoardReading, Reach]:
        """What would have to change for one object to reach a score (the board's own target where none is given).

        Raises:
            BoardUnknown, ObjectUnknown, DayImpossible.
        """
        reading = await self.board(actor, board_id, period=period, day=day, only=key, rank=False)
        wanted = target if target is not None else reading.board.target if reading.board.target is not None else 90.0
        return reading, reach(reading.board, reading.indicators, reading.rows[0].counts, wanted)

    async def behind(
        self, actor: Actor, indicator_id: str, part: str, kind: ObjectKind, key: str, *, board_id: str | None = None,
        period: Period, day: date | None = None, after: tuple[date, UUID] | None = None, limit: int = 50,
    ) -> list[Behind]:  # fmt: skip
        """The cases behind a number: ``part`` is ``numerator``, ``denominator``, ``rest`` (due, but not in the numerator)
        or the word of a count.

        Raises:
            IndicatorUnknown, BoardUnknown, ObjectUnknown, DayImpossible.
        """
        async with self._context.database.connection() as connection:
            declared = await self._published.now(connection)
            indicator = self._indicator(declared, indicator_id)
            board = declared.boards.get(board_id) if board_id is not None else None
            if board_id is not None and board is None:
                raise BoardUnknown(board=board_id, known=", ".join(sorted(declared.boards)) or "–")
            scope = board.scope if board is not None and board.scope is not None else indicator.scope
            slice_ = declared.slice_of(scope)
            span = span_of(period, day or self.today())
            progress = await store.progress(connection)
            objects = [
                one for one in await evaluated(connection, self._directory, actor, kind, board) if one.key == key
            ]
            if not objects:
                raise ObjectUnknown(object=key)
            counts, without = _asked(indicator, part)
            if slice_ is None or slice_ not in progress.slices:
                return []
            return await cases_behind(
                connection, progress.side, actor, objects[0].parts, span.first, span.last, slice_, counts,
                without=without, after=after, limit=limit,
            )  # fmt: skip

    def require_ranking(self, board: Board) -> None:
        """Raises RankingOff for a board that ranks nobody."""
        if not board.ranking:
            raise RankingOff(board=board.id)

    def _indicator(self, declared: Declared, indicator_id: str) -> Indicator:
        found = declared.indicators.get(indicator_id)
        if found is None:
            raise IndicatorUnknown(indicator=indicator_id, known=", ".join(sorted(declared.indicators)[:40]) or "–")
        return found

    async def _sums(
        self, connection: Connection, side: int, objects: Sequence[Evaluated], indicators: Iterable[Indicator], slices: set[int],
        span: Span,
    ) -> Sums:  # fmt: skip
        groups = {part: one.key for one in objects for part in one.parts}
        return await sums_of(connection, side, groups, span.first, span.last, slices, _needed(indicators))


def _needed(indicators: Iterable[Indicator]) -> set[int]:
    """The numbers of all counts that these indicators divide, and those by which remedies are told."""
    keys = {key for one in indicators for amount in (one.numerator, one.denominator) for key, _ in counts_of(amount)}
    return {int(BY_KEY[key]) for key in keys | supplied(keys)}


def _counts(sums: Sums, key: str, slice_: int | None) -> Counts:
    found = sums.get(key, {}).get(slice_, {}) if slice_ is not None else {}
    return {WORDS[count].key: found[count] for count in WORDS if count in found}


def _row(
    board: Board, indicators: Mapping[str, Indicator], one: Evaluated, sums: Sums, ready: Mapping[str, int]
) -> Row:
    counts = {key: _counts(sums, one.key, ready.get(key)) for key in indicators}
    values = {key: value_of(indicator, counts[key]) for key, indicator in indicators.items()}
    return Row(one, score_of(board, indicators, values), counts)


def _asked(indicator: Indicator, part: str) -> tuple[list[int], list[int]]:
    """The counts whose cases are asked for, and those that they must not be in."""
    above = [BY_KEY[key] for key, sign in counts_of(indicator.numerator) if sign > 0]
    below = [BY_KEY[key] for key, sign in counts_of(indicator.denominator) if sign > 0]
    chosen: list[Count]
    without: list[Count] = []
    match part:
        case "numerator":
            chosen = above
        case "denominator":
            chosen = below
        case "rest":
            chosen, without = below, above
        case _ if part in BY_KEY:
            chosen = [BY_KEY[part]]
        case _:
            raise IndicatorUnknown(indicator=part[:60], known="numerator, denominator, rest, " + ", ".join(BY_KEY))
    return [int(CASES_OF.get(count, count)) for count in chosen], [int(count) for count in without]
