"""权限矩阵之关爱名单:核准只开给有核准权的另一人;未生效的只有名单经办人看得到。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from permissions.declared import NOBODY, Person, Place
from permissions.pack_cities import a_pack_city, callers, told
from support.http_city import HttpCity

from yiwang.kernel.database import JsonObject
from yiwang.registry.model import Draft

city = a_pack_city("elders")

TYPE = "elder-care-entry"
KINDS = ("thing", f"thing-{TYPE}")
PLACES = ("120199001001", "120199002001")
WHY = "上门探访前查看"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that was decided: nothing waits any more."""

    id: UUID
    fact: UUID
    place: Place
    in_force: bool

    def may(self, person: Person, verb: str) -> bool:
        return any(person.may_on(verb, self.place, kind) for kind in KINDS)


@pytest.fixture(scope="module")
async def entries(city: HttpCity) -> list[Entry]:
    """In each place one entry that was approved and one that was refused."""
    services = city.services
    officer, director = await city.actor("elder-officer1"), await city.actor("elder-director1")
    made = []
    for number, area in enumerate(area for area in PLACES for _ in range(2)):
        attributes: JsonObject = {
            "number": f"YL{number:08d}", "name": "李秀英", "phone": f"1380000000{number}", "reason": "alone",
            "basis": "老年人权益保障法第三十七条", "visit_every": 7, "until": "2026-09-30", "division": area,
        }  # fmt: skip
        async with services.context.database.transaction() as connection:
            recorded = await services.registry.recording.record(connection, officer, TYPE, Draft(attributes))
            assert recorded.fact_id is not None
            await services.registry.authorities.decide(
                connection, director, TYPE, recorded.thing_id, recorded.fact_id, approve=number % 2 == 0, note=""
            )
            row = await connection.fetchrow(
                "select area, organisation_id from thing_fact where id = $1", recorded.fact_id
            )
        assert row is not None
        office = services.identity.directory.organisation(row["organisation_id"] or 0)
        place = Place(row["area"], "", office.code if office else None)
        made.append(Entry(recorded.thing_id, recorded.fact_id, place, number % 2 == 0))
    return made


async def test_核准_看不到的无此登记_看得到无权的被拒_有权的只被状态拦下(city: HttpCity, entries: list[Entry]) -> None:
    seen: set[tuple[int, str]] = set()
    everybody = await callers(city, "elders")
    async with city.untouched():
        for person, client in everybody:
            for entry in entries:
                body = {"fact": str(entry.fact), "approve": True}
                answer = await client.post(f"/api/v1/things/{TYPE}/{entry.id}/authority", json=body)
                if person is NOBODY:
                    expected = (401, "identity.sign_in_needed")
                elif entry.may(person, "approve"):
                    expected = (409, "thing.nothing_waiting")
                else:
                    expected = (403, "identity.forbidden") if entry.may(person, "read") else (404, "thing.unknown")
                assert told(answer) == expected, f"{person.login} {entry}: {answer.text}"
                seen.add(expected)
    assert len(seen) == 4


async def test_查看_生效的给有权的人_未生效的只给名单经办人_都要写用途(city: HttpCity, entries: list[Entry]) -> None:
    keepers = 0
    for person, client in await callers(city, "elders"):
        keeps = any(person.may(kind, verb) for kind in KINDS for verb in ("record", "approve"))
        for entry in entries:
            door = f"/api/v1/things/{TYPE}/{entry.id}"
            answer = await client.get(door, params={"purpose": WHY})
            if person is NOBODY:
                assert told(answer) == (401, "identity.sign_in_needed")
                continue
            sees = entry.may(person, "read") and (entry.in_force or keeps)
            assert told(answer) == ((200, "") if sees else (404, "thing.unknown")), f"{person.login} {entry}"
            assert (await client.get(door)).status_code != 200, f"{person.login} {entry}: read without a purpose"
            keepers += sees and not entry.in_force
    assert keepers


async def test_发放查询码_看不到的无此登记_无登记权的被拒(city: HttpCity, entries: list[Entry]) -> None:
    seen = set()
    in_force = [entry for entry in entries if entry.in_force]
    everybody = await callers(city, "elders")
    async with city.untouched():
        for person, client in everybody:
            for entry in in_force:
                answer = await client.post(f"/api/v1/things/{TYPE}/{entry.id}/codes", json={"holder": "family"})
                if person is NOBODY:
                    expected = "identity.sign_in_needed"
                elif not entry.may(person, "read"):
                    expected = "thing.unknown"
                else:
                    expected = "thing.nothing_told" if entry.may(person, "record") else "identity.forbidden"
                assert told(answer)[1] == expected, f"{person.login} {entry}: {answer.text}"
                seen.add(expected)
    assert len(seen) == 4


async def test_凭码查询的门_对所有人一样(city: HttpCity) -> None:
    for person, client in (await callers(city, "elders"))[::6]:
        answer = await client.post("/api/v1/records/told", json={"code": "AAAA-AAAA-AAAA"})
        assert told(answer)[1] == "thing.code_wrong", (person.login, answer.text)
