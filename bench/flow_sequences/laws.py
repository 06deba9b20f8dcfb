"""What must be true of an instance's rows whatever was done: the laws, and the reading of an instance for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from yiwang.flow import store
from yiwang.flow.model import (
    BoundaryEvent,
    Definition,
    InstanceRow,
    ParallelGateway,
    Scope,
    ScopeRow,
    StepRow,
    TaskRow,
    TimerRow,
    TokenRow,
    WaitRow,
)
from yiwang.flow.service import FlowService
from yiwang.flow.standing import Standing
from yiwang.kernel.database import Connection


class Broken(AssertionError):
    """A law does not hold."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that there is of an instance."""

    definition: Definition
    instance: InstanceRow
    tasks: tuple[TaskRow, ...]
    tokens: tuple[TokenRow, ...]
    scopes: tuple[ScopeRow, ...]
    timers: tuple[TimerRow, ...]
    waits: tuple[WaitRow, ...]
    steps: tuple[StepRow, ...]
    called: Mapping[UUID, Definition]

    @property
    def standing(self) -> Standing:
        tasks = {task.id: task for task in self.tasks}
        conditions = [wait for wait in self.waits if wait.kind == "condition"]
        return Standing(self.definition, self.instance, tasks, self.tokens, self.scopes, conditions, self.called)

    @property
    def over(self) -> bool:
        return self.instance.ended_at is not None


async def read(flow: FlowService, connection: Connection, instance_id: UUID) -> Snapshot:
    instance = await store.find_instance(connection, instance_id)
    if instance is None:
        raise Broken("the instance is gone")
    scopes = await store.scopes_of(connection, instance_id)
    called = {
        scope.definition_id: await flow.definition(connection, scope.definition_id)
        for scope in scopes
        if scope.definition_id is not None
    }
    return Snapshot(
        await flow.definition(connection, instance.definition_id),
        instance,
        tuple(await store.tasks_of(connection, instance_id)),
        tuple(await store.tokens_of(connection, instance_id)),
        tuple(scopes),
        tuple(await store.timers_of(connection, instance_id)),
        tuple(await store.waits_of(connection, instance_id)),
        tuple(await store.steps_of(connection, instance_id)),
        called,
    )


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise Broken(words)


def check(found: Snapshot) -> None:
    """Every law. Raises: Broken, with the one that does not hold."""
    _open_or_over(found)
    _queues(found)
    _holders(found)
    _rounds(found)
    for scope in (None, *(scope for scope in found.scopes if scope.kind in ("sub", "call", "event"))):
        _tokens(found, scope)
    _clocks(found)
    ids = [row.id for rows in (found.tasks, found.steps) for row in rows]
    _require(len(ids) == len(set(ids)), "a task is open and finished, or finished twice")


def _open_or_over(found: Snapshot) -> None:
    here = [*found.tasks, *found.scopes, *(token for token in found.tokens if token.kind != "done")]
    if found.over:
        _require(not here, "over, and something is open")
        _require(not (found.tokens or found.timers or found.waits), "over, and something waits")
    else:
        _require(any(not isinstance(row, ScopeRow) for row in here), "open, and nothing to do or to wait for")


def _queues(found: Snapshot) -> None:
    tasks = {task.id: task for task in found.tasks}
    for task in found.tasks:
        below = [other for other in found.tasks if other.of_task == task.id]
        _require((task.kind == "step") == (task.of_task is None), f"{task.node} is added to nothing")
        _require(task.held == bool(below), f"{task.node} is held without what it waits for, or not held though it is")
        _require(task.held == bool(task.origin and "queue" in task.origin), f"{task.node} forgot whose it is")
        if not task.held:
            _require((task.post_id is None) != (task.assignee_id is None), f"{task.node} is with nobody, or with two")
        if task.of_task is not None:
            above = tasks.get(task.of_task)
            _require(above is not None, f"{task.node} was added to what is gone")
            if above is not None:
                same = (above.node, above.scope_id, above.definition_id) == (
                    task.node,
                    task.scope_id,
                    task.definition_id,
                )
                _require(same, f"{task.node} was added to another step")
        kinds = {other.kind for other in below}
        _require(len(kinds) <= 1, f"{task.node} is held for two reasons")
        after = bool(task.origin and "after" in task.origin)
        _require(after == ("after" in kinds), f"{task.node} keeps an outcome without signers, or has none")


