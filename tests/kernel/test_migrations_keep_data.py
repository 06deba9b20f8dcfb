"""Migrations: from nothing, back to nothing, and from the version before with data in it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from support.small_city import ROOT, SMALL_CITY, START

from yiwang.casework.model import Report
from yiwang.http.services import open_services
from yiwang.kernel import journal, migrations
from yiwang.kernel.access import ANONYMOUS
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.database import connect
from yiwang.kernel.migrations.runner import configuration
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city


@pytest.fixture
async def empty_url(server: EmbeddedServer) -> AsyncIterator[str]:
    """A database with the extensions and nothing else."""
    name = f"bare_{secrets.token_hex(6)}"
    yield await server.ensure_database(name)
    await server.drop_database(name)


def revisions() -> list[str]:
    found = [item.revision for item in ScriptDirectory.from_config(configuration("")).walk_revisions()]
    return found[::-1]


async def _tables(url: str) -> set[str]:
    connection = await connect(url)
    try:
        rows = await connection.fetch(
            "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where nspname = 'public' and relkind in ('r', 'p', 'S') and relname not like 'spatial_ref%'"
        )
        return {row["relname"] for row in rows} - {"alembic_version"}
    finally:
        await connection.close()


async def test_从空库逐版升级_再逐版退回_不留痕迹(empty_url: str) -> None:
    for revision in revisions():
        await asyncio.to_thread(migrations.upgrade, empty_url, revision)
    assert "case_file" in await _tables(empty_url)
    for revision in [*revisions()[:-1][::-1], "base"]:
        await asyncio.to_thread(migrations.downgrade, empty_url, revision)
    assert await _tables(empty_url) == set()


async def test_带着数据从上一版本升级_案件和日志完好(empty_url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(migrations.upgrade, empty_url)
    settings = Settings(home=tmp_path, city=SMALL_CITY, packs=ROOT / "packs", demo=True)
    async with open_services(settings, empty_url) as services:
        await install_city(services.context, services, SMALL_CITY, begin=START)
        await services.identity.directory.refresh()
        await services.refresh()
        report = Report("urban-case", "resident", "垃圾桶满了", lon=117.0042, lat=39.0061)
        opened = await services.casework.report(report, ANONYMOUS)
        async with services.context.database.connection() as connection:
            while await journal.seal(connection, services.context.clock.now()):
                pass
    before, newest = revisions()[-2:]
    await asyncio.to_thread(migrations.downgrade, empty_url, before)
    assert await asyncio.to_thread(migrations.pending, empty_url) == [newest]
    await asyncio.to_thread(migrations.upgrade, empty_url)
    assert await asyncio.to_thread(migrations.pending, empty_url) == []
    async with open_services(settings, empty_url) as services:
        public = await services.casework.reading.follow(opened.number, opened.code)
        assert public.case.status == "待核实"
        async with services.context.database.connection() as connection:
            assert (await journal.verify(connection)).broken is None


async def test_数据库比程序新_说明白而不是乱来(empty_url: str) -> None:
    await asyncio.to_thread(migrations.upgrade, empty_url)
    connection = await connect(empty_url)
    await connection.execute("update alembic_version set version_num = '9999'")
    await connection.close()
    with pytest.raises(migrations.DatabaseNewer, match="9999"):
        await asyncio.to_thread(migrations.pending, empty_url)
    with pytest.raises(migrations.DatabaseNewer, match="9999"):
        await asyncio.to_thread(migrations.upgrade, empty_url)
