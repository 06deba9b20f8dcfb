"""Quality as other floors call it: checks on demand and by night, the board, the worst records, defects sent to their source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from yiwang.casework.errors import CaseTypeUnknown
from yiwang.casework.model import Report
from yiwang.casework.service import CaseService
from yiwang.exchange.quality import store
from yiwang.exchange.quality.errors import (
    DefectTypeMissing,
    NothingToDispatch,
    QualityNotJudged,
    QualityRuleUnknown,
    SourceUnknown,
)
from yiwang.exchange.quality.judging import Judging
from yiwang.exchange.quality.model import (
    KIND,
    NO_SOURCE,
    Defect,
    Dispatched,
    RuleCount,
    RuleShown,
    Run,
    score_of,
)
from yiwang.exchange.quality.rules import Rules
from yiwang.identity.directory import Directory
from yiwang.identity.model import OrganisationRow
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.clock import real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_id
from yiwang.registry.model import Fact
from yiwang.registry.service import RegistryService
from yiwang.registry.store import newest_facts

CASE_TYPE, CASE_CHANNEL, CASE_CLASS = "data-defect", "quality", "DQ01"
NIGHT_HOUR = 2
"""From this hour of the city's night on, every type is checked once."""
_TREND = 60
_SHOWN_DISPATCHES = 50
_SAMPLE_TITLES = 5


@dataclass(frozen=True, slots=True)
class TypeScore:
    """A type on the board: its last finished run, what the reader sees of it, and the run under way."""

    type: str
    run: Run | None
    counts: list[RuleCount]
    score: float | None
    before: float | None
    under_way: Run | None


@dataclass(frozen=True, slots=True)
class TypeQuality:
    """All about one type: ``counts`` of its last run, and (time, score) of runs before, the oldest first."""

    run: Run
    counts: list[RuleCount]
    trend: list[tuple[Run, float | None]]
    dispatched: list[Dispatched]
    under_way: Run | None


@dataclass(frozen=True, slots=True)
class WorstRow:
    """A record that breaks rules, as its reader sees it (personal attributes masked)."""

    defect: Defect
    fact: Fact


