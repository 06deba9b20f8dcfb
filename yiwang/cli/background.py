"""The background worker: what happens without anybody asking — timers of flows, sealing the journal, jobs, sweeping.

Any number may run: timers and jobs are taken with SKIP LOCKED, sealing under an advisory lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from yiwang.cli.alarming import AlarmWork
from yiwang.cli.exchanging import ExchangeWork
from yiwang.flow.versions.migrating import MIGRATION, Migrations
from yiwang.http import patrols
from yiwang.http.services import Services
from yiwang.kernel import journal, logs, metrics
from yiwang.kernel.database import AWAY
from yiwang.kernel.job_worker import JobWorker
from yiwang.packs.computing import load_functions
from yiwang.registry import retention
from yiwang.sensing.computing.following import Computing
from yiwang.sensing.errors import LakeDamaged
from yiwang.sensing.readings import Keeper, Readings
from yiwang.sensing.rules.vehicles import VehicleRules
from yiwang.sensing.vehicles import following as vehicles

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
_silence_seconds = 5.0
_rollup_seconds = 1.0
_compute_seconds = 1.0
_tidy_readings_seconds = 60.0
_keep_readings_seconds = 600.0
_vehicle_seconds = 0.25
_keep_positions_seconds = 3600.0
_exchange_seconds = 2.0
_document_seconds = 2.0
_plans_seconds = 5.0
_publicity_seconds = 5.0
_lists_seconds = 5.0
_voting_seconds = 5.0
_matching_seconds = 5.0
_dossier_seconds = 2.0
_cells_seconds = 5.0

Round = Callable[[Services], Awaitable[bool]]
"""One round of a task; true when there is more to do at once."""


async def work(services: Services, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set; what has begun is finished first."""
    worker = JobWorker(services.context.database.url)
    worker.handle(MIGRATION, Migrations(services.flow).work)
    keeper = Keeper(Readings(services.context))
    exchange = ExchangeWork(services)
    async with asyncio.TaskGroup() as group:
        group.create_task(_repeat(services, stop, _timer_seconds, fire_timers))
        group.create_task(_repeat(services, stop, _seal_seconds, seal_journal))
        group.create_task(_repeat(services, stop, _sweep_seconds, sweep))
        group.create_task(_repeat(services, stop, _sweep_seconds, erase_expired))
        group.create_task(_repeat(services, stop, _calendar_seconds, follow_calendar))
        group.create_task(_repeat(services, stop, _trend_seconds, follow_trends))
        group.create_task(_repeat(services, stop, _watch_seconds, watch_trends))
        group.create_task(_repeat(services, stop, _word_seconds, count_words))
        group.create_task(_repeat(services, stop, _topics_seconds, follow_topics))
        group.create_task(_repeat(services, stop, _score_seconds, follow_scores))
        group.create_task(_repeat(services, stop, _recompute_seconds, recompute_scores))
        group.create_task(_repeat(services, stop, _outcome_seconds, follow_outcomes))
        group.create_task(_repeat(services, stop, _begin_seconds, begin_learning))
        group.create_task(_repeat(services, stop, _rollup_seconds, roll_up(keeper)))
        group.create_task(_repeat(services, stop, _compute_seconds, await compute_metrics(services)))
        group.create_task(_repeat(services, stop, _tidy_readings_seconds, tidy_readings(keeper)))
        group.create_task(_repeat(services, stop, _keep_readings_seconds, keep_readings(keeper)))
        group.create_task(_repeat(services, stop, _vehicle_seconds, follow_vehicles(services)))
        group.create_task(_repeat(services, stop, _keep_positions_seconds, keep_positions))
        group.create_task(_repeat(services, stop, _sweep_seconds, remove_patrols))
        group.create_task(_repeat(services, stop, _exchange_seconds, follow_exchange))
        group.create_task(_repeat(services, stop, _document_seconds, make_documents))
        group.create_task(_repeat(services, stop, _plans_seconds, follow_plans))
        group.create_task(_repeat(services, stop, _publicity_seconds, follow_publicity))
        group.create_task(_repeat(services, stop, _lists_seconds, end_lists))
        group.create_task(_repeat(services, stop, _voting_seconds, end_votes))
        group.create_task(_repeat(services, stop, _matching_seconds, follow_matching))
        group.create_task(_repeat(services, stop, _dossier_seconds, follow_dossiers))
        group.create_task(_repeat(services, stop, _cells_seconds, count_places))
        for seconds, round_ in [*AlarmWork(services).rounds(), *exchange.rounds()]:
            group.create_task(_repeat(services, stop, seconds, round_))
        group.create_task(_repeat(services, stop, _silence_seconds, watch_devices))
        group.create_task(worker.run(stop))
    await exchange.stop()
    await keeper.close()


