"""Learning what is usual, and having it at hand for the hour that is being judged.

:meth:`Learning.advance` (worker) takes the hours that are over from the roll-ups into the baselines of the devices that
adaptive rules watch. :class:`Usuals` keeps the limits of the current hour for each such rule and device; baselines
themselves stay in the database.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.model import Grain, Rows, moment
from yiwang.sensing.rules import store
from yiwang.sensing.rules.baseline import Baseline, HourSeen
from yiwang.sensing.rules.book import RuleBook
from yiwang.sensing.rules.judging import Usual, nothing_usual
from yiwang.sensing.rules.model import SECOND, Deviation, Rule
from yiwang.sensing.rules.screening import Screened, Watched, watches

_MICROS_OF_HOUR = 3600 * SECOND
_SETTLED = timedelta(minutes=10)
_MOST_AT_ONCE = 500
_FIRST_SPAN = timedelta(days=70)


def least_hours(learn: int) -> int:
    """Hours with values that must have been seen before an adaptive rule speaks, of its ``learn`` microseconds."""
    return max(learn // _MICROS_OF_HOUR // 2, 1)


class Usuals:
    """What is usual in the hour of the readings, for the devices of a batch."""

    def __init__(self, context: Context, directory: DeviceDirectory) -> None:
        self._context = context
        self._directory = directory
        self._known: dict[tuple[str, int], tuple[int, tuple[float, float] | None]] = {}

    async def fill(self, connection: Connection, rules: Sequence[Screened], rows: Rows) -> None:
        """Have the limits at hand for all devices of ``rows`` under each adaptive rule; most batches ask nothing."""
        for screened in rules:
            condition = screened.rule.condition
            if isinstance(condition, Deviation):
                await self._fill_one(connection, screened, condition, rows)

    async def _fill_one(self, connection: Connection, screened: Screened, condition: Deviation, rows: Rows) -> None:
        size = len(screened.watched)
        if screened.low is None or screened.high is None or screened.hour is None:
            screened.low = np.full(size, np.inf)
            screened.high = np.full(size, -np.inf)
            screened.hour = np.full(size, -1, dtype=np.int64)
        mine = rows[(rows["metric"] == condition.metric) & (rows["device"] < size)]
        mine = mine[screened.watched[mine["device"]]]
        hours = mine["at"] // _MICROS_OF_HOUR
        newer = hours > screened.hour[mine["device"]]
        wanted: dict[int, int] = {}
        for device, hour in zip(mine["device"][newer].tolist(), hours[newer].tolist(), strict=True):
            wanted[device] = max(hour, wanted.get(device, 0))
        if not wanted:
            return
        found = await store.baselines(connection, [(device, condition.metric) for device in wanted])
        zone = self._context.calendar.hours.timezone
        for device, hour in wanted.items():
            learned = found.get((device, condition.metric))
            usual = None
            if learned is not None:
                at = moment(hour * _MICROS_OF_HOUR)
                usual = Baseline.unpack(learned.hours, zone).usual(at, least_hours(condition.learn))
            self._known[(screened.rule.code, device)] = (hour, usual)
            screened.hour[device] = hour
            screened.low[device], screened.high[device] = _limits(condition, usual)

    def of(self, screened: Screened, device: int) -> Usual:
        """What is usual for a device, as the judging asks."""
        if not isinstance(screened.rule.condition, Deviation):
            return nothing_usual
        hour, usual = self._known.get((screened.rule.code, device), (-1, None))

        def answer(_: int, at: int) -> tuple[float, float] | None:
            return usual if at // _MICROS_OF_HOUR == hour else None

        return answer


def _limits(condition: Deviation, usual: tuple[float, float] | None) -> tuple[float, float]:
    if usual is None:
        return -math.inf, math.inf  # still learning: nothing is out of the ordinary
    centre, scale = usual[0], max(usual[1], condition.floor, 1e-12)
    return centre + condition.band.below * scale, centre + condition.band.above * scale


class Learning:
    """Takes the hours that are over into the baselines. One per worker."""

    def __init__(self, context: Context, directory: DeviceDirectory, book: RuleBook) -> None:
        self._context = context
        self._directory = directory
        self._book = book
        self._done: tuple[datetime, tuple[int, int]] | None = None

    async def advance(self) -> int:
        """Learn what is new; how many baselines moved. Repeating it changes nothing."""
        until = _hour_of(self._context.clock.now() - _SETTLED)
        async with self._context.database.connection() as connection:
            await self._book.refresh(connection)
        if self._done == (until, self._book.version):
            return 0
        keys = sorted({key for rule in self._book.rules.values() for key in self._keys(rule)})
        count = 0
        for start in range(0, len(keys), _MOST_AT_ONCE):
            async with self._context.database.transaction() as connection:
                count += await learn(connection, self._context, keys[start : start + _MOST_AT_ONCE], until)
        self._done = (until, self._book.version)
        return count

    def _keys(self, rule: Rule) -> list[tuple[int, int]]:
        if not isinstance(rule.condition, Deviation):
            return []
        metric = rule.condition.metric
        return [
            (device.id, metric)
            for device in self._directory.devices()
            if watches(rule, Watched(device.id, device.profile, device.area))
        ]


async def learn(connection: Connection, context: Context, keys: Sequence[tuple[int, int]], until: datetime) -> int:
    """Bring these baselines (device, metric) up to ``until`` from the hourly roll-ups."""
    known = await store.baselines(connection, keys)
    earliest = until - _FIRST_SPAN
    rows = await connection.fetch(
        "select r.device_id, r.metric_id, r.at, r.valid, r.low, r.high, r.sum"
        " from unnest($1::int[], $2::smallint[], $3::timestamptz[]) as w (device, metric, since)"
        " join rollup r on r.device_id = w.device and r.metric_id = w.metric and r.width = $5 and r.grain = 0"
        " and r.at >= w.since and r.at < $4 where r.valid > 0",
        [key[0] for key in keys],
        [key[1] for key in keys],
        [max(known[key].until, earliest) if key in known else earliest for key in keys],
        until,
        int(Grain.HOUR),
    )
    zone = context.calendar.hours.timezone
    moved: dict[tuple[int, int], Baseline] = {}
    for row in rows:
        key = (row["device_id"], row["metric_id"])
        if key not in moved:
            moved[key] = Baseline.unpack(known[key].hours, zone) if key in known else Baseline(zone)
        moved[key].learn(HourSeen(row["at"], row["valid"], row["low"], row["high"], row["sum"] / row["valid"]))
    if moved:
        await store.write_baselines(
            connection, {key: store.Learned(baseline.pack(), until) for key, baseline in moved.items()}
        )
    return len(moved)


def _hour_of(at: datetime) -> datetime:
    return at - timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
