"""What all verbs share: the standing of an instance under its lock, the walk, and the writing of what it changes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import orjson

from yiwang.flow import legality, store
from yiwang.flow.assignment import Assignment, Place, Queue, kept_apart
from yiwang.flow.changes import Changes, advance
from yiwang.flow.clocks import NamedClock
from yiwang.flow.closing import words
from yiwang.flow.decisions.service import DecisionService
from yiwang.flow.errors import (
    InstanceEnded,
    InstanceNotEnded,
    InstanceNotSuspended,
    InstanceSuspended,
    NoDeadline,
    StepKeptApart,
    TaskAlreadyDone,
    TaskNotClaimed,
    TaskNotYours,
    TaskTaken,
    VariablesInvalid,
)
from yiwang.flow.legality import Operation, Reason
from yiwang.flow.model import Advance, Definition, Directory, EndEvent, Graph, InstanceRow, StepRow, TaskRow, UserTask
from yiwang.flow.service.world import World
from yiwang.flow.standing import Act, Standing
from yiwang.flow.timing import Timing
from yiwang.flow.walk import Event, walk
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import NotFound, Problem

most_variable_bytes = 8192
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,59}")

Advanced: TypeAlias = Callable[[Connection, Advance, Actor, datetime], Awaitable[None]]
Lock: TypeAlias = Callable[[Connection, UUID], Awaitable[bool]]


_PLAIN_REFUSALS: Mapping[str, type[Problem]] = {
    "taken": TaskTaken,
    "not_claimed": TaskNotClaimed,
    "not_suspended": InstanceNotSuspended,
    "not_ended": InstanceNotEnded,
    "no_deadline": NoDeadline,
}
"""Reasons with a problem of their own."""


@dataclass(frozen=True, slots=True)
class Listener:
    """The engine that owns a kind of subject. ``lock`` takes the subject's row before flow takes the instance's.

    It answers False when the subject should be left alone for now; the timer then stays due.
    """

    advanced: Advanced
    lock: Lock | None = None


class FlowBase:
    """``fallback_post`` is the kind of post that gets a step nobody else may take (empty="administrator")."""

    def __init__(self, context: Context, directory: Directory, *, fallback_post: str = "system-admin") -> None:
        self.context = context
        self.assignment = Assignment(directory, fallback_post)
        self.decisions = DecisionService(context)
        self.listeners: dict[str, Listener] = {}
        self._definitions: dict[UUID, Definition] = {}

    async def definition(self, connection: Connection, definition_id: UUID) -> Definition:
        """The compiled definition; remembered, since a published version never changes."""
        raise NotImplementedError

    def timing(self, at: datetime) -> Timing:
        return Timing(self.context.calendar, at)

    def local(self, at: datetime) -> str:
        """A moment for a message: ISO 8601 in the city's zone, to the second."""
        return at.astimezone(self.context.calendar.hours.timezone).isoformat(timespec="seconds")

    def require_open(self, instance: InstanceRow) -> None:
        """Raises InstanceEnded unless the instance is active or suspended."""
        if instance.ended_at is not None:
            raise InstanceEnded(when=self.local(instance.ended_at))

    def require_active(self, instance: InstanceRow) -> None:
        """Raises InstanceSuspended or InstanceEnded unless the instance goes on."""
        self.require_open(instance)
        if instance.suspended_at is not None:
            raise InstanceSuspended(since=self.local(instance.suspended_at))

    def require(
        self,
        operation: Operation,
        instance: InstanceRow,
        task: TaskRow | None = None,
        standing: Standing | None = None,
    ) -> None:
        """Refuse what the table of operations does not allow here.

        Without ``standing`` the kind of place is not asked, for operations that every kind of task knows.

        Raises:
            InstanceEnded, InstanceSuspended, InstanceNotEnded, InstanceNotSuspended, TaskTaken, TaskNotClaimed, NoDeadline,
            NotAllowed: with the reason of the cell.
        """
        kind = legality.kind_of(standing, task) if standing is not None and task is not None else "plain"
        reason = legality.reason_in(operation, kind, legality.states_of(instance, task))
        if reason is None and standing is not None and task is not None:
            reason = legality.special(operation, standing, task)
        if reason is not None:
            raise self.refusal(operation, reason, instance)

    def refusal(self, operation: Operation, reason: Reason, instance: InstanceRow) -> Problem:
        """The problem that says this reason."""
        plain = _PLAIN_REFUSALS.get(reason.code)
        if plain is not None:
            return plain()
        if reason.code == "ended" and instance.ended_at is not None:
            return InstanceEnded(when=self.local(instance.ended_at))
        if reason.code == "suspended" and instance.suspended_at is not None:
            return InstanceSuspended(since=self.local(instance.suspended_at))
        return legality.not_allowed(operation, reason)

    def require_answer(self, operation: Operation, task: TaskRow, note: str) -> None:
        """Raises NotAllowed when a supervision (督办) of the task has no answer and ``note`` gives none."""
        if not note.strip() and task.origin is not None and legality.open_supervisions(task):
            raise legality.not_allowed(operation, legality.REASONS["unanswered"])

    async def lock_task(self, connection: Connection, task_id: UUID) -> tuple[TaskRow, InstanceRow]:
        """The open task and its instance, locked.

        Raises:
            TaskAlreadyDone: it has been finished; says by whom and when.
            NotFound: there is no such task.
        """
        found = await store.lock_task(connection, task_id)
        if found is not None:
            return found
        step = await store.finished_step(connection, task_id)
        if step is None:
            raise NotFound(what="任务")
        raise TaskAlreadyDone(
            who=step.actor_name,
            when=self.local(step.done_at),
            outcome=step.outcome,
            account_id=None if step.actor_id is None else str(step.actor_id),
        )

    async def lock_own_task(
        self,
        connection: Connection,
        task_id: UUID,
        actor: Actor,
        verb: str = "complete_any",
        locked: tuple[TaskRow, InstanceRow] | None = None,
    ) -> tuple[TaskRow, InstanceRow]:
        """As :meth:`lock_task`, for one who may act on it: its assignee, a holder of its post, or by a grant task:``verb``.

        Raises:
            TaskNotYours: neither.
        """
        task, instance = locked or await self.lock_task(connection, task_id)
        if not legality.may(actor, task, verb):
            raise TaskNotYours()
        return task, instance

    async def lock_instance(self, connection: Connection, instance_id: UUID) -> InstanceRow:
        found = await store.lock_instance(connection, instance_id)
        if found is None:
            raise NotFound(what="流程")
        return found

    async def standing(self, connection: Connection, instance: InstanceRow, task: TaskRow | None = None) -> Standing:
        """Where a locked instance stands. With the one ``task`` of a definition without branches nothing more is read."""
        definition = await self.definition(connection, instance.definition_id)
        graph = definition.graph
        alone = task is not None and task.kind == "step" and not task.held
        if task is not None and alone and not graph.concurrent and not graph.conditional:
            return Standing(definition, instance, {task.id: task})
        tasks = await store.tasks_of(connection, instance.id)
        tokens = await store.tokens_of(connection, instance.id)
        scopes = await store.scopes_of(connection, instance.id) if graph.concurrent else []
        conditions = await store.waits_of(connection, instance.id, "condition") if graph.conditional else []
        called = {
            scope.definition_id: await self.definition(connection, scope.definition_id)
            for scope in scopes
            if scope.definition_id is not None
        }
        return Standing(definition, instance, {row.id: row for row in tasks}, tokens, scopes, conditions, called)

    async def world(
        self, connection: Connection, instance: InstanceRow, at: datetime, graphs: Iterable[Graph]
    ) -> World:
        """What the walk may ask about: definitions that may be called and decision tables are read here, beforehand."""
        pending = list(graphs)
        kinds = {instance.subject_kind, *(graph.key for graph in pending)}
        world = World(self.assignment, Place(instance.area, instance.grid), at, kinds)
        while pending:
            graph = pending.pop()
            for key in graph.calls - world.latest.keys():
                called = await self.latest(connection, key)
                world.add(called)
                pending.append(called.graph)
            for key in graph.decisions - world.tables.keys():
                world.tables[key] = await self.decisions.table(connection, key)
        return world

    async def latest(self, connection: Connection, key: str) -> Definition:
        """The published version of ``key``."""
        raise NotImplementedError

    async def go(
        self,
        connection: Connection,
        standing: Standing,
        event: Event,
        act: Act,
        variables: Mapping[str, Json] | None = None,
    ) -> Advance:
        """Walk, and write what changes."""
        changes, answer = await self.plan(connection, standing, event, act, variables)
        await self.write(connection, changes, answer, act.at)
        return answer

    def queue_of_step(self, step: StepRow, kinds: Collection[str] = (), at: datetime | None = None) -> Queue | None:
        """The person to whom a step came directly and who did it, if still in service; None lets the step's rule decide."""
        if step.post_id is not None or step.actor_id is None or step.how != "done":
            return None
        return self.assignment.for_person(step.actor_id, kinds, at)

    async def write(self, connection: Connection, changes: Changes, answer: Advance, at: datetime) -> None:
        """Write what an act changes, and keep what it threw for delivery."""
        await store.write(connection, [changes])
        if answer.thrown:
            await store.throw(connection, answer.thrown, answer.instance_id, answer.variables, at)

    async def plan(
        self,
        connection: Connection,
        standing: Standing,
        event: Event,
        act: Act,
        variables: Mapping[str, Json] | None = None,
    ) -> tuple[Changes, Advance]:
        """What the event changes, not yet written. ``variables`` are set on the instance before."""
        instance = standing.instance
        merged = {**instance.variables, **variables} if variables else instance.variables
        graphs = [standing.definition.graph, *(called.graph for called in standing.called.values())]
        world = await self.world(connection, instance, act.at, graphs)
        world.add(*standing.called.values(), newest=False)
        delta = walk(standing.definition.graph, standing.position, event, merged, world)
        changes, answer = advance(standing, delta, merged, act, self.timing(act.at))
        if variables:
            check_variables(variables, answer.variables)
        elif delta.sets:
            check_size(answer.variables)
        return changes, answer


