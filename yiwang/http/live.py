"""Live view: server-sent events (WHATWG HTML §9.2) from the journal, to everyone who may see them, without a gap.

One follower a process reads the final journal entries every 300 ms while somebody listens, and hands each to the
subscribers whose grants reach it. An event's id is the journal cursor ``tx.seq``; a client that comes back with it
(``Last-Event-ID``, sent by browsers by themselves) first gets what it missed. A subscriber that cannot keep up is told
so and disconnected; it loses nothing, because it resumes from its last id.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from yiwang.kernel import journal, logs, metrics
from yiwang.kernel.access import Actor, CurrentActor
from yiwang.kernel.database import AWAY, Database, JsonObject
from yiwang.kernel.errors import InvalidInput, SignInNeeded, Unavailable
from yiwang.kernel.journal import Entry, JournalRow
from yiwang.kernel.journal.store import newest_cursor

log = logs.get("live")
router = APIRouter(prefix="/api/v1", tags=["live"])

Cursor = tuple[int, int]

_poll_seconds = 0.3
_heartbeat_seconds = 15.0
_batch = 1000
_queue_length = 2000
_longest_catch_up = 20_000
_most_subscribers = 2000
_SEEN_AS = {"case": "case", "hot_issue": "case", "device": "device", "fence": "device", "alarm": "alarm"}
"""Whose read grant shows an entry of a kind to one who sees all cases, or those of an area."""

# What a watcher of the city needs of an entry; reasons, notes and whatever else it tells is read through the case.
_SHOWN = (
    "number",
    "device",
    "type",
    "class",
    "status",
    "stage",
    "organisation",
    "department",
    "grid",
    "lon",
    "lat",
    "channel",
    "urgency",
    "head",
    "severity",
    "value",
    "case",
)


@dataclass(slots=True, eq=False)
class Subscriber:
    """One open connection: who listens, to which verbs, and the events that wait to be sent."""

    actor: Actor
    everything: bool
    prefix: str
    waiting: asyncio.Queue[JournalRow] = field(default_factory=lambda: asyncio.Queue(_queue_length))
    too_slow: bool = False

    def sees(self, item: Entry) -> bool:
        """The same rule as for reading the thing itself: the entry's place and organisation within a read grant."""
        if not item.verb.startswith(self.prefix):
            return False
        if self.everything:
            return item.subject_kind in _SEEN_AS or item.subject_kind == "clock"
        if item.subject_kind == "clock":
            return True
        organisation, grid = item.data.get("organisation"), item.data.get("grid")
        return self.actor.reaches(
            _SEEN_AS.get(item.subject_kind, item.subject_kind),
            "read",
            area=item.area,
            organisation=organisation if isinstance(organisation, int) else None,
            grid=grid if isinstance(grid, str) else None,
        )


