"""Jobs: work that happens after the answer, kept in the database until it is done.

A job is put into the queue inside the caller's transaction, so it exists exactly when the change that asks for it
does. It runs at least once: a worker that dies leaves its jobs to another after :data:`stale_after`. A failing job is
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

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import asyncpg
import orjson
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from pgqueuer.core.executors import (
    DatabaseRetryEntrypointExecutor,
    EntrypointExecutorParameters,
)
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import FailingListenerError
from pgqueuer.domain.models import Context as JobContext
from pgqueuer.domain.models import Job
from pgqueuer.domain.schema.model import Plan
from pgqueuer.queries import Queries
from pydantic import BaseModel

from yiwang.kernel import logs, metrics
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import Problem

stale_after = timedelta(seconds=20)
"""A running job whose worker gave no sign of life for so long is given to another."""

_crashes_allowed = 3
_keep_log = timedelta(days=14)

log = logs.get("jobs")

Payload = TypeVar("Payload", bound=BaseModel)


class JobKeepsCrashing(Problem):
    code = "jobs.keeps_crashing"
    status = 500
    zh = "任务 {job} 已使处理进程中断 {times} 次,不再重试;请检查其内容后用 yiwang jobs retry 重试。"
    en = "Job {job} has ended its worker {times} times and is not tried again; look at it, then: yiwang jobs retry."


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


async def structure_plan(connection: asyncpg.Connection[asyncpg.Record]) -> Plan:
    """What the installed pgqueuer would change in the tables of migration 0006; empty when they fit it."""
    return await Queries.from_asyncpg_connection(connection).plan_upgrade()


class JobWorker:
    """Runs jobs of the kinds it was given handlers for, until :meth:`run` is told to stop."""

    def __init__(self, url: str, *, stale: timedelta = stale_after, at_once: int = 20) -> None:
        self._url = url
        self._stale = stale
        self._at_once = at_once
        self._executors: dict[str, _Executor] = {}

    def handle(self, kind: Kind[Payload], handler: Callable[[Payload], Awaitable[None]]) -> None:
        """Jobs of ``kind`` are run by ``handler``; one handler a kind."""
        if kind.name in self._executors:
            raise ValueError(f"jobs of kind {kind.name} have a handler already")

        async def run(job: Job) -> None:
            with metrics.job_seconds.labels(kind.name).time():
                await handler(kind.payload.model_validate(orjson.loads(job.payload or b"{}")))
            metrics.jobs.labels(kind.name, "done").inc()

        self._executors[kind.name] = _Executor(
            parameters=EntrypointExecutorParameters(func=run, concurrency_limit=kind.at_once, on_failure="hold"),
            max_attempts=kind.retries,
            initial_delay=kind.first_pause,
            max_delay=kind.longest_pause,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until ``stop`` is set, then finish those that run. Connects again when the database comes back."""
        pause = 0.5
        while not stop.is_set():
            try:
                # A connection of its own without our codecs: pgqueuer reads and writes jsonb as text.
                connection = await asyncpg.connect(self._url, server_settings={"application_name": "yiwang jobs"})
            except (OSError, asyncpg.PostgresError) as error:
                log.warning("no database for jobs yet", error=str(error), again_in=pause)
            else:
                pause = 0.5
                try:
                    await self._run_on(connection, stop)
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, FailingListenerError) as error:
                    log.warning("jobs lost their database connection", error=str(error))
                finally:
                    connection.terminate()
            if not stop.is_set():
                await _sleep_or(stop, pause)
                pause = min(pause * 2, 10)

    async def _run_on(self, connection: asyncpg.Connection[asyncpg.Record], stop: asyncio.Event) -> None:
        queries = Queries.from_asyncpg_connection(connection)
        manager = QueueManager(queries)
        manager.shutdown = stop
        for name, executor in self._executors.items():
            executor.queries = queries
            manager.register_executor(name, executor)
        tidying = asyncio.create_task(_tidy(queries, stop))
        try:
            await manager.run(
                dequeue_timeout=timedelta(seconds=5),
                batch_size=self._at_once // 2,
                max_concurrent_tasks=self._at_once,
                heartbeat_timeout=self._stale,
                shutdown_on_listener_failure=True,
            )
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)


class _Executor(DatabaseRetryEntrypointExecutor):
    """Retries failures as the kind says; holds a job that keeps ending its worker."""

    queries: Queries

    async def execute(self, job: Job, context: JobContext) -> None:
        begun = await self.queries.driver.fetch(
            "insert into job_start (job_id, starts) values ($1, 1)"
            " on conflict (job_id) do update set starts = job_start.starts + 1 returning starts",
            job.id,
        )
        starts = begun[0]["starts"]
        crashes = (starts if isinstance(starts, int) else 0) - 1 - job.attempts
        if crashes >= _crashes_allowed:
            metrics.jobs.labels(job.entrypoint, "crashing").inc()
            raise JobKeepsCrashing(job=f"{job.entrypoint} {job.id}", times=crashes)
        with logs.bound(job=job.id, kind=job.entrypoint, attempt=job.attempts + 1):
            failed = metrics.jobs.labels(job.entrypoint, "failed")
            with failed.count_exceptions():
                await super().execute(job, context)


async def _tidy(queries: Queries, stop: asyncio.Event) -> None:
    """Forget old lines of the queue's own log and statistics, once an hour."""
    while not stop.is_set():
        await queries.driver.execute("delete from pgqueuer_log where created < now() - $1::interval", _keep_log)
        await queries.driver.execute("delete from pgqueuer_statistics where created < now() - $1::interval", _keep_log)
        await _sleep_or(stop, 3600)


async def _sleep_or(stop: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()


@functools.cache
def _builder() -> QueryQueueBuilder:
    return QueryQueueBuilder()
