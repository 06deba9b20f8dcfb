"""A data logger for tests: says frames over a real socket and hears the answers; and a gateway to connect it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.sensing.devices.world import World
from yiwang.kernel.database import Database
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.model import Device
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.store import registry
from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.hj212.fields import DataArea, read_data
from yiwang.sensing.gateways.hj212.frames import Frame, answer, encode, read_segment
from yiwang.sensing.gateways.hj212.framing import FrameReader, Received
from yiwang.sensing.gateways.hj212.gateway import Gateway, Patience
from yiwang.sensing.gateways.hj212.moments import number_of, text_of
from yiwang.sensing.gateways.listening import GatewaySettings

FLUE: dict[str, object] = {
    "names": {"zh": "烟气在线监测", "en": "Flue gas"},
    "protocol": "hj212",
    "interval": "60s",
    "offline_after": "10min",
    "measures": {
        "so2": {"code": "a21026"}, "so2_largest": {"code": "a21026-Max"}, "so2_converted": {"code": "a21026-ZsRtd"},
        "cod": {"code": "w01018"}, "running": {"code": "SB1-RS"}, "run_hours": {"code": "SB1-RT"}, "sound": {"code": "Leq"},
        "range": {"code": "i13001"},
    },
    "commands": ["sync-time", "set-interval", "set-password", "fetch-history", "query-parameters", "set-parameters", "control",
                 "send-text"],
    "options": {"system": "31"},
}  # fmt: skip
STEADY = Patience(answer_seconds=60.0, attempts=3, execution_seconds=120.0)
"""For loggers that answer: however busy the machine is, they are in time."""
QUICK = Patience(answer_seconds=0.3, attempts=3, execution_seconds=2.0)
"""For loggers that do not."""


async def publish_flue(world: World, **options: object) -> None:
    """The profile ``flue-station`` beside those of the world."""
    units = {
        "so2": "mg/m³",
        "so2_largest": "mg/m³",
        "so2_converted": "mg/m³",
        "cod": "mg/L",
        "sound": "dB(A)",
        "run_hours": "h",
    }
    metrics = {
        key: MetricDeclaration.model_validate({"names": {"zh": key, "en": key}, "unit": units.get(key, "1")})
        for key in FLUE["measures"]  # type: ignore[attr-defined]
    }
    profile = ProfileDeclaration.model_validate({**FLUE, "options": {**FLUE["options"], **options}})  # type: ignore[dict-item]
    async with world.database.transaction() as connection:
        await publish_signals(
            connection, metrics, [("environment-monitoring", "flue-station", profile)], world.context.clock.now()
        )
    await world.sensing.directory.refresh()


async def add(
    world: World, code: str, address: str, profile: str = "air-station", *, secret: str | None = None, **attributes: str
) -> Device:
    """A data logger in service, known to the directory when this returns."""
    sealed = None if secret is None else world.sensing.secrets.seal(secret)
    draft = registry.Draft(
        code,
        profile,
        "hj212",
        address,
        f"设备{code}",
        f"Device {code}",
        "120111",
        None,
        117.01,
        39.13,
        attributes,
        sealed,
    )
    async with world.database.transaction() as connection:
        [device] = await registry.insert(connection, [draft], world.context.clock.now())
    await world.sensing.directory.refresh()
    return device


@dataclass(slots=True)
class Running:
    """A gateway that listens on ``port``."""

    gateway: Gateway
    door: Door
    port: int


@asynccontextmanager
async def gateway_of(world: World, patience: Patience = STEADY, **settings: object) -> AsyncIterator[Running]:
    """A gateway over the world's senses until the block ends."""
    chosen = GatewaySettings("hj212", port=0, **settings)  # type: ignore[arg-type]
    stop, listening = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with Door(world.context, world.sensing.directory, chosen) as door:
        gateway = Gateway(world.sensing, door, chosen, patience)
        task = asyncio.create_task(gateway.run(stop, listening))
        yield Running(gateway, door, await listening)
        stop.set()
        await asyncio.wait_for(task, 60)


