"""Starting instances, one or ten thousand, and finishing tasks: the two verbs under load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from yiwang.flow import store
from yiwang.flow.assignment import Place, kept_apart
from yiwang.flow.changes import Changes, advance
from yiwang.flow.errors import OutcomeUnknown
from yiwang.flow.model import Advance, Directory, InstanceRow, InstanceStory, Start, TaskRow, UserTask
from yiwang.flow.service.base import check_variables, require_apart
from yiwang.flow.service.definitions import DefinitionVerbs
from yiwang.flow.service.world import World
from yiwang.flow.standing import Act, Standing
from yiwang.flow.timing import Timing
from yiwang.flow.walk import Completed, Delta, Started, walk
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json
from yiwang.kernel.errors import NotFound

most_walks = 20_000


class RunningVerbs(DefinitionVerbs):
    """Verbs that start instances and finish their tasks."""

    def __init__(self, context: Context, directory: Directory, *, fallback_post: str = "system-admin") -> None:
        super().__init__(context, directory, fallback_post=fallback_post)
        self._walked: dict[object, Delta] = {}
        self._walked_under: object = None

    async def start_many(
        self, connection: Connection, starts: Sequence[Start], at: datetime, *, actor: Actor = SYSTEM
    ) -> list[Advance]:
        """Start instances in one statement, whatever their number; answers in the order given.

        Equal walks are walked once: what they depend on is the definition, the place and the definition's
        ``start_variables``.

        Raises:
            VariablesInvalid, ConditionFailed, NobodyForStep, LimitUnknown: nothing is started then.
        """
        planned = self.plan_starts(starts, at, actor=actor, worlds=await self.worlds(connection, starts, at))
        await self.write_starts(connection, planned)
        return [answer for _, answer in planned]

    async def worlds(self, connection: Connection, starts: Sequence[Start], at: datetime) -> Mapping[UUID, World]:
        """What the walks of definitions that call others or ask decision tables need; empty for the rest."""
        found: dict[UUID, World] = {}
        for start in starts:
            definition = start.definition
            if definition.id not in found and (definition.graph.calls or definition.graph.decisions):
                found[definition.id] = await self.world(connection, _row(start, at), at, [definition.graph])
        return found

    def plan_starts(
        self,
        starts: Sequence[Start],
        at: datetime,
        *,
        actor: Actor = SYSTEM,
        worlds: Mapping[UUID, World] | None = None,
    ) -> list[tuple[Changes, Advance]]:
        """What starting these instances would write and answer, for a caller that decides in between which to start.

        ``worlds``: of :meth:`worlds`; without, definitions that call others or ask tables cannot be started so.

        Raises:
            As :meth:`start_many`.
        """
        act = Act("start", actor, at)
        timing = self.timing(at)
        walked = self._walks()
        known = worlds or {}
        return [self._begin(start, act, timing, walked, known.get(start.definition.id)) for start in starts]

    def _walks(self) -> dict[object, Delta]:
        """Walks from the start that were done under the directory as it is now."""
        snapshot = self.assignment.directory.snapshot
        if snapshot is not self._walked_under or len(self._walked) >= most_walks:
            self._walked_under, self._walked = snapshot, {}
        return self._walked

    async def write_starts(
        self,
        connection: Connection,
        planned: Sequence[tuple[Changes, Advance]],
        told: Sequence[journal.Entry] = (),
    ) -> None:
        """Start what :meth:`plan_starts` has planned, with the journal entries that tell of it, in one statement."""
        await store.write(connection, [changes for changes, _ in planned], told)
        for changes, answer in planned:
            if answer.thrown and changes.instance is not None:
                begun = changes.instance
                await store.throw(connection, answer.thrown, begun.id, answer.variables, begun.started_at)

    def _begin(
        self, start: Start, act: Act, timing: Timing, walked: dict[object, Delta], world: World | None
    ) -> tuple[Changes, Advance]:
        check_variables(start.variables, start.variables)
        instance = _row(start, act.at)
        if act.actor.account_id is not None and start.definition.graph.asks_starter:
            instance = replace(instance, variables={**start.variables, "starter": str(act.actor.account_id)})
        standing = Standing(start.definition, instance)
        delta = self._walk_from_start(start, standing, walked, act.at, world)
        return advance(standing, delta, instance.variables, act, timing, is_new=True)

    def _walk_from_start(
        self,
        start: Start,
        standing: Standing,
        walked: dict[object, Delta],
        at: datetime,
        world: World | None,
    ) -> Delta:
        graph, variables = start.definition.graph, standing.instance.variables
        values = tuple([variables.get(name) for name in graph.start_variables])
        # Kinds belong to the key, because 1, 1.0 and True are equal to Python and different to a condition.
        key = (start.definition.id, start.node, start.area, start.grid, values, tuple(map(type, values)))
        simple = world is None and _is_simple(values)
        known = walked.get(key) if simple else None
        if known is None:
            around = world or World(self.assignment, Place(start.area, start.grid), at, (start.subject_kind, graph.key))
            around.place = Place(start.area, start.grid)
            known = walk(graph, standing.position, Started(start.node), variables, around)
            if simple:
                walked[key] = known
        return known

    async def complete(
        self,
        connection: Connection,
        task_id: UUID,
        actor: Actor,
        outcome: str,
        variables: Mapping[str, Json],
        at: datetime,
        *,
        note: str = "",
        locked: tuple[TaskRow, InstanceRow] | None = None,
    ) -> Advance:
        """Finish a task with one of its outcomes; ``variables`` are kept by the instance.

        Two statements: one that locks and reads, one that writes (definitions with branches read two more). A caller
        that locks its own row together with flow's (``LOCKED_COLUMNS``) gives what it read as ``locked`` and saves one.

        Raises:
            TaskAlreadyDone: somebody was faster; names them and the time.
            TaskNotYours: it is with another person or post.
            InstanceSuspended: on hold (挂账).
            NotAllowed: it waits for what was added to it (加签, 委派), or a supervision wants an answer (督办).
            OutcomeUnknown: the step has no such outcome; lists those that it has.
            VariablesInvalid, ConditionFailed, NobodyForStep, LimitUnknown: the walk cannot go on; nothing is changed.
        """
        task, instance = await self.lock_own_task(connection, task_id, actor, locked=locked)
        if task.kind == "step":
            planned = await self.plan_step(connection, (task, instance), actor, outcome, variables, at, note=note)
            await self.write_steps(connection, [planned], at)
            return planned[1]
        self.require("complete", instance, task)
        self.require_answer("complete", task, note)
        standing = await self.standing(connection, instance, task)
        return await self.finish_added(
            connection, standing, task, Act("complete", actor, at, outcome=outcome, note=note)
        )

    async def plan_step(
        self,
        connection: Connection,
        locked: tuple[TaskRow, InstanceRow],
        actor: Actor,
        outcome: str,
        variables: Mapping[str, Json],
        at: datetime,
        *,
        note: str = "",
    ) -> tuple[Changes, Advance]:
        """What finishing a task of a step (of kind ``step``) would write and answer, for a caller who writes several together.

        ``locked``: the task and its instance, locked by the caller. Reads only what definitions with branches need.

        Raises:
            As :meth:`complete`.
        """
        task, instance = locked
        await self.lock_own_task(connection, task.id, actor, locked=locked)
        self.require("complete", instance, task)
        self.require_answer("complete", task, note)
        standing = await self.standing(connection, instance, task)
        act = Act("complete", actor, at, outcome=outcome, note=note)
        node = standing.graph_of(task).task(task.node)
        if outcome not in node.outcomes:
            raise OutcomeUnknown(name=node.names.zh, outcome=outcome[:60], allowed="、".join(node.outcomes))
        require_apart(node, actor, standing.variables_of(task))
        by = str(actor.account_id) if actor.account_id is not None else None
        if task.scope_id is None:
            return await self.plan(connection, standing, Completed(task.id, outcome, by=by), act, variables)
        # Inside a call the variables are the call's own.
        check_variables(variables, variables)
        return await self.plan(connection, standing, Completed(task.id, outcome, variables, by), act)

    async def write_steps(
        self, connection: Connection, planned: Sequence[tuple[Changes, Advance]], at: datetime
    ) -> None:
        """Write what :meth:`plan_step` has planned for different instances, in one statement."""
        await store.write(connection, [changes for changes, _ in planned])
        for _, answer in planned:
            if answer.thrown:
                await store.throw(connection, answer.thrown, answer.instance_id, answer.variables, at)

    async def finish_added(self, connection: Connection, standing: Standing, task: TaskRow, act: Act) -> Advance:
        """Finish a task that was added to another (加签, 委派)."""
        raise NotImplementedError

    async def task(self, connection: Connection, task_id: UUID) -> TaskRow:
        """An open task, without lock.

        Raises:
            NotFound: it is not open.
        """
        found = await store.open_task(connection, task_id)
        if found is None:
            raise NotFound(what="任务")
        return found

    async def kept_away(self, connection: Connection, task: TaskRow, step: UserTask, actor: Actor) -> bool:
        """Whether the rule of an open task's step keeps somebody away from it (回避、职责分离), without lock."""
        if not step.who.apart or actor.account_id is None:
            return False
        instance = await store.find_instance(connection, task.instance_id)
        if instance is None:
            return False
        standing = await self.standing(connection, instance, task)
        return actor.account_id in kept_apart(step.who, standing.variables_of(task))

    async def open_tasks(self, connection: Connection, instance_id: UUID) -> list[TaskRow]:
        """The open tasks of an instance, oldest first."""
        return await store.tasks_of(connection, instance_id)

    async def open_tasks_of(self, connection: Connection, instance_ids: Sequence[UUID]) -> dict[UUID, list[TaskRow]]:
        """The open tasks of many instances in one question, each oldest first; those without one are left out."""
        return await store.tasks_of_all(connection, instance_ids)

    async def story(self, connection: Connection, instance_id: UUID) -> InstanceStory:
        """An instance, where it stands and the path walked.

        Raises:
            NotFound: no such instance.
        """
        instance = await store.find_instance(connection, instance_id)
        if instance is None:
            raise NotFound(what="流程")
        return InstanceStory(
            instance,
            await self.definition(connection, instance.definition_id),
            tuple(await store.tasks_of(connection, instance_id)),
            tuple(await store.tokens_of(connection, instance_id)),
            tuple(await store.timers_of(connection, instance_id)),
            tuple(await store.steps_of(connection, instance_id)),
            tuple(await store.scopes_of(connection, instance_id)),
            tuple(await store.waits_of(connection, instance_id)),
        )


def _is_simple(values: tuple[Json, ...]) -> bool:
    """Whether the values can be part of a key."""
    return not any(isinstance(value, list | dict) for value in values)


def _row(start: Start, at: datetime) -> InstanceRow:
    return InstanceRow(
        start.instance_id,
        start.definition.id,
        start.subject_kind,
        start.subject_id,
        start.area,
        start.grid,
        "active",
        start.variables,
        {},
        at,
        None,
        None,
    )
