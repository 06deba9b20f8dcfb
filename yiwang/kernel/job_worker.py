"""The worker of the queue of jobs (:mod:`yiwang.kernel.jobs`): runs each at least once, tries failures again, holds the dead.

Apart from the queue itself: what runs jobs is 8 MB of library that a process does without that only puts jobs in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import orjson
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

from yiwang.kernel import logs, metrics
from yiwang.kernel.database import AWAY
from yiwang.kernel.errors import Problem
from yiwang.kernel.jobs import Kind, Payload

stale_after = timedelta(seconds=20)
"""A running job whose worker gave no sign of life for so long is given to another."""

_crashes_allowed = 3
_keep_log = timedelta(days=14)

log = logs.get("jobs")


class JobKeepsCrashing(Problem):
    code = "jobs.keeps_crashing"
    status = 500
    zh = "任务 {job} 已使处理进程中断 {times} 次,不再重试;请检查其内容后用 yiwang jobs retry 重试。"
    en = "Job {job} has ended its worker {times} times and is not tried again; look at it, then: yiwang jobs retry."


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
            except AWAY as error:
                log.warning("no database for jobs yet", error=str(error), again_in=pause)
            else:
                pause = 0.5
                try:
                    await self._run_on(connection, stop)
                except (*AWAY, FailingListenerError) as error:
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
