"""Whether one instance can go over to another version, and what its rows are then. Pure: no input, no output, no clock.

Promises: an instance that goes over keeps its tasks with id, queue, claim and deadline (unless the mapping says otherwise),
its called definitions and its variables, and stands so that the new version can finish it; one that cannot is left as it
is, with every reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import orjson

from yiwang.flow.clocks import NamedClock, cached_deadline, read_clocks, write_clock, write_clocks
from yiwang.flow.closing import retime_shared
from yiwang.flow.errors import LimitUnknown
from yiwang.flow.model import Definition, InstanceRow, Names, ScopeRow, SubProcess, TaskRow, UserTask
from yiwang.flow.service.added import in_queue
from yiwang.flow.service.base import most_variable_bytes
from yiwang.flow.timing import Timing
from yiwang.flow.versions.awaiting import Awaited, Awaiting, Holder, edge_of, overtimes_of, own_event, starts_of
from yiwang.flow.versions.bridge import Bridge
from yiwang.flow.versions.obstacles import Remark, note, obstacle
from yiwang.flow.versions.places import Places
from yiwang.flow.versions.whole import Whole, World
from yiwang.kernel.database import JsonObject
from yiwang.kernel.deadlines import RunningClock
from yiwang.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class Moved:
    """``after``: all rows of the instance under the new version; None when it cannot go over, for these ``obstacles``."""

    after: Whole | None
    obstacles: tuple[Remark, ...]
    notes: tuple[Remark, ...]


def move(whole: Whole, bridge: Bridge, new: Definition, world: World) -> Moved:
    """Bring an open instance of the bridge's old version over to ``new``."""
    return _Moving(whole, bridge, new, world).moved()


