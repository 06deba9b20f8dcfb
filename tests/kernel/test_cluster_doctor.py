"""The doctor: it names what is wrong and the remedy, in both languages, and changes nothing."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from yiwang.kernel import doctor
from yiwang.kernel.calendar import WorkingCalendar, WorkingHours
from yiwang.kernel.cluster import EmbeddedServer, find_binaries
from yiwang.kernel.doctor import Finding
from yiwang.kernel.settings import Settings

needs_postgresql = pytest.mark.skipif(
    find_binaries(Path("/nonexistent")) is None, reason="no PostgreSQL with PostGIS on this machine"
)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    folder = Path(tempfile.mkdtemp(prefix="yw-", dir="/tmp"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "home", settings={"shared_buffers": "16MB", "full_page_writes": "off"})
    server.start()
    yield server
    server.destroy()
    shutil.rmtree(folder)


def of(findings: list[Finding], code: str) -> Finding:
    return next(finding for finding in findings if finding.code == code)


def test_端口被占用_说明如何处理() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        finding = doctor.check_port("127.0.0.1", port)
        assert finding.level == "warn"
        assert finding.remedy is not None
        assert f"YIWANG_PORT={port + 1} make run" in finding.remedy.zh
        assert f"YIWANG_PORT={port + 1} make run" in finding.remedy.en
    assert doctor.check_port("127.0.0.1", port).level == "ok"


@pytest.mark.parametrize(
    ("known", "today", "levels"),
    [
        ({2026, 2027}, date(2026, 12, 1), ["ok", "ok"]),
        ({2026}, date(2026, 6, 1), ["ok"]),
        ({2026}, date(2026, 11, 20), ["ok"]),
        ({2026}, date(2026, 12, 1), ["ok", "warn"]),
        ({2025}, date(2026, 1, 1), ["fail"]),
    ],
)
def test_calendar_of_this_year_must_be_there_and_of_the_next_from_december(
    known: set[int], today: date, levels: list[str]
) -> None:
    findings = doctor.check_calendar(WorkingCalendar(WorkingHours(), {year: {} for year in known}), today)
    assert [finding.level for finding in findings] == levels
    for finding in findings:
        assert (finding.remedy is None) == (finding.level == "ok")


def test_little_disk_is_a_warning_and_none_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = shutil.disk_usage("/")
    for free, level in ((100 * 2**20, "fail"), (2 * 2**30, "warn"), (100 * 2**30, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert doctor.check_disk(tmp_path / "not" / "yet").level == level


def test_home_that_is_not_there_yet_is_judged_by_its_parent(tmp_path: Path) -> None:
    assert doctor.check_home(tmp_path / "a" / "b").level == "ok"
    (tmp_path / "file").touch()
    assert doctor.check_home(tmp_path / "file" / "home").level == "fail"


def test_old_python_is_refused() -> None:
    assert doctor.check_python((3, 10, 4)).level == "fail"
    assert doctor.check_python().level == "ok"


@needs_postgresql
async def test_missing_database_and_extensions_are_named_and_not_made(server: EmbeddedServer) -> None:
    findings = await doctor.check_database(None, server.home)
    assert of(findings, "database.exists").level == "warn"
    connection = await asyncpg.connect(server.dsn("postgres"))
    await connection.execute("create database yiwang template template0")
    findings = await doctor.check_database(None, server.home)
    finding = of(findings, "database.extensions")
    assert finding.level == "fail"
    assert finding.remedy is not None
    assert "CREATE EXTENSION IF NOT EXISTS postgis;" in finding.remedy.en
    await connection.execute("drop database yiwang")
    await connection.close()


@needs_postgresql
async def test_settings_that_endanger_acknowledged_cases_fail(server: EmbeddedServer) -> None:
    await server.ensure_database("yiwang")
    findings = await doctor.check_database(None, server.home)
    endangered = of(findings, "database.full_page_writes")
    assert endangered.level == "fail"
    assert endangered.remedy is not None
    assert "ALTER SYSTEM SET full_page_writes = on" in endangered.remedy.zh
    for code in ("binaries", "embedded", "version", "extensions", "fsync", "synchronous_commit", "clock", "letters"):
        assert of(findings, f"database.{code}").level == "ok", code


@needs_postgresql
async def test_pending_migrations_are_listed(server: EmbeddedServer) -> None:
    await server.ensure_database("yiwang")
    finding = of(await doctor.check_database(None, server.home), "database.migrations")
    assert finding.level == "warn"
    assert "0001" in finding.zh


@needs_postgresql
async def test_database_whose_letters_are_only_latin_cannot_search_chinese(server: EmbeddedServer) -> None:
    connection = await asyncpg.connect(server.dsn("postgres"))
    await connection.execute("create database latin template template0 lc_collate 'C' lc_ctype 'C'")
    await connection.close()
    await server.ensure_database("latin")
    assert of(await doctor.check_database(server.dsn("latin"), server.home), "database.letters").level == "warn"


@needs_postgresql
async def test_server_that_stood_still_stands_still_afterwards(server: EmbeddedServer) -> None:
    server.stop()
    findings = await doctor.check_database(None, server.home)
    assert of(findings, "database.embedded").level == "ok"
    assert server.status().state == "stopped"
    server.start()


async def test_unreachable_server_is_a_finding_not_a_crash(tmp_path: Path) -> None:
    (finding,) = await doctor.check_database("postgresql://me:secret@127.0.0.1:1/city", tmp_path)
    assert finding.level == "fail"
    assert finding.code == "database.unreachable"
    assert "secret" not in finding.zh + finding.en


@needs_postgresql
async def test_fresh_checkout_has_nothing_wrong(tmp_path: Path) -> None:
    findings = await doctor.examine(Settings(home=tmp_path / "home", database_url=None, port=18765))
    assert {finding.code for finding in findings if finding.level == "fail"} == set()
    assert not (tmp_path / "home").exists()
    for finding in findings:
        assert finding.zh
        assert finding.en
