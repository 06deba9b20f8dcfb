"""The database as a whole: ``migrate``, ``backup``, ``restore``, ``doctor``.

A backup is a folder: ``database.dump`` (pg_dump, custom format), ``attachments.tar``, ``lake.tar`` (archived days of
readings) and ``manifest.json`` with what a restore is checked against — revision, rows, and the newest seal of the journal.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import asyncpg
import orjson
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from yiwang import __version__
from yiwang.cli.environment import database_url, one_connection, revision_of, run_async, settings
from yiwang.cli.output import NOT_IN_ORDER, Json, console, errors, print_facts, print_json, say
from yiwang.kernel import journal
from yiwang.kernel.clock import real_now
from yiwang.kernel.cluster import find_binaries
from yiwang.kernel.database import connect
from yiwang.kernel.errors import Problem
from yiwang.kernel.settings import Settings

_COUNTED = ("case_file", "journal", "flow_task", "flow_step", "account", "case_attachment")


class ProgramMissing(Problem):
    code = "installation.program_missing"
    status = 503
    zh = "没有找到 {program}(PostgreSQL 客户端程序),请安装 postgresql-client 后再试。"
    en = "{program} (a PostgreSQL client program) was not found; install postgresql-client and try again."


class ProgramFailed(Problem):
    code = "backup.program_failed"
    status = 500
    zh = "{program} 失败(退出码 {exit_code}):{reason}"
    en = "{program} failed (exit code {exit_code}): {reason}"


class BackupExists(Problem):
    code = "backup.exists"
    status = 409
    zh = "{folder} 已存在且不为空,请另选一个文件夹。"
    en = "{folder} exists and is not empty; choose another folder."


class BackupUnreadable(Problem):
    code = "backup.unreadable"
    status = 422
    zh = "{folder} 不是完整的备份:{reason}。"
    en = "{folder} is not a complete backup: {reason}."


class DatabaseNotEmpty(Problem):
    code = "backup.database_not_empty"
    status = 409
    zh = "目标数据库里已有数据({cases} 件案件)。要覆盖请加 --replace(会先清空)。"
    en = "The database holds data ({cases} cases). Add --replace to empty it first."


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    version: str
    revision: str
    made_at: str
    rows: dict[str, int]
    seal: int
    seal_digest: str
    attachments: int


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(migrate)
    app.command()(backup)
    app.command()(restore)


def migrate(
    revision: Annotated[str, typer.Argument(help="Revision to go to; default: the newest.")] = "head",
    down: Annotated[
        bool, typer.Option("--down", help="Go back to that revision; what it does not know is deleted.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the database to the shape of this version.

    升级数据库结构到当前版本(--down 为退回)。
    """
    from yiwang.kernel import migrations

    url = run_async(database_url())
    pending = migrations.pending(url)
    if down:
        migrations.downgrade(url, revision)
    else:
        migrations.upgrade(url, revision)
    now = run_async(_revision(url))
    if as_json:
        print_json({"revision": now, "applied": [] if down else pending})
    else:
        say(
            f"数据库结构:{now or '空'}(新执行 {0 if down else len(pending)} 步)",
            f"revision {now or 'none'}, {len(pending)} new",
        )


def backup(
    folder: Annotated[Path, typer.Argument(help="New folder for the backup.")],
    as_json: Json = False,
) -> None:
    """Back up database, attachments and the lake of readings into a folder, while the system runs.

    备份数据库、附件和归档读数(运行中即可)。
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupExists(folder=str(folder))
    found = settings()
    url = run_async(database_url())
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    manifest = run_async(_describe(url, found))
    dump = folder / "database.dump"
    _run(
        ["pg_dump", "--format=custom", "--no-owner", "--file", str(dump), url],
        found,
        "备份数据库 database",
        lambda: _megabytes(dump),
    )
    _tar(found.home / "attachments", folder / "attachments.tar")
    _tar(found.home / "lake", folder / "lake.tar", "*.parquet")  # after the database, which tells what lies there
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    facts = {"folder": str(folder), "database_bytes": dump.stat().st_size, **manifest.rows, "seal": manifest.seal}
    if as_json:
        print_json(facts)
    else:
        say("备份完成", "the backup is complete")
        print_facts(facts)


def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of a backup.", exists=True, file_okay=False)],
    replace: Annotated[bool, typer.Option("--replace", help="Delete what the database holds now.")] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup into the database of this installation, migrate it, and verify it against its manifest.

    恢复备份,升级结构,并核对行数与日志封存链。
    """
    from yiwang.kernel import migrations

    manifest = _read_manifest(folder)
    found = settings()
    url = run_async(database_url())
    run_async(_empty(url, replace=replace))
    dump = folder / "database.dump"
    command = ["pg_restore", "--no-owner", "--exit-on-error", "--jobs", "2", "--dbname", url, str(dump)]
    _run(command, found, "恢复数据库 database", lambda: "")
    if (folder / "attachments.tar").exists():
        with tarfile.open(folder / "attachments.tar") as archive:
            archive.extractall(found.home / "attachments", filter="data")
    if (folder / "lake.tar").exists():
        with tarfile.open(folder / "lake.tar") as archive:
            archive.extractall(found.home / "lake", filter="data")
    wrong = run_async(_check(url, manifest))
    migrations.upgrade(url)
    if as_json:
        print_json({"folder": str(folder), "wrong": wrong, "rows": manifest.rows})
    elif wrong:
        for line in wrong:
            errors.print(f"[red]✗[/] {line}")
    else:
        say("恢复完成,行数与封存链一致", "restored; rows and the chain of seals agree")
    if wrong:
        raise typer.Exit(NOT_IN_ORDER)


