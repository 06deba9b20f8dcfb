"""The background worker: what happens without anybody asking — timers of flows, sealing the journal, jobs, sweeping.

Any number may run: timers and jobs are taken with SKIP LOCKED, sealing under an advisory lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from yiwang.flow.versions.migrating import MIGRATION, Migrations
from yiwang.http.services import Services
from yiwang.kernel import journal, logs, metrics
from yiwang.kernel.errors import Unavailable
from yiwang.kernel.jobs import JobWorker

log = logs.get("worker")

_timer_seconds = 0.5
_seal_seconds = 5.0
_sweep_seconds = 3600.0
_calendar_seconds = 600.0
_trend_seconds = 5.0
_watch_seconds = 120.0
_word_seconds = 120.0
_archived_at_once = 500
_timers_at_once = 200
_topics_seconds = 5.0
_score_seconds = 2.0
_recompute_seconds = 15.0
_outcome_seconds = 5.0
_begin_seconds = 60.0

Round = Callable[[Services], Awaitable[bool]]
"""One round of a task; true when there is more to do at once."""


async def work(services: Services, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set; what has begun is finished first."""
    worker = JobWorker(services.context.database.url)
    worker.handle(MIGRATION, Migrations(services.flow).work)
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat(services, stop, _timer_seconds, fire_timers))
        group.create_task(_repeat(services, stop, _seal_seconds, seal_journal))
        group.create_task(_repeat(services, stop, _sweep_seconds, sweep))
        group.create_task(_repeat(services, stop, _calendar_seconds, follow_calendar))
        group.create_task(_repeat(services, stop, _trend_seconds, follow_trends))
        group.create_task(_repeat(services, stop, _watch_seconds, watch_trends))
        group.create_task(_repeat(services, stop, _word_seconds, count_words))
        group.create_task(_repeat(services, stop, _topics_seconds, follow_topics))
        group.create_task(_repeat(services, stop, _score_seconds, follow_scores))
        group.create_task(_repeat(services, stop, _recompute_seconds, recompute_scores))
        group.create_task(_repeat(services, stop, _outcome_seconds, follow_outcomes))
        group.create_task(_repeat(services, stop, _begin_seconds, begin_learning))
        group.create_task(worker.run(stop))


async def _repeat(services: Services, stop: asyncio.Event, seconds: float, round_: Round) -> None:
    while not stop.is_set():
        more = False
        try:
            more = await round_(services)
        except (Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("waits for the database", task=round_.__name__, error=f"{type(error).__name__}: {error}")
        if not more:
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait({waiting}, timeout=seconds)
            waiting.cancel()


async def fire_timers(services: Services) -> bool:
    """Let the flows do what is due: timers, messages and signals thrown, starts by timer."""
    fired = await services.flow.act_due(services.context.clock.now(), _timers_at_once)
    if fired:
        metrics.timers_fired.inc(fired)
        log.info("flows went on", count=fired)
    return fired >= _timers_at_once


async def follow_calendar(services: Services) -> bool:
    """Reckon running deadlines anew where the working calendar has changed since the last time."""
    reckoned = await services.flow.follow_calendar()
    if reckoned:
        log.info("deadlines reckoned by the new calendar", instances=reckoned)
    return reckoned > 0


async def follow_trends(services: Services) -> bool:
    """Bring the counts of days after the journal."""
    return await services.trends.follow()


async def watch_trends(services: Services) -> bool:
    """Raise alarm for days out of the ordinary."""
    raised = await services.trends.watch()
    if raised:
        log.info("days out of the ordinary", alarms=raised)
    return False


async def count_words(services: Services) -> bool:
    """Count anew how rare words are, when reports have grown by a tenth."""
    if await services.casework.likeness.take_sample():
        log.info("words of reports counted")
    return False


async def follow_topics(services: Services) -> bool:
    """Compare what was reported with what was reported before: hot issues."""
    return await services.casework.topics.follow()


async def follow_scores(services: Services) -> bool:
    """Bring the counts of evaluation after the journal."""
    return await services.insight.keep_up()


async def recompute_scores(services: Services) -> bool:
    """Go on with a recomputation of the counts, if one was asked for."""
    if await services.insight.recompute_if_asked():
        log.info("counts recomputed")
    return False


async def follow_outcomes(services: Services) -> bool:
    """Count which departments closed and refused cases."""
    return await services.casework.learning.follow()


async def begin_learning(services: Services) -> bool:
    """Give case types that ask for it a first model, once."""
    for learned in await services.casework.learning.begin():
        log.info("a first model is in service", type=learned.subject, version=learned.version)
    return False


async def seal_journal(services: Services) -> bool:
    """Put final journal entries under seal."""
    async with services.context.database.connection() as connection:
        sealed = await journal.seal(connection, services.context.clock.now())
    metrics.entries_sealed.inc(sealed)
    return sealed >= 50_000


async def sweep(services: Services) -> bool:
    """Archive cases that can no longer be reopened; remove uploads that nobody used and sessions that have ended."""
    archived = await services.casework.operations.archive_due()
    removed = await services.casework.attachments.sweep(services.context.clock.now())
    ended = await services.identity.sessions.tidy()
    await services.casework.topics.tidy()
    if archived or removed or ended:
        log.info("swept", archived=archived, uploads=removed, sessions=ended)
    return archived >= _archived_at_once
