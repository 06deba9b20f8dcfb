"""What is wrong with this installation, and the remedy: one finding per thing looked at, good ones included.

Looks only: creates no database, installs nothing, changes no setting. (An embedded server that stands still is started
for the look and stopped again.) Every finding has a stable code and words in Chinese and English.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

import asyncpg

from yiwang.kernel import migrations
from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.kernel.clock import real_now
from yiwang.kernel.cluster import EmbeddedServer, find_binaries, install, provisioning
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import Problem
from yiwang.kernel.settings import Settings

Level: TypeAlias = Literal["ok", "warn", "fail"]

oldest_python = (3, 11)
disk_fail_bytes = 300 * 2**20
disk_warn_bytes = 5 * 2**30
clock_warn_seconds = 1.0
clock_fail_seconds = 60.0

_PROMISES = {
    "fsync": ("断电后数据可能损坏", "a power cut may corrupt the data"),
    "full_page_writes": ("断电后数据页可能残缺", "a power cut may leave torn pages"),
    "synchronous_commit": ("断电后最后一批已确认的案件可能丢失", "a power cut may lose the last acknowledged cases"),
}
"""Server settings on which "nothing acknowledged is lost" rests, and what happens without them."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    ``fail``: Yiwang cannot keep its promises like this; ``warn``: it works, but not for long or not well. ``remedy`` is
    None for good findings and where the sentence itself says what to do.
    """

    level: Level
    code: str
    zh: str
    en: str
    remedy: Remedy | None = None


async def examine(settings: Settings) -> list[Finding]:
    """Every check, in the order in which one would mend things."""
    today = real_now().date()
    return [
        check_python(),
        check_home(settings.home),
        check_disk(settings.home),
        *await check_database(settings.database_url, settings.home),
        check_port(settings.host, settings.port),
        *check_calendar(load_calendar(calendar_files()), today),
    ]


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    have = ".".join(str(number) for number in version)
    if version >= oldest_python:
        return Finding("ok", "python.version", f"Python {have}", f"Python {have}")
    return Finding(
        "fail",
        "python.version",
        f"Python {have} 过旧",
        f"Python {have} is too old",
        Remedy(
            "安装 Python 3.11 或更高版本,删除 .venv 后再运行 make", "install Python 3.11+, delete .venv, run make again"
        ),
    )


def check_home(home: Path) -> Finding:
    """The home, or the folder in which it will be made, is writable for us."""
    folder = _existing(home)
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding("ok", "home.writable", f"数据目录 {home} 可写", f"the home {home} is writable")
    return Finding(
        "fail",
        "home.writable",
        f"数据目录 {folder} 不可写",
        f"the folder {folder} is not writable",
        Remedy(
            f"执行 chown $(id -u) {folder},或把 YIWANG_HOME 设为自己的目录",
            f"run chown $(id -u) {folder}, or set YIWANG_HOME to a folder of yours",
        ),
    )


def check_disk(home: Path) -> Finding:
    folder = _existing(home)
    free = shutil.disk_usage(folder).free
    gigabytes = f"{free / 2**30:.1f} GB"
    level: Level = "fail" if free < disk_fail_bytes else "warn" if free < disk_warn_bytes else "ok"
    remedy = Remedy(
        "清理磁盘,或把 YIWANG_HOME 设到更大的磁盘(建议至少 20 GB)",
        "make room, or set YIWANG_HOME to a folder on a larger disk (20 GB or more)",
    )
    return Finding(
        level,
        "disk.space",
        f"{folder} 所在磁盘剩余 {gigabytes}",
        f"the disk of {folder} has {gigabytes} left",
        None if level == "ok" else remedy,
    )


def check_port(host: str, port: int) -> Finding:
    """Whether the web server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return Finding(
                "warn",
                "port.free",
                f"端口 {host}:{port} 不能监听({error.strerror});若一网正在运行则属正常",
                f"{host}:{port} cannot be listened on ({error.strerror}); expected while Yiwang runs",
                Remedy(
                    f"用 ss -ltnp 'sport = :{port}' 找到占用者并停止,或换端口:YIWANG_PORT={port + 1} make run",
                    f"stop the process that has it (ss -ltnp 'sport = :{port}'), "
                    f"or take another: YIWANG_PORT={port + 1} make run",
                ),
            )
    return Finding("ok", "port.free", f"端口 {port} 空闲", f"port {port} is free")


