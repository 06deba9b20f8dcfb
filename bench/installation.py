"""A private installation to measure: its own home, database server, city, people and web workers.

Lies under ``.yiwang-bench/`` beside the checkout (or wherever YIWANG_BENCH_HOME says); databases are kept and used again
while migrations, packs and city are the same. ``YIWANG_DATABASE_URL`` names a server of one's own to measure instead.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench import load
from yiwang.http.services import open_services
from yiwang.kernel import migrations
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.cluster.provisioning import create_database, drop_database, ensure_database
from yiwang.kernel.database import connect
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city

REPOSITORY = Path(__file__).resolve().parent.parent
WORKERS = 2


@dataclass(frozen=True, slots=True)
class City:
    """Which city is installed."""

    folder: Path
    packs: Path = REPOSITORY / "packs"

    @classmethod
    def shipped(cls) -> City:
        """The city of the demo: a real district with its real size."""
        return cls(REPOSITORY / "cities" / "xiqing")

    @classmethod
    def small(cls) -> City:
        """The tests' small city: ready within seconds."""
        return cls(REPOSITORY / "tests" / "cities" / "small")

    def digest(self) -> str:
        """Of everything that decides what a database of this city holds."""
        return digest(
            [self.folder, self.packs, REPOSITORY / "yiwang/kernel/migrations/sql", REPOSITORY / "bench/people.py"]
        )


def digest(places: Iterable[Path]) -> str:
    """SHA-256 over names and contents of files and folders, shortened."""
    found = hashlib.sha256()
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]