async def _repeat(services: Services, stop: asyncio.Event, seconds: float, round_: Round) -> None:
    while not stop.is_set():
        more = False
        try:
            more = await round_(services)
        except AWAY as error:
            log.warning("waits for the database", task=round_.__name__, error=f"{type(error).__name__}: {error}")
        if not more:
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait({waiting}, timeout=seconds)
            waiting.cancel()


def follow_vehicles(services: Services) -> Round:
    """Trips, fences and facts of what vehicles reported."""
    sensing = services.sensing
    rules = VehicleRules(services.context, sensing.directory, sensing.book)
    following = vehicles.VehicleFollowing(services.context, [rules])

    async def follow_positions(_: Services) -> bool:
        return await following.advance() > 0

    return follow_positions


async def count_places(services: Services) -> bool:
    """Places of types with many things, counted ahead for the map."""
    return await services.registry.cells.keep_up()


async def follow_exchange(services: Services) -> bool:
    """Requests for sharing follow their cases; views end with their grants."""
    return await services.exchange.keep_up()


async def follow_plans(services: Services) -> bool:
    """Plans open the cases of periods that have come; parts of cases are followed."""
    return await services.plans.keep_up()


async def follow_matching(services: Services) -> bool:
    """Needs that wait are matched with offers; who does not answer is passed over."""
    return await services.matching.keep_up()


async def end_votes(services: Services) -> bool:
    """Votes whose time is over are counted, and their cases go on."""
    return await services.voting.keep_up()


async def end_lists(services: Services) -> bool:
    """Entries of lists with second approval end with their last day."""
    return await services.registry.authorities.end_due()


async def follow_publicity(services: Services) -> bool:
    """Issues end with their time; anomaly rules look at what has changed."""
    return await services.publicity.keep_up()


async def follow_dossiers(services: Services) -> bool:
    """Records gather from the cases of their files."""
    return await services.dossiers.keep_up()


async def make_documents(services: Services) -> bool:
    """Set and sign the documents that were issued."""
    return await services.documents.making.keep_up()


async def erase_expired(services: Services) -> bool:
    """Erase records of persons whose time is over."""
    if erased := await retention.erase_expired(services.registry):
        log.info("records erased", count=erased)
    return erased > 0


async def remove_patrols(services: Services) -> bool:
    """Remove the ways of patrols that are older than they may be kept."""
    if removed := await patrols.remove_old(services.context):
        log.info("old patrols removed", count=removed)
    return False


async def keep_positions(services: Services) -> bool:
    """Make room for the next days' positions, remove what is older than it may be kept."""
    if removed := await vehicles.keep(services.context):
        log.info("old positions removed", days=len(removed), last=removed[-1].isoformat())
    return False


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


async def watch_devices(services: Services) -> bool:
    """Mark silent devices as offline; let unanswered commands expire."""
    silent = await services.sweeper.sweep()
    if silent:
        log.info("devices fell silent", count=silent)
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
    await services.sweeper.tidy()
    await services.casework.topics.tidy()
    if archived or removed or ended:
        log.info("swept", archived=archived, uploads=removed, sessions=ended)
    return archived >= _archived_at_once


def roll_up(keeper: Keeper) -> Round:
    """Bring the roll-ups of readings after what arrived."""

    async def follow_readings(services: Services) -> bool:
        return await keeper.follow()

    return follow_readings


async def compute_metrics(services: Services) -> Round:
    """Computed metrics follow the roll-ups, by the functions of the packs that pass the check."""
    settings = services.context.settings
    functions = await asyncio.to_thread(load_functions, settings.packs, settings.city)
    computing = Computing(services.context, services.sensing.directory, functions)

    async def compute(_: Services) -> bool:
        return await computing.advance() != 0

    return compute


def tidy_readings(keeper: Keeper) -> Round:
    """Make the partitions of the next days; delete arrivals that everybody has seen."""

    async def tidy_arrivals(services: Services) -> bool:
        await keeper.tidy()
        return False

    return tidy_arrivals


def keep_readings(keeper: Keeper) -> Round:
    """Move cold days of readings to the lake, drop what has outlived its time."""

    async def archive_readings(services: Services) -> bool:
        try:
            kept = await keeper.keep()
        except LakeDamaged as damaged:
            log.exception("a file of the lake is damaged", reason=str(damaged))
            return False
        if kept.archived or kept.dropped_days or kept.dropped_rollups:
            log.info(
                "readings kept", archived=len(kept.archived), dropped=kept.dropped_days, months=kept.dropped_rollups
            )
        return False

    return archive_readings