def check_calendar(calendar: WorkingCalendar, today: date) -> list[Finding]:
    """The working days of this year and, in December, of the next are known (the notice comes out in November)."""
    findings = []
    for year in (today.year, today.year + 1):
        if calendar.knows(year):
            findings.append(Finding("ok", "calendar.year", f"{year} 年工作日历已有", f"the calendar knows {year}"))
            continue
        if year > today.year and today.month < 12:
            continue
        findings.append(
            Finding(
                "fail" if year == today.year else "warn",
                "calendar.year",
                f"工作日历没有 {year} 年的放假安排,期限将按普通周末计算",
                f"the calendar has no notice for {year}; limits would be counted by plain weekends",
                Remedy(
                    f"按国务院办公厅通知新建 yiwang/kernel/data/calendars/CN.{year}.yaml(格式见 CN.yaml),或升级软件",
                    f"write yiwang/kernel/data/calendars/CN.{year}.yaml (like CN.yaml) after the State Council's "
                    "notice, or upgrade",
                ),
            )
        )
    return findings


async def check_database(database_url: str | None, home: Path) -> list[Finding]:
    """One's own server when ``database_url`` is given, else the embedded one of ``home``."""
    try:
        if database_url:
            return await _check_server(database_url)
        return await _check_embedded(EmbeddedServer(home))
    except Problem as problem:
        return [Finding("fail", problem.code, problem.message("zh"), problem.message("en"))]


async def _check_embedded(server: EmbeddedServer) -> list[Finding]:
    status = server.status()
    binaries = await asyncio.to_thread(find_binaries, server.home, major=status.major)
    findings = [_binaries_finding(binaries is not None, binaries.major if binaries else status.major)]
    if status.state == "absent" or (binaries is None and status.state != "running"):
        if status.state == "absent":
            words = (
                "自带数据库尚未建立,首次 make run 时自动建立",
                "no embedded database yet; the first make run makes it",
            )
            findings.append(Finding("ok", "database.embedded", *words))
        return findings
    await asyncio.to_thread(server.start)
    try:
        where = (f"自带数据库可用({status.data})", f"the embedded database works ({status.data})")
        return [*findings, Finding("ok", "database.embedded", *where), *await _check_server(server.dsn())]
    finally:
        if status.state == "stopped":
            await server.stop_if_unused()


def _binaries_finding(found: bool, major: int | None) -> Finding:
    code = "database.binaries"
    if found:
        return Finding(
            "ok", code, f"PostgreSQL {major} 与 PostGIS 已找到", f"PostgreSQL {major} with PostGIS was found"
        )
    if install.possible():
        words = ("本机没有 PostgreSQL,make run 将自动安装", "PostgreSQL is not here; make run installs it")
        return Finding("ok" if major is None else "warn", code, *words)
    commands = install.commands_of_this_system()
    return Finding(
        "fail",
        code,
        "没有找到 PostgreSQL 15+ 与 PostGIS",
        "no PostgreSQL 15+ with PostGIS was found",
        Remedy(f"依次执行:{commands}", f"run, in order: {commands}"),
    )


async def _check_server(url: str) -> list[Finding]:
    try:
        async with provisioning.connection_to(url) as connection:
            findings = [
                await _version_finding(connection),
                await _extensions_finding(connection, url),
                *[await _promise_finding(connection, name) for name in _PROMISES],
                await _clock_finding(connection),
                await _letters_finding(connection, url),
            ]
    except asyncpg.InvalidCatalogNameError:
        return [_no_database(url)]
    return [*findings, await _migrations_finding(url)]


def _no_database(url: str) -> Finding:
    where = provisioning.describe(url)
    return Finding(
        "warn",
        "database.exists",
        f"数据库 {where} 还不存在",
        f"the database {where} does not exist yet",
        Remedy("运行 make run(账号有建库权限时自动建立)", "run make run, which creates it where the account may"),
    )


