"""The readings as others ask for them: latest values, curves, raw history, exports; always within what the actor may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.sensing.errors import TooManyReadings, UnknownDevice
from yiwang.sensing.model import Grain, Rows, micros
from yiwang.sensing.readings import latest as last_values
from yiwang.sensing.readings import raw
from yiwang.sensing.readings import series as curves
from yiwang.sensing.readings.lake import Lake

MOST_EXPORTED = 500_000
MOST_HISTORY = 50_000
MOST_AROUND = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Export:
    """Readings that were selected for an export, with the codes of their devices."""

    rows: Rows
    codes: dict[int, str]

    @property
    def count(self) -> int:
        return len(self.rows)

    def parts(self, size: int = 20_000) -> Iterator[Rows]:
        """The rows piece by piece."""
        for begin in range(0, len(self.rows), size):
            yield self.rows[begin : begin + size]


class Readings:
    """Queries of one process. Shapes: see :mod:`latest`, :mod:`series` and :data:`yiwang.sensing.model.READING`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.lake = Lake(context.settings.home)

    @property
    def zone(self) -> ZoneInfo:
        """The city's zone, of whose days daily roll-ups are."""
        return self.context.calendar.hours.timezone

    async def latest(
        self, actor: Actor, which: last_values.Which | None = None, *, limit: int = last_values.MOST
    ) -> npt.NDArray[np.void]:
        """Last values of dtype LATEST, by device and metric.

        Raises:
            SignInNeeded, Forbidden, Unavailable.
        """
        async with self.context.database.connection() as connection:
            return await last_values.latest(connection, actor, which, limit=limit)

    async def series(
        self,
        actor: Actor,
        device: int,
        metric: int,
        since: datetime,
        until: datetime,
        *,
        points: int = 500,
        grain: Grain = Grain.REAL,
    ) -> curves.Series:
        """The curve of a metric of a device in at most ``points`` points.

        Raises:
            UnknownDevice: there is none, or the actor may not see it. SpanNotUsable, LakeDamaged, Forbidden, Unavailable.
        """
        async with self.context.database.connection() as connection:
            await self.require(connection, actor, [device])
            return await self.curve(connection, device, metric, since, until, points=points, grain=grain)

    async def curve(
        self,
        connection: Connection,
        device: int,
        metric: int,
        since: datetime,
        until: datetime,
        *,
        points: int = 500,
        grain: Grain = Grain.REAL,
    ) -> curves.Series:
        """:meth:`series` for the system itself, on the caller's connection."""
        return await curves.series(
            connection, self.lake, self.zone, device, metric, since, until,
            points=points, grain=grain, minutes_since=self.minutes_since(),
        )  # fmt: skip

    def minutes_since(self) -> datetime:
        """From when on roll-ups by minute are surely kept."""
        return self.context.clock.now() - timedelta(days=self.context.settings.minutes_kept_days)

    async def history(
        self, actor: Actor, device: int, metric: int, around: datetime, minutes: float, *, grain: Grain = Grain.REAL
    ) -> Rows:
        """The readings themselves, so many minutes before and after a moment, by time.

        Raises:
            UnknownDevice, SpanNotUsable, TooManyReadings, LakeDamaged, Forbidden, Unavailable.
        """
        curves.check_time(around)
        half = min(timedelta(minutes=minutes), MOST_AROUND)
        async with self.context.database.connection() as connection:
            await self.require(connection, actor, [device])
            wanted = raw.Wanted(around - half, around + half, (device,), metric, grain)
            return await raw.read(connection, self.lake, wanted, limit=MOST_HISTORY)

    async def export(
        self,
        actor: Actor,
        devices: Sequence[int],
        metric: int | None,
        since: datetime,
        until: datetime,
        *,
        grain: Grain | None = Grain.REAL,
    ) -> Export:
        """Readings to take away, at most half a million; needs ``reading:export``.

        Raises:
            UnknownDevice, SpanNotUsable, TooManyReadings, LakeDamaged, Forbidden, Unavailable.
        """
        curves.check_span(since, until)
        async with self.context.database.connection() as connection:
            codes = await self.require(connection, actor, devices, "export")
            wanted = raw.Wanted(since, until, tuple(devices), metric, grain)
            if await self._estimate(connection, wanted) > 2 * MOST_EXPORTED:
                raise TooManyReadings(limit=MOST_EXPORTED)
            return Export(await raw.read(connection, self.lake, wanted, limit=MOST_EXPORTED), codes)

    async def require(
        self, connection: Connection, actor: Actor, devices: Sequence[int], verb: str = "read"
    ) -> dict[int, str]:
        """The codes of these devices, retired ones too, if the actor may ``verb`` the readings of all of them.

        Raises:
            UnknownDevice: naming the first that is not there or not visible. SignInNeeded, Forbidden.
        """
        actor.require("reading", verb)
        args = Sql()
        where = scope_condition(actor, "reading", verb, args, area="d.area", organisation="d.organisation_id")
        rows = await connection.fetch(
            f"select d.id, d.code, ({where}) as visible from device d where d.id = any({args.bind(list(devices))}::int[])",
            *args.values,
        )
        names = {row["id"]: row["code"] for row in rows}
        codes = {row["id"]: row["code"] for row in rows if row["visible"]}
        for device in devices:
            if device not in codes:  # in the same words as for one that is not there
                raise UnknownDevice(device=names.get(device, device))
        return codes

    async def _estimate(self, connection: Connection, wanted: raw.Wanted) -> int:
        """How many readings the hourly roll-ups count in the span, which is cheap to ask."""
        found: int = await connection.fetchval(
            "select coalesce(sum(count), 0)::bigint from rollup where device_id = any($1::int[]) and width = 2 "
            "and at >= $2 and at < $3 and ($4::smallint is null or metric_id = $4) and ($5::smallint is null or grain = $5)",
            list(wanted.devices or ()),
            wanted.since,
            wanted.until,
            wanted.metric,
            None if wanted.grain is None else int(wanted.grain),
        )
        return found


def gaps(rows: Rows, expected: timedelta, since: datetime, until: datetime) -> list[tuple[int, int]]:
    """Where values of one device, metric and grain are missing: each gap as begin and end in microseconds, both times at
    which a value should have come; ``expected`` is the time from one value to the next."""
    step = expected // timedelta(microseconds=1)
    at = np.concatenate([[micros(since) - step], rows["at"], [micros(until)]])
    missing = np.flatnonzero(np.diff(at) > step + step // 2)
    return [(int(at[place]) + step, int(at[place + 1]) - step) for place in missing]