class LiveView:
    """The follower of this process and its subscribers. :meth:`run` belongs to the application's lifespan."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers: set[Subscriber] = set()
        self._cursor: Cursor = (0, 0)
        self._somebody = asyncio.Event()
        self.closing = asyncio.Event()

    async def run(self) -> None:
        """Follow the journal until cancelled; a database that is away is waited for."""
        while True:
            await self._somebody.wait()
            more = False
            try:
                more = await self._hand_out()
            except AWAY as error:
                log.warning("the live view waits for the database", error=type(error).__name__)
                await asyncio.sleep(1)
            if not more:
                await asyncio.sleep(_poll_seconds)

    async def _hand_out(self) -> bool:
        """Give the next entries to those who may see them; whether there may be more already."""
        async with self._database.connection() as connection:
            rows = await journal.follow(connection, after=self._cursor, limit=_batch)
        for row in rows:
            self._cursor = (row.tx, row.seq)
            for subscriber in self._subscribers:
                if subscriber.sees(row.entry) and not subscriber.too_slow:
                    try:
                        subscriber.waiting.put_nowait(row)
                    except asyncio.QueueFull:
                        subscriber.too_slow = True
        return len(rows) == _batch

    async def cursor(self) -> Cursor:
        """The cursor of one who will want what happens from now on; a little earlier where that costs no query."""
        if self._subscribers:
            return self._cursor
        async with self._database.connection() as connection:
            return max(self._cursor, await newest_cursor(connection))

    @contextlib.asynccontextmanager
    async def subscribed(self, subscriber: Subscriber) -> AsyncIterator[Cursor]:
        """Register ``subscriber``; yields the cursor after which the follower will hand it events.

        Raises:
            Unavailable: this process has as many listeners as it can bear.
        """
        if len(self._subscribers) >= _most_subscribers:
            raise Unavailable(reason="live view")
        if not self._subscribers:
            newest = await self.cursor()
            if not self._subscribers:  # of two who come at once, the later one must not move the cursor on
                self._cursor = newest
        self._subscribers.add(subscriber)
        self._somebody.set()
        metrics.subscribers.inc()
        try:
            yield self._cursor
        finally:
            self._subscribers.discard(subscriber)
            metrics.subscribers.dec()
            if not self._subscribers:
                self._somebody.clear()

    async def missed(self, subscriber: Subscriber, after: Cursor, until: Cursor) -> AsyncIterator[JournalRow | None]:
        """Entries beyond ``after`` up to ``until`` that the subscriber sees; None when too many were missed to tell."""
        async with self._database.connection() as connection:
            missed = await connection.fetchval(
                "select count(*) from (select from journal where (tx, seq) > ($1, $2) limit $3) m",
                *after,
                _longest_catch_up + 1,
            )
        if missed > _longest_catch_up:
            yield None
            return
        while after < until:
            async with self._database.connection() as connection:
                rows = await journal.follow(connection, after=after, limit=_batch)
            for row in rows:
                after = (row.tx, row.seq)
                if after > until:
                    return
                if subscriber.sees(row.entry):
                    yield row
            if not rows:
                return


def event_of(row: JournalRow) -> bytes:
    """The journal row in the wire format of server-sent events."""
    item = row.entry
    data: JsonObject = {
        "at": item.at.isoformat(),
        "verb": item.verb,
        "kind": item.subject_kind,
        "id": str(item.subject_id) if item.subject_id else None,
        "area": item.area,
        **{key: item.data[key] for key in _SHOWN if key in item.data},
    }
    if item.subject_kind == "clock":
        data.update(item.data)
    return b"id: %d.%d\nevent: entry\ndata: %s\n\n" % (row.tx, row.seq, orjson.dumps(data))


def _notice(name: str, zh: str, en: str) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps({"zh": zh, "en": en}))


async def stream(live: LiveView, subscriber: Subscriber, after: Cursor | None) -> AsyncIterator[bytes]:
    """The bytes of one live connection: what was missed since ``after``, then what happens, with heartbeats between."""
    async with live.subscribed(subscriber) as start:
        yield b"retry: 2000\n\n" + (b"id: %d.%d\n: from here\n\n" % (after or start))
        sent = after or start
        if after is not None:
            async for missed in live.missed(subscriber, after, start):
                if missed is None:
                    yield _notice("reset", "错过的内容太多,请刷新页面。", "Too much was missed; reload the page.")
                    sent = start
                    break
                sent = (missed.tx, missed.seq)
                yield event_of(missed)
        while not live.closing.is_set():
            if subscriber.too_slow and subscriber.waiting.empty():
                yield _notice("dropped", "接收过慢,连接已断开,将自动续传。", "Too slow; disconnected, and will resume.")
                return
            try:
                async with asyncio.timeout(_heartbeat_seconds):  # wait_for may swallow our being cancelled
                    row = await subscriber.waiting.get()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if (row.tx, row.seq) > sent:
                sent = (row.tx, row.seq)
                yield event_of(row)


def write_cursor(cursor: Cursor) -> str:
    """``tx.seq``, as event ids are written."""
    return f"{cursor[0]}.{cursor[1]}"


def parse_cursor(text: str) -> Cursor:
    """``tx.seq`` as two numbers.

    Raises:
        InvalidInput: of another form.
    """
    tx, dot, seq = text.partition(".")
    if not dot or not (text.isascii() and tx.isdigit() and seq.isdigit()) or len(text) > 40:
        raise InvalidInput(count=1)
    return min(int(tx), 2**63 - 1), min(int(seq), 2**63 - 1)


@router.get(
    "/live",
    summary="实时事件流 · Live events",
    description="案卷与城市时钟的变化(SSE)。事件编号可用于断点续传;只送达有权查看的内容。\n\n"
    "Changes of cases and of the city clock as server-sent events. The event id resumes a broken stream without a gap; "
    "only what the caller may read is sent. In a demo city anyone may listen.",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def live(
    request: Request,
    actor: CurrentActor,
    after: Annotated[str | None, Query(max_length=40, description="tx.seq")] = None,
    verb: Annotated[str, Query(max_length=60, description="Only verbs that begin so, e.g. case.")] = "",
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> StreamingResponse:
    view: LiveView = request.app.state.live
    demo: bool = request.app.state.context.settings.demo
    if actor.kind == "anonymous" and not demo:
        raise SignInNeeded()
    cursor = last_event_id or after
    subscriber = Subscriber(actor, everything=demo and actor.kind == "anonymous", prefix=verb)
    return StreamingResponse(
        stream(view, subscriber, parse_cursor(cursor) if cursor else None),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
