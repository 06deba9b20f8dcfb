"""大量登记数据的地图:预先聚合的格网与逐条计算的瓦片说的是同一件事,只给人看得到的。"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from geo.mvt import decode
from registry.conftest import Registry, actor

from yiwang.geo.tiles import tile_of
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_id
from yiwang.registry import cells
from yiwang.registry.model import Draft
from yiwang.registry.store import cells as cell_store

AREAS = ("120111001001", "120111001002", "120111101203")
MIDDLE = (117.02, 39.06)


def _reader(area: str = "", offices: frozenset[int] | None = None) -> Actor:
    return Actor("person", new_id(), "查看者", 1, grants=(Grant("thing-house", frozenset({"read"}), area, offices),))


@pytest.fixture(scope="module")
async def houses(registry: Registry) -> None:
    async with registry.database.transaction() as connection:
        for number, (area, office) in itertools.product(range(12), itertools.product(AREAS, (1, 2))):
            place = [MIDDLE[0] + (number % 4) * 7e-4, MIDDLE[1] + number // 4 * 5e-4]
            await registry.service.recording.record(
                connection,
                actor("read", "record"),
                "house",
                Draft(
                    {"address": f"聚合测试路{area}第{office}之{number}号", "division": area},
                    {"type": "Point", "coordinates": place},
                    organisation_id=office,
                ),
            )


@pytest.mark.parametrize("zoom", [0, 9, 12, 14])
@pytest.mark.parametrize(
    "reader",
    [_reader(), _reader("120111001"), _reader("120111", frozenset({2})), _reader("999999")],
    ids=["all", "street", "office", "elsewhere"],
)
async def test_格网与逐条计算的瓦片一致(registry: Registry, houses: None, reader: Actor, zoom: int) -> None:
    service, tile = registry.service, tile_of(*MIDDLE, zoom)
    async with registry.database.transaction() as connection:
        await service.cells.count(connection, service.types.type("house"))
    async with registry.database.connection() as connection:
        live = await service.tiles.draw(connection, reader, "house", tile, filters={})
        await service.cells.refresh(connection)
        service.tiles.forget()
        counted = await service.tiles.draw(connection, reader, "house", tile, filters={})
        await connection.execute("delete from thing_cells")
        await service.cells.refresh(connection)
        service.tiles.forget()
    told = [
        sorted((each["n"], each.get("id")) for each in decode(content).get("things", [])) for content in (live, counted)
    ]
    assert told[0] == told[1]


async def test_一类多了才预先聚合_写入后重算(registry: Registry, houses: None, monkeypatch: pytest.MonkeyPatch) -> None:
    service = registry.service
    assert not await service.cells.keep_up(), "few things are drawn one by one"
    monkeypatch.setattr(cells, "MANY", 20)
    while await service.cells.keep_up():
        pass
    async with registry.database.connection() as connection:
        await service.cells.refresh(connection)
        assert "house" in service.cells.counted
        counted = await connection.fetchval("select things from thing_cells where type = 'house'")
        cell = await connection.fetchval("select sum(n) from thing_cell where type = 'house' and zoom = 3")
        current = await connection.fetchval(
            "select count(*) from thing_fact where type = 'house' and upper_inf(recorded) and geometry is not null"
        )
        await connection.execute("delete from thing_cells")
        await service.cells.refresh(connection)
    assert counted == cell == current


async def test_聚合不受语句时限约束(registry: Registry, houses: None, monkeypatch: pytest.MonkeyPatch) -> None:
    service, limits = registry.service, []
    count = cell_store.count

    async def watched(connection: Connection, *told: Any) -> int:
        limits.append(await connection.fetchval("show statement_timeout"))
        things: int = await count(connection, *told)
        return things

    monkeypatch.setattr(cells, "MANY", 20)
    monkeypatch.setattr(cell_store, "count", watched)
    while await service.cells.keep_up():
        pass
    async with registry.database.transaction() as connection:
        after = await connection.fetchval("show statement_timeout")
        await connection.execute("delete from thing_cells")
        await service.cells.refresh(connection)
    assert set(limits) == {"0"}, "millions of places take longer than a statement may elsewhere"
    assert after != "0"


@pytest.mark.parametrize("latitude", [90, -90, 85.2])
async def test_极点处的登记不妨碍其余的聚合(registry: Registry, houses: None, latitude: float) -> None:
    service, kind = registry.service, registry.service.types.type("house")
    async with registry.database.transaction() as connection:
        before = await service.cells.count(connection, kind)
        pole = Draft(
            {"address": f"极点{latitude}号", "division": AREAS[0]}, {"type": "Point", "coordinates": [0, latitude]}
        )
        await service.recording.record(connection, actor("read", "record"), "house", pole)
        assert await service.cells.count(connection, kind) == before
        for zoom in (0, 15):
            await service.tiles.draw(connection, _reader(), "house", tile_of(0, latitude, zoom), filters={})
        await connection.execute("delete from thing_cells")
        await service.cells.refresh(connection)