class _Moving:
    def __init__(self, whole: Whole, bridge: Bridge, new: Definition, world: World) -> None:
        self.whole, self.bridge, self.new, self.world = whole, bridge, new, world
        self.places = Places(whole, bridge)
        self.within = self.places.within
        self.awaiting = Awaiting(whole, bridge, world)
        self.obstacles: list[Remark] = []
        self.notes: list[Remark] = []
        self.timing = Timing(world.calendar, world.at)

    def moved(self) -> Moved:
        self.places.go()
        if self.places.obstacles:
            return self._answer(None)
        for holder in self._holders():
            self.awaiting.hold(holder)
        instance = self._instance()
        tasks, instance = self._clocks(self.places.tasks, instance)
        tasks = {task.id: self._given_out(task) for task in self._restarted(tasks, instance)}
        after = Whole(
            instance,
            tuple(tasks.values()),
            tuple(self.places.tokens.values()),
            tuple(self.places.scopes.values()),
            tuple(self.awaiting.timers.values()),
            tuple(self.awaiting.waits.values()),
        )
        return self._answer(after)

    def _answer(self, after: Whole | None) -> Moved:
        obstacles = list(dict.fromkeys((*self.places.obstacles, *self.awaiting.obstacles, *self.obstacles)))
        notes = list(dict.fromkeys((*self.places.notes, *self.awaiting.notes, *self.notes)))
        return Moved(None if obstacles else after, tuple(obstacles), tuple(notes))

    # What waits for events

    def _holders(self) -> Iterable[Holder]:
        old, new = self.bridge.old, self.bridge.new
        yield Holder(
            self.whole.instance.id,
            "",
            self.whole.instance.started_at,
            self.whole.instance.variables,
            *self._starts(None, old.events, new.events),
        )
        for task in self.whole.tasks:
            if task.kind == "step" and not self.within.in_call(task.scope_id):
                yield self._of_task(task)
        for token in self.whole.tokens:
            if token.kind not in ("join", "done") and not self.within.in_call(token.scope_id):
                before, after = old.nodes[token.node], new.nodes[self.places.tokens[token.id].node]
                once = self.within.round_of(token.node, token.scope_id) is None
                yield Holder(
                    token.id,
                    token.node,
                    token.arrived_at,
                    self.within.variables(token.scope_id),
                    own_event(old, before) | (edge_of(before) if once else {}),
                    own_event(new, after) | (edge_of(after) if once else {}),
                    needs=True,
                )
        for scope in self.whole.scopes:
            if scope.kind != "undo" and not self.within.in_call(scope.parent_id):
                yield self._of_scope(scope)

    def _of_task(self, task: TaskRow) -> Holder:
        before, after = self.bridge.old.nodes[task.node], self.bridge.new.nodes[self.places.tasks[task.id].node]
        once = self.within.round_of(task.node, task.scope_id) is None
        begun = self.world.at if self.bridge.mapping.restarts(after.id) else task.created_at
        return Holder(
            task.id,
            task.node,
            begun,
            self.within.variables(task.scope_id),
            overtimes_of(before) | (edge_of(before) if once else {}),
            overtimes_of(after) | (edge_of(after) if once else {}),
        )

    def _of_scope(self, scope: ScopeRow) -> Holder:
        before, after = self.bridge.old.nodes[scope.node], self.bridge.new.nodes[self.places.scopes[scope.id].node]
        old: dict[str, Awaited] = {}
        new: dict[str, Awaited] = {}
        if scope.kind != "event" and not self.within.is_wrapper(scope):
            old, new = edge_of(before), edge_of(after)
        if isinstance(before, SubProcess) and isinstance(after, SubProcess) and scope.kind in ("sub", "event"):
            inner_old, inner_new = self._starts(scope.id, before.events, after.events)
            old, new = {**old, **inner_old}, {**new, **inner_new}
        return Holder(scope.id, scope.node, scope.opened_at, self.within.variables(scope.parent_id), old, new)

    def _starts(
        self, level: UUID | None, old: Iterable[str], new: Iterable[str]
    ) -> tuple[Mapping[str, Awaited], Mapping[str, Awaited]]:
        """What the event sub-processes of a scope wait for; nothing once one of them has interrupted it."""
        for scope in self.whole.scopes:
            if scope.parent_id == level and scope.kind == "event":
                process = self.bridge.old.nodes[scope.node]
                start = self.bridge.old.nodes[process.start] if isinstance(process, SubProcess) else None
                if getattr(start, "interrupting", False):
                    return {}, {}
        return starts_of(self.bridge.old, old), starts_of(self.bridge.new, new)

    # The instance

    def _instance(self) -> InstanceRow:
        before = self.whole.instance
        variables: JsonObject = dict(before.variables)
        known = variables.get("by")
        by: JsonObject = {}
        if isinstance(known, dict):
            by = {self.bridge.nodes[step]: who for step, who in known.items() if step in self.bridge.nodes}
        for step, who in self.world.handlers.items():
            target = self.bridge.steps.get(step)
            if target in self.bridge.new_remembered:
                by.setdefault(target, who)
        if by or known is not None:
            variables["by"] = by
        graph = self.new.graph
        if graph.asks_starter and not self.bridge.old.asks_starter and "starter" not in variables:
            self.notes.append(note("starter_unknown"))
        for name in sorted(self.bridge.new_variables - variables.keys()):
            self.notes.append(note("variable_missing", other=name))
        if len(orjson.dumps(variables)) > most_variable_bytes:
            self.obstacles.append(obstacle("too_large"))
        return replace(before, definition_id=self.new.id, variables=variables)

    # Named clocks

    def _clocks(
        self, tasks: Mapping[UUID, TaskRow], instance: InstanceRow
    ) -> tuple[Mapping[UUID, TaskRow], InstanceRow]:
        """Named clocks stand still by the steps of the new version; steps that begin anew begin theirs."""
        calendar, at = self.world.calendar, self.world.at
        clocks = read_clocks(instance.clocks, calendar)
        turned: set[str] = set()
        if instance.suspended_at is None:
            held, holding = self._pauses(self.whole.tasks, old=True), self._pauses(tasks.values(), old=False)
            for name in (held ^ holding) & clocks.keys():
                after = clocks[name].pause(at) if name in holding else clocks[name].resume(at, calendar)
                if after is not clocks[name]:
                    clocks[name] = after
                    turned.add(name)
        turned |= self._started(tasks.values(), clocks)
        graph = self.new.graph
        for name, clock in clocks.items():
            if clock.stopped_at is None and name not in graph.clocks and name in self.bridge.old.clocks:
                self.notes.append(note("clock_gone", other=name))
        for task in tasks.values():
            node = graph.nodes.get(task.node)
            shared = node.deadline.clock if isinstance(node, UserTask) and node.deadline is not None else None
            if shared is not None and task.definition_id is None and shared not in clocks:
                self.notes.append(note("clock_missing", task.node, other=shared))
        if not turned:
            return tasks, instance
        moved = {row.id: row for row in retime_shared(tasks.values(), clocks, turned)}
        return {**tasks, **moved}, replace(instance, clocks=write_clocks(clocks, calendar))

    def _pauses(self, tasks: Iterable[TaskRow], *, old: bool) -> set[str]:
        found: set[str] = set()
        for task in tasks:
            own = self.bridge.old if old else self.bridge.new
            graph = own if task.definition_id is None else self.world.called.get(task.definition_id)
            node = graph.nodes.get(task.node) if graph is not None else None
            if isinstance(node, UserTask):
                found |= set(node.pauses)
        return found

    def _started(self, tasks: Iterable[TaskRow], clocks: dict[str, NamedClock]) -> set[str]:
        """Clocks that begin with a step whose deadline begins anew, and that never began."""
        begun: set[str] = set()
        for task in tasks:
            node = self._own_step(task)
            if node is None or not self.bridge.mapping.restarts(node.id):
                continue
            for start in node.clock_starts:
                if start.name not in clocks:
                    variables = self.within.variables(task.scope_id)
                    try:
                        limit = self.timing.limit(node.names.zh, node.id, start.limit, variables)
                    except LimitUnknown as problem:
                        self._refuse("limit_unknown", node, problem)
                        continue
                    warn = self.timing.share(start.warn, variables)
                    clocks[start.name] = NamedClock.start(start.name, limit, warn, self.world.at, self.world.calendar)
                    begun.add(start.name)
        return begun

    # Deadlines and queues

    def _own_step(self, task: TaskRow) -> UserTask | None:
        """The step of the new version that a task of the flow itself is."""
        if task.kind != "step" or self.within.in_call(task.scope_id):
            return None
        node = self.bridge.new.nodes.get(task.node)
        return node if isinstance(node, UserTask) else None

    def _restarted(self, tasks: Mapping[UUID, TaskRow], instance: InstanceRow) -> list[TaskRow]:
        """The tasks with deadlines begun anew where the mapping says so; what was added to a task follows it."""
        found = dict(tasks)
        for task in tasks.values():
            node = self._own_step(task)
            if node is None or not self.bridge.mapping.restarts(node.id):
                continue
            try:
                fresh = self._with_deadline(task, node, instance)
            except LimitUnknown as problem:
                self._refuse("limit_unknown", node, problem)
                continue
            found[task.id] = fresh
            for other in tasks.values():
                if other.of_task == task.id and other.origin is not None and other.origin.get("shared") is True:
                    found[other.id] = replace(
                        other, due_at=fresh.due_at, warn_at=fresh.warn_at, clock=fresh.clock, paused_at=fresh.paused_at
                    )
        return list(found.values())

    def _with_deadline(self, task: TaskRow, node: UserTask, instance: InstanceRow) -> TaskRow:
        calendar = self.world.calendar
        clocks = read_clocks(instance.clocks, calendar)
        time = self.timing.of_task(node, self.within.variables(task.scope_id), clocks)
        clock = time.clock
        limit, warn = clock.get("limit"), clock.get("warn")
        if isinstance(limit, str) and isinstance(warn, float):
            clock = write_clock(RunningClock.start(cached_deadline(limit), self.world.at, calendar), warn, calendar)
        fresh = replace(task, due_at=time.due_at, warn_at=time.warn_at, clock=clock, paused_at=None)
        return self.timing.paused(fresh) if instance.suspended_at is not None else fresh

    def _given_out(self, task: TaskRow) -> TaskRow:
        """The task in the queue of the new rule, where the mapping says so; who has claimed it from there keeps it."""
        node = self._own_step(task)
        if node is None or not self.bridge.mapping.reassigns(node.id) or task.held:
            return task
        if self.within.round_of(self._old_node(task.id), task.scope_id) is not None:
            return task
        try:
            queue = self.world.assign.queue(node, self.within.variables(task.scope_id))
        except Problem as problem:
            self._refuse("nobody", node, problem)
            return task
        if queue is None:
            self.notes.append(note("would_be_skipped", node.id, node.names))
            return task
        same_post = queue.post_id is not None and queue.post_id in (task.post_id, task.home_post_id)
        if same_post or (queue.assignee_id is not None and queue.assignee_id == task.assignee_id):
            return task
        return in_queue(task, queue, None)

    def _old_node(self, task_id: UUID) -> str:
        return next(task.node for task in self.whole.tasks if task.id == task_id)

    def _refuse(self, code: str, node: UserTask, problem: Problem) -> None:
        words = Names(problem.message("zh"), problem.message("en"))
        self.obstacles.append(obstacle(code, node.id, node.names, words))
