"""The follower of roll-ups that keeps computed metrics right: whatever changed a bucket makes its values be computed anew.

Promises: the mark moves in the transaction that writes the values, behind that of the roll-ups, so each change counts exactly
once and a late value corrects what was computed long ago. A value depends on nothing but the roll-ups of its bucket and the
facts of the device. It is kept as a roll-up of grain and width ``over``; an hour's value also in its day. Rules see it as an
arrival of that grain (``grain: hour``) at the time of the newest input.

A function that fails gives no value; its failure is logged once for each function and kind of error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from yiwang.kernel import logs
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Record
from yiwang.sensing.computing import store
from yiwang.sensing.computing.sandbox import Function
from yiwang.sensing.computing.store import Bucket, Value
from yiwang.sensing.computing.window import Sample, Window
from yiwang.sensing.devices.declarations import ComputedDeclaration
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.model import Device, Profile
from yiwang.sensing.model import COMPUTED, Grain, Reading, Rows, moment, rows_of
from yiwang.sensing.readings import arrivals, rollups
from yiwang.sensing.readings.rollups import LENGTHS, bucket_begins, days_within

FOLLOWER = "computed"
ARE_NEWS: Final = timedelta(hours=1)
"""Rules hear of a bucket until so long after its end; corrections of older ones change the curve only."""
_MOST_BUCKETS = 500
_GRAINS = {"real": Grain.REAL, "minute": Grain.MINUTE, "hour": Grain.HOUR, "day": Grain.DAY}
_FAILURES = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

log = logs.get("computing")

Functions = Mapping[tuple[str, str], Function]
"""By pack and ``file.function``."""


@dataclass(frozen=True, slots=True)
class Computation:
    """A declared computation of a profile, its metrics by id. ``minutes``: it needs roll-ups that are not kept for ever."""

    key: str
    profile: Profile
    function: Function
    over: Grain
    of: Grain
    grain: Grain
    inputs: Mapping[int, str]
    gives: Mapping[str, int]
    decimals: Mapping[int, int]

    @property
    def minutes(self) -> bool:
        return self.of is Grain.MINUTE


def computations(directory: DeviceDirectory, functions: Functions) -> list[Computation]:
    """What the profiles of the city declare and these functions can compute."""
    found = []
    for profile in directory.profiles.values():
        for key, declared in profile.declaration.computed.items():
            function = functions.get((profile.pack, declared.function))
            if function is not None and (one := _computation(directory, key, profile, declared, function)) is not None:
                found.append(one)
    return found


def _computation(
    directory: DeviceDirectory, key: str, profile: Profile, declared: ComputedDeclaration, function: Function
) -> Computation | None:
    metrics = directory.metrics
    if any(name not in metrics for name in (*declared.inputs, *declared.gives.values())):
        return None
    over = _GRAINS[declared.over]
    return Computation(
        key,
        profile,
        function,
        over,
        _GRAINS[declared.of] if declared.of else over,
        _GRAINS[declared.grain],
        {metrics[name].id: name for name in declared.inputs},
        {answer: metrics[name].id for answer, name in declared.gives.items()},
        {metrics[name].id: metrics[name].declaration.decimals for name in declared.gives.values()},
    )


class Computing:
    """One per worker process; :meth:`advance` again and again. Any number may run, one works at a time."""

    def __init__(self, context: Context, directory: DeviceDirectory, functions: Functions) -> None:
        self._context = context
        self._directory = directory
        self._functions = functions
        self._zone: ZoneInfo = context.calendar.hours.timezone
        self._built_for = -1
        self._computations: list[tuple[Computation, npt.NDArray[np.bool_]]] = []
        self._told: set[tuple[str, str]] = set()

    async def advance(self, limit: int = 20) -> int:
        """Compute what the next arrivals, at most ``limit``, have changed; how many buckets that were. -1: more waits
        though nothing of this had to be computed; 0: nothing is waiting."""
        async with self._context.database.transaction() as connection:
            came = await arrivals.follow(connection, FOLLOWER, limit, behind=rollups.FOLLOWER)
            if not came:
                return 0
            rows = np.concatenate([one.rows for one in came])
            done = 0
            for computation, buckets in self._touched(rows[rows["pad"] != COMPUTED]):
                done += await self._compute(connection, computation, buckets, tell=True)
            return done or -1

    async def again(self, since: datetime, until: datetime) -> int:
        """Compute all buckets of the local days that touch this span anew, for what the functions or the facts of devices
        have become; how many values differ. Each day is a transaction; rules hear nothing of it."""
        changed = 0
        for begin, end in days_within(since, until, self._zone):
            async with self._context.database.transaction() as connection:
                await connection.fetchval("select id from arrival_mark where follower = $1 for update", FOLLOWER)
                for computation, members in self._built():
                    devices = await store.devices_with_rollups(connection, np.flatnonzero(members).tolist(), begin, end)
                    buckets = [bucket for device in devices for bucket in self._of_day(computation, device, begin, end)]
                    changed += await self._compute(connection, computation, buckets, tell=False)
        return changed

    def _of_day(self, computation: Computation, device: int, begin: datetime, end: datetime) -> Iterable[Bucket]:
        if computation.over is Grain.DAY:
            return [Bucket(device, begin, end)]
        hour = timedelta(hours=1)
        count = (end - begin) // hour
        return [Bucket(device, begin + place * hour, begin + (place + 1) * hour) for place in range(count)]

    def _built(self) -> list[tuple[Computation, npt.NDArray[np.bool_]]]:
        """The computations with the devices that each is about, for the directory as it is now."""
        if self._built_for != self._directory.version:
            version, devices = self._directory.version, self._directory.devices()
            size = max((device.id for device in devices), default=0) + 1
            self._computations = []
            for computation in computations(self._directory, self._functions):
                members = np.zeros(size, dtype=np.bool_)
                members[[device.id for device in devices if device.profile == computation.profile.id]] = True
                self._computations.append((computation, members))
            self._built_for = version
        return self._computations

    def _touched(self, rows: Rows) -> Iterable[tuple[Computation, list[Bucket]]]:
        """The buckets into which these readings fell."""
        for computation, members in self._built():
            inside = rows["device"] < len(members)
            mine = rows[inside]
            mine = mine[members[mine["device"]] & np.isin(mine["metric"], list(computation.inputs))]
            mine = mine[mine["grain"] == computation.grain]
            if not len(mine):
                continue
            begins = bucket_begins(mine["at"], computation.over, self._zone)
            pairs = np.unique(np.stack([mine["device"].astype(np.int64), begins]), axis=1).T.tolist()
            yield computation, [Bucket(device, moment(at), self._end(computation, at)) for device, at in pairs]

    def _end(self, computation: Computation, begin: int) -> datetime:
        if computation.over is not Grain.DAY:
            return moment(begin + LENGTHS[computation.over])
        return days_within(moment(begin), moment(begin + 1), self._zone)[0][1]

    async def _compute(
        self, connection: Connection, computation: Computation, buckets: Sequence[Bucket], *, tell: bool
    ) -> int:
        changed = 0
        for begin in range(0, len(buckets), _MOST_BUCKETS):
            part = [one for one in buckets[begin : begin + _MOST_BUCKETS] if self._can(computation, one)]
            values = await self._values(connection, computation, part)
            differ = await store.keep(connection, values, computation.over)
            news = [one for one in values if (one.bucket.device, one.metric, one.bucket.begin) in differ]
            changed += len(news)
            if computation.over is Grain.HOUR:
                await store.keep_days(connection, list(computation.gives.values()), self._days(news))
            if tell:
                await self._tell(connection, computation, news)
        return changed

    def _can(self, computation: Computation, bucket: Bucket) -> bool:
        """Roll-ups by minute are dropped after some time: what rested on them stays as it was."""
        if not computation.minutes:
            return True
        kept = self._context.clock.now() - timedelta(days=self._context.settings.minutes_kept_days)
        return bucket.begin >= kept

    def _days(self, values: Iterable[Value]) -> list[Bucket]:
        found = set()
        for value in values:
            begin, end = days_within(value.bucket.begin, value.bucket.end, self._zone)[0]
            found.add(Bucket(value.bucket.device, begin, end))
        return sorted(found, key=lambda one: (one.device, one.begin))

    async def _values(self, connection: Connection, computation: Computation, buckets: Sequence[Bucket]) -> list[Value]:
        rows = await store.rollups_of(connection, buckets, list(computation.inputs), computation.grain, computation.of)
        by_bucket: dict[tuple[int, datetime], list[Record]] = defaultdict(list)
        for row in rows:
            by_bucket[row["device_id"], row["begin"]].append(row)
        found: list[Value] = []
        for bucket in buckets:
            device = self._directory.device(bucket.device)
            mine = by_bucket[bucket.device, bucket.begin]
            if device is not None and mine:
                found += self._of_bucket(computation, device, bucket, mine)
        return found

    def _of_bucket(
        self, computation: Computation, device: Device, bucket: Bucket, rows: Sequence[Record]
    ) -> list[Value]:
        try:
            answer = computation.function(_window(computation, device, bucket, rows, self._zone))
            given = {
                name: _number(answer[name], computation.decimals[metric]) for name, metric in computation.gives.items()
            }
        except _FAILURES as error:
            if (computation.key, type(error).__name__) not in self._told:
                self._told.add((computation.key, type(error).__name__))
                log.exception("a computation failed", computation=computation.key, device=device.code)
            given = dict.fromkeys(computation.gives)
        at = max((row["last_at"] for row in rows if row["last_at"] is not None), default=bucket.begin)
        return [Value(bucket, metric, given[name], at) for name, metric in computation.gives.items()]

    async def _tell(self, connection: Connection, computation: Computation, values: Sequence[Value]) -> None:
        """Bring maps and rules what is new; corrections of long ago are none."""
        now = self._context.clock.now()
        fresh = [one for one in values if one.value is not None and one.bucket.end + ARE_NEWS >= now]
        if not fresh:
            return
        await store.bring_latest(connection, fresh)
        rows = rows_of(
            [Reading(one.bucket.device, one.metric, computation.over, one.at, one.value or 0.0) for one in fresh]
        )
        rows["pad"] = COMPUTED
        await arrivals.announce(connection, now, rows)
        await arrivals.wake(connection)


def _window(computation: Computation, device: Device, bucket: Bucket, rows: Sequence[Record], zone: ZoneInfo) -> Window:
    samples: dict[str, list[Sample]] = {name: [] for name in computation.inputs.values()}
    came, valid = dict.fromkeys(samples, 0), dict.fromkeys(samples, 0)
    length = timedelta(microseconds=LENGTHS[computation.of])
    interval = computation.profile.interval
    expected = Decimal(micros_of(length)) / micros_of(interval)
    for row in rows:
        name = computation.inputs[row["metric_id"]]
        came[name] += row["count"]
        valid[name] += row["valid"]
        if row["valid"]:
            low, high = _decimal(row["low"]), _decimal(row["high"])
            mean = _decimal(row["sum"] / row["valid"])
            at = row["at"].astimezone(zone)
            samples[name].append(Sample(at, length, mean, low, high, row["count"], row["valid"], expected))
    return Window(
        bucket.begin.astimezone(zone),
        bucket.end.astimezone(zone),
        interval,
        device.attributes,
        {name: tuple(found) for name, found in samples.items()},
        came,
        valid,
    )


def micros_of(span: timedelta) -> int:
    """Whole microseconds of a span."""
    return span // timedelta(microseconds=1)


def _decimal(value: float) -> Decimal:
    """As people would write it: what float sums add behind the twelfth digit is no part of a measurement."""
    return Decimal(f"{value:.12g}")


def _number(value: Decimal | int | None, decimals: int) -> float | None:
    if value is None:
        return None
    number = float(round(Decimal(value), decimals + 2))
    if not isfinite(number):
        raise ValueError("a computed value must be a number")
    return number
