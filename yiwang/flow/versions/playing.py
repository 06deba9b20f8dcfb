"""One case walks through a definition in memory: its people take as long and decide as :mod:`chances` says.

The walk, deadlines, timers and who gets a step are the engine's own (a rehearsal); nothing is stored. Each case walks alone,
so what cases wait for one another is in the durations already, not made anew.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TypeAlias
from uuid import UUID

from yiwang.flow.clocks import cached_deadline
from yiwang.flow.decisions.model import Table
from yiwang.flow.model import Definition, Directory, Names, StepRow, TaskRow, WaitRow
from yiwang.flow.rehearsal import Rehearsal, Rows
from yiwang.flow.standing import Act
from yiwang.flow.versions.cases import RealCase, Step
from yiwang.flow.versions.chances import Chance, Chances, Ground
from yiwang.flow.walk import Completed, SentBack, Worked
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.deadlines import due
from yiwang.kernel.errors import Problem

most_acts = 400
longest = timedelta(days=730)
never = "never"
_CASE = "case"
_Planned: TypeAlias = tuple[datetime, int, TaskRow | WaitRow, Chance | None]


@dataclass(frozen=True, slots=True)
class Played:
    """A visit of the simulation. ``done_at`` is None where the case stands at the end; ``ground``: from where its times come."""

    step: Step
    how: str
    created_at: datetime
    done_at: datetime | None
    overdue: bool
    ground: Ground | None


@dataclass(slots=True)
class Run:
    """A case as simulated. ``end`` is the end event reached; ``stuck`` says where and why it did not go on."""

    case: RealCase
    visits: list[Played] = field(default_factory=list)
    ended_at: datetime | None = None
    end: str | None = None
    stuck: tuple[str, Names] | None = None


@dataclass(frozen=True, slots=True)
class Theatre:
    """What all cases of a simulation share: the definition ``key`` is played, with those that it calls and its tables."""

    key: str
    definitions: tuple[Definition, ...]
    tables: tuple[Table, ...]
    directory: Directory
    calendar: WorkingCalendar
    fallback_post: str
    waits: Mapping[str, str]

    def player(self, at: datetime) -> Player:
        return Player(
            self.definitions,
            self.directory,
            self.calendar,
            at,
            tables=self.tables,
            fallback_post=self.fallback_post,
        )


class Player(Rehearsal):
    """A rehearsal of one instance in which a given task, not a given person, acts."""

    def finish(self, task: TaskRow, outcome: str, by: Actor) -> None:
        """Finish a task."""
        who = str(by.account_id) if by.account_id is not None else None
        act = Act("complete", by, self.now, outcome=outcome)
        self._go(_CASE, self._active(_CASE), Completed(task.id, outcome, by=who), act, node=task.node)
        self._deliver()

    def give_back(self, task: TaskRow, node: str, by: Actor) -> None:
        """Send a task back to a step that was walked."""
        rows = self._active(_CASE)
        step = rows.last_step(node)
        queue = self.queue_of(step) if step is not None else None
        act = Act("send_back", by, self.now, left="sent_back")
        self._go(_CASE, rows, SentBack(task.id, node, queue), act, node=task.node)
        self._deliver()

    def come(self, wait: WaitRow) -> None:
        """What a token waits for comes: its message or signal, or the worker's report."""
        if wait.kind == "work":
            act = Act("work", SYSTEM, self.now, left="event", timer=wait.node)
            self._go(_CASE, self._active(_CASE), Worked(wait.holder_id), act, node=wait.node)
        else:
            self.reach(_CASE, wait, {})
        self._deliver()


def play(case: RealCase, theatre: Theatre, chances: Chances) -> Run:
    """Let a case walk from its real start to an end, or until it does not go on."""
    return _Playing(case, theatre, chances).run()


