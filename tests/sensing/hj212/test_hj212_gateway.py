"""Data loggers at the gateway: what is acknowledged is stored, what is refused is answered as the standard says and counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sensing.devices.world import NOON, World, sensing_world
from tests.sensing.hj212.loggers import (
    MINUTE,
    QUICK,
    Logger,
    Running,
    add,
    eventually,
    gateway_of,
    publish_flue,
    readings_of,
    result_of,
)
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Database, JsonObject
from yiwang.sensing.devices.model import Command, Device
from yiwang.sensing.devices.store import registry
from yiwang.sensing.gateways.hj212.checksum import modbus_checksum
from yiwang.sensing.gateways.hj212.cipher import DataAreaCipher
from yiwang.sensing.gateways.hj212.frames import packets_of, segment_of
from yiwang.sensing.gateways.hj212.framing import frame
from yiwang.sensing.gateways.hj212.gateway import Patience

KEY = "0123456789ABCDEFFEDCBA9876543210"


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with sensing_world(database, Path(tmp_path_factory.mktemp("home"))) as found:
        await publish_flue(found)
        yield found


@pytest.fixture(scope="module")
async def running(world: World) -> AsyncIterator[Running]:
    async with gateway_of(world) as found:
        yield found


@pytest.fixture
async def impatient(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """A gateway that waits for loggers only for so long."""
    async with gateway_of(world, request.param) as found:
        yield found


async def knocks(world: World, running: Running, address: str) -> dict[str, int]:
    await running.door.flush()
    async with world.database.connection() as connection:
        rows = await connection.fetch("select reason, times from knock where address = $1", address)
    return {row["reason"]: row["times"] for row in rows}


async def command(world: World, device: Device, verb: str, **parameters: object) -> Command:
    async with world.database.transaction() as connection:
        return await world.sensing.commands.give(connection, SYSTEM, device.id, verb, dict(parameters))  # type: ignore[arg-type]


async def ended(world: World, given: Command) -> tuple[str, JsonObject]:
    """State and answer of a command, once it has one."""

    async def look() -> tuple[str, JsonObject] | None:
        async with world.database.connection() as connection:
            row = await connection.fetchrow("select state, answer from device_command where id = $1", given.id)
        return (row["state"], row["answer"]) if row and row["answer"] is not None else None

    await eventually(look)
    found = await look()
    assert found is not None
    return found


async def test_实时数据_入库后才应答9014_单位按型号换算(world: World, running: Running) -> None:
    device = await add(world, "AIR-01", "010000A8900016F000160001", secret="123456")
    logger = await Logger.connect(running.port, device.address)
    answer = await logger.upload(
        "a34004-Rtd=0.035,a34004-Flag=N;LA-Rtd=55.2,LA-Flag=D;a05024-Rtd=61,a05024-Flag=N", NOON
    )
    assert (answer.command, answer.system, answer.flag, answer.device) == ("9014", "91", 4, device.address)
    assert answer.number == "20260618120000000"
    assert await readings_of(world.database, device.id) == [("noise", 0, NOON, 55.2, 8), ("pm25", 0, NOON, 35.0, 0)]
    await logger.upload("a34004-Rtd=0.035,a34004-Flag=N", NOON)
    assert len(await readings_of(world.database, device.id)) == 2, "sent again it is stored once"

    async def fault() -> bool:
        await running.door.flush()
        async with world.database.connection() as connection:
            return "a05024" in (await registry.state(connection, device.id)).last_fault

    await eventually(fault)
    logger.close()


async def test_不要应答的帧不应答_但入库(world: World, running: Running) -> None:
    device = await add(world, "AIR-02", "010000A8900016F000160002")
    logger = await Logger.connect(running.port, device.address)
    await logger.send(logger.message("2011", "DataTime=20260618115900;a34004-Rtd=0.02", NOON, flag=4))
    assert await logger.nothing()
    assert len(await readings_of(world.database, device.id)) == 1
    logger.close()


async def test_分钟小时日数据各有粒度_时间为时段开始(world: World, running: Running) -> None:
    device = await add(world, "FLUE-01", "010000A8900016F000160003", "flue-station")
    logger = await Logger.connect(running.port, device.address, system="31")
    data = "a21026-Min=1,a21026-Avg=2.5,a21026-Max=9,a21026-Cou=7,a21026-Flag=N;Leq-Data=50.1"
    for code, hours in (("2051", 1), ("2061", 2), ("2031", 12)):
        assert (await logger.upload(data, NOON - timedelta(hours=hours), code)).command == "9014"
    found = await readings_of(world.database, device.id)
    assert [(name, grain, value) for name, grain, _, value, _ in found] == [
        ("so2", 3, 2.5), ("so2_largest", 3, 9.0), ("sound", 3, 50.1),
        ("so2", 2, 2.5), ("so2_largest", 2, 9.0), ("sound", 2, 50.1),
        ("so2", 1, 2.5), ("so2_largest", 1, 9.0), ("sound", 1, 50.1),
    ]  # fmt: skip
    assert found[0][2] == NOON - timedelta(hours=12)
    logger.close()


async def test_折算值_设备状态_运行小时_站点参数各入其指标(world: World, running: Running) -> None:
    device = await add(world, "FLUE-02", "010000A8900016F000160004", "flue-station")
    logger = await Logger.connect(running.port, device.address, system="31")
    await logger.upload("a21026-Rtd=12,a21026-ZsRtd=15.5,a21026-Flag=T", NOON)
    await logger.upload("SB1-RS=1;SB2-RS=0", NOON, "2021")
    await logger.upload("SB1-RT=23.5", NOON - timedelta(days=1), "2041")
    await logger.upload("PolId=a21026;i13001-Info=500", NOON, "3020")
    assert [(name, grain, value, quality) for name, grain, _, value, quality in await readings_of(world.database, device.id)] == [
        ("run_hours", 3, 23.5, 0), ("range", 0, 500.0, 0), ("running", 0, 1.0, 0), ("so2", 0, 12.0, 32),
        ("so2_converted", 0, 15.5, 32),
    ]  # fmt: skip
    logger.close()


async def test_2005版三位编码_QN在数据区应答(world: World, running: Running) -> None:
    device = await add(world, "OLD-01", "LD130133000015", "flue-station")
    logger = await Logger.connect(running.port, device.address, system="31")
    answer = await logger.upload("011-Rtd=231.0,011-Flag=N", NOON, flag=1)
    assert answer.command == "9014"
    assert answer.number == ""
    assert result_of(answer).fields["QN"] == "20260618120000000"
    assert [(name, value) for name, _, _, value, _ in await readings_of(world.database, device.id)] == [("cod", 231.0)]
    await logger.send(b"##0120ST=31;CN=2011;PW=123456;MN=LD130133000015;CP=&&DataTime=20260618115500;011-Rtd=1.0&&0000")
    assert await logger.nothing()
    logger.close()


@pytest.mark.parametrize("impatient", [Patience(1.5, 3, 60.0)], indirect=True, ids=["1.5s"])
async def test_心跳9015_校时请求1013_各得9013_随后下发1012(world: World, impatient: Running) -> None:
    device = await add(world, "AIR-03", "010000A8900016F000160005", secret="123456")
    logger = await Logger.connect(impatient.port, device.address)
    await logger.send(logger.message("9015", "", NOON, system="91", flag=9))
    heard = await logger.hear()
    assert (heard.command, heard.flag) == ("9013", 8)
    await logger.send(logger.message("1013", "PolId=a34004", NOON))
    assert (await logger.hear()).command == "9013"
    request = await logger.hear()
    assert request.command == "1012"
    assert result_of(request).fields["SystemTime"] == "20260618120000"
    await logger.answer(request, "9011", "QnRtn=1")
    await logger.answer(request, "9012", "ExeRtn=1")
    assert await logger.nothing(2.0), "answered, so it is not sent again"
    logger.close()


@pytest.mark.parametrize(
    ("changes", "result", "reason"),
    [
        ({"password": "000000"}, 3, "password"),
        ({"system": "22"}, 5, "system"),
        ({"command": "1999"}, 8, "command"),
        ({"data": b"DataTime=20260618121000;a21026-Rtd=1"}, 2, "clock"),
        ({"data": b"DataTime=20150618121000;a21026-Rtd=1"}, 2, "clock"),
        ({"data": b"a21026-Rtd=1"}, 2, "datatime"),
        ({"data": b"DataTime=20260632121000;a21026-Rtd=1"}, 2, "datatime"),
    ],
)
async def test_错误的帧按标准回QnRtn_不入库_计数(
    world: World, running: Running, changes: dict[str, object], result: int, reason: str
) -> None:
    name = f"F{reason.upper()}{result}00001"
    device = world.sensing.directory.find("hj212", name) or await add(
        world, name, name, "flue-station", secret="123456"
    )
    logger = await Logger.connect(running.port, device.address, system="31")
    await logger.send(logger.message("2011", "DataTime=20260618120000;a21026-Rtd=1", NOON)._replace(**changes))  # type: ignore[arg-type]
    answer = await logger.hear()
    assert (answer.command, result_of(answer).integer("QnRtn")) == ("9011", result)
    assert answer.number == "20260618120000000"
    assert await readings_of(world.database, device.id) == []
    assert (await knocks(world, running, device.address))[reason] >= 1
    logger.close()


async def test_陌生MN_回QnRtn4_列入敲门_密码不留(world: World, running: Running) -> None:
    logger = await Logger.connect(running.port, "ABCDEF0123456789ABCDEF99")
    answer = await logger.upload("a34004-Rtd=0.035", NOON)
    assert (answer.command, result_of(answer).integer("QnRtn")) == ("9011", 4)
    assert await knocks(world, running, "ABCDEF0123456789ABCDEF99") == {"unknown": 1}
    async with world.database.connection() as connection:
        sample = await connection.fetchval("select sample from knock where address = 'ABCDEF0123456789ABCDEF99'")
    assert b"PW=***;" in sample
    device = await add(world, "AIR-04", "ABCDEF0123456789ABCDEF99")
    assert (await logger.upload("a34004-Rtd=0.035", NOON)).command == "9014", (
        "adopted, it is heard on the same connection"
    )
    assert len(await readings_of(world.database, device.id)) == 1
    logger.close()


async def test_坏校验的帧回QnRtn9_连续过多则断开(world: World, running: Running) -> None:
    device = await add(world, "AIR-05", "010000A8900016F000160006")
    logger = await Logger.connect(running.port, device.address)
    await logger.upload("a34004-Rtd=0.035", NOON)
    bad = frame(segment_of(logger.message("2011", "DataTime=20260618115900;a34004-Rtd=0.03", NOON)), value=0x1234)
    await logger.send(bad)
    assert result_of(await logger.hear()).integer("QnRtn") == 9
    await logger.send(bad * 60)
    assert await logger.closed()
    assert len(await readings_of(world.database, device.id)) == 1


async def test_真Modbus校验码_只有登记为modbus的设备才接受(world: World, running: Running) -> None:
    for name, mode, expected in (("MODBUS-0", None, "9011"), ("MODBUS-1", "modbus", "9014")):
        await publish_flue(world, **({"checksum": mode} if mode else {}))
        device = await add(world, name, f"0000000{name[-1]}", "flue-station")
        logger = await Logger.connect(running.port, device.address, system="31")
        segment = segment_of(logger.message("2011", "DataTime=20260618120000;a21026-Rtd=1", NOON))
        await logger.send(frame(segment, value=modbus_checksum(segment)))
        assert (await logger.hear()).command == expected
        logger.close()
    await publish_flue(world)
    assert running.gateway.modbus_frames == 1


async def test_一个TCP段多帧_一帧多段_都收到(world: World, running: Running) -> None:
    device = await add(world, "AIR-06", "010000A8900016F000160007")
    logger = await Logger.connect(running.port, device.address)
    many = [
        logger.message("2011", f"DataTime=202606181100{second:02d};a34004-Rtd=0.0{second}", NOON)
        for second in range(10, 40)
    ]
    await logger.send(*many)
    assert [(await logger.hear()).number for _ in many] == [one.number for one in many]
    last = frame(segment_of(logger.message("2011", "DataTime=20260618110050;a34004-Rtd=0.05", NOON)))
    for byte in (last[:1], last[1:9], last[9:100], last[100:]):
        await logger.send(byte)
        await asyncio.sleep(0.01)
    assert (await logger.hear()).command == "9014"
    assert len(await readings_of(world.database, device.id)) == 31
    logger.close()


async def test_拆分包各自应答_每包单独入库_日志合并后成一条记事(world: World, running: Running) -> None:
    device = await add(world, "FLUE-03", "010000A8900016F000160008", "flue-station")
    logger = await Logger.connect(running.port, device.address, system="31")
    groups = "a21026-Rtd=12,a21026-Flag=N;w01018-Rtd=40,w01018-Flag=N;Leq-Rtd=51,Leq-Flag=N"
    packets = packets_of(logger.message("2011", f"DataTime=20260618120000;{groups}", NOON), 60)
    assert len(packets) == 3
    await logger.send(*packets)
    assert {(await logger.hear()).number for _ in packets} == {one.number for one in packets}
    assert len(await readings_of(world.database, device.id)) == 3
    first = logger.message("3020", "DataTime=20260618120000;PolId=w01018", NOON, flag=7, packets=2, packet=1)
    second = logger.message(
        "3020", "DataTime=20260618120000;i11001-Info=//清洗;管路//", NOON, flag=7, packets=2, packet=2
    )
    await logger.send(first)
    assert await logger.nothing(), "half of it is not acknowledged"
    await logger.send(second)
    assert {(await logger.hear()).number for _ in range(2)} == {first.number, second.number}
    await logger.send(first, second)
    assert {(await logger.hear()).number for _ in range(2)} == {first.number, second.number}
    async with world.database.connection() as connection:
        notes = await registry.notes(connection, device.id, before=None, limit=10)
    assert [note.text for note in notes] == ["PolId=w01018; i11001: 清洗;管路"], "sent again it is one note"
    logger.close()


async def test_同一MN两条连接_新者为准_旧者断开并计数(world: World, running: Running) -> None:
    device = await add(world, "AIR-07", "010000A8900016F000160009")
    older = await Logger.connect(running.port, device.address)
    await older.upload("a34004-Rtd=0.03", NOON)
    newer = await Logger.connect(running.port, device.address)
    await newer.upload("a34004-Rtd=0.04", NOON + MINUTE)
    assert await older.closed()
    assert await knocks(world, running, device.address) == {"duplicate": 1}
    assert (await newer.upload("a34004-Rtd=0.05", NOON + 2 * MINUTE)).command == "9014"
    newer.close()


async def test_一条连接代多台设备上报(world: World, running: Running) -> None:
    devices = [await add(world, f"MANY-{number}", f"0100000000000000000{number:05d}") for number in range(5)]
    logger = await Logger.connect(running.port, "")
    for device in devices:
        logger.device = device.address
        assert (await logger.upload("a34004-Rtd=0.03", NOON)).command == "9014"
    for device in devices:
        assert len(await readings_of(world.database, device.id)) == 1
    logger.close()


@pytest.mark.parametrize("form", ["raw", "hex", "base64"])
async def test_2025版SM4加密数据区_明文与错钥被拒(world: World, running: Running, form: str) -> None:
    device = await add(world, f"SM4-{form}", f"02500{len(form)}{form.upper()}", secret=f"123456 {KEY}")
    logger = await Logger.connect(running.port, device.address)
    plain = b"DataTime=20260618120000;a34004-Rtd=0.035,a34004-Flag=N"
    await logger.send(
        logger.message("2011", "", NOON, flag=9)._replace(data=DataAreaCipher(bytes.fromhex(KEY)).encrypt(plain, form))
    )  # type: ignore[arg-type]
    assert (await logger.hear()).command == "9014"
    assert [value for *_, value, _ in await readings_of(world.database, device.id)] == [35.0]
    await logger.send(logger.message("2011", "", NOON, flag=9)._replace(data=plain))
    assert result_of(await logger.hear()).integer("QnRtn") == 2
    await logger.send(
        logger.message("2011", "", NOON, flag=9)._replace(data=DataAreaCipher(b"1" * 16).encrypt(plain, form))
    )  # type: ignore[arg-type]
    assert result_of(await logger.hear()).integer("QnRtn") == 2
    assert set(await knocks(world, running, device.address)) == {"not_encrypted", "cipher"}
    logger.close()


async def test_设置间隔_得9011与9012后确认(world: World, running: Running) -> None:
    device = await add(world, "CMD-01", "C00000000001", secret="123456")
    logger = await Logger.connect(running.port, device.address)
    await logger.upload("a34004-Rtd=0.03", NOON)
    given = await command(world, device, "set-interval", seconds=30)
    request = await logger.hear()
    assert (request.command, request.flag, request.password, request.text()) == ("1062", 5, "123456", "RtdInterval=30")
    assert request.system == "22"
    await logger.answer(request, "9011", "QnRtn=1")
    await logger.answer(request, "9012", "ExeRtn=1")
    assert await ended(world, given) == ("confirmed", {})
    logger.close()


@pytest.mark.parametrize("impatient", [QUICK], indirect=True, ids=["0.3s"])
async def test_不应答则10秒三次_测试中缩短_后记为无应答(world: World, impatient: Running) -> None:
    device = await add(world, "CMD-02", "C00000000002", secret="123456")
    logger = await Logger.connect(impatient.port, device.address)
    await logger.upload("a34004-Rtd=0.03", NOON)
    given = await command(world, device, "sync-time")
    requests = [await logger.hear() for _ in range(3)]
    assert {one.number for one in requests} == {requests[0].number}
    state, answer = await ended(world, given)
    assert (state, answer["reason"], answer["attempts"]) == ("refused", "no_answer", 3)
    assert await logger.nothing()
    logger.close()


@pytest.mark.parametrize("impatient", [Patience(60.0, 3, 2.0)], indirect=True, ids=["2s"])
async def test_设备拒绝_执行失败_执行超时_都如实记下(world: World, impatient: Running) -> None:
    device = await add(world, "CMD-03", "C00000000003", "flue-station", secret="123456")
    logger = await Logger.connect(impatient.port, device.address, system="31")
    await logger.upload("a21026-Rtd=0.03", NOON)
    given = await command(world, device, "control", action="calibrate", instrument="a21026")
    request = await logger.hear()
    assert (request.command, request.text(), request.system) == ("3011", "PolId=a21026", "31")
    await logger.answer(request, "9011", "QnRtn=2")
    assert await ended(world, given) == ("refused", {"reason": "refused", "QnRtn": 2, "meaning": "refused"})
    given = await command(world, device, "control", action="sample", instrument="a21026")
    request = await logger.hear()
    await logger.answer(request, "9011", "QnRtn=1")
    await logger.answer(request, "9012", "ExeRtn=5")
    assert await ended(world, given) == ("refused", {"reason": "not_executed", "ExeRtn": 5, "meaning": "busy"})
    given = await command(world, device, "control", action="clean", instrument="a21026")
    await logger.answer(await logger.hear(), "9011", "QnRtn=1")
    assert await ended(world, given) == ("refused", {"reason": "execution_timeout"})
    given = await command(world, device, "send-text", text="你好")
    state, answer = await ended(world, given)
    assert (state, answer["code"]) == ("refused", "sensing.hj212_request")
    logger.close()


async def test_取历史数据_逐条入库并汇总在答复里(world: World, running: Running) -> None:
    device = await add(world, "CMD-04", "C00000000004", secret="123456")
    logger = await Logger.connect(running.port, device.address)
    await logger.upload("a34004-Rtd=0.03", NOON)
    given = await command(
        world, device, "fetch-history", grain="hour", since="2026-06-18T08:00+08:00", until="2026-06-18T10:00+08:00"
    )
    request = await logger.hear()
    assert (request.command, request.text()) == ("2061", "BeginTime=20260618080000;EndTime=20260618100000")
    await logger.answer(request, "9011", "QnRtn=1")
    for hour in (8, 9, 10):
        at = NOON - timedelta(hours=12 - hour)
        assert (await logger.upload(f"a34004-Avg=0.0{hour % 10}1,a34004-Flag=N", at, "2061")).command == "9014"
    await logger.answer(request, "9012", "ExeRtn=1")
    assert await ended(world, given) == ("confirmed", {"uploads": 3, "readings": 3})
    assert sum(1 for _, grain, *_ in await readings_of(world.database, device.id) if grain == 2) == 3
    logger.close()


async def test_查询时间_站点信息_设备唯一标识_答复在指令里(world: World, running: Running) -> None:
    device = await add(world, "CMD-05", "C00000000005", "flue-station", secret="123456")
    logger = await Logger.connect(running.port, device.address, system="31")
    await logger.upload("a21026-Rtd=0.03", NOON)
    given = await command(world, device, "query-parameters", what="time")
    request = await logger.hear()
    await logger.answer(request, "9011", "QnRtn=1")
    await logger.send(logger.message("1011", "SystemTime=20260618120003", NOON))
    assert (await logger.hear()).command == "9014"
    await logger.answer(request, "9012", "ExeRtn=1")
    assert await ended(world, given) == (
        "confirmed",
        {"uploads": 1, "readings": 0, "fields": {"SystemTime": "20260618120003"}},
    )
    given = await command(world, device, "query-parameters", what="unique-id", instrument="a21026")
    request = await logger.hear()
    await logger.answer(request, "9011", "QnRtn=1")
    await logger.send(logger.message("3019", "PolId=a21026;a21026-SN=010000A8900016F000169DC0", NOON))
    assert (await logger.hear()).command == "9014"
    await logger.answer(request, "9012", "ExeRtn=1")
    _, answer = await ended(world, given)
    assert answer["texts"] == ["a21026-SN=010000A8900016F000169DC0"]
    logger.close()


async def test_改密码_确认后新密码立即有效_旧密码随后失效(world: World, running: Running) -> None:
    device = await add(world, "CMD-06", "C00000000006", secret="123456")
    logger = await Logger.connect(running.port, device.address)
    await logger.upload("a34004-Rtd=0.03", NOON)
    given = await command(world, device, "set-password", password="654321")
    request = await logger.hear()
    assert (request.command, request.text(), request.password) == ("1072", "NewPW=654321", "123456")
    await logger.answer(request, "9011", "QnRtn=1")
    await logger.answer(request, "9012", "ExeRtn=1")
    logger.password = "654321"
    assert (await logger.upload("a34004-Rtd=0.04", NOON + MINUTE)).command == "9014"
    assert (await ended(world, given))[0] == "confirmed"

    async def renewed() -> bool:
        logger.password = "123456"
        return (await logger.upload("a34004-Rtd=0.05", NOON + 2 * MINUTE)).command == "9011"

    await eventually(renewed)
    logger.password = "654321"
    assert (await logger.upload("a34004-Rtd=0.05", NOON + 3 * MINUTE)).command == "9014"
    logger.close()


async def test_断线时排队的指令_连上后下发(world: World, running: Running) -> None:
    device = await add(world, "CMD-07", "C00000000007", secret="123456")
    given = await command(world, device, "sync-time")
    logger = await Logger.connect(running.port, device.address)
    await logger.send(logger.message("2011", "DataTime=20260618120000;a34004-Rtd=0.03", NOON))
    assert {(await logger.hear()).command for _ in range(2)} == {"9014", "1012"}
    logger.close()
    state, answer = await ended(world, given)
    assert (state, answer["reason"]) == ("refused", "connection_lost")


async def test_停用的设备_连接断开(world: World, running: Running) -> None:
    device = await add(world, "GONE-01", "D00000000001")
    logger = await Logger.connect(running.port, device.address)
    await logger.upload("a34004-Rtd=0.03", NOON)
    async with world.database.transaction() as connection:
        await connection.execute(
            "with v as (update device_version set version = version + 1 returning version)"
            " update device set retired_at = now(), version = (select version from v) where id = $1",
            device.id,
        )
    await world.sensing.directory.refresh()
    assert await logger.closed()


async def test_只许登记的网段(world: World, running: Running) -> None:
    device = await add(world, "NET-01", "E00000000001", allow_from="10.9.0.0/16, 192.168.7.1")
    logger = await Logger.connect(running.port, device.address)
    assert result_of(await logger.upload("a34004-Rtd=0.03", NOON)).integer("QnRtn") == 2
    assert await knocks(world, running, device.address) == {"address": 1}
    logger.close()
