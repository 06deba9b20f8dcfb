"""The simulated city: residents, grid workers, desks and handlers who act through the public HTTP API at a speed one chooses."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from yiwang.packs.errors import CityInvalid, DemoAccountsRefused, NoSimulatedTime
from yiwang.packs.findings import Findings, shown
from yiwang.packs.loaded import City
from yiwang.packs.loader import load_city
from yiwang.packs.remote import CityAway, Doorway, Refused, Remote
from yiwang.packs.simulation.clockwork import CityTime
from yiwang.packs.simulation.crew import Crew
from yiwang.packs.simulation.day import Day, Tally, Tell
from yiwang.packs.simulation.matters import Matters

__all__ = ["Tally", "run_simulation"]

_first_members = 5


async def run_simulation(
    url: str,
    city: Path,
    packs: Path,
    *,
    speed: float | None = None,
    seed: int | None = None,
    rate: float | None = None,
    leave: Collection[str] = (),
    tell: Tell = print,
    tally: Tally | None = None,
) -> None:
    """Let a day pass in the city at ``url`` until cancelled; a server that is away is waited for.

    Args:
        url: base URL of the server, on this machine.
        city: the city's folder; its demo accounts are the actors, its demo day gives what is not given here.
        speed: city seconds per real second; None leaves the clock as it runs.
        rate: reports per city hour on the day's average.
        leave: logins and kinds of post that people take over, whose tasks the simulation leaves alone.
        tally: filled with what is done.

    Raises:
        CityInvalid: the city cannot be read. CityNotSimulable: it has no demo accounts, channels or places.
        NoSimulatedTime: it runs on real time and a speed was asked for.
        DemoAccountsRefused: the server does not know them.
    """
    findings = Findings()
    loaded = load_city(city, packs, findings)
    if loaded is None or findings.errors:
        errors = [item for item in findings.sorted() if item.level == "error"]
        details = "\n".join(item.line_of_text() for item in errors[:20])
        raise CityInvalid(folder=shown(city), count=len(errors), details=details)
    demo = loaded.file.value.demo
    day_file = demo.day if demo else None
    seed = seed if seed is not None else day_file.seed if day_file else 1
    rate = rate if rate is not None else day_file.reports_per_hour if day_file else 60.0
    doorway = Doorway(url)
    crew = Crew(loaded, doorway.client, leave)
    try:
        clock = CityTime(Remote(doorway.client()))
        await _arrive(clock, tell)
        await begin(crew, loaded, url)
        if speed is not None:
            await set_speed(clock, speed, url)
        elif not clock.simulated:
            tell("城市按真实时间运行,一天就是一天。 The city runs on real time: its day takes a day.")
        day = Day(crew, clock, Matters(loaded, seed), rate=rate, seed=seed, tell=tell)
        if tally is not None:
            day.tally = tally
        await day.run()
    finally:
        await crew.close()
        await doorway.close()


async def _arrive(clock: CityTime, tell: Tell) -> None:
    """Wait until the city answers."""
    import asyncio

    waited = False
    while True:
        try:
            await clock.sync()
        except CityAway:
            if not waited:
                tell("等待服务器启动…… waiting for the server")
            waited = True
            await asyncio.sleep(0.3)
        else:
            return


async def begin(crew: Crew, city: City, url: str) -> None:
    """Sign somebody in; where the first few are all refused, the server has other accounts."""
    refusals: list[tuple[str, Refused]] = []
    for login in list(crew.members)[:_first_members]:
        try:
            await crew.at_work(login)
        except Refused as refused:
            refusals.append((login, refused))
        else:
            return
    if refusals:
        login, first = refusals[0]
        raise DemoAccountsRefused(url=url, login=login, reason=f"{first.status} {first.code}", city=city.id)


async def set_speed(clock: CityTime, speed: float, url: str) -> None:
    """Turn the city's clock. Raises NoSimulatedTime: it runs on real time, or is no demo."""
    try:
        await clock.set_speed(speed)
    except Refused as refused:
        if refused.status in (403, 409):
            raise NoSimulatedTime(url=url) from refused
        raise
