"""Checking all records of a type, batch by batch: each batch is one transaction with its mark, so that whoever is killed in the
middle, or runs beside another, neither leaves out nor counts twice."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import UUID

from yiwang.exchange.quality import store
from yiwang.exchange.quality.model import STREET, Defect, Record, Run
from yiwang.exchange.quality.rules import Known, Rules, Verdict
from yiwang.kernel.clock import real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.registry.errors import TypeUnknown
from yiwang.registry.service import RegistryService

BATCH = 500


class Judging:
    """Works at runs that were asked for. One per process; any number of processes."""

    def __init__(self, context: Context, registry: RegistryService) -> None:
        self._context, self._registry = context, registry

    async def step(self, run_id: UUID | None = None) -> bool:
        """Do one batch of the run that has waited longest (or of this one); false when there is nothing to do.

        Raises:
            Unavailable. KeyMissing, KeyFileUnreadable: sealed attributes cannot be opened.
        """
        async with self._context.database.transaction() as connection:
            run = await store.take_run(connection, run_id)
            if run is None:
                return False
            try:
                rules = Rules(self._registry.types.type(run.type))
            except TypeUnknown:
                await store.end(connection, run, "given_up", real_now())
                return True
            if run.state == "waiting":
                await store.find_twins(connection, run, rules.same, whole=rules.twins)
            records = await store.page(connection, run, rules.same, whole=rules.twins, limit=BATCH)
            if records:
                await self._batch(connection, run, rules, records)
            if len(records) < BATCH:
                await store.end(connection, run, "finished", real_now())
        return True

    async def _batch(self, connection: Connection, run: Run, rules: Rules, records: Sequence[Record]) -> None:
        plain = await asyncio.to_thread(self._opened, rules, records)
        known = await self._known(connection, run, rules, records, plain)
        verdicts = await asyncio.to_thread(
            lambda: [
                rules.judge(record, attributes, known, run.at)
                for record, attributes in zip(records, plain, strict=True)
            ]
        )
        await self._count(connection, run, rules, records, verdicts)
        await store.advance(connection, run.id, records[-1].thing_id, len(records))

    def _opened(self, rules: Rules, records: Sequence[Record]) -> list[JsonObject]:
        kind, sealer = rules.kind, self._registry.sealer
        return [sealer.opened(kind.as_now(record.attributes, record.type_version)) for record in records]

    async def _known(
        self,
        connection: Connection,
        run: Run,
        rules: Rules,
        records: Sequence[Record],
        plain: Sequence[JsonObject],
    ) -> Known:
        twins = await store.twins_among(
            connection, run.id, sorted({pair for record in records for pair in record.digests.items()})
        )
        lost: set[UUID] = set()
        if rules.kind.declaration.relations:
            lost = await store.lost_relations(connection, [record.thing_id for record in records], run.at)
        codes: set[tuple[str, str]] = set()
        for target in set(rules.codes.values()):
            names = [name for name, to in rules.codes.items() if to == target]
            values = {str(each[name]) for each in plain for name in names if isinstance(each.get(name), str | int)}
            codes |= {(target, value) for value in await self._named(connection, target, sorted(values))}
        return Known(frozenset(codes), frozenset(lost), frozenset(twins))

    async def _named(self, connection: Connection, target: str, values: Sequence[str]) -> set[str]:
        """Which of these values are a natural key of a thing of the type."""
        try:
            kind = self._registry.types.type(target)
        except TypeUnknown:
            return set(values)  # the type is not run here: nothing can be said
        found: set[str] = set()
        for name, parts in kind.declaration.keys.items():
            if len(parts) == 1:
                part, blind = parts[0], parts[0] in kind.sealed
                asked = {
                    (self._registry.sealer.blind(kind.id, normal) if blind else str(normal)): value
                    for value in values
                    if (normal := kind.normal({part: value}).get(part)) is not None
                }
                owners = await self._registry.owners(connection, kind.id, [(name, key) for key in asked])
                found |= {asked[key] for _, key in owners}
        return found

    async def _count(
        self,
        connection: Connection,
        run: Run,
        rules: Rules,
        records: Sequence[Record],
        verdicts: Sequence[Verdict],
    ) -> None:
        judged: Counter[tuple[int, str, str]] = Counter()
        failed: Counter[tuple[int, str, str]] = Counter()
        kept: Counter[tuple[int, str, str]] = Counter()
        samples: defaultdict[tuple[int, str], int] = defaultdict(int, await store.kept_samples(connection, run.id))
        defects: list[tuple[Defect, bool]] = []
        for record, verdict in zip(records, verdicts, strict=True):
            source, area = record.organisation_id, record.area[:STREET]
            judged.update((source, area, rule) for rule in verdict.judged)
            if not verdict.broken:
                continue
            failed.update((source, area, rule) for rule in verdict.broken)
            wanted = [rule for rule in verdict.broken if samples[source, rule] < store.SAMPLES]
            for rule in wanted:
                samples[source, rule] += 1
                kept[source, area, rule] += 1
            weight = round(sum(rules.weights[rule] for rule in verdict.broken), 6)
            defect = Defect(record.thing_id, source, record.area, tuple(verdict.broken), weight)
            defects.append((defect, bool(wanted)))
        await store.add_scores(connection, run.id, {key: (judged[key], failed[key], kept[key]) for key in judged})
        await store.keep_defects(connection, run.id, defects)
