"""The embedded database: it comes up by itself, once, and survives being killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from yiwang.kernel.cluster import EmbeddedServer, ensure_database_url, find_binaries
from yiwang.kernel.cluster import server as server_module
from yiwang.kernel.cluster.problems import (
    BinariesUnusable,
    DataInUse,
    DataOfOtherVersion,
    DataOfSomebodyElse,
    DiskFull,
    InitialiseFailed,
    StartFailed,
)
from yiwang.kernel.cluster.system import alone_with_lock, is_root, share_lock

pytestmark = pytest.mark.skipif(
    find_binaries(Path("/nonexistent")) is None, reason="no PostgreSQL with PostGIS on this machine"
)
MakeServer = Callable[..., EmbeddedServer]


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A new folder that every account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="yw-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def quick(home: Path, **settings: str) -> EmbeddedServer:
    return EmbeddedServer(home, settings={"shared_buffers": "16MB", **settings})


@pytest.fixture
def make_server(open_folder: Path) -> Iterator[MakeServer]:
    """Makes servers of the test's own, each in a home of its own."""
    made: list[EmbeddedServer] = []

    def make(name: str = "", **settings: str) -> EmbeddedServer:
        folder = Path(tempfile.mkdtemp(prefix="own-", dir=open_folder))
        folder.chmod(0o755)
        server = quick(folder / (name or "home"), fsync="off", **settings)  # no test here cuts the power
        made.append(server)
        return server

    yield make
    for server in made:
        server.destroy()


@pytest.fixture(scope="module")
def running(open_folder: Path) -> Iterator[EmbeddedServer]:
    """A server that the tests of this module share."""
    server = quick(open_folder / "shared")
    server.start()
    yield server
    server.destroy()


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_空目录_启动即有可用的空间数据库(make_server: MakeServer) -> None:
    server = make_server()
    assert server.status().state == "absent"
    server.start()
    url = await server.ensure_database("yiwang")
    assert await ask(url, "select st_astext(st_point(117.05, 39.06))") == "POINT(117.05 39.06)"
    assert await ask(url, "select '路灯不亮' % '路灯'") is not None
    assert await ask(url, "select count(*) from pg_extension where extname in ('btree_gist', 'pg_trgm')") == 2
    assert server.status().state == "running"


async def test_durability_is_on_and_nothing_listens_on_tcp(running: EmbeddedServer) -> None:
    for name, value in {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "jit": "off",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
    }.items():
        assert await ask(running.dsn("postgres"), f"show {name}") == value


async def test_starting_a_running_server_leaves_it_alone(running: EmbeddedServer) -> None:
    first = running.status().pid
    running.start()
    EmbeddedServer(running.home).start()
    assert running.status().pid == first


