"""The city's own trends: counted in the background, forecast when asked, and watched for days out of the ordinary.

Days are those of the city's working calendar; a day that is not over is neither forecast from nor judged, except that
more cases than a whole day should bring alarm at once. Forecasting runs in a thread, one at a time in a process.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from yiwang.insight.trends import store
from yiwang.insight.trends.alarms import Surprise, surprises
from yiwang.insight.trends.days import Days
from yiwang.insight.trends.errors import TooFewDays
from yiwang.insight.trends.model import Forecast, fit
from yiwang.insight.trends.store import Alarm, By, Wanted
from yiwang.insight.trends.trial import LEAST_DAYS, Score, Trial, trial
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_id

MOST_SERIES = 50
MOST_DAYS = 1_100
WATCHED_DAYS = 400
WATCHED_SERIES = 1_000
WATCHED_CASES = 30
"""Cases that a series needs before a missing one can be noticed."""
_WATCHED: tuple[By, ...] = ("class", "area", "all")
_TRIALS = 6
_KEPT = 64
_ROUND = 5


@dataclass(frozen=True, slots=True)
class Trend:
    """One series: cases a day, what was expected of each day, what is expected of the days to come."""

    key: str
    counts: NDArray[np.float64]
    back: Forecast
    ahead: Forecast


@dataclass(frozen=True, slots=True)
class Trends:
    """``days`` are those counted, then those forecast; ``total`` is the sum of all series, also of those not shown."""

    first: date
    seen: int
    horizon: int
    total: Trend
    series: tuple[Trend, ...]
    trial: Trial
    score: Score | None
    """Of the total; ``trial`` is of the series."""
    names: Mapping[str, tuple[str, str]]
    """Of streets, by code."""

    def on(self, place: int) -> date:
        return self.first + timedelta(days=place)


class TrendService:
    """One per process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._one = asyncio.Semaphore(1)
        self._watched: tuple[date, tuple[int, int] | None] | None = None
        self._kept: OrderedDict[tuple[object, ...], Trends] = OrderedDict()

    @property
    def zone(self) -> str:
        return self._context.calendar.hours.timezone.key

    def today(self) -> date:
        """The city's own date."""
        return self._context.clock.now().astimezone(self._context.calendar.hours.timezone).date()

    async def follow(self) -> bool:
        """Bring the counts after the journal: one bounded round; whether there is more to do at once."""
        async with self._context.database.transaction() as connection:
            if not await connection.fetchval("select pg_try_advisory_xact_lock(hashtext('yiwang.trends'))"):
                return False
            read = await store.mark_stale(connection, self.zone)
            if read >= store.ENTRIES_AT_ONCE:
                return True
            counted = await store.count_stale(connection, self.zone)
        return counted >= store.DAYS_AT_ONCE

    async def trends(
        self,
        actor: Actor,
        *,
        by: By = "all",
        type_key: str | None = None,
        class_code: str | None = None,
        area: str | None = None,
        days: int = 365,
        horizon: int = 14,
        limit: int = 12,
    ) -> Trends:
        """Series, forecast and error, of the cases that the actor may read; the largest series first.

        Raises:
            Forbidden: the actor may read no cases. TooFewDays: there is not enough to forecast from.
        """
        actor.require("case", "read")
        last = self.today() - timedelta(days=1)
        first = last - timedelta(days=min(days, MOST_DAYS) - 1)
        wanted = Wanted(first, last, by, type_key, class_code, area)
        async with self._context.database.connection() as connection:
            known = await store.known_days(connection, actor)
            begin = max(first, known[0]) if known else last
            seen = (last - begin).days + 1
            if known is None or seen < LEAST_DAYS:
                raise TooFewDays(days=max(0, seen) if known else 0, least=LEAST_DAYS)
            rows = await store.series(connection, actor, wanted)
            names = await store.area_names(connection, sorted({row[0] for row in rows})) if by == "area" else {}
        key = (wanted, begin, horizon, limit, hash(frozenset(rows)))
        if key not in self._kept:
            keys, counts = _table(rows, begin, seen)
            async with self._one:
                found = await asyncio.to_thread(
                    _reckon, keys, counts, self._days(begin, seen + horizon), horizon, min(limit, MOST_SERIES)
                )
            self._kept[key] = replace(found, names=names)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    async def alarms(self, actor: Actor, *, before: tuple[date, UUID] | None, limit: int) -> list[Alarm]:
        """Days out of the ordinary in the places that the actor may read, newest first."""
        actor.require("case", "read")
        async with self._context.database.connection() as connection:
            return await store.alarms(connection, actor, before=before, limit=limit)

    async def watch(self) -> int:
        """Look for alarms: once for each day that is over, and for too many cases today; how many were raised."""
        today = self.today()
        async with self._context.database.connection() as connection:
            state = (today, await store.progress(connection))
            if state == self._watched:
                return 0
            done = await store.watched_to(connection)
            known = await store.known_days(connection, SYSTEM)
            if known is None or (today - known[0]).days < 2 * LEAST_DAYS:
                return 0
            begin = max(known[0], today - timedelta(days=WATCHED_DAYS))
            rows: list[tuple[str, date, int]] = []
            for by in _WATCHED:
                found_rows = await store.series(connection, SYSTEM, Wanted(begin, today, by))
                rows += [(f"{by} {key}", day, cases) for key, day, cases in found_rows]
            home = await store.common_area(connection)
        seen = (today - begin).days  # whole days
        behind = seen if done is None else min(seen, max(0, (today - timedelta(days=1) - done).days))
        keys, counts = _table(rows, begin, seen + 1)
        chosen = [place for place in range(len(keys)) if counts[place, :seen].sum() >= WATCHED_CASES][:WATCHED_SERIES]
        if not chosen:
            return 0
        async with self._one:
            found = await asyncio.to_thread(_unusual, counts[chosen], self._days(begin, seen + 1), min(behind, _ROUND))
        now = self._context.clock.now()
        alarms = []
        for item in found:
            kind, _, key = keys[chosen[item.series]].partition(" ")
            alarms.append(
                Alarm(
                    new_id(), begin + timedelta(days=item.day), key if kind == "class" else "",
                    key if kind == "area" and key else home, item.kind, item.cases, item.expected, item.low, item.high,
                    item.chance, now,
                )
            )  # fmt: skip
        async with self._context.database.transaction() as connection:
            fresh = await store.add_alarms(connection, alarms)
            await self._tell(connection, fresh)
            await store.set_watched(connection, today - timedelta(days=1))
        self._watched = state
        return len(fresh)

    async def _tell(self, connection: Connection, fresh: list[Alarm]) -> None:
        now = self._context.clock.now()
        entries = [
            journal.entry(
                SYSTEM, now, "trend.alarmed", "trend", alarm.id, area=alarm.area,
                data={
                    "day": alarm.day.isoformat(), "class": alarm.class_code or None, "kind": alarm.kind,
                    "cases": alarm.cases, "expected": round(alarm.expected, 2), "chance": alarm.chance,
                },
            )
            for alarm in fresh
        ]  # fmt: skip
        await journal.append_many(connection, entries)

    def _days(self, first: date, count: int) -> Days:
        return Days.of(first, count, self._context.calendar.is_working_day)


