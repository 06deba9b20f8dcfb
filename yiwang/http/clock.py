"""The city's clock over HTTP: what time it is here, and, in a demo city, how fast time passes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

import asyncpg
from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from yiwang.kernel import journal
from yiwang.kernel.access import CurrentActor
from yiwang.kernel.clock import CityClock, set_clock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection

router = APIRouter(prefix="/api/v1/clock", tags=["clock"])


class ClockAnswer(BaseModel):
    """The city's time. ``working`` tells whether the office is open at ``now``."""

    now: datetime
    simulated: bool
    speed: Annotated[float, Field(description="City seconds that pass in one real second; 1 for a real clock.")]
    timezone: str
    working_day: bool
    working: bool


class ClockChange(BaseModel):
    """What to change; at least one of both."""

    model_config = ConfigDict(extra="forbid")

    speed: Annotated[float | None, Field(ge=0, le=100_000, description="0 stops the clock.")] = None
    to: Annotated[AwareDatetime | None, Field(description="Jump forward to this time.")] = None


@router.get(
    "",
    summary="城市时间 · The city's time",
    description="当前城市时间(真实或模拟)。\n\nThe city's time, real or simulated.",
)
async def read_clock(request: Request) -> ClockAnswer:
    return answer(request.app.state.context)


@router.put(
    "",
    summary="调整模拟时间 · Set the simulated clock",
    description="仅演示城市:改变流速或向前拨。演示城市人人可调,否则需要 clock:set 权限。\n\n"
    "Demo cities only: change the speed or jump forward. Anyone may in a demo city, otherwise clock:set is needed.",
    responses={403: {"description": "identity.forbidden"}, 409: {"description": "clock.real · clock.backwards"}},
)
async def change_clock(request: Request, change: ClockChange, actor: CurrentActor) -> ClockAnswer:
    context: Context = request.app.state.context
    if not context.settings.demo:
        actor.require("clock", "set")
    clock = context.clock
    async with context.database.transaction() as connection:
        state = await set_clock(raw(connection), to=change.to, speed=change.speed)
        await journal.append(
            connection,
            journal.entry(
                actor,
                state.city_anchor,
                "clock.changed",
                "clock",
                None,
                data={"now": state.city_anchor.isoformat(), "speed": state.speed},
            ),
        )
    if isinstance(clock, CityClock):
        clock.state = state
    return answer(context)


def raw(connection: Connection) -> asyncpg.Connection[asyncpg.Record]:
    """A pooled connection, for functions that are typed for a plain one; it passes every call on."""
    return cast("asyncpg.Connection[asyncpg.Record]", connection)


def answer(context: Context) -> ClockAnswer:
    """The clock of this process as the API tells it."""
    now = context.clock.now()
    state = context.clock.state if isinstance(context.clock, CityClock) else None
    zone = context.calendar.hours.timezone
    day = now.astimezone(zone).date()
    return ClockAnswer(
        now=now,
        simulated=bool(state and state.simulated),
        speed=state.speed if state and state.simulated else 1.0,
        timezone=zone.key,
        working_day=context.calendar.is_working_day(day),
        working=any(start <= now < end for start, end in context.calendar.slots(day)),
    )
