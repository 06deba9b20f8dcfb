"""A telephone line between a browser and a city's server: it can be cut in the middle of anything and mended again.

What is lost is lost as in a lift or when a server is started anew: open connections break, new ones are refused.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit


class Line:
    """``address`` is what the browser is told; ``async with line.cut():`` or ``await line.down()``, ``await line.up()``."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._listening: asyncio.Server | None = None
        self._own_port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self.swallow_answers_to = b""
        """The answer to a request that begins like this is lost on the way, once: the server has done it, nobody knows."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._own_port}"

    async def up(self) -> None:
        if self._listening is None:
            self._listening = await asyncio.start_server(self._carry, "127.0.0.1", self._own_port)
            self._own_port = self._listening.sockets[0].getsockname()[1]

    async def down(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()
        await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def cut(self) -> AsyncIterator[None]:
        await self.down()
        try:
            yield
        finally:
            await self.up()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        lost = asyncio.Event()
        try:
            await asyncio.gather(
                self._pass(reader, far_writer, watched=lost), self._pass(far_reader, writer, swallowed=lost)
            )
        finally:
            for one in (writer, far_writer):
                self._open.discard(one)
                one.close()

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        watched: asyncio.Event | None = None,
        swallowed: asyncio.Event | None = None,
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(64 * 1024):
                if watched and self.swallow_answers_to and piece.startswith(self.swallow_answers_to):
                    self.swallow_answers_to = b""
                    watched.set()
                if swallowed and swallowed.is_set():
                    break
                writer.write(piece)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()


@contextlib.asynccontextmanager
async def a_line(server: str) -> AsyncIterator[Line]:
    line = Line(server)
    await line.up()
    try:
        yield line
    finally:
        await line.down()