class Logger:
    """One connection as a data logger makes it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, device: str, password: str, system: str
    ) -> None:
        self.reader, self.writer = reader, writer
        self.device, self.password, self.system = device, password, system
        self._frames = FrameReader()
        self._heard: list[Frame] = []
        self._number = 0

    @classmethod
    async def connect(cls, port: int, device: str, password: str = "123456", system: str = "22") -> Logger:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer, device, password, system)

    def message(self, command: str, data: str, at: datetime, **changes: object) -> Frame:
        """A frame of this logger, edition of 2017, answer wanted; ``changes`` replace fields."""
        self._number = max(int(number_of(at)), self._number + 1)
        found = Frame(
            str(self._number), self.system, command, self.password, self.device, 5, 0, 0, False, data.encode("utf-8")
        )  # fmt: skip
        return found._replace(**changes)  # type: ignore[arg-type]

    async def send(self, *messages: Frame | bytes) -> None:
        self.writer.write(b"".join(one if isinstance(one, bytes) else encode(one) for one in messages))
        await self.writer.drain()

    async def hear(self, seconds: float = 60.0) -> Frame:
        """The next frame from the platform.

        Raises:
            TimeoutError: none came in time. ConnectionError: the platform closed.
        """
        async with asyncio.timeout(seconds):
            while not self._heard:
                data = await self.reader.read(65536)
                if not data:
                    raise ConnectionError("the platform closed the connection")
                self._heard += [
                    read_segment(one.segment) for one in self._frames.feed(data) if isinstance(one, Received)
                ]
        return self._heard.pop(0)

    async def nothing(self, seconds: float = 0.3) -> bool:
        """Whether the platform stays silent for so long."""
        try:
            await self.hear(seconds)
        except TimeoutError:
            return True
        return False

    async def closed(self, seconds: float = 60.0) -> bool:
        """Whether the platform closes the connection in time; what it says before is passed over."""
        try:
            while True:
                await self.hear(seconds)
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    async def upload(self, data: str, at: datetime, command: str = "2011", **changes: object) -> Frame:
        """Send an upload and hear its answer."""
        await self.send(self.message(command, f"DataTime={text_of(at)};{data}", at, **changes))
        return await self.hear()

    async def upload_amid_requests(self, data: str, at: datetime) -> Frame:
        """Send an upload and hear its answer; requests that the platform sends meanwhile are heard afterwards."""
        await self.send(self.message("2011", f"DataTime={text_of(at)};{data}", at))
        earlier: list[Frame] = []
        while (found := await self.hear()).command.startswith(("1", "2", "3")):
            earlier.append(found)
        self._heard = earlier + self._heard
        return found

    async def answer(self, request: Frame, command: str, data: str) -> None:
        await self.send(answer(request, command, password=self.password, data=data))

    def close(self) -> None:
        self.writer.close()


def result_of(found: Frame) -> DataArea:
    return read_data(found.text())


async def readings_of(database: Database, device_id: int) -> list[tuple[str, int, datetime, float, int]]:
    """(metric, grain, at, value, quality without LATE) of a device, in order."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            "select m.code, r.grain, r.at, r.value, r.quality from reading r join metric m on m.id = r.metric_id"
            " where device_id = $1 order by at, grain, code",
            device_id,
        )
    return [(row["code"], row["grain"], row["at"], round(row["value"], 6), row["quality"] & ~2048) for row in rows]


async def eventually(condition: object, seconds: float = 60.0) -> None:
    """Wait until an async function gives something true."""
    async with asyncio.timeout(seconds):
        while not await condition():  # type: ignore[operator] # noqa: ASYNC110 - what is awaited is in the database
            await asyncio.sleep(0.05)


MINUTE = timedelta(minutes=1)
