"""One's own server: what it must have is checked at start, and every refusal says what to run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from yiwang.kernel.cluster import EmbeddedServer, ensure_database_url, find_binaries, provisioning
from yiwang.kernel.cluster.problems import EncodingWrong, RightsMissing, ServerTooOld, ServerUnreachable

pytestmark = pytest.mark.skipif(
    find_binaries(Path("/nonexistent")) is None, reason="no PostgreSQL with PostGIS on this machine"
)
NOWHERE = Path("/nonexistent")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """A server that lets every role in over its private socket, as a DBA's would with passwords."""
    folder = Path(tempfile.mkdtemp(prefix="yw-", dir="/tmp"))
    folder.chmod(0o755)
    rules = folder / "everybody.conf"
    rules.write_text("local all all trust\n")
    server = EmbeddedServer(
        folder / "home", settings={"shared_buffers": "16MB", "fsync": "off", "hba_file": str(rules)}
    )
    server.start()
    yield server
    server.destroy()
    shutil.rmtree(folder)


async def as_owner(server: EmbeddedServer, *statements: str) -> None:
    connection = await asyncpg.connect(server.dsn("postgres"))
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def url_of(server: EmbeddedServer, user: str, database: str) -> str:
    return server.dsn(database).replace("//yiwang@", f"//{user}@")


async def test_库不存在而账号可建库_自动建好(server: EmbeddedServer) -> None:
    url = server.dsn("brand_new")
    assert await ensure_database_url(url, NOWHERE) == url
    assert await ensure_database_url(url, NOWHERE) == url
    connection = await asyncpg.connect(url)
    assert await provisioning.missing_extensions(connection) == []
    await connection.close()


async def test_account_that_may_not_create_the_database_gets_the_sql(server: EmbeddedServer) -> None:
    await as_owner(server, "create role weak login")
    with pytest.raises(RightsMissing) as refused:
        await ensure_database_url(url_of(server, "weak", "city"), NOWHERE)
    assert """CREATE DATABASE "city" TEMPLATE template0 ENCODING 'UTF8' OWNER "weak";""" in refused.value.message("zh")


async def test_account_that_may_not_create_postgis_gets_the_sql_and_goes_on_after_it(server: EmbeddedServer) -> None:
    await as_owner(server, "create role tenant login", "create database tenant owner tenant")
    url = url_of(server, "tenant", "tenant")
    with pytest.raises(RightsMissing) as refused:
        await ensure_database_url(url, NOWHERE)
    assert refused.value.data["sql"] == r"\c tenant CREATE EXTENSION IF NOT EXISTS postgis;"
    administrator = await asyncpg.connect(server.dsn("tenant"))
    await administrator.execute("CREATE EXTENSION IF NOT EXISTS postgis;")
    await administrator.close()
    assert await ensure_database_url(url, NOWHERE) == url


async def test_database_in_another_encoding_is_refused(server: EmbeddedServer) -> None:
    await as_owner(
        server, "create database old template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' owner yiwang"
    )
    with pytest.raises(EncodingWrong, match="LATIN1"):
        await ensure_database_url(server.dsn("old"), NOWHERE)


async def test_too_old_versions_are_refused(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server.dsn("versions")
    await ensure_database_url(url, NOWHERE)
    with monkeypatch.context() as patch:
        patch.setattr(provisioning, "oldest_server", 990000)
        with pytest.raises(ServerTooOld, match="PostgreSQL"):
            await ensure_database_url(url, NOWHERE)
    monkeypatch.setattr(provisioning, "oldest_postgis", (99, 0))
    with pytest.raises(ServerTooOld, match="PostGIS"):
        await ensure_database_url(url, NOWHERE)


@pytest.mark.parametrize("rest", ["@127.0.0.1:1/city", "@127.0.0.1:1/city?host=127.0.0.1&port=1"])
async def test_server_that_does_not_answer_is_named_without_its_password(rest: str) -> None:
    with pytest.raises(ServerUnreachable, match="YIWANG_DATABASE_URL") as refused:
        await ensure_database_url("postgresql://me:secret" + rest, NOWHERE)
    assert "127.0.0.1" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "secret" not in refused.value.message("zh")


@pytest.mark.parametrize(
    ("url", "described"),
    [
        ("postgresql://u:p@db.example:6432/city", "db.example:6432/city"),
        ("postgresql://u@/city?host=/run/pg", "/run/pg/city"),
        ("postgresql://u@db.example", "db.example/u"),
        ("postgresql://db.example/%E5%9F%8E", "db.example/城"),
    ],
)
def test_urls_are_described_by_server_and_database(url: str, described: str) -> None:
    assert provisioning.describe(url) == described


@pytest.mark.parametrize(
    ("text", "numbers"), [("3.3.2", (3, 3, 2)), ("3.4.0dev", (3, 4, 0)), ("3.10.0alpha1", (3, 10, 0)), ("4", (4,))]
)
def test_postgis_versions_compare_by_number(text: str, numbers: tuple[int, ...]) -> None:
    assert provisioning.version_tuple(text) == numbers