def _holders(found: Snapshot) -> None:
    there = {row.id for rows in (found.tasks, found.tokens, found.scopes) for row in rows} | {found.instance.id}
    _require(all(timer.holder_id in there for timer in found.timers), "a timer of what is gone")
    _require(all(wait.holder_id in there for wait in found.waits), "something waits for what is gone")
    scopes = {scope.id for scope in found.scopes}
    inside: Iterable[TaskRow | TokenRow] = (*found.tasks, *found.tokens)
    _require(all(row.scope_id is None or row.scope_id in scopes for row in inside), "inside a scope that is gone")
    _require(
        all(scope.parent_id is None or scope.parent_id in scopes for scope in found.scopes), "a scope without parent"
    )
    waiting = {wait.holder_id for wait in found.waits}
    for token in found.tokens:
        if token.kind in ("receive", "work"):
            _require(token.id in waiting, f"{token.node} waits for nothing")


def _rounds(found: Snapshot) -> None:
    for scope in found.scopes:
        if scope.kind != "multi":
            continue
        graph = found.standing.graph_at(scope.parent_id)
        multi = graph.task(scope.node).multi
        open_ = [task for task in found.tasks if task.scope_id == scope.id and task.kind == "step"]
        rest = scope.rest.get("next")
        later = len(rest) if isinstance(rest, list) else 0
        _require(scope.done == sum(_counts(scope)), f"the round {scope.node} has answers that nobody gave")
        _require(scope.done + len(open_) + later == scope.total, f"the round {scope.node} has lost somebody")
        if multi is not None and multi.sequential:
            _require(len(open_) == 1, f"the round {scope.node} asks several, or nobody")
        else:
            _require(not later and bool(open_), f"the round {scope.node} has people who were not asked")


def _counts(scope: ScopeRow) -> list[int]:
    return [count for count in scope.tally.values() if isinstance(count, int)]


def _tokens(found: Snapshot, level: ScopeRow | None) -> None:
    """Within a process or sub-process: no branch holds two tokens, and of every open fork each branch holds one."""
    place = level.id if level is not None else None
    graph = found.standing.graph_at(place)
    scopes: list[Scope] = [
        graph.nodes[task.node].scope for task in found.tasks if task.scope_id == place and task.kind == "step"
    ]
    for token in found.tokens:
        if token.scope_id == place and token.kind != "done":
            named = token.sequence_flow
            scopes.append(graph.flow_scopes[named] if named else graph.nodes[token.node].scope)
    children = [scope for scope in found.scopes if scope.parent_id == place and scope.kind in ("sub", "multi", "call")]
    scopes += [graph.nodes[scope.node].scope for scope in children]
    _require(max(Counter(scopes).values(), default=1) == 1, "two tokens in one branch")
    for scope in scopes:
        for depth, (block, _) in enumerate(scope):
            gateway, before = graph.nodes[block], scope[:depth]
            beside = any(isinstance(graph.nodes[branch.block], BoundaryEvent) for branch in scope[depth:])
            if not isinstance(gateway, ParallelGateway) or beside:
                continue
            _require(before not in scopes, "a token before a fork whose branches are open")
            same = {other[depth] for other in scopes if other[:depth] == before and len(other) > depth}
            held = {branch.flow for branch in same if branch.block == block}
            _require(held == {flow.id for flow in gateway.outgoing}, "a branch has lost its token")


def _clocks(found: Snapshot) -> None:
    on_hold = found.instance.suspended_at is not None
    _require(all((task.paused_at is not None) == on_hold for task in found.tasks), "a task is on hold, or not, alone")
    _require(all(task.due_at is None for task in found.tasks if on_hold), "on hold, and a deadline runs")
    _require(all((timer.wake_at is None) == on_hold for timer in found.timers), "a timer is on hold, or not, alone")