async def _revision(url: str) -> str | None:
    connection = await connect(url)
    try:
        return await revision_of(connection)
    finally:
        await connection.close()


async def _counts(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, int]:
    return {table: await connection.fetchval(f"select count(*) from {table}") for table in _COUNTED}


async def _describe(url: str, found: Settings) -> Manifest:
    async with one_connection(url) as connection:
        row = await connection.fetchrow(
            "select number, encode(digest, 'hex') from journal_seal order by number desc limit 1"
        )
        folder = found.home / "attachments"
        return Manifest(
            version=__version__,
            revision=await revision_of(connection) or "",
            made_at=real_now().isoformat(),
            rows=await _counts(connection),
            seal=row[0] if row else 0,
            seal_digest=row[1] if row else "",
            attachments=sum(1 for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0,
        )


def _read_manifest(folder: Path) -> Manifest:
    try:
        found = Manifest(**orjson.loads((folder / "manifest.json").read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise BackupUnreadable(folder=str(folder), reason=f"manifest.json: {error}") from error
    if not (folder / "database.dump").is_file():
        raise BackupUnreadable(folder=str(folder), reason="database.dump")
    return found


async def _empty(url: str, *, replace: bool) -> None:
    """Leave the schema ``public`` with nothing but the extensions' own objects."""
    connection = await connect(url)
    try:
        if await connection.fetchval("select to_regclass('case_file') is not null"):
            cases = await connection.fetchval("select count(*) from case_file")
            if cases and not replace:
                raise DatabaseNotEmpty(cases=cases)
        await connection.execute("drop schema public cascade; create schema public")
    finally:
        await connection.close()


async def _check(url: str, manifest: Manifest) -> list[str]:
    """What differs from the manifest. Rows made while the backup ran may only be more; the chain must verify."""
    connection = await connect(url)
    try:
        rows = await _counts(connection)
        wrong = [
            f"{table}: {rows[table]} < {count}"
            for table, count in manifest.rows.items()
            if rows.get(table, 0) < count and table != "flow_task"
        ]
        digest = await connection.fetchval(
            "select encode(digest, 'hex') from journal_seal where number = $1", manifest.seal
        )
        if manifest.seal and digest != manifest.seal_digest:
            wrong.append(f"seal {manifest.seal}: {digest} is not {manifest.seal_digest}")
        report = await journal.verify(connection)
        if report.broken is not None:
            wrong.append(f"journal link {report.broken}: {report.reason}")
        await journal.open_era(connection)
    finally:
        await connection.close()
    return wrong


def _program(name: str, found: Settings) -> tuple[str, dict[str, str]]:
    """A client program with its environment, of the server's own version where there is an embedded one."""
    binaries = find_binaries(found.home)
    if binaries is None or not binaries.program(name).exists():
        raise ProgramMissing(program=name)
    return str(binaries.program(name)), {**os.environ, **binaries.environment}


def _run(command: Sequence[str], found: Settings, title: str, size: Callable[[], str]) -> None:
    """Run a client program, showing that it goes on."""
    path, environment = _program(command[0], found)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task(title)
        process = subprocess.Popen([path, *command[1:]], env=environment, stderr=subprocess.PIPE, text=True)  # noqa: S603
        while True:
            try:
                _, said = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                progress.update(task, description=f"{title} {size()}")
    if process.returncode:
        reason = (said or "").strip().splitlines()[-3:]
        raise ProgramFailed(program=command[0], exit_code=process.returncode, reason=" / ".join(reason))


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 2**20:.1f} MB" if path.exists() else ""


def _tar(folder: Path, archive_path: Path, pattern: str = "*") -> None:
    """Photos and documents, uncompressed: they are compressed already."""
    with tarfile.open(archive_path, "w") as archive:
        if folder.exists():
            for path in sorted(folder.rglob(pattern)):
                archive.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False)
    console.file.flush()


__all__ = ["backup", "migrate", "register", "restore"]
