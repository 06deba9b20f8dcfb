"""The gateway over real sockets and a real database: who may speak, what is stored before it is acknowledged, commands."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sensing.devices.world import NOON, World, sensing_world

from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Database, JsonObject
from yiwang.sensing.devices.model import Device
from yiwang.sensing.gateways.jt808 import serve
from yiwang.sensing.gateways.jt808.framing import Edition, Frame, encode
from yiwang.sensing.gateways.jt808.messages import (
    control,
    drivers,
    general,
    media,
    parameters,
    passing,
    positions,
    recorder,
)
from yiwang.sensing.gateways.jt808.messages.positions import Position, item, write_position
from yiwang.sensing.gateways.jt808.messages.registering import Authenticate, Register, RegisterAck
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.simulators.jt808 import Line, Refused
from yiwang.sensing.vehicles.words import ALARM_NAMES


@dataclass
class Road:
    """A running gateway and its city."""

    world: World
    port: int
    stop: asyncio.Event

    async def line(self, phone: str, edition: Edition = Edition.E2019) -> Line:
        found = Line(phone, edition)
        await found.connect("127.0.0.1", self.port)
        return found

    async def admitted(self, phone: str, edition: Edition = Edition.E2019, code: str | None = None) -> Line:
        found = await self.line(phone, edition)
        await found.admit(registration(edition), code)
        return found

    async def rows(self, query: str, *values: object) -> list[dict[str, object]]:
        async with self.world.database.connection() as connection:
            return [dict(row) for row in await connection.fetch(query, *values)]

    async def command(self, device: Device, verb: str, parameters: JsonObject) -> str:
        async with self.world.database.transaction() as connection:
            given = await self.world.sensing.commands.give(connection, SYSTEM, device.id, verb, parameters)
        return str(given.id)

    async def outcome(self, command: str, seconds: float = 60) -> dict[str, object]:
        for _ in range(int(seconds * 20)):
            [row] = await self.rows("select state, answer from device_command where id = $1::text::uuid", command)
            if row["state"] not in ("queued", "sent"):
                return row
            await asyncio.sleep(0.05)
        raise AssertionError(f"the command is still {row}")


def registration(edition: Edition, plate: str = "津A12345") -> Register:
    return Register(12, 111, "YW", "M1", "T1", 2, plate, edition)


def position(minutes: float = 0, **changes: object) -> Position:
    items = item(1, struct.pack(">I", 12345)) + item(2, struct.pack(">H", 300))
    found = Position(NOON + timedelta(minutes=minutes), 117.1, 39.1, 5, 36.5, 90, 0, 0b11, None, None, items)
    return found._replace(**changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
async def road(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Road]:
    async with sensing_world(database, Path(tmp_path_factory.mktemp("home"))) as world:
        stop = asyncio.Event()
        settings = GatewaySettings("jt808", port=free_port())
        task = asyncio.create_task(serve(world.sensing, settings, stop))
        for _ in range(1200):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", settings.port)
                writer.close()
                break
            await asyncio.sleep(0.05)
        yield Road(world, settings.port, stop)
        stop.set()
        await asyncio.wait_for(task, 60)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("edition", list(Edition))
async def test_三个版本的终端_注册鉴权上报(road: Road, edition: Edition) -> None:
    phone = f"1380000{int(edition)}"
    device = await road.world.add(f"v{int(edition)}", phone, "tanker")
    line = await road.admitted(phone, edition)
    answer = await line.send(positions.Report(position()))
    assert answer == general.PlatformAck(answer.serial, 0x0200, 0)  # type: ignore[attr-defined]
    [row] = await road.rows("select * from position where device_id = $1", device.id)
    assert (row["lon"], row["lat"], row["speed"], row["mileage"], row["fuel"]) == (117.1, 39.1, 36.5, 1234.5, 30.0)
    assert row["at"] == NOON
    [latest] = await road.rows("select * from position_latest where device_id = $1", device.id)
    assert latest["at"] == NOON
    [reading] = await road.rows("select value from reading where device_id = $1", device.id)
    assert reading["value"] == 36.5  # the profile measures speed
    await line.close()


async def test_重发的位置只存一次_不论走哪条路(road: Road) -> None:
    device = await road.world.add("twice", "13911110001", "tanker")
    line = await road.admitted("13911110001")
    told = position(1)
    await line.send(positions.Report(told))
    await line.send(positions.Report(told))
    batch = positions.Batch(1, (write_position(told), write_position(position(2)), write_position(position(2))))
    await line.send(batch)
    rows = await road.rows("select at, replayed from position where device_id = $1 order by at", device.id)
    assert [(row["at"], row["replayed"]) for row in rows] == [
        (NOON + timedelta(minutes=1), False),
        (NOON + timedelta(minutes=2), True),
    ]
    await line.close()


async def test_未鉴权的终端什么也不能说(road: Road) -> None:
    device = await road.world.add("mute", "13911110002", "tanker")
    line = await road.line("13911110002")
    answer = await line.send(positions.Report(position()))
    assert isinstance(answer, general.PlatformAck)
    assert answer.result == general.Result.FAILED
    assert await road.rows("select 1 from position where device_id = $1", device.id) == []
    wrong = await line.send(Authenticate("wrong"))
    assert isinstance(wrong, general.PlatformAck)
    assert wrong.result == general.Result.FAILED
    await line.close()


async def test_不认识的终端_注册应答4_登记为敲门者(road: Road) -> None:
    line = await road.line("17700000000")
    answer = await line.send(registration(Edition.E2019))
    assert answer == RegisterAck(0, 4, "")
    await line.close()
    for _ in range(600):
        if found := await road.rows("select reason from knock where address = '17700000000'"):
            break
        await asyncio.sleep(0.1)
    assert found[0]["reason"] in ("unknown", "registration 4")


async def test_鉴权码重连后仍有效(road: Road) -> None:
    await road.world.add("again", "13911110003", "tanker")
    line = await road.line("13911110003")
    code = await line.admit(registration(Edition.E2019), None)
    await line.close()
    second = await road.line("13911110003", Edition.E2013)
    assert await second.admit(None, code) == code
    await second.close()
    third = await road.line("13911110003")
    with pytest.raises(Refused):
        await third.admit(None, "another code")
    await third.close()


async def test_同号终端再连_旧连接被挤下线(road: Road) -> None:
    device = await road.world.add("double", "13911110004", "tanker")
    old = await road.line("13911110004")
    code = await old.admit(registration(Edition.E2019), None)
    new = await road.admitted("13911110004", code=code)
    for _ in range(1200):
        if not old.open:
            break
        await asyncio.sleep(0.05)
    assert not old.open
    answer = await new.send(positions.Report(position(3)))
    assert isinstance(answer, general.PlatformAck)
    assert len(await road.rows("select 1 from position where device_id = $1", device.id)) == 1
    await new.close()


async def test_时钟错误的位置被拒_未定位的不算错(road: Road) -> None:
    device = await road.world.add("clock", "13911110005", "tanker")
    line = await road.admitted("13911110005")
    future = await line.send(positions.Report(position(10)))
    assert isinstance(future, general.PlatformAck)
    assert future.result == general.Result.BAD_MESSAGE
    unfixed = await line.send(positions.Report(position(0, at=None, status=0, lon=0.0, lat=0.0)))
    assert isinstance(unfixed, general.PlatformAck)
    assert unfixed.result == general.Result.OK
    assert await road.rows("select 1 from position where device_id = $1", device.id) == []
    await line.close()


async def test_不支持的消息应答3_坏帧不影响后面的(road: Road) -> None:
    device = await road.world.add("odd", "13911110006", "tanker")
    line = await road.admitted("13911110006")
    answer = await line.send(recorder.RecorderData(1, 2, b"x"))
    assert isinstance(answer, general.PlatformAck)
    assert answer.result == general.Result.UNSUPPORTED
    line.write(b"\x7egarbage\x7e\x7d\x7e")
    good = await line.send(positions.Report(position(4)))
    assert isinstance(good, general.PlatformAck)
    assert good.result == general.Result.OK
    assert len(await road.rows("select 1 from position where device_id = $1", device.id)) == 1
    await line.close()


async def test_加密的消息体与公钥_应答3并计数_其余照常(road: Road) -> None:
    device = await road.world.add("rsa", "13911110016", "tanker")
    line = await road.admitted("13911110016")
    body = positions.Report(position(2)).encode(Edition.E2019)
    line.write(encode(Frame(0x0200, line.phone, 900, body, Edition.E2019, encryption=1)))
    offered = await line.send(passing.TerminalKey(65537, bytes(128)))
    assert isinstance(offered, general.PlatformAck)
    assert offered.result == general.Result.UNSUPPORTED
    assert await road.rows("select 1 from position where device_id = $1", device.id) == [], "noise is no position"
    good = await line.send(positions.Report(position(2)))
    assert isinstance(good, general.PlatformAck)
    assert good.result == general.Result.OK
    for _ in range(1200):
        states = await road.rows("select bad_frames, last_fault from device_state where device_id = $1", device.id)
        if states and states[0]["bad_frames"] == 2:
            break
        await asyncio.sleep(0.05)
    assert states == [{"bad_frames": 2, "last_fault": "encrypted"}]
    await line.close()


async def test_驾驶员插卡拔卡_电子运单(road: Road) -> None:
    device = await road.world.add("driver", "13911110007", "tanker")
    line = await road.admitted("13911110007")
    await line.send(drivers.Driver(1, NOON - timedelta(hours=2), 0, "王建国", "120111", "天津", None))
    await line.send(drivers.Driver(1, NOON - timedelta(hours=2), 0, "王建国", "120111", "天津", None))  # told again
    await line.send(drivers.Driver(2, NOON - timedelta(hours=1)))
    await line.send(recorder.Waybill.of("液氯 10 吨"))
    [shift] = await road.rows("select name, ended_at from driver_shift where device_id = $1", device.id)
    assert shift == {"name": "王建国", "ended_at": NOON - timedelta(hours=1)}
    [bill] = await road.rows("select text from waybill where device_id = $1", device.id)
    assert bill["text"] == "液氯 10 吨"
    await line.close()


async def test_照片分包上传_存为文件(road: Road) -> None:
    device = await road.world.add("photo", "13911110008", "tanker")
    line = await road.admitted("13911110008")
    content = b"\xff\xd8" + bytes(range(256)) * 20
    answer = await line.send(media.Media(7, 0, 0, 1, 1, position(0, items=b""), content), most=500)
    assert answer == media.MediaAck(7)
    [row] = await road.rows("select path, bytes, lon from vehicle_media where device_id = $1", device.id)
    assert (row["bytes"], row["lon"]) == (len(content), 117.1)
    assert (road.world.context.settings.home / "vehicle-media" / str(row["path"])).read_bytes() == content
    await line.close()


async def test_指令下发_文本与参数_应答对上(road: Road) -> None:
    device = await road.world.add("told", "13911110009", "tanker")
    before = await road.command(device, "send-text", {"text": "请减速"})  # given while the terminal is away
    line = await road.admitted("13911110009")
    assert (await road.outcome(before))["state"] == "confirmed"
    assert any(isinstance(each, control.Text) and each.text == "请减速" for each in line.told)
    asked = await road.outcome(await road.command(device, "query-parameters", {}))
    assert asked["state"] == "confirmed"
    assert asked["answer"] == {"parameters": {"heartbeat_seconds": 30, "server": "127.0.0.1"}}
    wrong = await road.outcome(await road.command(device, "set-parameters", {"no such": 1}))
    assert wrong["state"] == "refused"
    right = await road.outcome(await road.command(device, "set-parameters", {"interval": 10}))
    assert right["state"] == "confirmed"
    assert parameters.SetParameters((parameters.parameter("interval", 10),)) in line.told
    await line.close()


async def test_没有用途的车不跟踪(road: Road) -> None:
    device = await road.world.add("private", "13911110010", "tanker")
    directory = road.world.sensing.directory
    profile = directory.profile_of(device)
    bare = replace(profile, declaration=profile.declaration.model_copy(update={"purpose": None}))
    directory._profiles["tanker"] = bare
    try:
        line = await road.line("13911110010")
        assert await line.send(registration(Edition.E2019)) == RegisterAck(0, 4, "")
        await line.close()
    finally:
        directory._profiles["tanker"] = profile


def test_every_alarm_bit_has_a_name() -> None:
    assert sorted(ALARM_NAMES) == list(range(32))
    assert len(set(ALARM_NAMES.values())) == 32
