"""``python -m bench.data_loggers.crowd PORT CONNECTIONS SECONDS``: so many loggers that each send a frame a minute.

Prints JSON when all are connected and have been answered once, and again at the end: connected, answered, lost.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import orjson
import uvloop

from bench.data_loggers import frame_text, today
from yiwang.sensing.gateways.hj212.framing import frame
from yiwang.sensing.gateways.hj212.moments import text_of

PERIOD = 60.0


class Member(asyncio.Protocol):
    def __init__(self, crowd: Crowd, device: int) -> None:
        self.crowd, self.device, self.serial = crowd, device, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.say()

    def say(self) -> None:
        self.serial += 1
        self.transport.write(frame(frame_text(self.device, text_of(today()), self.serial).encode()))
        asyncio.get_running_loop().call_later(PERIOD, self.say)

    def data_received(self, data: bytes) -> None:
        self.crowd.answered += data.count(b"CN=9014")

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.lost += 1


class Crowd:
    def __init__(self) -> None:
        self.answered = self.lost = 0

    def tell(self, connected: int) -> None:
        found = {"connected": connected, "answered": self.answered, "lost": self.lost}
        sys.stdout.write(orjson.dumps(found).decode() + "\n")
        sys.stdout.flush()


async def main(port: int, connections: int, seconds: int) -> None:
    crowd = Crowd()
    loop = asyncio.get_running_loop()
    for device in range(connections):
        await loop.create_connection(lambda device=device: Member(crowd, device), "127.0.0.1", port)  # type: ignore[misc]
        if device % 200 == 199:
            await asyncio.sleep(0.05)
    for _ in range(600):
        if crowd.answered >= connections:
            break
        await asyncio.sleep(0.1)
    crowd.tell(connections)
    await asyncio.sleep(seconds)
    crowd.tell(connections)


if __name__ == "__main__":
    uvloop.run(main(*map(int, sys.argv[1:4])))