def _table(rows: list[tuple[str, date, int]], first: date, seen: int) -> tuple[list[str], NDArray[np.float64]]:
    """(keys, counts): the largest series first; a table of one empty series where there is nothing."""
    totals: dict[str, int] = {}
    for key, _, cases in rows:
        totals[key] = totals.get(key, 0) + cases
    keys = sorted(totals, key=lambda key: (-totals[key], key)) or [""]
    places = {key: place for place, key in enumerate(keys)}
    counts = np.zeros((len(keys), seen))
    for key, day, cases in rows:
        place = (day - first).days
        if 0 <= place < seen:
            counts[places[key], place] += cases
    return keys, counts


def _reckon(keys: list[str], counts: NDArray[np.float64], days: Days, horizon: int, limit: int) -> Trends:
    total = counts.sum(axis=0, keepdims=True)
    shown = counts[:limit]
    own, whole = fit(shown, days), fit(total, days)
    tried = trial(shown, days, horizon=horizon, origins=_TRIALS)
    score = trial(total, days, horizon=horizon, origins=_TRIALS).total
    ahead, back = own.forecast(horizon), own.looked_back()
    found = [
        Trend(
            keys[place],
            shown[place],
            Forecast(back.mean[place], back.dispersion[place]),
            Forecast(ahead.mean[place], ahead.dispersion[place]),
        )
        for place in range(len(shown))
    ]
    past, future = whole.looked_back(), whole.forecast(horizon)
    together = Trend(
        "", total[0], Forecast(past.mean[0], past.dispersion[0]), Forecast(future.mean[0], future.dispersion[0])
    )
    return Trends(days.first, counts.shape[1], horizon, together, tuple(found), tried, score, {})


def _unusual(counts: NDArray[np.float64], days: Days, behind: int) -> list[Surprise]:
    """Of the last ``behind`` whole days, and of today what is too much even for a whole day."""
    seen = counts.shape[1] - 1
    model = fit(counts, days)
    found = surprises(counts, model, days=behind + 1)
    return [item for item in found if item.day < seen or item.kind == "more"]
