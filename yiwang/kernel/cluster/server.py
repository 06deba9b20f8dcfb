"""The embedded database: one private PostgreSQL per home, on a unix socket only. Owns ``<home>/pg``.

Promises: starting is idempotent and safe when several processes do it at once; after ``kill -9`` or a power cut the
next start recovers everything that was committed; homes never disturb one another; nothing listens on TCP.

    <home>/pg.lock      held while a process starts or stops the server
    <home>/pg/alive.lock  locked by every process of the server while it lives
    <home>/pg/data      the cluster; 0700, of the account that runs the server
    <home>/pg/socket    the socket (in /tmp/yiwang-… where this path would be too long for one)
    <home>/pg/log       the server's log, one file a weekday; startup.log for the last start

As root the server runs as the account ``postgres`` (or ``yiwang``, made if need be); where that account cannot reach
the home, ``<home>/pg`` becomes a link to a folder under ``/var/lib/yiwang``. Start, stop and status are blocking.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote

from yiwang.kernel.cluster import configuration, placement, provisioning
from yiwang.kernel.cluster.binaries import Binaries, ensure_binaries
from yiwang.kernel.cluster.postmaster import Postmaster, answers, end_orphans, find_postmaster
from yiwang.kernel.cluster.problems import (
    DataInUse,
    DataOfOtherVersion,
    DiskFull,
    InitialiseFailed,
    StartFailed,
    StopFailed,
)
from yiwang.kernel.cluster.system import Account, Say, exclusive, run, say_on_stderr, try_lock

State: TypeAlias = Literal["absent", "stopped", "starting", "running"]

start_patience_seconds = 600
stop_patience_seconds = 120
orphan_patience_seconds = 30.0
room_to_initialise_mb = 300
room_to_start_mb = 64


@dataclass(frozen=True, slots=True)
class Status:
    """What a look at the home tells. ``major`` is the version of the data; None where there are none."""

    state: State
    pid: int | None
    major: int | None
    data: Path
    socket_folder: Path
    log: Path


class EmbeddedServer:
    """The private server of ``home``. ``settings`` override server settings (tests: ``{"fsync": "off"}``) from its next
    start on; ``say`` receives progress lines."""

    def __init__(self, home: Path, *, settings: Mapping[str, str] | None = None, say: Say = say_on_stderr) -> None:
        self.home = home.expanduser().absolute()
        self.overrides = dict(settings or {})
        self.say = say

    @property
    def folder(self) -> Path:
        """Where data, socket and log really are."""
        return (self.home / "pg").resolve()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def _gone(self) -> Path:
        return self.folder / "data.gone"

    @property
    def log_folder(self) -> Path:
        return self.folder / "log"

    @property
    def socket_folder(self) -> Path:
        inside = self.folder / "socket"
        return inside if placement.fits_a_socket(inside) else placement.short_socket_folder(self.folder)

    @property
    def major(self) -> int | None:
        """PostgreSQL version of the data, None before the first start."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None
        except PermissionError:
            placement.account_for(self.data)  # raises, naming the owner
            raise

    def dsn(self, database: str = "yiwang") -> str:
        """The URL of ``database`` for asyncpg, psql and SQLAlchemy; says nothing about whether the server runs."""
        return f"postgresql://{configuration.role}@/{quote(database)}?host={quote(str(self.socket_folder), safe='/')}"

    def status(self) -> Status:
        """Look without changing anything."""
        major = self.major
        server = self._postmaster() if major is not None else None
        return Status(
            _state(major, server), server.pid if server else None, major, self.data, self.socket_folder, self.log_folder
        )

    def start(self) -> None:
        """Make sure the server runs: create, recover or start it as needed, or leave it be when it is running.

        Raises:
            Problem: of :mod:`yiwang.kernel.cluster.problems`, with the remedy.
        """
        if self.major is not None and self._accepts():
            return
        placement.make_home(self.home)
        with exclusive(self.home / "pg.lock", self.say):
            binaries: Binaries | None = None
            if self.major is None:
                binaries = ensure_binaries(self.home, say=self.say)
                self._initialise(binaries)
            if self._reuse():
                return
            self._launch(binaries or ensure_binaries(self.home, major=self.major, say=self.say))

    def stop(self) -> None:
        """End the server, rolling back open transactions; does nothing when none runs.

        Raises:
            StopFailed: it is still there after two minutes.
        """
        if self._postmaster() is None:
            return
        with exclusive(self.home / "pg.lock", self.say):
            server = self._postmaster()
            if server is not None:
                self._end(server.pid)

    def destroy(self) -> None:
        """Stop the server and delete its data, log and socket for good; downloaded binaries stay."""
        if not self.home.exists():
            return
        self.stop()
        with exclusive(self.home / "pg.lock", self.say):
            socket_folder, folder = self.socket_folder, self.folder
            shutil.rmtree(socket_folder, ignore_errors=True)
            if folder.exists():
                if self.data.exists():  # aside in one go: killed meanwhile, we leave no half of a database behind
                    shutil.rmtree(self._gone, ignore_errors=True)
                    self.data.rename(self._gone)
                shutil.rmtree(folder)
            (self.home / "pg").unlink(missing_ok=True)

    async def ensure_database(self, name: str = "yiwang") -> str:
        """Create the database ``name`` with our extensions where it is missing; returns its URL."""
        await provisioning.ensure_database(self.dsn("postgres"), name)
        return self.dsn(name)

    async def ensure_template(
        self, name: str, build: Callable[[str], Awaitable[None]], *, like: str = "template0"
    ) -> None:
        """Make a template database once, however many processes ask; see :func:`provisioning.ensure_template`."""
        await provisioning.ensure_template(self.dsn("postgres"), name, build, like=like)

    async def create_database(self, name: str, *, template: str) -> str:
        """Create ``name`` as a copy of ``template``; returns its URL."""
        return await provisioning.create_database(self.dsn("postgres"), name, template=template)

    async def drop_database(self, name: str) -> None:
        """Drop ``name`` if it exists, ending its sessions."""
        await provisioning.drop_database(self.dsn("postgres"), name)

    async def stop_if_unused(self) -> bool:
        """Stop the server unless another process has a session on it; returns whether it was stopped."""
        if self.status().state != "running" or await provisioning.other_sessions(self.dsn("postgres")):
            return False
        await asyncio.to_thread(self.stop)
        return True

    def _initialise(self, binaries: Binaries) -> None:
        """initdb into ``data.new``, renamed when complete, so that a killed attempt leaves nothing half made."""
        account = placement.prepare(self.home, self.say)
        shutil.rmtree(self._gone, ignore_errors=True)
        if self.data.exists() and any(self.data.iterdir()):
            raise InitialiseFailed(reason=f"{self.data}: PG_VERSION is missing, other files are there")
        self._need_room(room_to_initialise_mb)
        self.say("建立数据库…", "creating the database …")
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        placement.make_private(fresh, account)
        durable = self.overrides.get("fsync", "on") == "on"
        command: list[str | Path] = [
            binaries.program("initdb"),
            "--pgdata", fresh,
            "--username", configuration.role,
            "--auth", "peer",
            "--encoding", "UTF8",
            "--data-checksums",
            *placement.locale_options(),
            *([] if durable else ["--no-sync"]),
        ]  # fmt: skip
        answer = run(command, account=account, environment=binaries.environment)
        if answer.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            if "No space left on device" in answer.stderr:
                self._need_room(room_to_initialise_mb, full=True)
            raise InitialiseFailed(reason=_last_words(answer.stderr or answer.stdout))
        with (fresh / "postgresql.conf").open("a") as configured:
            configured.write(f"\ninclude_if_exists = '{configuration.settings_file}'\n")
        (fresh / "pg_hba.conf").write_text(configuration.access_rules())
        (fresh / "pg_ident.conf").write_text(configuration.account_map(account))
        fresh.rename(self.data)

    def _launch(self, binaries: Binaries) -> None:
        """Start the postmaster and wait until it accepts connections; recovery after a crash happens here."""
        account = placement.account_for(self.data)
        placement.check_reachable(self.data, account)
        self._need_room(room_to_start_mb)
        for folder in (self.socket_folder, self.log_folder):
            placement.make_private(folder, account)
        self._write_settings(binaries, account)
        alive = self._take_over()
        try:
            # nobody holds the data any more; PostgreSQL would still believe a number that a zombie carries
            for stale in (self.data / "postmaster.pid", Path(f"{self._socket}.lock")):
                stale.unlink(missing_ok=True)
            reason = self._pg_ctl_start(binaries, account, alive)
        finally:
            os.close(alive)
        if reason is None:
            return
        if "No space left on device" in reason:
            self._need_room(room_to_start_mb, full=True)
        if "database files are incompatible with server" in reason:
            raise DataOfOtherVersion(data=str(self.data), need=self.major, have=binaries.major)
        raise StartFailed(reason=_last_words(reason), log=str(self._startup_log))

    def _take_over(self) -> int:
        """The descriptor of ``alive.lock``, locked. Every process of the server inherits it, so that the lock tells
        whether any of them lives, in this container or in another; sessions of a killed server are ended first."""
        began = time.monotonic()
        while (descriptor := try_lock(self.folder / "alive.lock")) is None:
            waited = time.monotonic() - began
            if waited > orphan_patience_seconds:
                raise DataInUse(data=str(self.data))
            if waited > 0.5:
                end_orphans(self.data, signal.SIGTERM if waited < orphan_patience_seconds / 2 else signal.SIGQUIT)
            time.sleep(0.05)
        return descriptor

    @property
    def _startup_log(self) -> Path:
        return self.log_folder / "startup.log"

    def _pg_ctl_start(self, binaries: Binaries, account: Account | None, alive: int) -> str | None:
        """None when the server accepts connections, else what the logs say."""
        self._startup_log.unlink(missing_ok=True)
        seconds = str(start_patience_seconds)
        command: list[str | Path] = [
            binaries.program("pg_ctl"), "start", "--wait", "--timeout", seconds, "--silent",
            "--pgdata", self.data, "--log", self._startup_log,
        ]  # fmt: skip
        words = ("数据库正在恢复,请稍候…", "the database is recovering; please wait …")
        patience = threading.Timer(5, self.say, words)
        patience.start()
        answer = run(command, account=account, environment=binaries.environment, inherit=(alive,))
        patience.cancel()
        if answer.returncode == 0:
            return None
        texts = [answer.stderr]
        logs = sorted(self.log_folder.glob("postgresql-*.log"), key=lambda log: log.stat().st_mtime)
        for log in (*logs[-1:], self._startup_log):
            if log.exists():
                texts.append(log.read_text(errors="replace")[-4000:])
        return "\n".join(texts)

    def _write_settings(self, binaries: Binaries, account: Account | None) -> None:
        values = configuration.server_settings(
            socket_folder=self.socket_folder,
            log_folder=self.log_folder,
            free_disk=shutil.disk_usage(self.folder).free,
            lz4=binaries.has_lz4(),
            overrides=self.overrides,
        )
        target = self.data / configuration.settings_file
        target.write_text(configuration.settings_text(values))
        placement.give(target, account)

    def _reuse(self) -> bool:
        """Wait for a server that is starting or running to accept connections; False when there is none to wait for."""
        deadline = time.monotonic() + start_patience_seconds
        while (server := self._postmaster()) is not None:
            if server.stopping:
                self._wait_until_gone(server.pid)
            elif server.ready and not self._socket.exists():
                self._end(server.pid)  # the home was moved, or a cleaner of /tmp took the socket away
            elif self._accepts():
                return True
            if time.monotonic() > deadline:
                reason = f"process {server.pid} does not answer after {start_patience_seconds} s"
                raise StartFailed(reason=reason, log=str(self.log_folder))
            time.sleep(0.05)
        return False

    def _postmaster(self) -> Postmaster | None:
        return find_postmaster(self.data)

    def _accepts(self) -> bool:
        server = self._postmaster()
        return server is not None and server.ready and answers(self._socket)

    @property
    def _socket(self) -> Path:
        return self.socket_folder / ".s.PGSQL.5432"

    def _end(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes a checkpoint
        self._wait_until_gone(pid)

    def _wait_until_gone(self, pid: int) -> None:
        deadline = time.monotonic() + stop_patience_seconds
        while (server := self._postmaster()) is not None and server.pid == pid:
            if time.monotonic() > deadline:
                raise StopFailed(pid=pid, seconds=stop_patience_seconds, log=str(self.log_folder))
            time.sleep(0.02)

    def _need_room(self, least_mb: int, *, full: bool = False) -> None:
        free_mb = shutil.disk_usage(self.folder).free // 2**20
        if full or free_mb < least_mb:
            raise DiskFull(folder=str(self.folder), free_mb=free_mb, need_mb=least_mb)


def _state(major: int | None, server: Postmaster | None) -> State:
    if major is None:
        return "absent"
    if server is None:
        return "stopped"
    return "running" if server.ready else "starting"


def _last_words(text: str) -> str:
    """The last lines of a log, without their dates: they name the cause."""
    lines = [re.sub(r"^\S+ \S+ UTC \[\d+\] +", "", line.strip()) for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not re.search(r"(log output|Examine the log|starting PostgreSQL)", line)]
    return " ".join(telling[-4:])[-600:].rstrip(".") or "no reason was given"
