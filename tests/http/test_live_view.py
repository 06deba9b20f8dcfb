"""The live view: everything in order, nothing twice, nothing missed, nothing that one may not see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from yiwang.http import live
from yiwang.http.live import LiveView, Subscriber, parse_cursor, stream
from yiwang.http.trial import Trial
from yiwang.kernel import journal
from yiwang.kernel.access import ANONYMOUS, SYSTEM, Actor, Grant
from yiwang.kernel.database import Database
from yiwang.kernel.errors import InvalidInput
from yiwang.kernel.identifiers import new_id

AT = datetime(2026, 6, 18, 1, 0, tzinfo=UTC)
READER = Actor(kind="person", grants=(Grant("case", frozenset({"read"})),))


async def write(
    database: Database, number: str, *, verb: str = "case.opened", area: str = "120199", **data: Any
) -> None:
    async with database.transaction() as connection:
        entry = journal.entry(SYSTEM, AT, verb, "case", new_id(), area=area, data={"number": number, **data})
        await journal.append(connection, entry)


async def settled(database: Database) -> None:
    """Wait until all that is written is final; open transactions in any database of the server hold that back."""
    async with database.connection() as connection:
        last = await connection.fetchval("select max(tx) from journal")
        for _ in range(2400):
            if (await live.newest_cursor(connection))[0] >= last:
                return
            await asyncio.sleep(0.1)
    raise AssertionError("another database of the server has held a transaction open for a minute")


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[LiveView]:
    view = LiveView(database)
    task = asyncio.create_task(view.run())
    try:
        yield view
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def heard(view: LiveView, count: int) -> None:
    """Wait until so many listen."""
    for _ in range(6000):
        if len(view._subscribers) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{count} do not listen after a minute")


class Reader:
    """Reads events of one connection one by one."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.chunks = chunks
        self.id = ""

    async def next(self, seconds: float = 60) -> dict[str, Any]:
        """The next event's data, with its kind under ``event``."""
        while True:
            chunk = (await asyncio.wait_for(anext(self.chunks), seconds)).decode()
            fields = dict(
                line.split(": ", 1) for line in chunk.splitlines() if ": " in line and not line.startswith(":")
            )
            self.id = fields.get("id", self.id)
            if "data" in fields:
                return {**orjson.loads(fields["data"]), "event": fields["event"]}


async def test_events_come_in_order_with_what_a_map_needs_and_no_more(database: Database) -> None:
    async with listening(database) as view:
        chunks = stream(view, Subscriber(READER, False, ""), None)
        async with aclosing(chunks):
            reader = Reader(chunks)
            waiting = asyncio.create_task(reader.next())
            await heard(view, 1)
            await write(database, "1", note="private words", lon=117.0, lat=39.0, **{"class": "01001"})
            await write(database, "2")
            first, second = await waiting, await reader.next()
    assert (first["number"], second["number"]) == ("1", "2")
    assert (first["lon"], first["class"], first["verb"]) == (117.0, "01001", "case.opened")
    assert "note" not in first


async def test_断线续传_不缺不重(database: Database) -> None:
    async with listening(database) as view:
        chunks = stream(view, Subscriber(READER, False, ""), None)
        reader = Reader(chunks)
        waiting = asyncio.create_task(reader.next())
        await heard(view, 1)
        await write(database, "a")
        assert (await waiting)["number"] == "a"
        seen = reader.id
        await chunks.aclose()
        for number in ("b", "c", "d"):
            await write(database, number)
        again = stream(view, Subscriber(READER, False, ""), parse_cursor(seen))
        async with aclosing(again):
            reader = Reader(again)
            missed = [(await reader.next())["number"] for _ in range(3)]
            later = asyncio.create_task(reader.next())
            await asyncio.sleep(0.2)
            await write(database, "e")
            assert (await later)["number"] == "e"
    assert missed == ["b", "c", "d"]


