"""A year of cases told as a journal: whole lives, entry by entry, in the order of time, as casework writes them.

Written by COPY; what stands in ``data`` has the members and about the size of the real ones.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from yiwang.kernel import journal
from yiwang.kernel.database import Connection

PERSONS = 240
POSTS = 40
CHANNELS = ("resident", "grid-worker", "hotline")
ENTRIES_A_CASE = 9


class Lives:
    """Draws lives from a seed. ``areas``: community codes; ``departments``: ids of organisations."""

    def __init__(self, seed: int, areas: list[str], departments: list[int], first: datetime, days: int) -> None:
        self.chance = random.Random(seed)
        self.areas, self.departments = areas, departments
        self.first, self.days = first, days
        self.persons = [uuid.UUID(int=self.chance.getrandbits(128)) for _ in range(PERSONS)]

    def days_of(self, cases: int) -> Iterator[list[tuple[bytes, bytes]]]:
        """The packed entries of each day, in the order of time."""
        waiting: dict[int, list[tuple[float, bytes, bytes]]] = {}
        a_day = cases / self.days
        done = 0
        for day in range(self.days + 12):
            wanted = round(a_day * (day + 1)) if day < self.days else cases
            for number in range(done, min(wanted, cases)):
                self._life(number, day, waiting)
            done = min(wanted, cases)
            today = waiting.pop(day, [])
            today.sort(key=lambda entry: entry[0])
            yield [(data, rest) for _, data, rest in today]

    def _life(self, number: int, day: int, waiting: dict[int, list[tuple[float, bytes, bytes]]]) -> None:
        chance = self.chance
        begun = self.first + timedelta(days=day, seconds=chance.random() * 36_000)
        case = _dated_id(begun, chance)
        area, department = chance.choice(self.areas), chance.choice(self.departments)
        common = (
            f'"number":"CG{begun:%Y%m%d}{number % 1_000_000:06d}","type":"urban-case","class":"{chance.randrange(10101, 10999)}",'
            f'"status":"处置中","grid":"{area}001","lon":117.05{number % 1000},"lat":39.06{number % 1000}'
        )
        at = begun
        limit = begun + timedelta(hours=chance.choice((8, 24, 24, 48, 72)))

        def tell(verb: str, person: uuid.UUID | None, office: int | str, more: str) -> None:
            data = f'{{{common},"organisation":{office}{more}}}'.encode()
            entry = journal.Entry(
                at,
                verb,
                "case",
                case,
                "person" if person else "system",
                person,
                "工作人员" if person else "系统",
                area,
                {},
            )
            passed = at - self.first
            waiting.setdefault(passed.days, []).append((passed.total_seconds(), data, journal.pack(entry)))

        worker = chance.randrange(PERSONS)

        def then(stage: str, hours: float) -> str:
            due = (at + timedelta(hours=hours)).isoformat()
            return f'"next":{{"stage":"{stage}","due":"{due}","post":{chance.randrange(PERSONS) % POSTS + 1},"person":null}}'

        def step(stage: str, outcome: str, following: str, office: int | str, *, timed: bool = True) -> None:
            own = f',"step_due":"{(at + timedelta(hours=1)).isoformat()}","late":{"true" if chance.random() < 0.1 else "false"}'
            who = chance.randrange(PERSONS)
            told = f',"stage":"{stage}","outcome":"{outcome}","post":{who % POSTS + 1},{following}'
            tell(
                "case.step", self.persons[who], office, told + (own if timed else "") + f',"due":"{limit.isoformat()}"'
            )

        tell(
            "case.opened",
            self.persons[worker],
            1,
            f',"post":{worker % POSTS + 1},"channel":"{chance.choice(CHANNELS)}","urgency":"normal",{then("accept", 1)}',
        )
        at += timedelta(minutes=chance.randrange(5, 90))
        step("accept", "file", then("dispatch", 1), 1)
        at += timedelta(minutes=chance.randrange(5, 90))
        step("dispatch", "dispatch", '"next":null', department)
        for _ in range(2 if chance.random() < 0.04 else 1):
            at += timedelta(minutes=chance.randrange(5, 240))
            step("receive", "handle_self", '"next":null', department, timed=False)
            at += timedelta(hours=chance.random() * 30)
            step("handle", "finish", '"next":null', department, timed=False)
            at += timedelta(minutes=chance.randrange(5, 240))
            step("confirm", "confirm", then("check", 4), department, timed=False)
            at += timedelta(minutes=chance.randrange(5, 240))
        step("check", "pass", then("close", 2), department)
        at += timedelta(minutes=chance.randrange(5, 240))
        step("close", "close", '"next":null', department)
        tell("case.closed", chance.choice(self.persons), department, ',"outcome":"close"')


def _dated_id(at: datetime, chance: random.Random) -> uuid.UUID:
    """A UUIDv7 of that moment."""
    milliseconds = int(at.timestamp() * 1000)
    return uuid.UUID(
        int=(milliseconds << 80) | (7 << 76) | (chance.getrandbits(12) << 64) | (2 << 62) | chance.getrandbits(62)
    )


async def write_lives(connection: Connection, lives: Lives, cases: int) -> int:
    """Write the journal; returns how many entries. A month is one transaction."""
    entries = 0
    days = iter(lives.days_of(cases))
    more = True
    while more:
        async with connection.transaction():
            for _ in range(30):
                day = next(days, None)
                if day is None:
                    more = False
                    break
                await journal.copy_packed(connection, day)
                entries += len(day)
    return entries


def year_before(now: datetime) -> datetime:
    """The first morning of a year that has passed."""
    return datetime(now.year - 1, 1, 1, tzinfo=UTC)


__all__ = ["Lives", "write_lives", "year_before"]
