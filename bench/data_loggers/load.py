"""``python -m bench.data_loggers.load PORT CONNECTIONS FRAMES WINDOW``: loggers that send as fast as they are acknowledged.

Each keeps up to WINDOW frames unanswered. Frames are made before the clock starts. Prints JSON: frames, seconds, and the
processor time of this process.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import timedelta
from typing import cast

import orjson
import uvloop

from bench.data_loggers import frame_text, today
from yiwang.sensing.gateways.hj212.framing import frame
from yiwang.sensing.gateways.hj212.moments import text_of


class Sender(asyncio.Protocol):
    def __init__(self, frames: list[bytes], window: int, done: asyncio.Event) -> None:
        self.frames, self.window, self.done = frames, window, done
        self.next = self.answered = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def go(self) -> None:
        upto = min(self.answered + self.window, len(self.frames))
        if upto > self.next and self.transport is not None:
            self.transport.write(b"".join(self.frames[self.next : upto]))
            self.next = upto

    def data_received(self, data: bytes) -> None:
        self.answered += data.count(b"CN=9014")
        if self.answered >= len(self.frames):
            self.done.set()
        else:
            self.go()


async def main(port: int, connections: int, frames: int, window: int) -> None:
    base = today() - timedelta(hours=3)
    times = [text_of(base + timedelta(seconds=serial)) for serial in range(frames)]
    senders = []
    for device in range(connections):
        made = [frame(frame_text(device, at, serial).encode()) for serial, at in enumerate(times)]
        senders.append(Sender(made, window, asyncio.Event()))
    loop = asyncio.get_running_loop()
    for sender in senders:
        await loop.create_connection(lambda sender=sender: sender, "127.0.0.1", port)  # type: ignore[misc]
    began, cpu = time.perf_counter(), time.process_time()
    for sender in senders:
        sender.go()
    await asyncio.gather(*(sender.done.wait() for sender in senders))
    seconds = time.perf_counter() - began
    found = {"frames": connections * frames, "seconds": seconds, "cpu": time.process_time() - cpu}
    sys.stdout.write(orjson.dumps(found).decode() + "\n")


if __name__ == "__main__":
    uvloop.run(main(*map(int, sys.argv[1:5])))