def require_apart(step: UserTask, actor: Actor, variables: Mapping[str, Json]) -> None:
    """Refuse whoever the step's rule keeps away (回避、职责分离), however the task came to them.

    Raises:
        StepKeptApart.
    """
    if actor.account_id is not None and actor.account_id in kept_apart(step.who, variables):
        raise StepKeptApart(name=step.names.zh)


def check_variables(given: Mapping[str, Json], together: Mapping[str, Json]) -> None:
    """Refuse variables that conditions could not name, or that, with those kept already, would make an instance heavy.

    Raises:
        VariablesInvalid: a name that is no variable's, or more than 8 kB ``together``.
    """
    for name in given:
        if name == "outcome" or not _VARIABLE.fullmatch(name):
            raise VariablesInvalid(
                reason_zh=f"“{name[:60]}”不能作变量名(小写字母、数字、_;outcome 保留)",
                reason_en=f"“{name[:60]}” cannot name a variable (lower-case letters, digits, _; outcome is reserved)",
            )
    check_size(together)


def check_size(variables: Mapping[str, Json]) -> None:
    """Refuse more than 8 kB of variables.

    Raises:
        VariablesInvalid
    """
    size = len(orjson.dumps(variables))
    if size > most_variable_bytes:
        raise VariablesInvalid(
            reason_zh=f"共 {size} 字节,上限 {most_variable_bytes}",
            reason_en=f"{size} bytes, at most {most_variable_bytes}",
        )


def unmoved(
    standing: Standing, act: Act, instance: InstanceRow, clocks: Mapping[str, NamedClock], end: EndEvent | None = None
) -> Advance:
    """The answer of an act that moved no token."""
    status, stage = words(standing.definition.graph, instance, standing.tasks.values(), end)
    return Advance(
        cause=act.cause,
        instance_id=instance.id,
        definition_id=instance.definition_id,
        subject_kind=instance.subject_kind,
        subject_id=instance.subject_id,
        state=instance.state,
        status=status,
        stage=stage,
        ended=instance.ended_at is not None,
        end=None,
        new_tasks=(),
        finished=None,
        dropped=(),
        timer=act.timer,
        clocks=clocks,
        variables=instance.variables,
    )


def as_json(variables: Mapping[str, Json]) -> JsonObject:
    return dict(variables)