async def test_resuming_while_much_happens_loses_and_repeats_nothing(database: Database) -> None:
    async with listening(database) as view:
        other = stream(view, Subscriber(READER, False, ""), None)  # keeps the follower at work
        busy = asyncio.create_task(Reader(other).next())
        await asyncio.sleep(0.1)
        async with database.connection() as connection:
            start = await live.newest_cursor(connection)
        writing = asyncio.create_task(_write_many(database, 120))
        await asyncio.sleep(0.15)
        chunks = stream(view, Subscriber(READER, False, ""), start)
        async with aclosing(chunks):
            reader = Reader(chunks)
            numbers = [(await reader.next())["number"] for _ in range(120)]
        await writing
        await busy
        await other.aclose()
    assert numbers == [f"n{n}" for n in range(120)]


async def _write_many(database: Database, count: int) -> None:
    for number in range(count):
        await write(database, f"n{number}")


async def test_只送达有权查看的内容(database: Database) -> None:
    street = Actor(kind="person", grants=(Grant("case", frozenset({"read"}), area="120199001"),))
    office = Actor(kind="person", grants=(Grant("case", frozenset({"read"}), organisations=frozenset({7})),))
    blind = Actor(kind="person", grants=(Grant("task", frozenset({"read"})),))
    async with listening(database) as view:
        readers = {}
        for name, actor in {"street": street, "office": office, "blind": blind}.items():
            chunks = stream(view, Subscriber(actor, False, ""), None)
            readers[name] = (chunks, asyncio.create_task(Reader(chunks).next()))
        demo = stream(view, Subscriber(ANONYMOUS, True, ""), None)
        readers["demo"] = (demo, asyncio.create_task(Reader(demo).next()))
        await heard(view, 4)
        await write(database, "elsewhere", area="120199002", organisation=8)
        await write(database, "here", area="120199001003", organisation=7)
        assert (await readers["street"][1])["number"] == "here"
        assert (await readers["office"][1])["number"] == "here"
        assert (await readers["demo"][1])["number"] == "elsewhere"
        told, _ = await asyncio.wait([readers["blind"][1]], timeout=0.5)
        assert not told, "all the others have heard"
        readers["blind"][1].cancel()
        await asyncio.gather(readers["blind"][1], return_exceptions=True)
        for chunks, _ in readers.values():
            await chunks.aclose()


async def test_接收过慢者被断开并告知(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_queue_length", 3)
    async with listening(database) as view:
        slow = Subscriber(READER, False, "", waiting=asyncio.Queue(3))
        chunks = stream(view, slow, None)
        await anext(chunks)
        for number in range(8):
            await write(database, str(number))
        for _ in range(600):
            await asyncio.sleep(0.1)
            if slow.too_slow:
                break
        got = [event async for event in chunks]
    assert len(got) == 4  # the three that were waiting, then the notice
    assert b"event: dropped" in got[-1]


async def test_too_much_missed_asks_the_page_to_start_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_longest_catch_up", 5)
    async with listening(database) as view:
        for number in range(8):
            await write(database, str(number))
        await settled(database)
        chunks = stream(view, Subscriber(READER, False, ""), (0, 0))
        async with aclosing(chunks):
            reader = Reader(chunks)
            assert (await reader.next())["event"] == "reset"
            later = asyncio.create_task(reader.next())
            await asyncio.sleep(0.2)
            await write(database, "new")
            assert (await later)["number"] == "new"


async def test_silence_is_broken_by_a_heartbeat(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_heartbeat_seconds", 0.1)
    async with listening(database) as view:
        chunks = stream(view, Subscriber(READER, False, ""), None)
        async with aclosing(chunks):
            await anext(chunks)
            assert await anext(chunks) == b": still here\n\n"


@pytest.mark.parametrize("text", ["", "5", "a.b", "1.", ".1", "-1.2", "1.²", "1" * 41 + ".1"])
def test_a_strange_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_cursor(text)


async def test_without_demo_only_the_signed_in_may_listen(city: Trial) -> None:
    settings = city.services.context.settings
    closed = settings.model_copy(update={"demo": False})
    object.__setattr__(city.services.context, "settings", closed)
    try:
        async with city.client() as client:
            answer = await client.get("/api/v1/live")
    finally:
        object.__setattr__(city.services.context, "settings", settings)
    assert (answer.status_code, answer.json()["code"]) == (401, "identity.sign_in_needed")