class QualityService:
    """One per process."""

    def __init__(
        self, context: Context, registry: RegistryService, casework: CaseService, directory: Directory
    ) -> None:
        self.context, self.registry, self.casework, self.directory = context, registry, casework, directory
        self.judging = Judging(context, registry)

    # -- runs -------------------------------------------------------------------------------------------------------------

    async def begin(self, actor: Actor, type_id: str) -> Run:
        """Ask for a check of all records of a type; the one that is under way is told instead of a second.

        Raises:
            TypeUnknown, Forbidden.
        """
        actor.require(KIND, "run")
        rules = Rules(self.registry.types.type(type_id))
        now = self.context.clock.now()
        async with self.context.database.transaction() as connection:
            if await store.insert_run(connection, new_id(), type_id, rules.shown, None, now, actor.label, real_now()):
                await journal.append(
                    connection, journal.entry(actor, now, "quality.begun", "quality", None, data={"type": type_id})
                )
        async with self.context.database.connection() as connection:
            run = (await store.under_way(connection, [type_id])).get(type_id)
            return run or await self._latest(connection, type_id)  # it may have ended in between

    async def begin_night(self) -> int:
        """Ask for the night's check of every type, once a night; how many were begun."""
        zone = self.context.calendar.hours.timezone
        now = self.context.clock.now()
        night = (now.astimezone(zone) - timedelta(hours=NIGHT_HOUR)).date()
        begun = 0
        for kind in self.registry.types.all():
            async with self.context.database.transaction() as connection:
                begun += await store.insert_run(
                    connection, new_id(), kind.id, Rules(kind).shown, night, now, SYSTEM.label, real_now()
                )
        return begun

    async def work(self) -> bool:
        """One batch of whatever waits; true when there was one."""
        return await self.judging.step()

    async def finish(self, run_id: UUID) -> Run:
        """Work at this run until it is finished, here and now; for commands and tests."""
        while True:
            await self.judging.step(run_id)
            async with self.context.database.connection() as connection:
                run = await store.run_by_id(connection, run_id)
            if run is None or run.state in ("finished", "given_up"):
                break
        if run is None:
            raise QualityNotJudged(type=str(run_id))
        return run

    # -- reading ----------------------------------------------------------------------------------------------------------

    async def board(self, actor: Actor) -> list[TypeScore]:
        """Every type with its last score, and the one before.

        Raises:
            Forbidden.
        """
        actor.require(KIND, "read")
        types = [kind.id for kind in self.registry.types.all()]
        async with self.context.database.connection() as connection:
            pairs = await store.recent(connection, types, 2)
            under_way = await store.under_way(connection, types)
            runs = [run for found in pairs.values() for run in found]
            counts = await store.counts_of(connection, actor, [run.id for run in runs])
        board = []
        for type_id in types:
            found = pairs[type_id]
            scores = [score_of(counts[run.id], run.rules) for run in found]
            board.append(
                TypeScore(
                    type_id,
                    found[0] if found else None,
                    counts[found[0].id] if found else [],
                    scores[0] if scores else None,
                    scores[1] if len(scores) > 1 else None,
                    under_way.get(type_id),
                )
            )
        return board

    async def type_quality(self, actor: Actor, type_id: str) -> TypeQuality:
        """Sources, rules and trend of one type.

        Raises:
            Forbidden, TypeUnknown; QualityNotJudged: it has never been checked.
        """
        actor.require(KIND, "read")
        self.registry.types.type(type_id)
        async with self.context.database.connection() as connection:
            runs = (await store.recent(connection, [type_id], _TREND))[type_id]
            if not runs:
                raise QualityNotJudged(type=type_id)
            counts = await store.counts_of(connection, actor, [run.id for run in runs])
            dispatched = await store.dispatches(connection, actor, type_id, _SHOWN_DISPATCHES)
            under_way = (await store.under_way(connection, [type_id])).get(type_id)
        trend = [(run, score_of(counts[run.id], run.rules)) for run in reversed(runs)]
        return TypeQuality(runs[0], counts[runs[0].id], trend, dispatched, under_way)

    async def worst(
        self,
        actor: Actor,
        type_id: str,
        *,
        source: int | None = None,
        rule: str = "",
        after: tuple[float, UUID] | None = None,
        limit: int = 50,
    ) -> list[WorstRow]:
        """The records that break most, as the last check found them; those whose record the reader may read.

        Raises:
            Forbidden, TypeUnknown, QualityNotJudged, QualityRuleUnknown.
        """
        actor.require(KIND, "read")
        async with self.context.database.connection() as connection:
            run = await self._latest(connection, type_id)
            _known_rule(run, rule)
            found = await store.defects(
                connection, actor, run, organisation_id=source, rule=rule, after=after, limit=limit
            )
            facts = await newest_facts(connection, [each.thing_id for each in found])
        return [
            WorstRow(each, self.registry.reading.shown(facts[each.thing_id]))
            for each in found
            if each.thing_id in facts
        ]

    # -- back to the source -----------------------------------------------------------------------------------------------

    async def dispatch(self, actor: Actor, type_id: str, source: int, rule: str = "", note: str = "") -> Dispatched:
        """Send what the last check found of a source to it, as a case that it answers; once a check.

        Raises:
            Forbidden, TypeUnknown, QualityNotJudged, QualityRuleUnknown, SourceUnknown, NothingToDispatch, DefectTypeMissing.
        """
        actor.require(KIND, "run")
        organisation = self.directory.organisation(source)
        if organisation is None or not actor.reaches(KIND, "run", area=organisation.area, organisation=source):
            raise SourceUnknown(organisation=source)
        async with self.context.database.connection() as connection:
            run = await self._latest(connection, type_id)
            _known_rule(run, rule)
            before = await store.dispatch_of(connection, run.id, source, rule)
            if before is not None:
                return before
            counts = (await store.counts_of(connection, SYSTEM, [run.id]))[run.id]
            worst = await store.defects(
                connection, SYSTEM, run, organisation_id=source, rule=rule, after=None, limit=_SAMPLE_TITLES
            )
            facts = await newest_facts(connection, [each.thing_id for each in worst])
        broken = [
            count
            for count in counts
            if count.organisation_id == source and count.failed and (not rule or count.rule == rule)
        ]
        if not broken:
            raise NothingToDispatch()
        titles = [self.registry.reading.shown(fact).title for fact in facts.values()]
        text = self._text(run, organisation, broken, titles, note)
        return await self._open(actor, run, organisation, rule, sum(each.failed for each in broken), text)

    async def _open(
        self, actor: Actor, run: Run, organisation: OrganisationRow, rule: str, failed: int, text: str
    ) -> Dispatched:
        now = self.context.clock.now()
        report = Report(
            type=CASE_TYPE,
            channel=CASE_CHANNEL,
            text=text,
            class_code=CASE_CLASS,
            idempotency_key=f"quality:{run.id}:{organisation.id}:{rule}",
            fields={"type": run.type, "rule": (rule or "*")[:60], "records": failed},
        )
        try:
            draft = self.casework.drafting.draft(report, SYSTEM, now)
        except CaseTypeUnknown as error:
            raise DefectTypeMissing(type=CASE_TYPE) from error
        ours = {"department": organisation.id, "section": organisation.id}
        draft = replace(draft, organisation_id=organisation.id, variables={**draft.variables, **ours})
        opened = await self.casework.opening.open(draft, SYSTEM)
        sent = Dispatched(
            new_id(), run.id, run.type, organisation.id, organisation.area, rule, failed, opened.id, opened.number, now,
            actor.label,
        )  # fmt: skip
        async with self.context.database.transaction() as connection:
            await store.insert_dispatch(connection, sent)
            await journal.append(
                connection,
                journal.entry(
                    actor, now, "quality.dispatched", "quality", opened.id, area=organisation.area,
                    data={"type": run.type, "rule": rule, "records": failed, "number": opened.number},
                ),
            )  # fmt: skip
        return sent

    def _text(
        self, run: Run, organisation: OrganisationRow, broken: Sequence[RuleCount], titles: Sequence[str], note: str
    ) -> str:
        names = {rule.id: rule.zh for rule in run.rules}
        kind = self.registry.types.type(run.type).declaration.names.zh
        lines = [f"{organisation.name_zh}提供的“{kind}”数据经质量检查有问题,请核对更正:"]
        lines += [
            f"· {names.get(each.rule, each.rule)}:{each.judged:,} 条中有 {each.failed:,} 条"
            for each in sorted(broken, key=lambda each: -each.failed)[:20]
        ]
        if titles:
            lines.append(f"例如:{'、'.join(title for title in titles if title)}")
        if note:
            lines.append(f"说明:{note}")
        return "\n".join(lines)

    async def _latest(self, connection: Connection, type_id: str) -> Run:
        self.registry.types.type(type_id)
        runs = (await store.recent(connection, [type_id], 1))[type_id]
        if not runs:
            raise QualityNotJudged(type=type_id)
        return runs[0]

    def source_names(self, id: int) -> dict[str, str]:
        """What a source is called; records of no organisation have a name of their own."""
        found = self.directory.organisation(id) if id != NO_SOURCE else None
        if found is not None:
            return {"zh": found.name_zh, "en": found.name_en}
        return (
            {"zh": "未注明来源", "en": "No source named"}
            if id == NO_SOURCE
            else {"zh": f"机构 {id}", "en": f"Organisation {id}"}
        )


def _known_rule(run: Run, rule: str) -> RuleShown | None:
    """Raises QualityRuleUnknown."""
    found = next((each for each in run.rules if each.id == rule), None)
    if rule and found is None:
        raise QualityRuleUnknown(type=run.type, rule=rule[:60], known=", ".join(each.id for each in run.rules)[:500])
    return found
