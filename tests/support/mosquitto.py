"""A real broker for tests: Debian's mosquitto on a port of its own, its queue on disk; and a device that talks to it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from yiwang.sensing.gateways.mqtt.broker import Broker, configuration, environment_of, find_mosquitto
from yiwang.sensing.gateways.mqtt.connection import BrokerConnection, Message


class Mosquitto:
    """Start and stop it as often as a test likes; what was queued is there again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    async def start(self) -> None:
        program = find_mosquitto(self.folder)
        if program is None:
            pytest.skip("no mosquitto here; scripts/broker.sh gets it")
        config = self.folder / "mosquitto.conf"
        config.write_text(configuration(self.folder, self.port, "root" if os.geteuid() == 0 else None))
        log = (self.folder / "mosquitto.log").open("ab")
        self._process = await asyncio.create_subprocess_exec(
            program, "-c", config, stdout=log, stderr=log, env=environment_of(program)
        )
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(log.name)

    async def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()
            self._process = None


class Station:
    """A device (or several) with one connection to the broker."""

    def __init__(self, url: str, client: str) -> None:
        port = int(url.rsplit(":", 1)[1])
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self.connection = BrokerConnection(
            Broker("127.0.0.1", port, client=client), self.heard.put_nowait, largest=2**20, clean=True
        )

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        await self.connection.publish(topic, payload, retain=retain)
