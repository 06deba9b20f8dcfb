"""Simulation (试算): a version, a draft too, against the cases of a real period: how many, how long, where they would wait.

The cases are real: when they began, what is known of them, how long each of their steps took and how it ended. They walk
through the version in memory; where it sends a case to steps that it never saw, times and outcomes are drawn from all cases,
or assumed, and the report says so. The same seed gives the same report.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from yiwang.flow import store as flow_store
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.clocks import cached_deadline
from yiwang.flow.decisions.model import Table
from yiwang.flow.model import Definition, EndEvent, Names
from yiwang.flow.service import FlowService
from yiwang.flow.service.definitions import checked, compiled, digest_of
from yiwang.flow.store.definitions import DefinitionRow
from yiwang.flow.versions.cases import RealCase, Source, Step, Wanted, definitions_of_cases, real_cases
from yiwang.flow.versions.chances import Assumptions, Chances, Past
from yiwang.flow.versions.errors import NoCases
from yiwang.flow.versions.figures import (
    Side,
    by_step,
    end_of,
    grounds_of,
    names_in,
    side,
    stays_of_cases,
    stays_of_runs,
)
from yiwang.flow.versions.matching import Pairs, pair
from yiwang.flow.versions.playing import Run, Theatre, never, play
from yiwang.flow.versions.report import GROUNDS, STATES, SimulationReport, StepReport, Stuck
from yiwang.kernel.access import Actor
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.journal import append, entry

ordinary_period = timedelta(days=30)
ordinary_cases = 1_000
most_cases = 5_000

Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated against what. ``version`` None: the draft, or where there is none the published version.

    ``steps``: old element → new element where the simulated version calls the same step by another id.
    """

    key: str
    since: datetime
    until: datetime
    version: int | None = None
    area: str = ""
    cases: int = ordinary_cases
    seed: int = 1
    steps: Mapping[str, str] = field(default_factory=dict)
    assumed: Assumptions = field(default_factory=Assumptions)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything read; :func:`simulate` needs nothing more."""

    scenario: Scenario
    definition: Definition
    theatre: Theatre
    found: int
    cases: tuple[RealCase, ...]
    sources: Mapping[UUID, Source]


class Simulations:
    """Simulations on a flow service. Whether the actor may simulate is asked by the caller."""

    def __init__(self, flow: FlowService) -> None:
        self.flow = flow

    def period(self, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
        """What is asked for, or the last 30 days of city time."""
        end = until or self.flow.context.clock.now()
        return since or end - ordinary_period, end

    async def prepare(self, scenario: Scenario, actor: Actor, xml: str | None = None) -> Prepared:
        """Read the version and the cases. ``xml``: a drawing at hand, instead of a stored version.

        Raises:
            NotFound: no such version. FlowRefused: it has faults. NoCases: nothing began in the period.
            DeadlineUnreadable: of an assumed duration.
        """
        for text in (*scenario.assumed.durations.values(), *scenario.assumed.waits.values()):
            if text != never:
                cached_deadline(text)
        now = self.flow.context.clock.now()
        async with self.flow.context.database.transaction() as connection:
            definition = await self._definition(connection, scenario, xml, now)
            called, tables = await self._around(connection, definition)
            wanted = Wanted(scenario.key, scenario.since, scenario.until, scenario.area, scenario.cases, scenario.seed)
            found, ran_on = await definitions_of_cases(connection, wanted)
            if not found:
                period = (self.flow.local(moment) for moment in (scenario.since, scenario.until))
                raise NoCases(key=scenario.key, since=next(period), until=next(period))
            played = {item.key: item for item in called} | {definition.key: definition}
            sources = {name: await self._source(connection, name, played, scenario) for name in ran_on}
            cases = await real_cases(connection, wanted, sources, self.flow.context.calendar, now)
            data: JsonObject = {"key": scenario.key, "version": definition.version, "cases": len(cases)}
            data |= {"from": scenario.since.isoformat(), "to": scenario.until.isoformat()}
            await append(connection, entry(actor, now, "definition.simulated", "definition", definition.id, data=data))
        theatre = Theatre(
            scenario.key,
            (*called, definition),
            tables,
            self.flow.assignment.directory,
            self.flow.context.calendar,
            self.flow.assignment.fallback_post,
            scenario.assumed.waits,
        )
        return Prepared(scenario, definition, theatre, found, tuple(cases), sources)

    async def run(self, scenario: Scenario, actor: Actor, xml: str | None = None) -> SimulationReport:
        """Simulate beside the event loop.

        Raises:
            As :meth:`prepare`.
        """
        prepared = await self.prepare(scenario, actor, xml)
        return await asyncio.to_thread(simulate, prepared)

    async def _definition(
        self, connection: Connection, scenario: Scenario, xml: str | None, now: datetime
    ) -> Definition:
        if xml is not None:
            reading = read_bpmn(xml)
            graph = checked(scenario.key, reading)
            row = DefinitionRow(new_id(), scenario.key, 1, "draft", reading.names, xml, digest_of(xml), now, None)
            return compiled(row, graph)
        if scenario.version is not None:
            row = await self.flow.version(connection, scenario.key, scenario.version)
        else:
            published, draft, _ = await flow_store.newest_definitions(connection, scenario.key)
            newest = draft or published
            if newest is None:
                raise NotFound(what=f"流程 {scenario.key}")
            row = newest
        return compiled(row, checked(row.key, read_bpmn(row.xml)))

    async def _around(
        self, connection: Connection, definition: Definition
    ) -> tuple[tuple[Definition, ...], tuple[Table, ...]]:
        """The definitions that it calls, and those that these call, and the tables that all of them ask."""
        called: dict[str, Definition] = {}
        tables: dict[str, Table] = {}
        pending = [definition]
        while pending:
            graph = pending.pop().graph
            for key in graph.calls - called.keys() - {definition.key}:
                called[key] = await self.flow.latest(connection, key)
                pending.append(called[key])
            for key in graph.decisions - tables.keys():
                tables[key] = await self.flow.decisions.table(connection, key)
        return tuple(called.values()), tuple(tables.values())

    async def _source(
        self, connection: Connection, definition_id: UUID, played: Mapping[str, Definition], scenario: Scenario
    ) -> Source:
        """A definition that cases ran on, paired with what is simulated under its key."""
        found = await self.flow.definition(connection, definition_id)
        other = played.get(found.key)
        if other is None:
            return Source(found.key, found.graph, Pairs())
        pairs = pair(found.graph, other.graph)
        if found.key == scenario.key and scenario.steps:
            pairs = Pairs({**pairs.nodes, **scenario.steps}, pairs.flows, pairs.alike)
        return Source(found.key, found.graph, pairs)


def simulate(prepared: Prepared, progress: Progress | None = None) -> SimulationReport:
    """Play every case. Pure: the same preparation gives the same report."""
    scenario, calendar = prepared.scenario, prepared.theatre.calendar
    past = Past.of(prepared.cases, calendar)
    runs: list[Run] = []
    for case in prepared.cases:
        runs.append(play(case, prepared.theatre, Chances(case, past, scenario.assumed, scenario.seed)))
        if progress is not None:
            progress(len(runs), len(prepared.cases))
    over = [run for run in runs if run.case.state == "completed"]
    real_spans = [(case.started_at, case.ended_at) for case in prepared.cases]
    return SimulationReport(
        key=scenario.key,
        version=prepared.definition.version,
        since=scenario.since,
        until=scenario.until,
        area=scenario.area,
        seed=scenario.seed,
        found=prepared.found,
        simulated=_side(runs, calendar),
        simulated_ended=_side(over, calendar),
        real=side(stays_of_cases(prepared.cases), real_spans, _real_ends(prepared), calendar),
        steps=_steps(prepared, runs),
        stuck=_stuck(runs),
        assumptions=_assumptions(prepared, runs),
        end_names={
            **STATES,
            **{node.id: node.names for node in prepared.definition.graph.nodes.values() if isinstance(node, EndEvent)},
        },
    )


def _side(runs: list[Run], calendar: WorkingCalendar) -> Side:
    spans = [(run.case.started_at, run.ended_at) for run in runs]
    ends = [run.end or "cancelled" for run in runs if run.ended_at is not None]
    return side(stays_of_runs(runs), spans, ends, calendar)


def _real_ends(prepared: Prepared) -> list[str]:
    """How the real cases ended, in the words of the simulated version."""
    found = []
    for case in prepared.cases:
        if case.ended_at is not None:
            source = prepared.sources[case.definition_id]
            back = {new: old for old, new in source.pairs.nodes.items()}
            end = end_of(case, prepared.scenario.key, source.graph, back)
            found.append(source.pairs.nodes.get(end, end))
    return found


def _steps(prepared: Prepared, runs: list[Run]) -> tuple[StepReport, ...]:
    calendar, until = prepared.theatre.calendar, prepared.scenario.until
    simulated = by_step(stays_of_runs(runs), until, calendar)
    real = by_step(stays_of_cases(prepared.cases), until, calendar)
    grounds = grounds_of(runs)
    graphs = {definition.key: definition.graph for definition in prepared.theatre.definitions}
    order = {Step(key, node): place for key, graph in graphs.items() for place, node in enumerate(graph.nodes)}
    found = sorted(
        {*simulated, *real}, key=lambda step: (step.key != prepared.scenario.key, step not in order, order.get(step, 0))
    )
    former = {
        Step(source.key, node): source.graph for source in prepared.sources.values() for node in source.graph.nodes
    }
    return tuple(
        StepReport(
            step,
            names_in(graphs[step.key] if step in order else former.get(step, prepared.definition.graph), step.node),
            simulated.get(step),
            real.get(step),
            dict(grounds.get(step, Counter()).most_common()),
        )
        for step in found
    )


def _stuck(runs: list[Run]) -> tuple[Stuck, ...]:
    counted = Counter(run.stuck for run in runs if run.stuck is not None)
    return tuple(Stuck(node, why, count) for (node, why), count in counted.most_common(50))


def _assumptions(prepared: Prepared, runs: list[Run]) -> tuple[Names, ...]:
    """What was not taken from reality, in sentences."""
    found = [
        Names("变量按案件现在的取值,不是开始时的取值", "variables are those known of a case now, not at its start"),
        Names(
            "没有重演挂账;案件之间互不争抢人手",
            "cases are not put on hold as they really were, and do not compete for people",
        ),
    ]
    graphs = {definition.key: definition.graph for definition in prepared.theatre.definitions}
    for step, grounds in grounds_of(runs).items():
        name = names_in(graphs[step.key], step.node)
        for ground, count in grounds.items():
            if ground != "real":
                words = GROUNDS[ground]
                found.append(
                    Names(f"“{name.zh}”有 {count} 次用时{words.zh}", f"“{name.en}”: {count} times taken {words.en}")
                )
    return tuple(found)
