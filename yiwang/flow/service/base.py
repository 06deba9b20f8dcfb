"""What all verbs share: the standing of an instance under its lock, the walk, and the writing of what it changes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import orjson

from yiwang.flow import store
from yiwang.flow.assignment import Assignment, Place
from yiwang.flow.changes import Act, Changes, Standing, advance, words
from yiwang.flow.clocks import NamedClock
from yiwang.flow.errors import (
    InstanceEnded,
    InstanceSuspended,
    TaskAlreadyDone,
    TaskNotYours,
    VariablesInvalid,
)
from yiwang.flow.model import Advance, Definition, Directory, EndEvent, InstanceRow, TaskRow
from yiwang.flow.timing import Timing
from yiwang.flow.walk import Event, walk
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import NotFound

most_variable_bytes = 8192
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,59}")

Advanced: TypeAlias = Callable[[Connection, Advance, Actor, datetime], Awaitable[None]]
Lock: TypeAlias = Callable[[Connection, UUID], Awaitable[bool]]


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
        with_person = task.assignee_id is not None
        own = actor.account_id == task.assignee_id if with_person else task.post_id in actor.posts
        if not own and not actor.reaches(
            "task", verb, area=task.area, organisation=task.organisation_id, grid=task.grid
        ):
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
        if task is not None and not definition.graph.concurrent:
            return Standing(definition, instance, {task.id: task})
        tasks = await store.tasks_of(connection, instance.id)
        tokens = await store.tokens_of(connection, instance.id) if definition.graph.concurrent else ()
        return Standing(definition, instance, {row.id: row for row in tasks}, tokens)

    async def go(
        self,
        connection: Connection,
        standing: Standing,
        event: Event,
        act: Act,
        variables: Mapping[str, Json] | None = None,
    ) -> Advance:
        """Walk, and write what changes."""
        changes, answer = self.plan(standing, event, act, variables)
        await store.write(connection, [changes])
        return answer

    def plan(
        self, standing: Standing, event: Event, act: Act, variables: Mapping[str, Json] | None = None
    ) -> tuple[Changes, Advance]:
        """What the event changes, not yet written."""
        instance = standing.instance
        merged = {**instance.variables, **variables} if variables else instance.variables
        if variables:
            check_variables(variables, merged)
        place = Place(instance.area, instance.grid)
        delta = walk(
            standing.definition.graph,
            standing.position,
            event,
            merged,
            lambda task: self.assignment.queue(task, merged, place),
        )
        return advance(standing, delta, merged, act, self.timing(act.at))


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
    size = len(orjson.dumps(together))
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
        timer=None,
        clocks=clocks,
        variables=instance.variables,
    )


def as_json(variables: Mapping[str, Json]) -> JsonObject:
    return dict(variables)
