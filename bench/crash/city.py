"""A whole private installation in a folder of its own: embedded database, web workers, background worker, one command."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench import load
from bench.installation import (
    City,
    Cluster,
    child_environment,
    children,
    command_line,
    family,
    free_port,
    kill,
    launch,
)
from bench.people import appoint
from yiwang.http.services import open_services
from yiwang.kernel import migrations
from yiwang.kernel.database import connect
from yiwang.packs.install import install_city

DATABASE = "yiwang"


@dataclass(slots=True)
class CrashCity:
    """``yiwang run`` without the demo. The database keeps its own durable settings: fsync is on."""

    home: Path
    city: City = field(default_factory=City.small)
    workers: int = 2
    address: load.Address = field(init=False)
    cluster: Cluster = field(init=False)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.address = load.Address("127.0.0.1", free_port())
        self.cluster = Cluster(self.home)

    @property
    def url(self) -> str:
        return self.cluster.url(DATABASE)

    @property
    def log(self) -> Path:
        return self.home / "run.log"

    async def build(self) -> None:
        """Create the cluster, publish the city, appoint its people. Once."""
        await self.cluster.start()
        await self.cluster.server.ensure_database(DATABASE)
        await asyncio.to_thread(migrations.upgrade, self.url)
        async with open_services(self.cluster.settings(self.city), self.url, connections=2) as services:
            await install_city(services.context, services, self.city.folder, packs=self.city.packs)
            await appoint(services)

    async def start(self) -> None:
        """Bring everything up, as an operator would after a crash, and wait until it is ready."""
        environment = {
            **child_environment(self.home),
            "YIWANG_HOME": str(self.home),
            "YIWANG_CITY": str(self.city.folder),
            "YIWANG_PACKS": str(self.city.packs),
            "YIWANG_HOST": self.address.host,
            "YIWANG_PORT": str(self.address.port),
            "YIWANG_WORKERS": str(self.workers),
            "YIWANG_LOG_LEVEL": "warning",
        }
        self.process = launch(("-m", "yiwang.cli", "run", "--no-demo"), environment, self.log)
        await self.wait_ready()

    async def wait_ready(self, seconds: float = 90) -> None:
        """Raises RuntimeError with the log's end when it is not ready in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                status, _ = await load.one(self.address, load.request("GET", "/readyz"))
            except (OSError, TimeoutError):
                status = 0
            if status == 200:
                return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"the installation is not ready: {self.log.read_bytes()[-3000:].decode(errors='replace')}")

    async def mend(self) -> None:
        """What an operator does after a crash: the database is started if it is down, everything else if it ended."""
        await self.cluster.start()
        if self.process is None or self.process.poll() is not None:
            self.kill_all()
            await self.start()
        await self.wait_ready()

    def members(self) -> dict[str, list[int]]:
        """Processes by what they are: ``run``, ``web`` (the master), ``web worker``, ``background``."""
        if self.process is None or self.process.poll() is not None:
            return {}
        found: dict[str, list[int]] = {"run": [self.process.pid], "web": [], "web worker": [], "background": []}
        for pid in children(self.process.pid):
            line = command_line(pid)
            if " serve" in line:
                found["web"].append(pid)
                found["web worker"] += [
                    child for child in children(pid) if "resource_tracker" not in command_line(child)
                ]
            elif " worker" in line:
                found["background"].append(pid)
        return found

    def kill_all(self) -> None:
        """kill -9 of everything but the database."""
        if self.process is not None:
            for pid in family(self.process.pid):
                kill(pid)
            self.process.wait()
            self.process = None
        for pid in orphans(self.home):
            kill(pid)

    def postmaster(self) -> int | None:
        return self.cluster.server.status().pid

    async def connection(self) -> asyncpg.Connection[asyncpg.Record]:
        return await connect(self.url)

    async def close(self) -> None:
        """End everything and leave no process behind."""
        self.kill_all()
        await self.cluster.start()
        await asyncio.to_thread(self.cluster.server.destroy)


def orphans(home: Path) -> list[int]:
    """Processes of this installation whose parents were killed: they carry its home in their environment."""
    mark = f"YIWANG_HOME={home}".encode()
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            ours = mark in variables and b"yiwang.cli" in (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if ours and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found