async def _version_finding(connection: Connection) -> Finding:
    number = int(await connection.fetchval("show server_version_num"))
    have = f"PostgreSQL {number // 10000}.{number % 10000}"
    if number >= provisioning.oldest_server:
        return Finding("ok", "database.version", have, have)
    remedy = Remedy("升级到 PostgreSQL 15 或更高版本", "upgrade to PostgreSQL 15 or later")
    return Finding("fail", "database.version", f"{have} 过旧", f"{have} is too old", remedy)


async def _extensions_finding(connection: Connection, url: str) -> Finding:
    missing = await provisioning.missing_extensions(connection)
    if not missing:
        version = await connection.fetchval("select extversion from pg_extension where extname = 'postgis'")
        return Finding("ok", "database.extensions", f"扩展齐全,PostGIS {version}", f"all extensions, PostGIS {version}")
    sql = " ".join(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in missing)
    names = ", ".join(missing)
    where = provisioning.database_of(url)
    return Finding(
        "fail",
        "database.extensions",
        f"缺少扩展 {names}",
        f"extensions are missing: {names}",
        Remedy(f"在库 {where} 中以管理员执行:{sql}", f"in the database {where}, as its administrator: {sql}"),
    )


async def _promise_finding(connection: Connection, name: str) -> Finding:
    value = await connection.fetchval("select current_setting($1)", name)
    code = f"database.{name}"
    if value != "off":
        return Finding("ok", code, f"{name} = {value}", f"{name} = {value}")
    zh, en = _PROMISES[name]
    sql = f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"
    return Finding(
        "fail",
        code,
        f"{name} 已关闭:{zh}",
        f"{name} is off: {en}",
        Remedy(f"以管理员执行:{sql}", f"as administrator: {sql}"),
    )


async def _clock_finding(connection: Connection) -> Finding:
    """How far the server's clock and ours are apart, by the quickest of three questions."""
    answers = []
    for _ in range(3):
        before = real_now()
        theirs = await connection.fetchval("select clock_timestamp()")
        after = real_now()
        answers.append((after - before, abs((theirs - (before + (after - before) / 2)).total_seconds())))
    apart = min(answers)[1]
    level: Level = "ok" if apart < clock_warn_seconds else "warn" if apart < clock_fail_seconds else "fail"
    remedy = Remedy(
        "在两台机器上启用时间同步:timedatectl set-ntp true", "keep both in time: timedatectl set-ntp true on each"
    )
    return Finding(
        level,
        "database.clock",
        f"与数据库的时钟相差 {apart:.3f} 秒",
        f"the database's clock is {apart:.3f} s apart from ours",
        None if level == "ok" else remedy,
    )


async def _letters_finding(connection: Connection, url: str) -> Finding:
    """Whether Chinese characters count as letters, as trigram search needs."""
    counts = await connection.fetchval("select '路' ~ '[[:alpha:]]'")
    if counts:
        return Finding("ok", "database.letters", "中文可检索", "Chinese text can be searched")
    name = provisioning.database_of(url)
    sql = f"CREATE DATABASE {name}_utf8 TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';"
    return Finding(
        "warn",
        "database.letters",
        "数据库的字符分类(LC_CTYPE)不认中文,中文检索将找不到结果",
        "the database's character classes (LC_CTYPE) do not know Chinese; searches in Chinese will find nothing",
        Remedy(f"新建库并迁移数据:{sql}", f"make another database and move the data: {sql}"),
    )


async def _migrations_finding(url: str) -> Finding:
    waiting = await asyncio.to_thread(migrations.pending, url)
    if not waiting:
        return Finding("ok", "database.migrations", "数据库结构是最新的", "the database's structure is up to date")
    names = ", ".join(waiting)
    return Finding(
        "warn",
        "database.migrations",
        f"数据库结构待升级:{names}",
        f"the database's structure lacks: {names}",
        Remedy(
            "先备份,再运行 .venv/bin/yiwang migrate(make run 也会升级)",
            "back up, then .venv/bin/yiwang migrate (or make run)",
        ),
    )


def _existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    folder = folder.expanduser().absolute()
    return next(place for place in (folder, *folder.parents) if place.exists())
