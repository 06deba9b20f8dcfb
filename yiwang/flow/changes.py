"""From what the walk decides to the rows that one act writes, and to the answer that its caller gets. Pure.

The named clocks of the instance turn here too: a step left stops them, a step entered starts them, one that pauses them
holds them, the end stops all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from yiwang.flow.clocks import NamedClock, read_clocks, write_clocks
from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import EndEvent, UserTask
from yiwang.flow.model.rows import (
    Advance,
    Cause,
    Definition,
    How,
    InstanceRow,
    InstanceState,
    ScopeRow,
    StepRow,
    TaskRow,
    TimerRow,
    TokenRow,
    WaitRow,
)
from yiwang.flow.model.settings import ClockStart
from yiwang.flow.timing import Timing, shared_time
from yiwang.flow.walk.events import (
    Delta,
    NewTask,
    PassedTask,
    Position,
    Ref,
    ScopeAt,
    ScopeState,
    TaskAt,
    TokenAt,
)
from yiwang.flow.walk.queues import queue_of_task
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.identifiers import new_id

stage_done = "done"
stage_cancelled = "cancelled"
stage_waiting = "waiting"
status_waiting = "等待中"


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
    """An instance as read under its lock: everything where it may stand at several places, else the one task at hand.

    ``called`` are the definitions that it is calling; ``conditions`` its waits for a condition.
    """

    definition: Definition
    instance: InstanceRow
    tasks: Mapping[UUID, TaskRow] = field(default_factory=dict)
    tokens: Sequence[TokenRow] = ()
    scopes: Sequence[ScopeRow] = ()
    conditions: Sequence[WaitRow] = ()
    called: Mapping[UUID, Definition] = field(default_factory=dict)

    @property
    def position(self) -> Position:
        return Position(
            {task.id: TaskAt(task.node, task.scope_id, task.of_task, _back(task)) for task in self.tasks.values()},
            {token.id: TokenAt(token.node, token.sequence_flow, token.kind, token.scope_id) for token in self.tokens},
            {scope.id: _scope_at(scope) for scope in self.scopes},
            {
                wait.id: (None if wait.holder_id == self.instance.id else wait.holder_id, wait.node)
                for wait in self.conditions
            },
        )

    def graph_of(self, task: TaskRow) -> Graph:
        """The graph of whose nodes a task is."""
        return self.definition.graph if task.definition_id is None else self.called[task.definition_id].graph

    @property
    def timed(self) -> bool:
        """Whether the instance may have timers."""
        return self.definition.graph.timed or bool(self.definition.graph.calls)

    def variables_of(self, task: TaskRow) -> Mapping[str, Json]:
        """The variables that a task sees: those of the rounds around it, over the call's or the instance's."""
        scopes = {scope.id: scope for scope in self.scopes}
        item = task.origin.get("item") if task.origin else None
        found: JsonObject = dict(item) if isinstance(item, dict) else {}
        scope_id = task.scope_id
        while scope_id is not None:
            scope = scopes[scope_id]
            found = {**scope.variables, **found}
            if scope.kind == "call":
                return found
            scope_id = scope.parent_id
        return {**self.instance.variables, **found} if found else self.instance.variables

    def graph_at(self, scope_id: UUID | None) -> Graph:
        """The graph whose nodes a scope runs."""
        scopes = {scope.id: scope for scope in self.scopes}
        while scope_id is not None:
            scope = scopes[scope_id]
            if scope.kind == "call" and scope.definition_id is not None:
                return self.called[scope.definition_id].graph
            scope_id = scope.parent_id
        return self.definition.graph


def _back(task: TaskRow) -> JsonObject | None:
    back = task.origin.get("back") if task.origin else None
    return back if isinstance(back, dict) else None


def _scope_at(scope: ScopeRow) -> ScopeAt:
    return ScopeAt(
        scope.node,
        scope.kind,
        scope.parent_id,
        scope.definition_id,
        scope.total,
        scope.done,
        cast("dict[str, int]", scope.tally),
        rest if isinstance(rest := scope.rest.get("next"), list) else (),
        scope.variables,
    )


@dataclass(slots=True)
class Changes:
    """Rows to write in one statement. ``instance`` is written as new or changed; None leaves it as it is.

    Most are empty in most acts; an empty tuple costs a bulk creation nothing, ten lists each would. ``holders_gone`` are
    tasks, tokens and scopes whose timers and waits go with them; ``released`` are single events of a holder that stays.
    """

    instance: InstanceRow | None = None
    is_new: bool = False
    steps: Sequence[StepRow] = ()
    tasks: Sequence[TaskRow] = ()
    tasks_gone: Sequence[UUID] = ()
    tasks_retimed: Sequence[TaskRow] = ()
    tasks_moved: Sequence[TaskRow] = ()
    tokens: Sequence[TokenRow] = ()
    tokens_gone: Sequence[UUID] = ()
    scopes: Sequence[ScopeRow] = ()
    scopes_changed: Sequence[ScopeRow] = ()
    scopes_gone: Sequence[UUID] = ()
    timers: Sequence[TimerRow] = ()
    timers_gone: Sequence[UUID] = ()
    timers_retimed: Sequence[TimerRow] = ()
    waits: Sequence[WaitRow] = ()
    waits_gone: Sequence[UUID] = ()
    timer_holders_gone: Sequence[UUID] = ()
    wait_holders_gone: Sequence[UUID] = ()
    released: Sequence[tuple[UUID, str]] = ()


def advance(
    standing: Standing, delta: Delta, variables: Mapping[str, Json], act: Act, timing: Timing, *, is_new: bool = False
) -> tuple[Changes, Advance]:
    """The rows and the answer of an act that walked; ``variables`` are the instance's with what the act brought.

    Raises:
        LimitUnknown: a new task's or timer's limit comes from a variable that holds none.
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
        self.variables: Mapping[str, Json] = {**variables, **delta.sets} if delta.sets else variables
        self.act = act
        self.timing = timing
        self.clocks = read_clocks(standing.instance.clocks, timing.calendar)
        self.turned: set[str] = set()
        self.changes = Changes()
        self.ids: dict[int, UUID] = {}

    def id_of(self, ref: Ref | None) -> UUID:
        """The id of a thing of the walk; None is the instance."""
        if isinstance(ref, int):
            known = self.ids.get(ref)
            if known is None:
                known = self.ids[ref] = new_id()
            return known
        return self.instance.id if ref is None else ref

    def scope_id(self, ref: Ref | None) -> UUID | None:
        return None if ref is None else self.id_of(ref)

    def build(self, is_new: bool) -> tuple[Changes, Advance]:
        delta, changes = self.delta, self.changes
        finished = self._finish()
        for name in delta.stops:
            self._stop(name)
        changes.tasks = entered = [self._enter(ref, task) for ref, task in delta.entered.items()]
        if delta.passed:
            changes.steps = [*changes.steps, *map(self._passed, delta.passed)]
        self._hold_clocks(entered)
        if self.graph.concurrent or delta.waiting or delta.joined:
            self._tokens_and_scopes()
        self._timers_and_waits()
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
        changes.tasks_gone = [task_id for task_id, _ in ends]
        changes.steps = [self.step(tasks[task_id], how) for task_id, how in ends]
        return changes.steps[0] if delta.left is not None else None

    def step(self, task: TaskRow, how: How) -> StepRow:
        return finished_step(task, how, self.act, self.timing, self.clocks)

    def _passed(self, passed: PassedTask) -> StepRow:
        """A step that ended as it began."""
        instance, act, queue = self.instance, self.act, passed.queue
        return StepRow(
            id=new_id(),
            instance_id=instance.id,
            node=passed.node.id,
            how="auto" if passed.how == "auto" else "skipped",
            subject_kind=instance.subject_kind,
            subject_id=instance.subject_id,
            area=instance.area,
            stage=passed.node.stage,
            post_id=queue.post_id if queue else None,
            organisation_id=queue.organisation_id if queue else None,
            assignee_id=queue.assignee_id if queue else None,
            actor_id=None,
            actor_name="",
            outcome=passed.outcome,
            note="",
            created_at=act.at,
            done_at=act.at,
            due_at=None,
            used_seconds=0.0,
            overdue=False,
            scope_id=self.scope_id(passed.scope),
            definition_id=passed.definition_id,
        )

    def _enter(self, ref: int, new: NewTask) -> TaskRow:
        instance, at, node, queue = self.instance, self.act.at, new.node, new.queue
        for start in node.clock_starts:
            self._start(node, start, new.variables)
        time = self.timing.of_task(node, new.variables, self.clocks)
        origin: JsonObject = {}
        if queue.for_id is not None:
            origin["for"] = str(queue.for_id)
        if new.back is not None:
            origin["back"] = new.back
        if new.element is not None:
            origin["item"] = new.element
        return TaskRow(
            id=self.id_of(ref),
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
            scope_id=self.scope_id(new.scope),
            definition_id=new.definition_id,
            origin=origin or None,
        )

    def _tokens_and_scopes(self) -> None:
        delta, changes, instance, at = self.delta, self.changes, self.instance, self.act.at
        changes.tokens = [
            TokenRow(self.id_of(ref), instance.id, token.node, token.flow, at, token.kind, self.scope_id(token.scope))
            for ref, token in delta.waiting.items()
        ]
        changes.tokens_gone = delta.joined
        changes.scopes = [self._scope(ref, state, at) for ref, state in delta.opened.items()]
        changes.scopes_changed = [self._scope(ref, state, at) for ref, state in delta.changed.items()]
        changes.scopes_gone = delta.closed

    def _scope(self, ref: Ref, state: ScopeState, at: datetime) -> ScopeRow:
        tally: JsonObject = dict(state.tally)
        return ScopeRow(
            self.id_of(ref),
            self.instance.id,
            self.scope_id(state.parent),
            state.node,
            state.kind,
            state.definition_id,
            state.total,
            state.done,
            tally,
            {"next": list(state.rest)} if state.rest else {},
            dict(state.variables),
            at,
        )

    def _timers_and_waits(self) -> None:
        delta, changes, instance, graph = self.delta, self.changes, self.instance, self.graph
        if not (graph.timed or graph.waiting or graph.calls):
            return
        changes.timers = [
            self.timing.of_timer(timer, new_id(), instance.id, self.id_of(timer.holder)) for timer in delta.timers
        ]
        changes.waits = [
            WaitRow(
                new_id(),
                instance.id,
                self.id_of(wait.holder),
                wait.node,
                wait.kind,
                wait.name,
                wait.key,
                instance.area,
                self.act.at,
            )
            for wait in delta.waits
        ]
        changes.waits_gone = delta.fired
        gone = [*changes.tasks_gone, *delta.joined, *delta.closed]
        if delta.ended and not changes.is_new:
            gone.append(instance.id)
        changes.released = [(self.id_of(holder), node) for holder, node in delta.released]
        if graph.timed or graph.calls:
            changes.timer_holders_gone = gone
        if graph.waiting or graph.calls:
            changes.wait_holders_gone = gone

    # Named clocks

    def _start(self, node: UserTask, start: ClockStart, variables: Mapping[str, Json]) -> None:
        known = self.clocks.get(start.name)
        if known is not None and known.stopped_at is None:
            return
        calendar, at = self.timing.calendar, self.act.at
        if known is not None and start.again.of(variables) == "continue":
            self.clocks[start.name] = known.proceed(at, calendar)
        else:
            deadline = self.timing.limit(node.names.zh, node.id, start.limit, variables)
            warn = self.timing.share(start.warn, variables)
            self.clocks[start.name] = NamedClock.start(start.name, deadline, warn, at, calendar)
        self.turned.add(start.name)

    def _stop(self, name: str) -> None:
        known = self.clocks.get(name)
        if known is not None and known.stopped_at is None:
            self.clocks[name] = known.stop(self.act.at, self.timing.calendar)
            self.turned.add(name)

    def _hold_clocks(self, entered: list[TaskRow]) -> None:
        """A clock stands still while a step that pauses it is open, and goes on when the last such step is left."""
        gone = set(self.changes.tasks_gone)
        ended = [self._node(self.standing.tasks[task_id]) for task_id in gone]
        begun = [task.node for task in self.delta.entered.values()]
        concerned = {name for node in (*ended, *begun) for name in node.pauses}
        if not concerned:
            return
        rest = [self._node(task) for task in self.standing.tasks.values() if task.id not in gone]
        held = {name for node in (*rest, *begun) for name in node.pauses}
        calendar, at = self.timing.calendar, self.act.at
        turned: set[str] = set()
        for name in concerned & self.clocks.keys():
            before = self.clocks[name]
            after = before.pause(at) if name in held else before.resume(at, calendar)
            if after is not before:
                self.clocks[name] = after
                turned.add(name)
        self.turned |= turned
        # What begins now saw the clocks as they were before.
        timed = {task.id: task for task in retime_shared(entered, self.clocks, turned)}
        entered[:] = [timed.get(task.id, task) for task in entered]

    def _node(self, task: TaskRow) -> UserTask:
        return self.standing.graph_of(task).task(task.node)

    def _retime(self) -> None:
        """Other open tasks follow the shared clock that has turned."""
        if self.turned:
            gone = set(self.changes.tasks_gone)
            others = [task for task in self.standing.tasks.values() if task.id not in gone]
            self.changes.tasks_retimed = retime_shared(others, self.clocks, self.turned)

    # The answer

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
            thrown=tuple(self.delta.thrown),
            error=self.delta.error,
        )