class _Playing:
    def __init__(self, case: RealCase, theatre: Theatre, chances: Chances) -> None:
        self.case, self.theatre, self.chances = case, theatre, chances
        self.player = theatre.player(case.started_at)
        self.told = Run(case)
        self.agenda: list[_Planned] = []
        self.planned: dict[UUID, Chance | None] = {}
        self.number = count()

    def run(self) -> Run:
        starter = self.case.variables.get("starter")
        by = _person(UUID(starter)) if isinstance(starter, str) else SYSTEM
        try:
            self.player.start(
                self.theatre.key,
                dict(self.case.variables),
                by,
                area=self.case.area,
                grid=self.case.grid,
                name=_CASE,
            )
        except Problem as problem:
            self.told.stuck = ("", _words(problem))
            return self.told
        for _ in range(most_acts):
            if self.rows.instance.ended_at is not None or not self._go_on():
                break
        else:
            words = Names(
                f"办了 {most_acts} 次仍未办结,可能在循环", f"not over after {most_acts} acts; it may go round"
            )
            self._stop(self._waiting()[0], words)
        self._tell()
        return self.told

    @property
    def rows(self) -> Rows:
        return self.player.instances[_CASE]

    def _go_on(self) -> bool:
        """Let the next thing happen; False when nothing does any more."""
        self._plan()
        wakes = [timer.wake_at for timer in self.rows.timers.values() if timer.wake_at is not None]
        wake = min(wakes, default=None)
        moment = self.agenda[0][0] if self.agenda else None
        if wake is None and moment is None:
            self._stop(*self._waiting())
            return False
        soonest = min(time for time in (wake, moment) if time is not None)
        if soonest - self.case.started_at > longest:
            self._stop(self._waiting()[0], Names("超过两年仍未办结", "not over after two years"))
            return False
        try:
            self.player.pass_until(soonest)
            if wake is None or soonest < wake:
                self._act(*heapq.heappop(self.agenda)[2:])
        except Problem as problem:
            self._stop(self._waiting()[0], _words(problem))
            return False
        return True

    # What is to come

    def _plan(self) -> None:
        """Put new tasks and waits on the agenda."""
        for task in self.rows.tasks.values():
            if task.id not in self.planned and not task.held:
                self._plan_task(task)
        for wait in self.rows.waits.values():
            if wait.id not in self.planned and wait.kind != "condition":
                self._plan_wait(wait)

    def _plan_task(self, task: TaskRow) -> None:
        definition = self._definition(task.definition_id)
        step = Step(definition.key, task.node)
        limit = task.clock.get("limit")
        node = definition.graph.task(task.node)

        def can_go_back(name: str) -> bool:
            return name != task.node and self.rows.last_step(name) is not None

        chance = self.chances.at(step, node, limit if isinstance(limit, str) else None, can_go_back)
        self.planned[task.id] = chance
        office = self.chances.past.in_office(step)
        done = chance.visit.end_from(task.created_at, self.theatre.calendar, in_office=office)
        heapq.heappush(self.agenda, (max(done, self.player.now), next(self.number), task, chance))

    def _plan_wait(self, wait: WaitRow) -> None:
        """Messages, signals and work that a token waits for come by themselves; those on an edge only when assumed."""
        self.planned[wait.id] = None
        after = self.theatre.waits.get(wait.node)
        if after == never or (after is None and wait.holder_id not in self.rows.tokens):
            return
        moment = self.player.now
        if after is not None:
            moment = due(cached_deadline(after), moment, self.theatre.calendar)
        heapq.heappush(self.agenda, (moment, next(self.number), wait, None))

    def _definition(self, definition_id: UUID | None) -> Definition:
        if definition_id is None:
            return self.rows.definition
        return next(item for item in self.theatre.definitions if item.id == definition_id)

    # What happens

    def _act(self, what: TaskRow | WaitRow, chance: Chance | None) -> None:
        if isinstance(what, WaitRow):
            if what.id in self.rows.waits:
                self.player.come(what)
            return
        task = self.rows.tasks.get(what.id)
        if task is None or chance is None:
            return
        by = self._doer(task, chance)
        if chance.back_to is not None:
            try:
                self.player.give_back(task, chance.back_to, by)
            except Problem:
                self.player.finish(task, chance.outcome, by)
        else:
            self.player.finish(task, chance.outcome, by)

    def _doer(self, task: TaskRow, chance: Chance) -> Actor:
        """Whoever has the task; at a post the one who really did it, else anybody there."""
        if task.assignee_id is not None:
            return _person(task.assignee_id)
        if chance.visit.actor_id is not None:
            return _person(chance.visit.actor_id)
        there = self.theatre.directory.attending(task.post_id, (), self.player.now) if task.post_id is not None else ()
        return _person(there[0]) if there else SYSTEM

    # Telling

    def _stop(self, node: str, why: Names) -> None:
        self.told.stuck = (node, why)

    def _waiting(self) -> tuple[str, Names]:
        """Where the case stands, and what for."""
        for wait in self.rows.waits.values():
            what = Names(f"一直在等{wait.name or '条件'}", f"waits for {wait.name or 'a condition'} for ever")
            return wait.node, what
        places = [*(task.node for task in self.rows.tasks.values()), *(row.node for row in self.rows.tokens.values())]
        return (places[0] if places else ""), Names("没有可以发生的事", "nothing can happen any more")

    def _tell(self) -> None:
        self.told.ended_at = self.rows.instance.ended_at
        self.told.visits = [self._played(step) for step in self.rows.steps if step.kind == "step"]
        for task in self.rows.tasks.values():
            chance = self.planned.get(task.id)
            step = Step(self._definition(task.definition_id).key, task.node)
            late = task.due_at is not None and task.due_at < self.player.now
            ground = chance.ground if chance is not None else None
            self.told.visits.append(Played(step, "", task.created_at, None, late, ground))
        for moment in reversed(self.player.moments):
            if moment.instance == _CASE and moment.answer.ended:
                self.told.end = moment.answer.end
                break

    def _played(self, row: StepRow) -> Played:
        chance = self.planned.get(row.id)
        step = Step(self._definition(row.definition_id).key, row.node)
        overdue = row.overdue
        if overdue and chance is not None and chance.visit.paused and row.due_at is not None:
            overdue = row.done_at > self._deferred(row.due_at, chance.visit.paused, chance)
        return Played(
            step, row.how, row.created_at, row.done_at, overdue, chance.ground if chance is not None else None
        )

    def _deferred(self, due_at: datetime, paused: float, chance: Chance) -> datetime:
        """The deadline with the time that the case was on hold (挂账), which a simulation does not repeat."""
        if self.chances.past.in_office(chance.visit.step):
            return self.theatre.calendar.add_working(due_at, paused)
        return due_at + timedelta(seconds=paused)


def _person(account_id: UUID) -> Actor:
    return Actor("person", account_id)


def _words(problem: Problem) -> Names:
    return Names(problem.message("zh"), problem.message("en"))
