"""The figures of a simulation beside those of what really happened: how many, how long, where they wait, how they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from yiwang.flow.conditions import holds
from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model import EndEvent, ExclusiveGateway, Graph, Names, ParallelGateway
from yiwang.flow.store.heat import CUT_OFF, PASSED_OVER, Spread
from yiwang.flow.versions.cases import RealCase, Step
from yiwang.flow.versions.chances import Ground
from yiwang.flow.versions.playing import Run
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Json, JsonObject

_NOT_VISITS = frozenset((*PASSED_OVER, *CUT_OFF))


@dataclass(frozen=True, slots=True)
class Stay:
    """A visit, real or simulated, as the figures see it."""

    step: Step
    case: int
    how: str
    begun: datetime
    done: datetime | None
    overdue: bool

    @property
    def counts(self) -> bool:
        return self.done is not None and self.how not in _NOT_VISITS


@dataclass(frozen=True, slots=True)
class StepSide:
    """A step on one side. ``visits`` ended by its own doing; ``standing`` are there at the end of the period."""

    visits: int
    cases: int
    overdue: int
    elapsed: Spread
    worked: Spread
    standing: int

    def json(self) -> JsonObject:
        return {
            "visits": self.visits,
            "cases": self.cases,
            "overdue": self.overdue,
            "overdue_share": self.overdue / self.visits if self.visits else None,
            "elapsed": spread_json(self.elapsed),
            "worked": spread_json(self.worked),
            "standing": self.standing,
        }


@dataclass(frozen=True, slots=True)
class Side:
    """All cases on one side. ``ends``: end event (or state) → how many; ``overdue``: cases with a step that was late."""

    cases: int
    ended: int
    overdue: int
    elapsed: Spread
    worked: Spread
    ends: Mapping[str, int]

    def json(self) -> JsonObject:
        ends: JsonObject = dict(self.ends)
        return {
            "cases": self.cases,
            "ended": self.ended,
            "overdue": self.overdue,
            "elapsed": spread_json(self.elapsed),
            "worked": spread_json(self.worked),
            "ends": ends,
        }


def side(
    stays: Sequence[Stay],
    spans: Sequence[tuple[datetime, datetime | None]],
    ends: Iterable[str],
    calendar: WorkingCalendar,
) -> Side:
    """All cases: ``spans`` are when each began and ended, ``ends`` how those that did."""
    over = [(begun, ended) for begun, ended in spans if ended is not None]
    return Side(
        cases=len(spans),
        ended=len(over),
        overdue=len({stay.case for stay in stays if stay.overdue}),
        elapsed=spread([(ended - begun).total_seconds() for begun, ended in over]),
        worked=spread([calendar.working_seconds(begun, ended) for begun, ended in over]),
        ends=dict(Counter(ends).most_common()),
    )


def by_step(stays: Iterable[Stay], until: datetime, calendar: WorkingCalendar) -> dict[Step, StepSide]:
    """The figures of every step."""
    found: dict[Step, list[Stay]] = {}
    for stay in stays:
        found.setdefault(stay.step, []).append(stay)
    return {step: _step(items, until, calendar) for step, items in found.items()}


def _step(stays: Sequence[Stay], until: datetime, calendar: WorkingCalendar) -> StepSide:
    counted = [(stay.begun, stay.done) for stay in stays if stay.counts and stay.done is not None]
    there = [stay for stay in stays if stay.begun <= until and (stay.done is None or stay.done > until)]
    return StepSide(
        visits=len(counted),
        cases=len({stay.case for stay in stays if stay.counts}),
        overdue=sum(stay.overdue for stay in stays if stay.counts),
        elapsed=spread([(done - begun).total_seconds() for begun, done in counted]),
        worked=spread([calendar.working_seconds(begun, done) for begun, done in counted]),
        standing=len(there),
    )


def stays_of_runs(runs: Sequence[Run]) -> list[Stay]:
    return [
        Stay(visit.step, place, visit.how, visit.created_at, visit.done_at, visit.overdue)
        for place, run in enumerate(runs)
        for visit in run.visits
    ]


def stays_of_cases(cases: Sequence[RealCase]) -> list[Stay]:
    return [
        Stay(visit.step, place, visit.how or "", visit.created_at, visit.done_at, visit.overdue)
        for place, case in enumerate(cases)
        for visit in case.visits
    ]


def grounds_of(runs: Iterable[Run]) -> dict[Step, Counter[Ground]]:
    """From where the times of each step come, and how often."""
    found: dict[Step, Counter[Ground]] = {}
    for run in runs:
        for visit in run.visits:
            if visit.ground is not None:
                found.setdefault(visit.step, Counter())[visit.ground] += 1
    return found


def end_of(case: RealCase, key: str, graph: Graph, back: Mapping[str, str]) -> str:
    """The end event at which a real case has ended, as far as its last step tells; else its state.

    ``back``: steps of the simulated version → those of the version that it ran on.
    """
    if case.state == "cancelled":
        return case.state
    last = next(
        (visit for visit in reversed(case.visits) if visit.done_at == case.ended_at and visit.how == "done"), None
    )
    if last is None or last.step.key != key:
        return case.state
    found = _end_behind(graph, back.get(last.step.node, last.step.node), last.outcome or "", case.variables)
    return found or case.state


def _end_behind(graph: Graph, name: str, outcome: str, variables: Mapping[str, Json]) -> str | None:
    """The end to which a step leads by an outcome, through gateways only."""
    node = graph.nodes.get(name)
    for _ in range(50):
        if node is None or isinstance(node, EndEvent):
            return node.id if node is not None else None
        if node.id != name and not isinstance(node, ExclusiveGateway | ParallelGateway):
            return None
        flow = node.outgoing[0] if node.outgoing else None
        if isinstance(node, ExclusiveGateway):
            try:
                chosen = (
                    way for way in node.outgoing if way.condition and holds(way.condition, variables, outcome, "")
                )
                flow = next(chosen, node.default)
            except ConditionFailed:
                return None
        if flow is None or (isinstance(node, ParallelGateway) and len(node.outgoing) > 1):
            return None
        node = graph.nodes[flow.target]
    return None


def spread(seconds: Sequence[float]) -> Spread:
    """Sum, mean, median and 90th percentile, these by linear interpolation."""
    if not seconds:
        return Spread(0.0, None, None, None)
    ordered = sorted(seconds)
    return Spread(sum(ordered), sum(ordered) / len(ordered), share_of(ordered, 0.5), share_of(ordered, 0.9))


def share_of(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of sorted values lies."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread_json(found: Spread) -> JsonObject:
    return {"total": found.total, "mean": found.mean, "median": found.median, "p90": found.p90}


def names_in(graph: Graph, node: str) -> Names:
    found = graph.nodes.get(node)
    return found.names if found is not None else Names(node, node)
