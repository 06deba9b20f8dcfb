"""角色 × 动作 × 类型 × 范围:列表、单条、瓦片、导出与关系给出同样的答案。

For every actor of the matrix the world is asked in each way, and each answer must show exactly the things within reach.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from uuid import UUID

import pytest
from registry.conftest import Registry, actor

from yiwang.geo.tiles import tile_of
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.errors import Problem
from yiwang.kernel.identifiers import new_id
from yiwang.registry.model import Asked, Draft
from yiwang.registry.tiles import SINGLE_FROM

AREAS = ("120111001001", "120111001002", "120111101203", "120111105001")
OFFICES = (1, 2)
PLACES = {area: (117.01 + 0.002 * index, 39.05 + 0.002 * index) for index, area in enumerate(AREAS)}


@dataclass(frozen=True)
class Reach:
    """A grant of the matrix."""

    kind: str
    verb: str
    area: str
    offices: frozenset[int] | None

    def actor(self) -> Actor:
        grant = Grant(self.kind, frozenset({self.verb}), self.area, self.offices)
        return Actor("person", new_id(), "查看者", 1, grants=(grant,))

    def holds(self, type_id: str, verb: str, area: str, office: int) -> bool:
        right_kind = self.kind in ("*", "thing", f"thing-{type_id}")
        right_office = self.offices is None or office in self.offices
        return right_kind and self.verb in ("*", verb) and area.startswith(self.area) and right_office

    def __str__(self) -> str:
        return f"{self.kind}:{self.verb}@{self.area or 'everywhere'}/{sorted(self.offices) if self.offices else 'any'}"


MATRIX = [
    Reach(kind, verb, area, offices)
    for kind, verb, area, offices in itertools.product(
        ("thing", "thing-house", "thing-person", "case"),
        ("read", "record", "export", "*"),
        ("", "120111", "120111001", "120111101203", "999999"),
        (None, frozenset({1}), frozenset({2, 3})),
    )
]


@pytest.fixture(scope="module")
async def world(registry: Registry) -> dict[str, dict[UUID, tuple[str, int]]]:
    """Houses and persons of each area and office: id → where it is and whose it is."""
    chief = actor("read", "record")
    found: dict[str, dict[UUID, tuple[str, int]]] = {"house": {}, "person": {}}
    async with registry.database.transaction() as connection:
        for (area, (longitude, latitude)), office in itertools.product(PLACES.items(), OFFICES):
            house = Draft(
                {"address": f"矩阵测试路{area}第{office}号", "division": area},
                {"type": "Point", "coordinates": [longitude, latitude + 1e-5 * office]},
                organisation_id=office,
            )
            made = await registry.service.recording.record(connection, chief, "house", house)
            found["house"][made.thing_id] = (area, office)
            person = Draft({"name": f"测试{area}", "division": area}, organisation_id=office)
            who = await registry.service.recording.record(connection, chief, "person", person)
            found["person"][who.thing_id] = (area, office)
            await registry.service.recording.relate(connection, chief, who.thing_id, "lives-in", made.thing_id)
        houses, persons = list(found["house"]), list(found["person"])
        for index, who in enumerate(persons):  # somebody of another place has a tie to each house as well
            other = houses[(index + 3) % len(houses)]
            await registry.service.recording.relate(connection, chief, who, "owns", other)
    return found


@pytest.mark.parametrize("reach", MATRIX, ids=str)
async def test_各种读法答案一致(
    registry: Registry, world: dict[str, dict[UUID, tuple[str, int]]], reach: Reach
) -> None:
    reader, reading = reach.actor(), registry.service.reading
    async with registry.database.connection() as connection:
        for type_id, things in world.items():
            right = {id for id, (area, office) in things.items() if reach.holds(type_id, "read", area, office)}
            listed = await reading.things(connection, reader, type_id, Asked(limit=200))
            assert {fact.thing_id for fact in listed.items} & things.keys() == right, "list"
            for id in things:
                assert await _readable(registry, reader, type_id, id) == (id in right), "one"
        houses = world["house"]
        right = {id for id, (area, office) in houses.items() if reach.holds("house", "read", area, office)}
        drawn = b""
        for tile in {tile_of(longitude, latitude, SINGLE_FROM + 3) for longitude, latitude in PLACES.values()}:
            drawn += await registry.service.tiles.draw(connection, reader, "house", tile, filters={})
        assert {id for id in houses if str(id).encode() in drawn} == right, "tiles"


@pytest.mark.parametrize("reach", MATRIX, ids=str)
async def test_关系不透露看不到的对方(
    registry: Registry, world: dict[str, dict[UUID, tuple[str, int]]], reach: Reach
) -> None:
    reader, reading = reach.actor(), registry.service.reading
    async with registry.database.connection() as connection:
        for id, (area, office) in world["house"].items():
            if not reach.holds("house", "read", area, office):
                continue
            for relation in await reading.relations(connection, reader, "house", id):
                other = world["person"].get(relation.from_id)
                if other is not None:
                    assert bool(relation.from_title) == reach.holds("person", "read", *other)


async def _readable(registry: Registry, reader: Actor, type_id: str, id: UUID) -> bool:
    async with registry.database.connection() as connection:
        try:
            await registry.service.reading.thing(connection, reader, type_id, id)
        except Problem:
            return False
    return True
