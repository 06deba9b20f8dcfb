"""The clock: the only source of business time, real or simulated, so that a day can be replayed in a minute.

The state is one row (`clock`), read by every process: ``mode`` real, or simulated with two anchors and a speed:
simulated now = city_anchor + speed × (real now − real_anchor). All times are aware, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import asyncpg

from yiwang.kernel.errors import Problem


class ClockRunsBackwards(Problem):
    code = "clock.backwards"
    status = 409
    zh = "模拟时间只能向前:现在是 {now},不能拨到 {to}。"
    en = "City time only moves forward: it is {now} now and cannot be set to {to}."


class ClockIsReal(Problem):
    code = "clock.real"
    status = 409
    zh = "本市使用真实时间,不能调整;只有演示城市可以。"
    en = "This city runs on real time, which cannot be changed; only a demo city can."


class Clock(Protocol):
    """Anything that knows the city's time."""

    def now(self) -> datetime:
        """The city's time, aware, UTC."""
        ...


def real_now() -> datetime:
    """The machine's time. Only clocks, logs and password lock-outs may ask for it."""
    return datetime.now(UTC)


class RealClock:
    def now(self) -> datetime:
        return real_now()


@dataclass
class ManualClock:
    """Stands still until it is moved; for tests and scenarios in process."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> datetime:
        self.at += by
        return self.at


@dataclass(frozen=True, slots=True)
class ClockState:
    simulated: bool
    real_anchor: datetime
    city_anchor: datetime
    speed: float

    def at(self, real: datetime) -> datetime:
        if not self.simulated:
            return real
        return self.city_anchor + (real - self.real_anchor) * self.speed


class CityClock:
    """The clock of a running city; :meth:`refresh` re-reads the row (the http floor does so every second).

    Of readings that overlap the one that began last counts, so that a slow one does not put the clock back.
    """

    def __init__(self, state: ClockState | None = None) -> None:
        epoch = datetime(2000, 1, 1, tzinfo=UTC)
        self._state = state or ClockState(False, epoch, epoch, 1.0)
        self._begun = self._counts = 0

    @property
    def state(self) -> ClockState:
        return self._state

    @state.setter
    def state(self, state: ClockState) -> None:
        """What was just committed: readings that began before do not count any more."""
        self._begun += 1
        self._state, self._counts = state, self._begun

    def now(self) -> datetime:
        return self._state.at(real_now())

    async def refresh(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._begun += 1
        begun = self._begun
        found = await read_clock(connection)
        if begun > self._counts:
            self._state, self._counts = found, begun


async def read_clock(connection: asyncpg.Connection[asyncpg.Record]) -> ClockState:
    row = await connection.fetchrow("select simulated, real_anchor, city_anchor, speed from clock")
    if row is None:
        raise LookupError("the clock row is missing; run yiwang migrate")
    return ClockState(row["simulated"], row["real_anchor"], row["city_anchor"], row["speed"])


async def set_clock(
    connection: asyncpg.Connection[asyncpg.Record], *, to: datetime | None = None, speed: float | None = None
) -> ClockState:
    """Turn the simulated clock: jump forward to ``to``, change ``speed`` (0 stands still), or both.

    Raises:
        ClockRunsBackwards: ``to`` lies before the city's present.
        ClockIsReal: the city was not opened as a demo (see :func:`begin_simulation`).
    """
    state = await read_clock(connection)
    if not state.simulated:
        raise ClockIsReal()
    real = real_now()
    city = state.at(real)
    if to is not None and to < city:
        raise ClockRunsBackwards(now=city.isoformat(), to=to.isoformat())
    state = replace(state, real_anchor=real, city_anchor=to or city, speed=state.speed if speed is None else speed)
    await _write(connection, state)
    return state


async def begin_simulation(
    connection: asyncpg.Connection[asyncpg.Record], *, at: datetime, speed: float = 1.0
) -> ClockState:
    """Make this city one of simulated time, beginning at ``at``; for demo cities and scenarios."""
    state = ClockState(True, real_now(), at, speed)
    await _write(connection, state)
    return state


async def _write(connection: asyncpg.Connection[asyncpg.Record], state: ClockState) -> None:
    await connection.execute(
        "update clock set simulated = $1, real_anchor = $2, city_anchor = $3, speed = $4",
        state.simulated,
        state.real_anchor,
        state.city_anchor,
        state.speed,
    )
