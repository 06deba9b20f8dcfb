"""From what the walk decides to the rows that one act writes, and to the answer that its caller gets. Pure.

The named clocks of the instance turn here too: a step left stops them, a step entered starts them, one that pauses them
holds them, the end stops all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from yiwang.flow.clocks import NamedClock, read_clocks, write_clocks
from yiwang.flow.closing import finished_step, retime_shared, words
from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import UserTask
from yiwang.flow.model.rows import (
    Advance,
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
from yiwang.flow.standing import Act, Standing
from yiwang.flow.timing import Timing
from yiwang.flow.walk.events import (
    Delta,
    NewTask,
    PassedTask,
    Ref,
    ScopeState,
)
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.identifiers import new_id


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