def finished_step(task: TaskRow, how: How, act: Act, timing: Timing, clocks: Mapping[str, NamedClock]) -> StepRow:
    """The step that a task becomes when it ends."""
    spent = timing.spent(task, clocks)
    queue = queue_of_task(task)
    return StepRow(
        id=task.id,
        instance_id=task.instance_id,
        node=task.node,
        how=how,
        subject_kind=task.subject_kind,
        subject_id=task.subject_id,
        area=task.area,
        stage=task.stage,
        post_id=queue.post_id if queue.post_id is not None else task.home_post_id,
        organisation_id=task.organisation_id,
        assignee_id=queue.assignee_id,
        actor_id=act.actor.account_id,
        actor_name=act.actor.label,
        outcome=act.outcome if how in ("done", "auto") else None,
        note=act.note,
        created_at=task.created_at,
        done_at=act.at,
        due_at=spent.due_at,
        used_seconds=spent.used_seconds,
        overdue=spent.overdue,
        scope_id=task.scope_id,
        definition_id=task.definition_id,
        kind=task.kind,
    )


def words(graph: Graph, instance: InstanceRow, tasks: Iterable[TaskRow], end: EndEvent | None) -> tuple[str, str]:
    """The status and stage that the subject shows: of the newest step, or of the end."""
    for task in tasks:
        return task.status, task.stage
    if instance.state == "cancelled":
        return graph.status_cancelled, stage_cancelled
    if instance.ended_at is None:
        return status_waiting, stage_waiting
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
