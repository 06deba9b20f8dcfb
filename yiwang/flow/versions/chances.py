"""How long steps take and how they end: each case by itself as far as it went there, else drawn from all cases.

Repeatable: the dice of a case depend on the seed and the case alone, not on the order in which cases are played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Literal, TypeAlias

from yiwang.flow.clocks import cached_deadline
from yiwang.flow.model import UserTask
from yiwang.flow.versions.cases import RealCase, Step, Visit
from yiwang.kernel.calendar import WorkingCalendar

Ground: TypeAlias = Literal["real", "given", "limit", "usual"]
"""From where a step's times come: its real visits, given numbers, a share of its limit, what steps of this flow take."""

office_share = 0.8
_longer = 1.25


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What cannot be known from the past. ``durations``: step → limit text; ``outcomes``: step → outcome → weight;
    ``waits``: event, message or work → limit text after which it comes, ``never`` for not at all (by default at once);
    ``share``: how much of its limit a step without past takes.
    """

    share: float = 0.5
    durations: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    waits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Past:
    """The visits of all cases: ``measures`` by step, and whether people do it in working time. ``day``: seconds of a
    working day."""

    measures: Mapping[Step, tuple[Visit, ...]]
    office: Mapping[Step, bool]
    usual: tuple[Visit, ...]
    day: int

    @classmethod
    def of(cls, cases: Iterable[RealCase], calendar: WorkingCalendar) -> Past:
        found: dict[Step, list[Visit]] = {}
        for case in cases:
            for visit in case.visits:
                if visit.is_measure:
                    found.setdefault(visit.step, []).append(visit)
        office = {step: _is_office(visits, calendar) for step, visits in found.items()}
        usual = tuple(visit for visits in found.values() for visit in visits)
        return cls({step: tuple(visits) for step, visits in found.items()}, office, usual, calendar.nominal_day_seconds)

    def in_office(self, step: Step) -> bool:
        return self.office.get(step, True)


def _is_office(visits: Iterable[Visit], calendar: WorkingCalendar) -> bool:
    """Whether nearly all of them ended in working time."""
    ends = [visit.done_at for visit in visits if visit.done_at is not None]
    worked = sum(calendar.working_seconds(calendar.require_within(end) - _second, end) > 0 for end in ends)
    return worked >= office_share * len(ends)


_second = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Chance:
    """What happens at one visit: how long (a real or made-up :class:`Visit`), by which outcome, or sent back to where."""

    visit: Visit
    outcome: str
    back_to: str | None
    ground: Ground


class Chances:
    """The chances of one case."""

    def __init__(self, case: RealCase, past: Past, assumed: Assumptions, seed: int) -> None:
        self.past, self.assumed = past, assumed
        self.dice = Random(f"{seed}/{case.id}")  # noqa: S311 – a simulation, not a secret
        self._own: dict[Step, list[Visit]] = {}
        for visit in case.visits:
            if visit.is_measure or visit.is_cut:
                self._own.setdefault(visit.step, []).append(visit)
        self._case = case

    def at(self, step: Step, task: UserTask, limit: str | None, can_go_back: Callable[[str], bool]) -> Chance:
        """What happens at the next visit to a step; ``limit`` is the task's own, as a text."""
        own = self._own.get(step)
        real = own.pop(0) if own else None
        drawn = real if real is not None and real.is_measure else self._drawn(step, real)
        if drawn is not None and step.node not in self.assumed.durations:
            ground: Ground = "real"
            visit = drawn
        else:
            visit, ground = self._made_up(step, task, limit)
        outcome, back_to = self._ending(step, task, drawn, can_go_back)
        return Chance(visit, outcome, back_to, ground)

    def _drawn(self, step: Step, cut: Visit | None) -> Visit | None:
        """A visit of any case; after one that was cut off, one that lasted longer than that."""
        visits = self.past.measures.get(step, ())
        if not visits:
            return None
        if cut is None:
            return self.dice.choice(visits)
        longer = [visit for visit in visits if visit.elapsed > cut.elapsed]
        if longer:
            return self.dice.choice(longer)
        return replace(
            self.dice.choice(visits), elapsed=cut.elapsed * _longer + 1, worked=cut.worked * _longer + 1, rest=0.0
        )

    def _made_up(self, step: Step, task: UserTask, limit: str | None) -> tuple[Visit, Ground]:
        text = self.assumed.durations.get(step.node)
        around = self.dice.uniform(0.5, 1.5)
        if text is not None:
            return self._lasting(step, text, around), "given"
        if limit is not None:
            return self._lasting(step, limit, around * self.assumed.share), "limit"
        if self.past.usual:
            return replace(self.dice.choice(self.past.usual), step=step, paused=0.0), "usual"
        return self._lasting(step, "1工作时", around), "usual"

    def _lasting(self, step: Step, text: str, factor: float) -> Visit:
        deadline = cached_deadline(text)
        seconds = deadline.seconds(self.past.day) * factor
        worked = seconds if deadline.unit.counts_working_time else 0.0
        case = self._case
        return Visit(step, "done", None, case.started_at, None, False, None, seconds, worked, 0.0, 0.0, None)

    def _ending(
        self, step: Step, task: UserTask, drawn: Visit | None, can_go_back: Callable[[str], bool]
    ) -> tuple[str, str | None]:
        weights = self.assumed.outcomes.get(step.node)
        if weights is not None:
            return self._weighed(
                {name: weight for name, weight in weights.items() if name in task.outcomes}, task
            ), None
        if drawn is not None:
            if drawn.to is not None and can_go_back(drawn.to):
                return task.first_outcome, drawn.to
            if drawn.outcome in task.outcomes:
                return str(drawn.outcome), None
        counted: dict[str, float] = {}
        for visit in self.past.measures.get(step, ()):
            if visit.outcome is not None and visit.outcome in task.outcomes:
                counted[visit.outcome] = counted.get(visit.outcome, 0) + 1
        return self._weighed(counted, task), None

    def _weighed(self, weights: Mapping[str, float], task: UserTask) -> str:
        if not weights or sum(weights.values()) <= 0:
            return task.first_outcome
        return self.dice.choices(list(weights), list(weights.values()))[0]