class Cluster:
    """The database server: embedded in ``home``, or one's own."""

    def __init__(
        self, home: Path, *, own_url: str | None = None, server_settings: dict[str, str] | None = None
    ) -> None:
        self.home = home
        self.own_url = own_url
        self.server = EmbeddedServer(home, settings=server_settings or {}, say=lambda zh, en: None)

    async def start(self) -> None:
        """Make sure that it runs; after a crash this recovers."""
        if self.own_url is None:
            await asyncio.to_thread(self.server.start)

    async def stop(self) -> None:
        if self.own_url is None:
            await asyncio.to_thread(self.server.stop)

    def url(self, database: str) -> str:
        if self.own_url is None:
            return self.server.dsn(database)
        parts = urlsplit(self.own_url)
        return urlunsplit(parts._replace(path=f"/{database}"))

    async def exists(self, database: str) -> bool:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            found: bool = await connection.fetchval(
                "select exists (select from pg_database where datname = $1)", database
            )
            return found
        finally:
            await connection.close()

    async def names(self, beginning: str) -> list[str]:
        """Databases whose name begins so."""
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            rows = await connection.fetch("select datname from pg_database where starts_with(datname, $1)", beginning)
            return [row["datname"] for row in rows]
        finally:
            await connection.close()

    async def rename(self, old: str, new: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        await connection.execute(f'alter database "{old}" rename to "{new}"')
        await connection.close()

    async def copy(self, template: str, name: str) -> str:
        """A fresh copy of a database under another name, replacing an older one; its URL."""
        await self.drop(name)
        await create_database(self.url("postgres"), name, template=template)
        return self.url(name)

    async def drop(self, name: str) -> None:
        await drop_database(self.url("postgres"), name)

    async def city(self, city: City) -> str:
        """The name of a database with this city installed and its people appointed; made unless it is there already."""
        name = f"bench_city_{city.digest()}"
        if await self.exists(name):
            return name
        for older in await self.names("bench_city_"):
            await self.drop(older)
        making = f"{name}_new"
        await self.drop(making)
        await ensure_database(self.url("postgres"), making)
        await asyncio.to_thread(migrations.upgrade, self.url(making))
        from bench.people import appoint

        async with open_services(self.settings(city), self.url(making), connections=4) as services:
            await install_city(services.context, services, city.folder, packs=city.packs)
            await appoint(services)
        await self.rename(making, name)
        return name

    def settings(self, city: City) -> Settings:
        return Settings(home=self.home, city=city.folder, packs=city.packs)


@dataclass(slots=True)
class Web:
    """The web server: ``yiwang serve`` as in production, on a free port of loopback."""

    url: str
    cluster: Cluster
    city: City
    workers: int = WORKERS
    command: tuple[str, ...] = ("-m", "yiwang.cli", "serve")
    extra: dict[str, str] = field(default_factory=dict)
    address: load.Address = field(init=False)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.address = load.Address("127.0.0.1", free_port())

    @property
    def environment(self) -> dict[str, str]:
        return {
            **child_environment(self.cluster.home),
            "YIWANG_HOME": str(self.cluster.home),
            "YIWANG_DATABASE_URL": self.url,
            "YIWANG_CITY": str(self.city.folder),
            "YIWANG_PACKS": str(self.city.packs),
            "YIWANG_HOST": self.address.host,
            "YIWANG_PORT": str(self.address.port),
            "YIWANG_WORKERS": str(self.workers),
            "YIWANG_LOG_LEVEL": "warning",
            **self.extra,
        }

    async def start(self, path: str = "/readyz") -> None:
        """Start and wait until it is ready. Raises RuntimeError with the log's end when it is not within a minute."""
        self.process = launch(self.command, self.environment, self.log)
        await self.wait(path)

    async def wait(self, path: str = "/readyz", seconds: float = 60) -> None:
        """Until every worker answers."""
        until = time.monotonic() + seconds
        answered = 0
        while answered < 2 * self.workers:
            if self.process is None or self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(
                    f"the web server is not ready: {self.log.read_bytes()[-3000:].decode(errors='replace')}"
                )
            try:
                status, _ = await load.one(self.address, load.request("GET", path))
                answered = answered + 1 if status < 400 else 0
            except OSError:
                answered = 0
            if not answered:
                await asyncio.sleep(0.05)

    @property
    def log(self) -> Path:
        return self.cluster.home / "log" / f"web-{self.address.port}.log"

    async def stop(self) -> None:
        """End it and all its processes."""
        if self.process is None:
            return
        members = family(self.process.pid)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                await asyncio.to_thread(self.process.wait, 15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for pid in members:
            kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def worker_pids(self) -> list[int]:
        """The processes that answer requests: the youngest generation."""
        if self.process is None:
            return []
        members = family(self.process.pid)
        return [pid for pid in members if not children(pid) and "resource_tracker" not in command_line(pid)]

    def memory_mb(self) -> list[float]:
        """Resident megabytes of each worker."""
        return [resident_mb(pid) for pid in self.worker_pids()]


class BareWeb(Web):
    """The same server software with an application that only answers: the floor of every HTTP figure."""

    async def start(self, path: str = "/") -> None:
        self.command = (
            "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--workers", str(self.workers),
            "--host", self.address.host, "--port", str(self.address.port), "--no-access-log", "--log-level", "warning",
            "bench.bare:app",
        )  # fmt: skip
        await Web.start(self, path)


def child_environment(home: Path) -> dict[str, str]:
    """The environment of a started process: nobody's YIWANG settings; compiled modules are kept, as in an installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIWANG_")}
    kept["PYTHONPATH"] = str(REPOSITORY)
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):  # not beside the sources then
        kept["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    return kept


def launch(arguments: Sequence[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start Python with these arguments, in a session of its own, its words going to ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            cwd=REPOSITORY,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def children(pid: int) -> list[int]:
    """Processes whose parent is ``pid``; none when it is gone, or goes meanwhile."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(word) for word in task.read_text().split()]
    except OSError:
        pass
    return found


def family(pid: int) -> list[int]:
    """A process and all below it, parents first."""
    found = [pid]
    for member in found:
        found += children(member)
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def resident_mb(pid: int) -> float:
    """Resident memory of a process, MB; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def kill(pid: int, how: signal.Signals = signal.SIGKILL) -> bool:
    """Signal a process; False when it is gone."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return False
    return True


async def sql(url: str, text: str, *args: object) -> list[asyncpg.Record]:
    """One statement on a connection of its own."""
    connection = await connect(url)
    try:
        return await connection.fetch(text, *args)
    finally:
        await connection.close()


def cpu_seconds(pid: int) -> float:
    """Processor time used so far by a process and by those children of it that have ended; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
