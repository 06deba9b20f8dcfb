"""Jobs: work that happens after the answer, kept in the database until it is done.

A job is put into the queue inside the caller's transaction, so it exists exactly when the change that asks for it
does. It runs at least once: a worker that dies leaves its jobs to another (:mod:`job_worker`). A failing job is
tried again with growing pauses, then held as *dead* with its error until a person retries it (``yiwang jobs retry``).
Pauses and schedules are in real time, not in city time. The queue is ``pgqueuer`` (MIT); its tables are migration
0006.

An engine declares a kind and its payload, puts jobs in, and gives the worker a handler::

    THUMBNAIL = Kind("casework.thumbnail", Thumbnail)                   # model.py
    await jobs.enqueue(connection, THUMBNAIL, Thumbnail(attachment=id))  # service.py
    worker.handle(THUMBNAIL, service.make_thumbnail)                     # where the process is put together

A handler gets the payload, opens its own transactions, and must bear being run twice. Each enqueueing transaction wakes
the workers by NOTIFY, which makes commits queue for a moment: keep jobs off paths that run hundreds of times a second.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel

from yiwang.kernel.database import Connection

if TYPE_CHECKING:
    from pgqueuer.adapters.persistence.qb import QueryQueueBuilder

Payload = TypeVar("Payload", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Payload]):
    """A kind of job: its name (``engine.noun``), the model of its payload, and how patiently it is tried.

    ``retries`` more attempts follow a failure, after ``first_pause`` × 2ⁿ, at most ``longest_pause``.
    ``at_once`` limits how many of this kind run at the same time over all workers; 0 is no limit.
    """

    name: str
    payload: type[Payload]
    retries: int = 6
    first_pause: timedelta = timedelta(seconds=5)
    longest_pause: timedelta = timedelta(minutes=15)
    at_once: int = 0


async def enqueue(
    connection: Connection,
    kind: Kind[Payload],
    payload: Payload,
    *,
    after: timedelta = timedelta(0),
    key: str | None = None,
    priority: int = 0,
) -> int | None:
    """Put a job into the queue, in the caller's transaction; returns its number.

    ``after`` is a pause in real time; higher ``priority`` goes first. While a job with the same ``key`` waits or
    runs, no second one is made and None is returned.
    """
    rows = await connection.fetch(
        _builder().build_enqueue_query("skip"),
        [priority],
        [kind.name],
        [payload.model_dump_json().encode()],
        [after],
        [key and f"{kind.name}:{key}"],
        [None],
    )
    return rows[0]["id"] if rows else None


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that is not tried any more. Times are real, UTC."""

    id: int
    kind: str
    payload: str
    attempts: int
    enqueued_at: datetime
    died_at: datetime
    error: str


async def dead_jobs(connection: Connection, *, limit: int = 100) -> list[DeadJob]:
    """Jobs held after their last failure, newest first."""
    rows = await connection.fetch(
        "select q.id, q.entrypoint, q.payload, q.attempts, q.created, q.updated, l.error from pgqueuer q"
        " left join lateral (select concat(traceback ->> 'exception_type', ': ', traceback ->> 'exception_message')"
        "   as error from pgqueuer_log where job_id = q.id and traceback is not null"
        "   order by created desc limit 1) l on true"
        " where q.status = 'failed' order by q.updated desc limit $1",
        limit,
    )
    return [
        DeadJob(
            row["id"],
            row["entrypoint"],
            (row["payload"] or b"").decode(),
            row["attempts"] + 1,
            row["created"],
            row["updated"],
            row["error"] or "",
        )
        for row in rows
    ]


async def retry(connection: Connection, ids: Sequence[int] | None = None) -> int:
    """Put dead jobs (all of them, or those of ``ids``) back into the queue; returns how many."""
    async with connection.transaction():
        found = [
            row["id"]
            for row in await connection.fetch(
                "select id from pgqueuer where status = 'failed' and ($1::bigint[] is null or id = any($1)) for update",
                ids,
            )
        ]
        await connection.execute("delete from job_start where job_id = any($1::bigint[])", found)
        await connection.execute(_builder().build_requeue_jobs_query(), found)
    return len(found)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the queue stands: jobs waiting, running, dead; the age in seconds of the oldest job that could run now."""

    waiting: int
    running: int
    dead: int
    oldest_seconds: float


async def backlog(connection: Connection) -> Backlog:
    """The state of the whole queue; cheap enough for every scrape of the metrics."""
    row = await connection.fetchrow(
        "select count(*) filter (where status = 'queued') as waiting,"
        " count(*) filter (where status = 'picked') as running, count(*) filter (where status = 'failed') as dead,"
        " coalesce(extract(epoch from now() - min(execute_after)"
        " filter (where status = 'queued' and execute_after <= now())), 0)::float8 as oldest from pgqueuer"
    )
    return Backlog(row["waiting"], row["running"], row["dead"], row["oldest"]) if row else Backlog(0, 0, 0, 0.0)


@functools.cache
def _builder() -> QueryQueueBuilder:
    # Not with the module: 8 MB in every process that may put a job in, and hardly ever does.
    from pgqueuer.adapters.persistence.qb import QueryQueueBuilder

    return QueryQueueBuilder()
