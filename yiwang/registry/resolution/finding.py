"""The search for records of the same thing: gather, compare, keep what was found; merge at once only where the type says so.

Comparing happens in this process, beside the database; web workers are not burdened. A search may be stopped and begun again:
what it found is kept in one transaction at its end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import Problem
from yiwang.kernel.identifiers import new_id
from yiwang.registry.declarations import ResolutionDeclaration
from yiwang.registry.errors import AttributesInvalid
from yiwang.registry.model import Fact
from yiwang.registry.resolution import store
from yiwang.registry.resolution.blocking import Blocks, pairs_of
from yiwang.registry.resolution.errors import NotResolved
from yiwang.registry.resolution.gathering import Records, gather
from yiwang.registry.resolution.model import Pair, Run
from yiwang.registry.resolution.scoring import Scored, scored
from yiwang.registry.service import RegistryService
from yiwang.registry.store import newest_facts
from yiwang.registry.types import CompiledType

Phase = Literal["read", "compare", "keep", "merge"]
Progress = Callable[[Phase, int, int | None], None]
_longest = "30min"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. ``pairs``: by the records' ids; ``passed_over``: groups too large to be compared, by line:
    (how many, the largest)."""

    run: Run
    pairs: Sequence[tuple[UUID, UUID, Scored]]
    passed_over: Mapping[str, tuple[int, int]]


def _quiet(phase: Phase, done: int, total: int | None) -> None:
    """Nobody looks on."""


async def find(
    service: RegistryService,
    actor: Actor,
    type_id: str,
    *,
    dry_run: bool = False,
    progress: Progress = _quiet,
) -> Found:
    """Compare all records of a type and keep pairs for review; ``dry_run`` keeps nothing.

    Raises:
        TypeUnknown, NotResolved, Forbidden: the actor lacks the grant ``merge``.
    """
    kind = service.types.type(type_id)
    declared = kind.declaration.resolution
    if declared is None:
        raise NotResolved(type=kind.declaration.names.zh)
    if not actor.may("thing", "merge"):
        actor.require(f"thing-{type_id}", "merge")
    began = service.context.clock.now()
    records = await _gathered(service, kind, declared, began, progress)
    blocks, pairs = await asyncio.to_thread(_compared, records, declared, progress)
    lines = [" + ".join(line) for line in [*declared.exact, *declared.block]]
    counts = Counter(pair.level for _, _, pair in pairs)
    passed_over = {lines[number]: told for number, told in blocks.passed_over.items()}
    merged = 0
    run = Run(
        new_id(), type_id, began, began, len(records), len(blocks.first),
        {"same": counts["same"], "review": counts["review"], "passed_over": sum(n for n, _ in passed_over.values())},
        actor.label,
    )  # fmt: skip
    if not dry_run:
        progress("keep", 0, len(pairs))
        run = await _kept(service, actor, run, pairs)
        progress("keep", len(pairs), len(pairs))
        if declared.automatic:
            merged = await _merged(service, actor, kind, progress)
            run.counts["merged"] = merged
    return Found(run, pairs, passed_over)


async def _gathered(
    service: RegistryService, kind: CompiledType, declared: ResolutionDeclaration, at: datetime, progress: Progress
) -> Records:
    async with service.context.database.connection() as connection:
        return await gather(connection, kind, declared, service.sealer, at, lambda done: progress("read", done, None))


def _compared(
    records: Records, declared: ResolutionDeclaration, progress: Progress
) -> tuple[Blocks, list[tuple[UUID, UUID, Scored]]]:
    blocks = pairs_of([*records.exact, *records.blocks], most=declared.most)
    total = len(blocks.first)
    progress("compare", 0, total)
    found = scored(records, declared, blocks, lambda done: progress("compare", done, total))
    return blocks, [(records.ids[pair.first], records.ids[pair.second], pair) for pair in found]


async def _kept(service: RegistryService, actor: Actor, run: Run, pairs: Sequence[tuple[UUID, UUID, Scored]]) -> Run:
    now = service.context.clock.now()
    async with service.context.database.transaction() as connection:
        await connection.execute(f"set local statement_timeout = '{_longest}'")
        rows = [(low, high, pair.score, pair.reasons, pair.level) for low, high, pair in pairs]
        made, dropped = await store.keep_pairs(connection, run.type, run.id, rows, now)
        counts = {**run.counts, "new": made, "dropped": dropped}
        done = Run(run.id, run.type, run.started_at, now, run.things, run.compared, counts, run.by_label)
        await store.keep_run(connection, done)
        entry = journal.entry(
            actor, now, "thing.resolved", "thing", None, data={"type": run.type, "things": run.things, **counts}
        )
        await journal.append(connection, entry)
    return done


async def _merged(service: RegistryService, actor: Actor, kind: CompiledType, progress: Progress) -> int:
    """Merge what is taken for the same, each in its own transaction; what cannot be merged stays for a person."""
    async with service.context.database.connection() as connection:
        pairs = await store.open_pairs(connection, kind.id, "same")
    done = 0
    for place, pair in enumerate(pairs):
        try:
            async with service.context.database.transaction() as connection:
                done += await _merge_one(connection, service, actor, kind, pair)
        except Problem:  # told apart, merged, or changed meanwhile; or a circle would close: a person looks
            continue
        finally:
            progress("merge", place + 1, len(pairs))
    return done


async def _merge_one(
    connection: Connection, service: RegistryService, actor: Actor, kind: CompiledType, pair: Pair
) -> bool:
    current = await store.pair_by_id(connection, pair.id, lock=True)
    facts = await newest_facts(connection, [pair.low, pair.high])
    if current is None or current.state != "open" or len(facts) < 2:
        return False
    missing = _missing(service, kind, facts[pair.low], facts[pair.high])
    words = f"自动合并 {pair.score:g} 分"
    try:
        async with connection.transaction():
            await service.merging.merge(connection, actor, pair.low, pair.high, take=missing, reason=words)
    except AttributesInvalid:  # what would be taken over does not fit: the older record stays as it is
        await service.merging.merge(connection, actor, pair.low, pair.high, reason=words)
    return True


def _missing(service: RegistryService, kind: CompiledType, kept: Fact, going: Fact) -> list[str]:
    """Attributes that only the record that goes tells."""
    known = service.reading.plain(kind, kept)
    return [name for name in service.reading.plain(kind, going) if name not in known]
