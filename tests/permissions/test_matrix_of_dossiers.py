"""权限矩阵之档案:一户一档只给看得到这条登记的人,档案里的案件各人只见自己可看的。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from permissions.declared import NOBODY, Person, Place, Reach
from permissions.pack_cities import a_pack_city, callers, told
from support.http_city import HttpCity

from yiwang.casework.model import Report
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import JsonObject
from yiwang.registry.model import Draft

city = a_pack_city("markets")

TYPE = "food-premises"
PLACES = ((117.0182, 39.004), (117.0042, 39.005))


@dataclass(frozen=True, slots=True)
class Filed:
    """A business with a case in its file."""

    id: UUID
    case: UUID
    place: Place

    def seen_by(self, person: Person) -> bool:
        return any(person.may_on("read", self.place, kind) for kind in ("thing", f"thing-{TYPE}"))


@pytest.fixture(scope="module")
async def businesses(city: HttpCity) -> list[Filed]:
    """One business in the east and one in the west, each with an inspection."""
    services, made = city.services, []
    inspector = await city.actor("inspector1")
    for number, (lon, lat) in enumerate(PLACES):
        licence = f"JY1120199000000{number}"
        shop: JsonObject = {
            "licence": licence, "name": "小超市", "kind": "shop", "licence_until": "2027-01-31", "static_score": 10,
        }  # fmt: skip
        point: JsonObject = {"type": "Point", "coordinates": [lon, lat]}
        async with services.context.database.transaction() as connection:
            recorded = await services.registry.recording.record(connection, SYSTEM, TYPE, Draft(shop, point))
        report = Report(
            "food-inspection", "campaign", "食品安全专项检查", lon=lon, lat=lat, class_code="JC02",
            fields={"licence": licence},
        )  # fmt: skip
        opened = await services.casework.report(report, inspector)
        async with services.context.database.connection() as connection:
            row = await connection.fetchrow(
                "select area, organisation_id from thing_fact where thing_id = $1", recorded.thing_id
            )
        assert row is not None
        office = services.identity.directory.organisation(row["organisation_id"] or 0)
        place = Place(row["area"], "", office.code if office else None)
        made.append(Filed(recorded.thing_id, opened.id, place))
    assert len({one.place.area for one in made}) == 2
    return made


async def _of_things_only(city: HttpCity) -> tuple[Person, httpx.AsyncClient]:
    """A token of the inspector that may read businesses and nothing else."""
    kind = f"thing-{TYPE}"
    body = {"name": "档案", "in_posts": False, "grants": [{"kind": kind, "verbs": ["read"], "area": "120199"}]}
    made = await (await city.client("inspector1")).post("/api/v1/tokens", json=body)
    assert made.status_code == 201, made.text
    person = Person("inspector1's token", None, frozenset(), (Reach(kind, "read", "120199"),))
    return person, city.new_client(headers={"authorization": f"Bearer {made.json()['token']}"})


async def test_档案_只给看得到登记的人_案件只见自己可看的(city: HttpCity, businesses: list[Filed]) -> None:
    seen, without, partial = 0, 0, 0
    narrow = await _of_things_only(city)
    for person, client in [*await callers(city, "markets"), narrow]:
        mine = 0
        for one in businesses:
            answer = await client.get(f"/api/v1/things/{TYPE}/{one.id}/dossier")
            if person is NOBODY:
                assert told(answer) == (401, "identity.sign_in_needed")
                continue
            if not one.seen_by(person):
                assert told(answer) == (404, "thing.unknown"), f"{person.login} {one.place}: {answer.text}"
                continue
            assert answer.status_code == 200, f"{person.login} {one.place}: {answer.text}"
            listed = await client.get("/api/v1/cases", params={"type": "food-inspection"})
            readable = {item["id"] for item in listed.json()["items"]} if listed.status_code == 200 else set()
            shown = {case["id"] for part in answer.json()["parts"] for case in part["cases"]}
            assert shown == readable & {str(one.case)}, f"{person.login} {one.place}"
            mine += 1
            seen += bool(shown)
            without += not shown
        partial += mine == 1
    await narrow[1].aclose()
    assert seen, "somebody sees file and case"
    assert without, "somebody sees the file without its case"
    assert partial, "somebody sees one of the two"
