"""One round after the other: load, kill, recover, let everything be acknowledged, prove."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import load
from bench.crash import proof
from bench.crash.city import CrashCity
from bench.crash.clients import Clients, Ledger
from bench.crash.victims import VICTIMS
from bench.population.pools import random_points
from bench.reports import Reports
from bench.texts import Teller
from yiwang.http.services import open_services

SHORT = 5
REPEATED = 60


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What a round saw. ``silent_seconds``: the longest time after the kill in which no case was acknowledged."""

    number: int
    victim: str
    pid: int
    killed_after: float
    created: int
    stepped: int
    unanswered: int
    told_later: int
    silent_seconds: float
    links: int
    losses: tuple[str, ...]
    seconds: float


@dataclass(slots=True)
class _Pulse:
    """When cases were acknowledged, machine time."""

    times: list[float] = field(default_factory=list)

    def beat(self) -> None:
        self.times.append(time.monotonic())

    def longest_silence(self, since: float, until: float) -> float:
        """Seconds, between ``since`` and ``until``."""
        marks = [since, *(at for at in self.times if since < at < until), until]
        return max(after - before for before, after in itertools.pairwise(marks))


async def run_rounds(
    city: CrashCity, rounds: int, *, seed: int, say: Callable[[RoundReport], None], calm: float = 1.0
) -> list[RoundReport]:
    """Run ``rounds`` rounds on a city that stands; the first victims are all different, later ones are drawn by chance."""
    chance = random.Random(seed)
    reports, standards, departments = await _prepare(city, seed)
    ledger, seen = Ledger(), dict[int, bytes]()
    told: list[RoundReport] = []
    order = list(VICTIMS)[:SHORT] if rounds <= SHORT else list(VICTIMS)
    for number in range(1, rounds + 1):
        victim = order[(number - 1) % len(order)] if number <= len(order) else chance.choice(order)
        clients = Clients(city.address, reports, ledger, standards, departments, chance)
        report = await _round(city, clients, number, victim, seen, chance, calm)
        told.append(report)
        say(report)
    return told


async def _prepare(city: CrashCity, seed: int) -> tuple[Reports, dict[str, str], dict[str, str]]:
    async with open_services(city.cluster.settings(city.city), city.url, connections=2) as services:
        case_type = services.casework.catalogue.latest("urban-case")
    connection = await city.connection()
    places = await random_points(connection, 2000, seed)
    await connection.close()
    classes = await load.ask(city.address, load.request("GET", "/api/v1/case-types/urban-case/classes"))
    standards = {item["code"]: item["standards"][0]["id"] for item in classes}
    departments = {item["code"]: item["department"] for item in classes}
    reports = Reports(Teller(case_type, seed), places, random.Random(seed + 1))
    return reports, standards, departments


async def _round(
    city: CrashCity,
    clients: Clients,
    number: int,
    victim: str,
    seen: dict[int, bytes],
    chance: random.Random,
    calm: float,
) -> RoundReport:
    began = time.monotonic()
    ledger = clients.ledger
    before = len(ledger.created), len(ledger.stepped), ledger.unanswered, _told_later(ledger)
    pulse = _Pulse()
    clients.on_created = pulse.beat
    clients.start()
    wait = chance.uniform(0.4, 2.4)
    await asyncio.sleep(wait)
    killed_at = time.monotonic()
    pid = await VICTIMS[victim](city, chance)
    await asyncio.sleep(0.2)
    await city.mend()
    await asyncio.sleep(calm)
    silence = pulse.longest_silence(killed_at, time.monotonic())
    losses: list[str] = [] if pid else [f"there was no {victim} to kill"]
    try:
        await clients.finish()
    except TimeoutError:
        losses.append("some requests were never answered after the restart")
    connection = await city.connection()
    try:
        losses += await proof.acknowledged(connection, ledger)
        losses += await proof.invariants(connection)
        broken, links = await proof.chain(connection, seen)
        losses += broken
    finally:
        await connection.close()
    fresh = list(ledger.created.values())[before[0] :]
    losses += await proof.repetitions(city.address, chance.sample(fresh, min(REPEATED, len(fresh))))
    losses += ledger.strange
    ledger.strange.clear()
    return RoundReport(
        number=number,
        victim=victim,
        pid=pid,
        killed_after=wait,
        created=len(ledger.created) - before[0],
        stepped=len(ledger.stepped) - before[1],
        unanswered=ledger.unanswered - before[2],
        told_later=_told_later(ledger) - before[3],
        silent_seconds=silence,
        links=links,
        losses=tuple(losses),
        seconds=time.monotonic() - began,
    )


def _told_later(ledger: Ledger) -> int:
    """Acknowledged only by a repetition: the work was done, the first answer lost."""
    return sum(step.told_later for step in ledger.stepped.values()) + sum(
        made.tries > 1 for made in ledger.created.values()
    )
