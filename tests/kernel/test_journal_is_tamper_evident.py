"""The journal: append-only, sealed into a chain, readable to followers without gaps."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection, Database
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.journal.store import newest_cursor

AT = datetime(2026, 6, 18, 0, 30, tzinfo=UTC)


async def _write(database: Database, count: int, subject: UUID | None = None) -> UUID:
    subject = subject or new_id()
    async with database.transaction() as connection:
        items = [journal.entry(SYSTEM, AT, "case.step", "case", subject, data={"n": n}) for n in range(count)]
        await journal.append_many(connection, items)
    return subject


async def _seal(database: Database) -> None:
    """Everything that is final by now: any open transaction of the whole cluster holds the rest back."""
    async with database.connection() as connection:
        while await journal.seal(connection, AT, at_most=100):
            pass


async def _seal_all(database: Database) -> None:
    """Everything, once the transactions of the tests beside this one have ended."""
    async with asyncio.timeout(200), database.connection() as connection:
        while (await journal.verify(connection)).unsealed:
            await _seal(database)
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("statement", ["update journal set verb = 'x'", "delete from journal", "truncate journal"])
async def test_日志不能修改_删除_清空(database: Database, statement: str) -> None:
    await _write(database, 1)
    async with database.connection() as connection:
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement)


async def test_封存后的链可以验证(database: Database) -> None:
    for _ in range(5):
        await _write(database, 60)
    await _seal_all(database)
    async with database.connection() as connection:
        report = await journal.verify(connection)
    assert (report.broken, report.unsealed) == (None, 0)
    assert report.entries >= 300
    assert report.links >= 3


async def _tampered(connection: Connection, statement: str) -> journal.SealReport:
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("alter table journal disable trigger all; alter table journal_seal disable trigger all")
    await connection.execute(statement)
    report = await journal.verify(connection)
    await transaction.rollback()
    return report


@pytest.mark.parametrize(
    "statement",
    [
        "update journal set data = '{\"n\": 99}' where seq = (select min(seq) from journal)",
        "update journal set actor_name = '别人' where seq = (select max(seq) from journal)",
        "update journal set at = at + interval '1 second' where seq = (select min(seq) from journal)",
        "delete from journal where seq = (select max(seq) from journal)",
        "insert into journal (tx, at, verb, subject_kind, actor_kind, actor_name, area, data)"
        " select min(tx), now(), 'x', 'case', 'system', '', '', '{}' from journal",
        "delete from journal_seal where number = 2",
        "update journal_seal set digest = '\\x00' where number = 2",
    ],
)
async def test_任何改动都会被发现(database: Database, statement: str) -> None:
    for _ in range(3):
        await _write(database, 50)
        await _seal_all(database)
    async with database.connection() as connection:
        assert (await journal.verify(connection)).broken is None
        assert (await _tampered(connection, statement)).broken is not None


async def test_未提交的事务不拖住写入_也不被封存越过(database: Database) -> None:
    subject = new_id()
    async with database.connection() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await journal.append(slow, journal.entry(SYSTEM, AT, "case.step", "case", subject, data={"slow": True}))
        await asyncio.wait_for(_write(database, 10), 60)
        await _seal(database)
        await transaction.commit()
    await _seal_all(database)
    async with database.connection() as connection:
        report = await journal.verify(connection)
    assert (report.broken, report.unsealed) == (None, 0)


async def test_跟随者不漏不重(database: Database) -> None:
    async with database.connection() as connection:
        cursor = await newest_cursor(connection)
    seen: list[int] = []

    async def follow() -> None:
        nonlocal cursor
        async with database.connection() as connection:
            while len(seen) < 200:
                rows = await journal.follow(connection, after=cursor, limit=7)
                seen.extend(int(str(row.entry.data["n"])) for row in rows)
                cursor = (rows[-1].tx, rows[-1].seq) if rows else cursor
                await asyncio.sleep(0.001)

    async def write(start: int) -> None:
        for n in range(start, start + 50):
            async with database.transaction() as connection:
                item = journal.entry(SYSTEM, AT, "case.step", "case", None, data={"n": n})
                await journal.append(connection, item)
                await asyncio.sleep(0.0005 * (n % 3))

    await asyncio.wait_for(asyncio.gather(follow(), *(write(start) for start in (0, 50, 100, 150))), 200)
    assert sorted(seen) == list(range(200))


async def test_恢复到新服务器后开启新的纪元(database: Database) -> None:
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert await journal.open_era(connection) is False
        await connection.execute(
            "insert into journal (tx, at, verb, subject_kind, actor_kind, actor_name, area, data)"
            " values (9000000000, now(), 'x', 'case', 'system', '', '', '{}')"
        )
        assert await journal.open_era(connection) is True
        item = journal.entry(SYSTEM, AT, "case.step", "case", new_id())
        await journal.append(connection, item)
        newest = await connection.fetchval("select max(tx) from journal")
        assert newest > 9_000_000_000
        await transaction.rollback()
