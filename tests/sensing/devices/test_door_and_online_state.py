"""谁在敲门、谁在线:what a gateway sees of devices and of strangers, added up and told once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sensing.devices.world import World, sensing_world
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Database
from yiwang.sensing.devices.store import registry
from yiwang.sensing.gateways import door as doors
from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.listening import GatewaySettings


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with sensing_world(database, Path(tmp_path_factory.mktemp("home"))) as found:
        yield found


def door_of(world: World, **more: object) -> Door:
    return Door(world.context, world.sensing.directory, GatewaySettings("hj212", **more))  # type: ignore[arg-type]


async def journal_verbs(world: World, uid: object) -> list[str]:
    async with world.database.connection() as connection:
        rows = await connection.fetch("select verb from journal where subject_id = $1 order by seq", uid)
    return [row["verb"] for row in rows]


async def test_设备说话即上线_只记一次上线(world: World) -> None:
    device = await world.add("AIR-1", "A1234567")
    door = door_of(world)
    assert door.find("hj212", "a1234567", "10.0.0.9") is not None, "small letters are the same MN"
    for _ in range(3):
        door.seen(device.id, "10.0.0.9", frames=2)
        await door.flush()
    async with world.database.connection() as connection:
        state = await registry.state(connection, device.id)
    assert (state.online, state.frames, state.remote) == (True, 6, "10.0.0.9")
    assert await journal_verbs(world, device.uid) == ["device.went_online"]


async def test_遗嘱说离线_立即离线(world: World) -> None:
    device = await world.add("AIR-2", "A2234567")
    door = door_of(world)
    door.seen(device.id, "10.0.0.9")
    await door.flush()
    door.gone(device.id)
    await door.flush()
    assert await journal_verbs(world, device.uid) == ["device.went_online", "device.went_offline"]


async def test_陌生地址记为敲门_同一地址只一行(world: World) -> None:
    door = door_of(world)
    for number in range(5):
        assert door.find("hj212", "STRANGER1", "10.9.9.9", b"##0001" + bytes([number])) is None
    await door.flush()
    door.find("hj212", "stranger1", "10.9.9.8", b"")
    await door.flush()
    async with world.database.connection() as connection:
        rows = await connection.fetch("select * from knock where address = 'STRANGER1'")
    assert [(row["times"], row["remote"], row["sample"]) for row in rows] == [(6, "10.9.9.8", b"##0001\x04")]


async def test_万千陌生地址_内存有界_其余合计(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "MOST_KNOCKS_AT_ONCE", 10)
    door = door_of(world)
    for number in range(100):
        door.find("hj212", f"FLOOD{number:03}", "10.9.9.9", b"x" * 5000)
    await door.flush()
    async with world.database.connection() as connection:
        rows = await connection.fetch(
            "select address, times, sample from knock where address like 'FLOOD%' or address = '…'"
        )
    assert sum(row["times"] for row in rows) == 100
    assert len(rows) == 11
    assert max(len(row["sample"]) for row in rows) == doors.LONGEST_SAMPLE


async def test_地址含怪字符_照样记下(world: World) -> None:
    door = door_of(world)
    door.find("hj212", "a\x00b\x1b[31m" + "界" * 100, "10.9.9.9", b"\x00\xff")
    await door.flush()
    async with world.database.connection() as connection:
        address = await connection.fetchval("select address from knock where address like 'A%' and reason = 'unknown'"
                                            " order by last_at desc limit 1")  # fmt: skip
    assert "\x00" not in address
    assert len(address) <= doors.LONGEST_ADDRESS


async def test_数据库不在时_所见不丢(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    device = await world.add("AIR-3", "A3234567")
    door = door_of(world)
    door.seen(device.id, "10.0.0.1", frames=4)

    async def away(*_: object) -> None:
        raise OSError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("yiwang.sensing.gateways.door.store.write_sightings", away)
        with pytest.raises(OSError, match="gone"):
            await door.flush()
    door.seen(device.id, "10.0.0.1", frames=1)
    await door.flush()
    async with world.database.connection() as connection:
        assert (await registry.state(connection, device.id)).frames == 5


def test_每个地址的连接与帧数有限(world: World) -> None:
    door = door_of(world, connections_per_remote=2, frames_per_second=10.0)
    assert [door.connected("10.1.1.1") for _ in range(3)] == [True, True, False]
    door.disconnected("10.1.1.1")
    assert door.connected("10.1.1.1")
    assert door.connected("10.1.1.2"), "another address is not concerned"
    taken = sum(door.limit("10.1.1.1") for _ in range(300))
    assert 100 <= taken <= 110, "ten seconds' worth at once, then no more"
    assert all(door.limit("127.0.0.1") for _ in range(1000)), "this machine is not limited"


async def test_长久沉默_过宽限才离线(world: World) -> None:
    from yiwang.sensing.devices.sweeping import Sweeper

    device = await world.add("AIR-4", "A4234567")
    door = door_of(world)
    door.seen(device.id, "10.0.0.1")
    await door.flush()
    clock = world.context.clock
    assert isinstance(clock, ManualClock)
    sweeper = Sweeper(world.sensing)
    clock.advance(timedelta(minutes=9))
    await sweeper.sweep()
    assert await journal_verbs(world, device.uid) == ["device.went_online"]
    clock.advance(timedelta(minutes=2))
    await sweeper.sweep()
    await sweeper.sweep()
    assert await journal_verbs(world, device.uid) == ["device.went_online", "device.went_offline"]
