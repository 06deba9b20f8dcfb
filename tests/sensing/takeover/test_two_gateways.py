"""Two gateway processes of one protocol: a device that comes back elsewhere has one session, and commands go where it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from sensing.devices.world import NOON, World, sensing_world
from sensing.hj212.loggers import Logger
from support.nursery import Child, nursery

from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Database
from yiwang.sensing.devices.model import Device
from yiwang.sensing.devices.store import commands as command_store
from yiwang.sensing.devices.store import sessions
from yiwang.sensing.gateways.hj212.moments import text_of
from yiwang.sensing.gateways.holding import Holding
from yiwang.sensing.gateways.jt808.framing import Edition
from yiwang.sensing.gateways.jt808.messages import control, positions
from yiwang.sensing.gateways.jt808.messages.general import PlatformAck
from yiwang.sensing.gateways.jt808.messages.positions import Position
from yiwang.sensing.gateways.jt808.messages.registering import Register
from yiwang.sensing.simulators.jt808 import Line


@contextlib.asynccontextmanager
async def two_gateways(name: str, url: str, home: Path) -> AsyncIterator[list[tuple[Child, int]]]:
    """Two processes with their ports; killed at the end."""
    async with nursery("support.gateways") as born:
        children = [await born.start(name, url, str(home)) for _ in range(2)]
        yield [(child, int(await child.line())) for child in children]


async def until(true: Callable[[], Awaitable[bool]], what: str, seconds: float = 60) -> None:
    """Wait for what another process does."""
    for _ in range(int(seconds / 0.02)):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not in {seconds:.0f} s: {what}")


async def given(world: World, device: Device, verb: str, parameters: dict[str, object]) -> None:
    async with world.database.transaction() as connection:
        await world.sensing.commands.give(connection, SYSTEM, device.id, verb, parameters)  # type: ignore[arg-type]


async def states(world: World, device: Device) -> list[str]:
    async with world.database.connection() as connection:
        found = await command_store.of_device(connection, device.id, before=None, limit=50)
    return [each.state for each in found]


async def test_808终端换到另一网关_只有一个会话_指令送到持有连接的进程(database: Database, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        world = await stack.enter_async_context(sensing_world(database, tmp_path))
        tanker = await world.add("T1", "13600001111", "tanker")
        gateways = two_gateways("jt808", database.url, tmp_path)
        [(_, first_port), (second, second_port)] = await stack.enter_async_context(gateways)
        register = Register(12, 111, "YW", "M", "T", 2, "津A1", Edition.E2019)

        async def connected(port: int, code: str | None) -> tuple[Line, str]:
            line = Line(tanker.address, Edition.E2019)
            await line.connect("127.0.0.1", port)
            return line, await line.admit(register, code)

        async def told(line: Line, texts: list[str]) -> None:
            async def has() -> bool:
                return [one.text for one in line.told if isinstance(one, control.Text)] == texts

            await until(has, "the texts arrived")

        older, code = await connected(first_port, None)
        await given(world, tanker, "send-text", {"text": "一"})
        await told(older, ["一"])

        newer, _ = await connected(
            second_port, code
        )  # the old connection was never closed: half open, as after a tunnel

        async def kicked() -> bool:
            return not older.open

        await until(kicked, "the older session is closed by its own process")
        await given(world, tanker, "send-text", {"text": "二"})
        await told(newer, ["二"])
        told_position = positions.Report(Position(NOON - timedelta(seconds=9), 117.1, 39.1, 5, 36.0, 90, 0, 0b11))
        answer = await newer.send(told_position)
        assert isinstance(answer, PlatformAck)
        assert answer.result == 0

        second.kill()
        await second.wait()
        await given(world, tanker, "send-text", {"text": "三"})  # nobody holds the terminal now: it waits
        back, _ = await connected(first_port, code)
        await told(back, ["三"])

        async def confirmed() -> bool:
            return await states(world, tanker) == ["confirmed"] * 3

        await until(confirmed, "each went out once and was confirmed")
        async with database.connection() as connection:
            assert await connection.fetchval("select count(*) from position where device_id = $1", tanker.id) == 1
            assert await connection.fetchval("select turn from device_session where device_id = $1", tanker.id) == 3
        await back.close()


async def test_数采仪换到另一网关_旧连接被关闭_请求只从新连接发出(database: Database, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        world = await stack.enter_async_context(sensing_world(database, tmp_path))
        station = await world.add("A1", "0BE4C400" + "7" * 16)
        gateways = two_gateways("hj212", database.url, tmp_path)
        [(_, first_port), (second, second_port)] = await stack.enter_async_context(gateways)

        async def connected(port: int, second_of_day: int) -> Logger:
            logger = await Logger.connect(port, station.address)
            at = NOON - timedelta(seconds=second_of_day)
            answer = await logger.upload_amid_requests("a34004-Rtd=0.05,a34004-Flag=N", at)
            assert answer.command == "9014"
            return logger

        async def asked(logger: Logger, times: int) -> None:
            """A request (1012) arrives and is executed."""
            request = await logger.hear(60)
            assert request.command == "1012"
            await logger.answer(request, "9011", "QnRtn=1")
            await logger.answer(request, "9012", "ExeRtn=1")

            async def confirmed() -> bool:
                return not {"queued", "sent"} & set(await states(world, station))

            await until(confirmed, "the request is answered")
            assert await states(world, station) == ["confirmed"] * times

        older = await connected(first_port, 30)
        await given(world, station, "sync-time", {})
        await asked(older, 1)

        newer = await connected(second_port, 20)
        assert await older.closed(20)
        await given(world, station, "sync-time", {})
        await asked(newer, 2)

        second.kill()
        await second.wait()
        await given(world, station, "sync-time", {})
        back = await connected(first_port, 10)
        await asked(back, 3)
        async with database.connection() as connection:
            kept = await connection.fetch("select at from reading where device_id = $1 order by at", station.id)
        assert [text_of(row["at"]) for row in kept] == [text_of(NOON - timedelta(seconds=one)) for one in (30, 20, 10)]
        back.close()


async def test_过时的接管消息不作数_断线期间错过的接管补上(database: Database, tmp_path: Path) -> None:
    async with sensing_world(database, tmp_path) as world:
        device = await world.add("A2", "0BE4C400" + "8" * 16)
        lost: list[str] = []
        one = Holding(world.context, "one", lambda _: lost.append("one"))
        other = Holding(world.context, "other", lambda _: lost.append("other"))
        await one.claim([device.id])
        await other.claim([device.id])  # one does not listen: its line is down
        await one.claim([device.id])  # the device hopped back before the news of the second claim came
        async with one, other:

            async def told() -> bool:
                return lost == ["other"]

            await until(told, "the one that does not hold it any more learns it when its line is up again")
            assert sessions.read_notice(f"{one.name} {device.id}:2") == (one.name, {device.id: 2})
            one._heard(None, 0, sessions.CHANNEL, f"{one.name} {device.id}:2")
            assert lost == ["other"], "the news is older than its own claim"
            async with database.transaction() as connection:
                command = await world.sensing.commands.give(connection, SYSTEM, device.id, "sync-time", {})
            async with database.transaction() as connection:
                assert await world.sensing.commands.sent(connection, command.id, other.name) is None
                assert await world.sensing.commands.sent(connection, command.id, one.name) is not None
