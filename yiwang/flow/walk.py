"""The walk: from where an instance stands and what happens to it, to what changes. Pure: no input, no output, no clock.

Promises: tokens are neither lost nor doubled (each branch holds one until its join or end), the same arguments give the
same answer, and an instance is over exactly when no open task and no waiting branch is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from yiwang.flow.assignment import Queue
from yiwang.flow.conditions import holds
from yiwang.flow.errors import StepNotReachable
from yiwang.flow.model.graph import (
    BoundaryTimer,
    EndEvent,
    ExclusiveGateway,
    Graph,
    Node,
    ParallelGateway,
    Scope,
    SequenceFlow,
    UserTask,
)
from yiwang.kernel.database import Json

Assign: TypeAlias = Callable[[UserTask], Queue | None]
"""Who gets a new task; None passes it over. May raise, which refuses the whole act."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where an instance stands: open tasks (id → node) and branches waiting at joins (id → sequence flow)."""

    tasks: Mapping[UUID, str] = field(default_factory=dict)
    tokens: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Started:
    """The instance begins."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A person finished a task."""

    task_id: UUID
    outcome: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A boundary timer of a task ran out."""

    task_id: UUID
    timer: str


@dataclass(frozen=True, slots=True)
class SentBack:
    """A task was sent back (退回) to a step that the instance has walked already."""

    task_id: UUID
    node: str


@dataclass(frozen=True, slots=True)
class Jumped:
    """An administrator set the instance on a node (跳转, 重新打开, 强制结案 on an end event); all else is withdrawn."""

    node: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The instance was given up (作废)."""


Event: TypeAlias = Started | Completed | TimerFired | SentBack | Jumped | Cancelled


@dataclass(slots=True)
class Delta:
    """What the walk changes. ``left``: the task that the event itself ended; ``dropped``: tasks withdrawn with it.

    ``entered`` holds new tasks with their queues, ``skipped`` the steps passed over, ``waiting`` new branches at joins
    (sequence flows), ``joined`` the stored tokens that were consumed or withdrawn. ``stops`` names clocks to stop.
    """

    left: UUID | None = None
    dropped: list[UUID] = field(default_factory=list)
    entered: list[tuple[UserTask, Queue]] = field(default_factory=list)
    skipped: list[UserTask] = field(default_factory=list)
    waiting: list[SequenceFlow] = field(default_factory=list)
    joined: list[UUID] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    end: EndEvent | None = None
    ended: bool = False


def walk(graph: Graph, position: Position, event: Event, variables: Mapping[str, Json], assign: Assign) -> Delta:
    """Let ``event`` happen to an instance at ``position``.

    Raises:
        ConditionFailed: a condition on the way cannot be decided.
        StepNotReachable: the node of a SentBack or Jumped cannot be taken from here; the message says why.
        KeyError: a task or timer of the event is not part of the position or graph.
    """
    return _Walk(graph, position, variables, assign).run(event)


