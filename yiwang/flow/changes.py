"""From what the walk decides to the rows that one act writes, and to the answer that its caller gets. Pure.

The named clocks of the instance turn here too: a step left stops them, a step entered starts them, the end stops all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from yiwang.flow.assignment import Queue
from yiwang.flow.clocks import NamedClock, read_clocks, write_clocks
from yiwang.flow.model.graph import BoundaryTimer, ClockStart, EndEvent, Graph, UserTask
from yiwang.flow.model.rows import (
    Advance,
    Cause,
    Definition,
    How,
    InstanceRow,
    InstanceState,
    StepRow,
    TaskRow,
    TimerRow,
    TokenRow,
)
from yiwang.flow.timing import Timing, shared_time
from yiwang.flow.walk import Delta, Position
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Json
from yiwang.kernel.identifiers import new_id

stage_done = "done"
stage_cancelled = "cancelled"


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, when. ``left`` and ``dropped`` say how tasks end that the act ends, or withdraws besides."""

    cause: Cause
    actor: Actor
    at: datetime
    left: How = "done"
    dropped: How = "withdrawn"
    outcome: str | None = None
    note: str = ""
    timer: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An instance as read under its lock: every task and token where it may have several, else the one task at hand."""

    definition: Definition
    instance: InstanceRow
    tasks: Mapping[UUID, TaskRow] = field(default_factory=dict)
    tokens: Sequence[TokenRow] = ()

    @property
    def position(self) -> Position:
        return Position(
            {task.id: task.node for task in self.tasks.values()},
            {token.id: token.sequence_flow for token in self.tokens},
        )


@dataclass(slots=True)
class Changes:
    """Rows to write in one statement. ``instance`` is written as new or changed; None leaves it as it is.

    Most are empty in most acts; an empty tuple costs a bulk creation nothing, ten lists each would.
    """

    instance: InstanceRow | None = None
    is_new: bool = False
    steps: Sequence[StepRow] = ()
    tasks: Sequence[TaskRow] = ()
    tasks_gone: Sequence[UUID] = ()
    tasks_retimed: Sequence[TaskRow] = ()
    tokens: Sequence[TokenRow] = ()
    tokens_gone: Sequence[UUID] = ()
    timers: Sequence[TimerRow] = ()
    timers_gone: Sequence[UUID] = ()
    timers_of_gone: Sequence[UUID] = ()
    """Tasks whose timers go with them."""
    timers_retimed: Sequence[TimerRow] = ()


def advance(
    standing: Standing, delta: Delta, variables: Mapping[str, Json], act: Act, timing: Timing, *, is_new: bool = False
) -> tuple[Changes, Advance]:
    """The rows and the answer of an act that walked; ``variables`` are the instance's with what the act brought.

    Raises:
        LimitUnknown: a new task's limit comes from a variable that holds none.
    """
    return _Advancing(standing, delta, variables, act, timing).build(is_new)


class _Advancing:
    def __init__(
        self, standing: Standing, delta: Delta, variables: Mapping[str, Json], act: Act, timing: Timing
    ) -> None:
        self.standing = standing
        self.graph: Graph = standing.definition.graph
        self.instance = standing.instance
        self.delta = delta
        self.variables = variables
        self.act = act
        self.timing = timing
        self.clocks = read_clocks(standing.instance.clocks, timing.calendar)
        self.turned: set[str] = set()
        self.changes = Changes()

    def build(self, is_new: bool) -> tuple[Changes, Advance]:
        delta, changes = self.delta, self.changes
        finished = self._finish()
        for name in delta.stops:
            self._stop(name)
        changes.tasks = entered = [self._enter(task, queue) for task, queue in delta.entered]
        if delta.skipped:
            changes.steps = [*changes.steps, *map(self._skipped, delta.skipped)]
        if delta.waiting:
            changes.tokens = [
                TokenRow(new_id(), self.instance.id, flow.target, flow.id, self.act.at) for flow in delta.waiting
            ]
        changes.tokens_gone = delta.joined
        if delta.ended:
            for name in list(self.clocks):
                self._stop(name)
        self._retime()
        instance = self._instance()
        if is_new or instance is not self.instance:
            changes.instance, changes.is_new = instance, is_new
        return changes, self._answer(instance, entered, finished)

    def _finish(self) -> StepRow | None:
        """Move the tasks that end to steps; returns that of the act's own task."""
        delta, changes, act = self.delta, self.changes, self.act
        ends: list[tuple[UUID, How]] = [(task_id, act.dropped) for task_id in delta.dropped]
        if delta.left is not None:
            ends.insert(0, (delta.left, act.left))
        if not ends:
            return None
        tasks = self.standing.tasks
        changes.tasks_gone = gone = [task_id for task_id, _ in ends]
        changes.steps = [self._step(tasks[task_id], how) for task_id, how in ends]
        if self.graph.timed:
            changes.timers_of_gone = [task_id for task_id in gone if self.graph.task(tasks[task_id].node).timers]
        return changes.steps[0] if delta.left is not None else None

    def _step(self, task: TaskRow, how: How) -> StepRow:
        act = self.act
        spent = self.timing.spent(task, self.clocks)
        return StepRow(
            id=task.id,
            instance_id=task.instance_id,
            node=task.node,
            how=how,
            subject_kind=task.subject_kind,
            subject_id=task.subject_id,
            area=task.area,
            stage=task.stage,
            post_id=task.post_id if task.post_id is not None else task.home_post_id,
            organisation_id=task.organisation_id,
            assignee_id=task.assignee_id,
            actor_id=act.actor.account_id,
            actor_name=act.actor.label,
            outcome=act.outcome if how == "done" else None,
            note=act.note,
            created_at=task.created_at,
            done_at=act.at,
            due_at=spent.due_at,
            used_seconds=spent.used_seconds,
            overdue=spent.overdue,
        )

    def _skipped(self, task: UserTask) -> StepRow:
        instance, act = self.instance, self.act
        return StepRow(
            id=new_id(),
            instance_id=instance.id,
            node=task.id,
            how="skipped",
            subject_kind=instance.subject_kind,
            subject_id=instance.subject_id,
            area=instance.area,
            stage=task.stage,
            post_id=None,
            organisation_id=None,
            assignee_id=None,
            actor_id=None,
            actor_name="",
            outcome=task.first_outcome,
            note="",
            created_at=act.at,
            done_at=act.at,
            due_at=None,
            used_seconds=0.0,
            overdue=False,
        )

    def _enter(self, node: UserTask, queue: Queue) -> TaskRow:
        instance, at = self.instance, self.act.at
        for start in node.clock_starts:
            self._start(node, start)
        time = self.timing.of_task(node, self.variables, self.clocks)
        task = TaskRow(
            id=new_id(),
            instance_id=instance.id,
            node=node.id,
            subject_kind=instance.subject_kind,
            subject_id=instance.subject_id,
            area=instance.area,
            grid=instance.grid,
            post_id=queue.post_id,
            organisation_id=queue.organisation_id,
            assignee_id=queue.assignee_id,
            home_post_id=None,
            stage=node.stage,
            status=node.status,
            created_at=at,
            due_at=time.due_at,
            warn_at=time.warn_at,
            clock=time.clock,
            paused_at=None,
            urged=0,
            priority=0,
        )
        if node.timers:
            self.changes.timers = [*self.changes.timers, *(self._timer(task, timer) for timer in node.timers)]
        return task

    def _timer(self, task: TaskRow, timer: BoundaryTimer) -> TimerRow:
        wake = self.timing.of_timer(timer, self.variables)
        return TimerRow(new_id(), task.instance_id, task.id, timer.id, wake.due_at, wake.clock)

    def _start(self, node: UserTask, start: ClockStart) -> None:
        known = self.clocks.get(start.name)
        if known is not None and known.stopped_at is None:
            return
        calendar, at = self.timing.calendar, self.act.at
        if known is not None and start.again.of(self.variables) == "continue":
            self.clocks[start.name] = known.proceed(at, calendar)
        else:
            deadline = self.timing.limit(node, start.limit, self.variables)
            warn = self.timing.share(start.warn, self.variables)
            self.clocks[start.name] = NamedClock.start(start.name, deadline, warn, at, calendar)
        self.turned.add(start.name)

    def _stop(self, name: str) -> None:
        known = self.clocks.get(name)
        if known is not None and known.stopped_at is None:
            self.clocks[name] = known.stop(self.act.at, self.timing.calendar)
            self.turned.add(name)

    def _retime(self) -> None:
        """Other open tasks follow the shared clock that has turned."""
        if self.turned:
            gone = set(self.changes.tasks_gone)
            others = [task for task in self.standing.tasks.values() if task.id not in gone]
            self.changes.tasks_retimed = retime_shared(others, self.clocks, self.turned)

    def _instance(self) -> InstanceRow:
        before, delta = self.instance, self.delta
        state: InstanceState = "active"
        if delta.ended:
            state = "cancelled" if self.act.cause == "cancel" else "completed"
        clocks = write_clocks(self.clocks, self.timing.calendar) if self.turned else before.clocks
        ended_at = self.act.at if delta.ended else None
        if (
            state == before.state
            and ended_at == before.ended_at
            and not self.turned
            and self.variables == before.variables
        ):
            return before
        return replace(
            before, state=state, variables=self.variables, clocks=clocks, ended_at=ended_at, suspended_at=None
        )

    def _answer(self, instance: InstanceRow, entered: list[TaskRow], finished: StepRow | None) -> Advance:
        gone = set(self.changes.tasks_gone)
        others = (task for task in self.standing.tasks.values() if task.id not in gone)
        status, stage = words(self.graph, instance, (*entered, *others), self.delta.end)
        own = 1 if finished is not None else 0
        return Advance(
            cause=self.act.cause,
            instance_id=instance.id,
            definition_id=instance.definition_id,
            subject_kind=instance.subject_kind,
            subject_id=instance.subject_id,
            state=instance.state,
            status=status,
            stage=stage,
            ended=self.delta.ended,
            end=self.delta.end.id if self.delta.ended and self.delta.end is not None else None,
            new_tasks=tuple(entered),
            finished=finished,
            dropped=tuple(self.changes.steps[own : own + len(self.delta.dropped)]),
            timer=self.act.timer,
            clocks=self.clocks,
            variables=self.variables,
        )


def words(graph: Graph, instance: InstanceRow, tasks: Iterable[TaskRow], end: EndEvent | None) -> tuple[str, str]:
    """The status and stage that the subject shows: of the newest step, or of the end."""
    for task in tasks:
        return task.status, task.stage
    if instance.state == "cancelled":
        return graph.status_cancelled, stage_cancelled
    if end is None:
        return graph.status_done, stage_done
    return end.status or graph.status_done, end.stage or stage_done


def retime_shared(tasks: Iterable[TaskRow], clocks: Mapping[str, NamedClock], turned: set[str]) -> list[TaskRow]:
    """The tasks that share a clock of ``turned``, with its new times; paused ones keep waiting."""
    found = []
    for task in tasks:
        name = task.clock.get("clock")
        if isinstance(name, str) and name in turned and task.paused_at is None:
            time = shared_time(name, clocks, task.clock)
            found.append(replace(task, due_at=time.due_at, warn_at=time.warn_at))
    return found
