"""A slow reading of the clock's row does not put the clock back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from yiwang.kernel.clock import CityClock, ClockState

MORNING = datetime(2026, 6, 18, 0, 30, tzinfo=UTC)


def standing(at: datetime) -> ClockState:
    return ClockState(True, MORNING, at, 0.0)


class Row:
    """A connection that answers with a state when it is let go."""

    def __init__(self, state: ClockState) -> None:
        self.state, self.go = state, asyncio.Event()

    async def fetchrow(self, _query: str) -> dict[str, Any]:
        await self.go.wait()
        state = self.state
        return {
            "simulated": state.simulated,
            "real_anchor": state.real_anchor,
            "city_anchor": state.city_anchor,
            "speed": state.speed,
        }


async def test_读得慢的旧时间_不把城市时间拨回去() -> None:
    clock, later = CityClock(standing(MORNING)), MORNING + timedelta(hours=2)
    slow, quick = Row(standing(MORNING)), Row(standing(later))
    reading = asyncio.create_task(clock.refresh(cast(Any, slow)))
    await asyncio.sleep(0)
    quick.go.set()
    await clock.refresh(cast(Any, quick))
    slow.go.set()
    await reading
    assert clock.now() == later


async def test_刚拨好的时间_不被更早开始的读取盖掉() -> None:
    clock, later = CityClock(standing(MORNING)), MORNING + timedelta(hours=2)
    slow = Row(standing(MORNING))
    reading = asyncio.create_task(clock.refresh(cast(Any, slow)))
    await asyncio.sleep(0)
    clock.state = standing(later)
    slow.go.set()
    await reading
    assert clock.now() == later
    fresh = Row(standing(later + timedelta(minutes=1)))
    fresh.go.set()
    await clock.refresh(cast(Any, fresh))
    assert clock.now() == later + timedelta(minutes=1)