async def test_停止后再启动_数据还在(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    url = await server.ensure_database("yiwang")
    await ask(url, "create table note (body text)")
    await ask(url, "insert into note values ('积水')")
    server.stop()
    server.stop()
    assert server.status().state == "stopped"
    server.start()
    assert await ask(url, "select body from note") == "积水"


async def test_killed_server_comes_back_with_all_that_was_committed(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    url = await server.ensure_database("yiwang")
    await ask(url, "create table note (n int)")
    sleeper = await asyncpg.connect(url)  # a session in the middle of something outlives the postmaster for a while
    asleep = asyncio.create_task(sleeper.execute("select pg_sleep(60)"))
    await ask(url, "insert into note select generate_series(1, 1000)")
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while server.status().state != "stopped":
        assert time.monotonic() < deadline
    server.start()
    assert await ask(url, "select count(*) from note") == 1000
    with pytest.raises((asyncpg.PostgresError, ConnectionError, asyncpg.InterfaceError)):
        await asleep
    sleeper.terminate()


def test_pid_file_left_behind_whose_number_another_process_carries_now(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    server.stop()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n1\n5432\n/x\n\n1 1\nready   \n")
        assert server.status().state == "stopped"
        server.start()
        assert server.status().state == "running"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_interrupted_initialisation_is_begun_again(make_server: MakeServer) -> None:
    server = make_server()
    (server.home / "pg" / "data.new" / "base").mkdir(parents=True)
    server.start()
    assert server.status().state == "running"


async def test_interrupted_deletion_is_no_obstacle(make_server: MakeServer) -> None:
    server = make_server()
    (server.home / "pg" / "data.gone" / "base").mkdir(parents=True)
    server.start()
    assert server.status().state == "running"
    assert not (server.folder / "data.gone").exists()


def test_files_without_a_version_are_not_overwritten(make_server: MakeServer) -> None:
    server = make_server()
    (server.home / "pg" / "data" / "base").mkdir(parents=True)
    with pytest.raises(InitialiseFailed, match="PG_VERSION"):
        server.start()
    assert (server.data / "base").is_dir()


def test_四个进程同时启动_只有一个数据库(make_server: MakeServer) -> None:
    server = make_server()
    code = (
        "import asyncio, sys; from pathlib import Path; from yiwang.kernel.cluster import ensure_database_url, "
        "EmbeddedServer; asyncio.run(ensure_database_url(None, Path(sys.argv[1]))); "
        "print(EmbeddedServer(Path(sys.argv[1])).status().pid)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(server.home)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    pids = {process.communicate(timeout=60)[0].strip() for process in started}
    assert all(process.returncode == 0 for process in started)
    assert pids == {str(server.status().pid)}


def test_of_those_who_share_a_lock_the_last_one_is_alone(open_folder: Path) -> None:
    first, second = (share_lock(open_folder / "in-use.lock") for _ in range(2))
    try:
        assert not alone_with_lock(first)
        assert alone_with_lock(second)
    finally:
        os.close(first)
        os.close(second)


async def test_two_homes_do_not_disturb_one_another(make_server: MakeServer, running: EmbeddedServer) -> None:
    other = make_server()
    other.start()
    admin = other.dsn("postgres")
    await ask(admin, "create database only_here")
    assert await ask(running.dsn("postgres"), "select count(*) from pg_database where datname = 'only_here'") == 0
    other.stop()
    assert running.status().state == "running"


async def test_home_with_a_long_chinese_name_and_spaces(make_server: MakeServer) -> None:
    server = make_server("一网统管 " + "x" * 120)
    server.start()
    assert len(os.fsencode(server.socket_folder)) < 90
    assert await ask(await server.ensure_database("一网"), "select current_database()") == "一网"
    assert server.socket_folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not is_root(), reason="only root runs the server under another account")
async def test_home_that_the_servers_account_cannot_reach_puts_data_elsewhere(make_server: MakeServer) -> None:
    server = make_server("closed/home")
    server.home.parent.mkdir(mode=0o700)
    told: list[str] = []
    server.say = lambda zh, en: told.append(en)
    server.start()
    elsewhere = server.folder
    assert elsewhere.is_relative_to("/var/lib/yiwang")
    assert any(str(elsewhere) in line for line in told)
    assert await ask(await server.ensure_database(), "select 1") == 1
    server.destroy()
    assert not elsewhere.exists()
    assert not (server.home / "pg").is_symlink()


@pytest.mark.skipif(not is_root(), reason="only root runs the server under another account")
async def test_server_does_not_run_as_root(running: EmbeddedServer) -> None:
    assert Path(f"/proc/{running.status().pid}").stat().st_uid == running.data.stat().st_uid != 0


async def test_data_of_another_version_are_refused_with_the_remedy(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(DataOfOtherVersion, match="postgresql-14") as refused:
        server.start()
    assert "postgresql-14-postgis-3" in refused.value.message("zh")


async def test_full_disk_is_said_before_anything_is_made(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = make_server()
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=20 * 2**20))
    with pytest.raises(DiskFull, match="20 MB"):
        server.start()
    assert server.status().state == "absent"


async def test_server_that_cannot_start_gives_its_own_reason(make_server: MakeServer) -> None:
    server = make_server(max_connections="-1")
    with pytest.raises(StartFailed, match="max_connections"):
        server.start()


@pytest.mark.skipif(not is_root(), reason="needs two accounts")
def test_data_of_somebody_else_are_refused_with_his_name(running: EmbeddedServer) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            EmbeddedServer(running.home).start()
            os.write(writing, b"started")
        except DataOfSomebodyElse as refused:
            os.write(writing, str(refused).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    words = os.read(reading, 4096).decode()
    os.close(reading)
    assert f"Run as root or as {running.data.owner()}" in words


async def test_template_is_built_once_and_copied(running: EmbeddedServer) -> None:
    built: list[str] = []

    async def build(url: str) -> None:
        built.append(url)
        await ask(url, "create table thing (n int)")

    await asyncio.gather(*(running.ensure_template("template_city", build) for _ in range(3)))
    assert len(built) == 1
    urls = await asyncio.gather(*(running.create_database(f"copy_{n}", template="template_city") for n in range(3)))
    for url in urls:
        assert await ask(url, "select count(*) from thing") == 0
    await running.drop_database("copy_0")
    await running.drop_database("copy_0")
    await running.drop_database("template_city")


async def test_template_whose_building_failed_is_built_anew(running: EmbeddedServer) -> None:

    async def fails(url: str) -> None:
        await ask(url, "create table half (n int)")
        raise ValueError("no")

    async def works(url: str) -> None:
        await ask(url, "create table half (n int)")

    with pytest.raises(ValueError, match="no"):
        await running.ensure_template("t", fails)
    await running.ensure_template("t", works)
    await running.drop_database("t")


async def test_server_in_use_by_others_is_not_stopped(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    other = await asyncpg.connect(server.dsn("postgres"))
    assert await server.stop_if_unused() is False
    await other.close()
    for _ in range(300):  # its session lives on for a moment
        if await server.stop_if_unused():
            break
        await asyncio.sleep(0.1)
    assert server.status().state == "stopped"


async def test_wrong_YIWANG_PG_BIN_is_named(make_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIWANG_PG_BIN", "/usr/share")
    with pytest.raises(BinariesUnusable, match="YIWANG_PG_BIN=/usr/share"):
        make_server().start()


async def test_url_of_the_embedded_database_is_ready_to_use(running: EmbeddedServer) -> None:
    url = await ensure_database_url(None, running.home)
    assert await ask(url, "select count(*) from pg_extension where extname = 'postgis'") == 1


async def test_home_that_was_moved_while_its_server_ran_is_found_again(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    url = await server.ensure_database("yiwang")
    await ask(url, "create table note (n int)")
    moved = EmbeddedServer(server.home.rename(server.home.with_name("moved")), settings=server.overrides)
    try:
        assert moved.status().state == "running"
        moved.start()
        assert await ask(moved.dsn("yiwang"), "select count(*) from note") == 0
    finally:
        moved.destroy()


def test_socket_that_a_cleaner_took_away_comes_back(make_server: MakeServer) -> None:
    server = make_server()
    server.start()
    (server.socket_folder / ".s.PGSQL.5432").unlink()
    server.start()
    assert server.status().state == "running"
    assert asyncio.run(ask(server.dsn("postgres"), "select 1")) == 1


def test_data_in_use_by_a_server_that_we_cannot_see_are_left_alone(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in another container: its processes are not listed here, but it holds the lock of the data."""
    server = make_server()
    server.start()
    monkeypatch.setattr(server_module, "find_postmaster", lambda _: None)
    monkeypatch.setattr(server_module, "end_orphans", lambda _data, _how: None)
    monkeypatch.setattr(server_module, "orphan_patience_seconds", 1.0)
    with pytest.raises(DataInUse):
        server.start()
    monkeypatch.undo()
    assert server.status().state == "running"
