"""Scenarios on a server that is already running: its clock is turned forward to each scenario's beginning and stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path

from yiwang.packs.remote import CityAway, Doorway, Refused, Remote
from yiwang.packs.scenarios.people import Door
from yiwang.packs.scenarios.runner import OpenCity, ScenarioNotReady


def on_server(door: Door) -> OpenCity:
    """Opens the one city behind the door for every scenario, whatever city they name; for demo cities only.

    Cases of earlier scenarios stay in it, and time only moves forward: run scenarios one by one, in the order of their
    beginnings. Afterwards the clock runs on at the speed that it had.
    """

    def open_city(folder: Path, at: datetime) -> AbstractAsyncContextManager[Door]:
        del folder
        return _opened(door, at)

    return open_city


def at_url(url: str) -> OpenCity:
    """The same for a server at a base URL."""
    return on_server(Doorway(url))


@asynccontextmanager
async def _opened(door: Door, at: datetime) -> AsyncIterator[Door]:
    remote = Remote(door.client())
    try:
        before = await remote.get("/clock")
    except CityAway as away:
        raise ScenarioNotReady(f"服务器没有应答({away})。请先启动城市。 No answer; start the city first.") from away
    if before["simulated"] is not True or datetime.fromisoformat(str(before["now"])) > at:
        raise ScenarioNotReady(
            f"城市时间是 {before['now']},不能从 {at.isoformat()} 开始:场景需要模拟时间,且时间只能向前。"
            f" City time is {before['now']}; a scenario needs simulated time at or before {at.isoformat()}."
        )
    try:
        await remote.put("/clock", {"to": at.isoformat(), "speed": 0})
    except Refused as refused:
        raise ScenarioNotReady(str(refused)) from refused
    try:
        yield door
    finally:
        await remote.put("/clock", {"speed": before["speed"]})
        await remote.close()