class _Walk:
    __slots__ = ("_ways", "assign", "delta", "graph", "position", "variables")

    def __init__(self, graph: Graph, position: Position, variables: Mapping[str, Json], assign: Assign) -> None:
        self.graph = graph
        self.position = position
        self.variables = variables
        self.assign = assign
        self.delta = Delta()
        self._ways: deque[tuple[Node, SequenceFlow | None, str]] = deque()

    def run(self, event: Event) -> Delta:
        graph, delta = self.graph, self.delta
        match event:
            case Completed(task_id, outcome):
                task = self._leave(task_id, outcome)
                self._go(task.outgoing[0], outcome)
            case Started():
                self._go(graph.start.outgoing[0], "")
            case TimerFired(task_id, name):
                timer = graph.nodes[name]
                if not isinstance(timer, BoundaryTimer) or timer.task != self.position.tasks[task_id]:
                    raise KeyError(name)
                if timer.interrupting:
                    self._leave(task_id, None)
                # A side branch that is still open from the last time is not opened a second time.
                if timer.interrupting or not self._inside(timer.scope):
                    self._go(timer.outgoing[0], "")
            case SentBack(task_id, name):
                earlier = self._target_of_return(task_id, name)
                self._leave(task_id, None)
                self._withdraw_block(task_id, earlier.scope)
                self._ways.append((earlier, None, ""))
            case Jumped(name):
                target = self._target_of_jump(name)
                self._withdraw_all()
                self._ways.append((target, None, ""))
            case Cancelled():
                self._withdraw_all()
        while self._ways:
            self._visit(*self._ways.popleft())
        delta.ended = not (delta.entered or delta.waiting or self._others())
        return delta

    def _leave(self, task_id: UUID, outcome: str | None) -> UserTask:
        task = self.graph.task(self.position.tasks[task_id])
        self.delta.left = task_id
        self.delta.stops += [stop.name for stop in task.clock_stops if not stop.on or outcome in stop.on]
        return task

    def _go(self, flow: SequenceFlow, outcome: str) -> None:
        self._ways.append((self.graph.nodes[flow.target], flow, outcome))

    def _visit(self, node: Node, flow: SequenceFlow | None, outcome: str) -> None:
        match node:
            case UserTask():
                queue = self.assign(node)
                if queue is not None:
                    self.delta.entered.append((node, queue))
                else:
                    self.delta.skipped.append(node)
                    self._go(node.outgoing[0], node.first_outcome)
            case ExclusiveGateway():
                self._go(self._choose(node, outcome), outcome)
            case ParallelGateway():
                if len(node.incoming) > 1:
                    if flow is None or not self._join(node, flow):
                        return
                    outcome = ""
                for way in node.outgoing:
                    self._go(way, outcome)
            case EndEvent():
                self.delta.end = node
                if node.terminate:
                    self._ways.clear()
                    self._withdraw_all()
            case _:
                raise KeyError(node.id)

    def _choose(self, gateway: ExclusiveGateway, outcome: str) -> SequenceFlow:
        for flow in gateway.outgoing:
            if flow.condition is not None and holds(flow.condition, self.variables, outcome, flow.id):
                return flow
        if gateway.default is None:
            raise KeyError(gateway.id)
        return gateway.default

    def _join(self, node: ParallelGateway, flow: SequenceFlow) -> bool:
        """Whether the last branch has arrived; then the tokens that waited are consumed."""
        delta = self.delta
        stored = {name: token for token, name in self.position.tokens.items() if token not in delta.joined}
        fresh = {waiting.id for waiting in delta.waiting}
        here = set(node.incoming)
        if here - {flow.id} - stored.keys() - fresh:
            delta.waiting.append(flow)
            return False
        delta.joined += [token for name, token in stored.items() if name in here]
        delta.waiting = [waiting for waiting in delta.waiting if waiting.id not in here]
        return True

    def _others(self) -> bool:
        """Whether tasks or tokens that were there before are still there."""
        gone = set(self.delta.dropped)
        tokens = set(self.delta.joined)
        return any(task != self.delta.left and task not in gone for task in self.position.tasks) or any(
            token not in tokens for token in self.position.tokens
        )

    def _withdraw_all(self) -> None:
        delta = self.delta
        gone = {delta.left, *delta.dropped}
        delta.dropped += [task for task in self.position.tasks if task not in gone]
        delta.joined = list(self.position.tokens)
        delta.entered.clear()
        delta.waiting.clear()

    def _withdraw_block(self, task_id: UUID, target: Scope) -> None:
        """Going back out of a fork withdraws whatever its other branches hold."""
        scope = self.graph.nodes[self.position.tasks[task_id]].scope
        if len(scope) == len(target):
            return
        block = scope[len(target)].block
        for way in self.graph.nodes[block].outgoing:
            for other in self._inside(way.scope):
                if other in self.position.tasks and other != task_id:
                    self.delta.dropped.append(other)
                elif other in self.position.tokens:
                    self.delta.joined.append(other)

    def _inside(self, scope: Scope) -> list[UUID]:
        """The stored tasks and tokens in a branch."""
        nodes, flows, size = self.graph.nodes, self.graph.flow_scopes, len(scope)
        return [task for task, node in self.position.tasks.items() if nodes[node].scope[:size] == scope] + [
            token for token, flow in self.position.tokens.items() if flows[flow][:size] == scope
        ]

    def _target_of_return(self, task_id: UUID, name: str) -> UserTask:
        target = self.graph.nodes.get(name)
        if not isinstance(target, UserTask):
            raise StepNotReachable(node=name, reason_zh="流程里没有这个办理步骤", reason_en="the flow has no such step")
        scope = self.graph.nodes[self.position.tasks[task_id]].scope
        if scope[: len(target.scope)] != target.scope:
            raise StepNotReachable(
                node=target.names.zh,
                reason_zh="它在另一个并行分支里,不能退回到那里",
                reason_en="it lies in another parallel branch",
            )
        left = scope[len(target.scope) :]
        if any(isinstance(self.graph.nodes[branch.block], BoundaryTimer) for branch in left):
            raise StepNotReachable(
                node=target.names.zh,
                reason_zh="本任务由定时器另外产生,主线上的任务仍在办理,不能由它退回",
                reason_en="a timer opened this task beside the main path; send back the main path's own task",
            )
        return target

    def _target_of_jump(self, name: str) -> Node:
        target = self.graph.nodes.get(name)
        if not isinstance(target, UserTask | EndEvent):
            raise StepNotReachable(
                node=name,
                reason_zh="流程里没有这个办理步骤或结束",
                reason_en="the flow has no such step or end",
            )
        if isinstance(target, UserTask) and target.scope:
            raise StepNotReachable(
                node=target.names.zh,
                reason_zh="它在并行分支里,单独到那里会等不齐其他分支;请选分支之前的步骤",
                reason_en="it lies in a parallel branch without its others; choose a step before the fork",
            )
        return target
