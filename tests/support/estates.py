"""The city of estates with one estate: five houses of four voices; what tests of votes do in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from support.small_city import ROOT
from yiwang.casework.model import PhotoClaim, Report
from yiwang.http.services import Services
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.clock import set_clock
from yiwang.kernel.database import JsonObject
from yiwang.registry.model import Draft
from yiwang.voting.model import NewVote, Question, Vote

CITY = ROOT / "tests" / "cities" / "estates"
PASSWORD = "Small-city-2026"  # of the tests' cities' demo accounts
AREA = "120199001001"
NUMBERS = ("120199198403123517", "120199198607023526", "120199197505053519", "120199199001013520")


@dataclass(slots=True)
class Estate:
    """What tests do in the estate."""

    services: Services
    compound: UUID
    actors: dict[str, Actor]

    async def actor(self, login: str) -> Actor:
        if login not in self.actors:
            self.actors[login] = (await self.services.identity.sign_in(login, PASSWORD, "127.0.0.1")).actor
        return self.actors[login]

    async def wait(self, **by: float) -> None:
        async with self.services.context.database.transaction() as connection:
            at = self.services.context.clock.now() + timedelta(**by)
            self.services.clock.state = await set_clock(connection, to=at, speed=0)

    async def call(self, *, secret: bool = True, questions: tuple[Question, ...] | None = None) -> Vote:
        """A matter is raised and a vote called; it opens in 15 days, for 5 days."""
        station = await self.actor("dongjie-station")
        report = Report(
            "owners-meeting", "community", "和平里小区使用维修资金", lon=117.013, lat=39.012, class_code="WY33"
        )
        opened = await self.services.casework.report(report, station)
        now = self.services.context.clock.now()
        asked = questions or (Question("use-fund", "是否同意使用维修资金"),)
        new = NewVote("使用维修资金", self.compound, asked, now + timedelta(days=15), now + timedelta(days=20), secret)
        return await self.services.voting.calling.call(station, opened.id, new)

    async def codes(self, vote: Vote) -> list[str]:
        """The codes of all voices, in the order of the roll."""
        given = await self.services.voting.casting.give_codes(await self.actor("dongjie-station"), vote.id, None)
        return [each.code for each in given]

    async def end(self, vote: Vote) -> Vote:
        """The time is over, a worker has counted."""
        await self.wait(days=40)
        await self.services.voting.keep_up()
        found, _ = await self.services.voting.one(await self.actor("dongjie-station"), vote.id)
        return found

    async def proof(self) -> PhotoClaim:
        """An upload that nobody has used."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"%PDF-1.4\n%%EOF\n"

        actor, now = await self.actor("dongjie-station"), self.services.context.clock.now()
        item = await self.services.casework.attachments.receive(pieces(), "委托书.pdf", "other", actor, now)
        return PhotoClaim(item.id, item.claim)


async def record_estate(services: Services) -> UUID:
    """An estate of five houses: one owner of each, the second has two."""
    since = services.context.clock.now() - timedelta(days=400)

    async def thing(kind: str, attributes: JsonObject) -> UUID:
        place: JsonObject | None = {"type": "Point", "coordinates": [117.013, 39.012]} if kind != "person" else None
        draft = Draft({**attributes, "division": AREA}, place)
        done = await services.registry.recording.record(connection, SYSTEM, kind, draft, valid_from=since)
        return done.thing_id

    async def relate(start: UUID, relation: str, goal: UUID) -> None:
        await services.registry.recording.relate(connection, SYSTEM, start, relation, goal, valid_from=since)

    async with services.context.database.transaction() as connection:
        estate = await thing(
            "compound", {"code": f"{AREA}C0001", "name": "和平里小区", "kind": "estate", "address": "东街1号"}
        )
        building = await thing(
            "building",
            {"code": f"{AREA}B00001", "name": "1号楼", "address": "东街1号1号楼", "use": "residential"},
        )
        await relate(building, "in-compound", estate)
        for number, (room, owner) in enumerate(zip(range(101, 106), (0, 1, 1, 2, 3), strict=True)):
            code = f"{AREA}B00001U01R0{room}"
            house = await thing(
                "room",
                {
                    "code": code,
                    "address": f"1号楼{room}室",
                    "number": str(room),
                    "use": "residential",
                    "area_m2": 60 + 10 * number,
                },
            )
            await relate(house, "of-building", building)
            person: JsonObject = {
                "name": f"业主{'甲乙丙丁'[owner]}", "identity_number": NUMBERS[owner], "sex": "1",
                "born": f"{NUMBERS[owner][6:10]}-{NUMBERS[owner][10:12]}-{NUMBERS[owner][12:14]}", "residence": "registered",
            }  # fmt: skip
            await relate(await thing("person", person), "owns", house)
    return estate
