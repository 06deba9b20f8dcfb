"""What offices do with a whole instance: 挂账 and 恢复, 延期, 跳转, 作废, 重新打开."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from yiwang.flow import store
from yiwang.flow.changes import Changes
from yiwang.flow.clocks import cached_deadline, read_clocks, write_clocks
from yiwang.flow.closing import retime_shared
from yiwang.flow.errors import ClockUnknown, StepNotReachable
from yiwang.flow.model import Advance, InstanceRow, TaskRow, UserTask
from yiwang.flow.service.base import as_json, check_variables, unmoved
from yiwang.flow.service.definitions import DefinitionVerbs
from yiwang.flow.standing import Act, Standing
from yiwang.flow.walk import Cancelled, Jumped
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, Json
from yiwang.kernel.deadlines import Deadline


class OfficeVerbs(DefinitionVerbs):
    """Whether the actor may suspend, extend, jump, cancel or reopen the subject is for the engine that owns it to ask."""

    async def suspend(
        self, connection: Connection, instance_id: UUID, at: datetime, *, actor: Actor = SYSTEM
    ) -> Advance:
        """Put an instance on hold (挂账): its clocks, its tasks' deadlines and its timers stand still.

        Raises:
            InstanceSuspended, InstanceEnded: it does not run.
        """
        before = await self.lock_instance(connection, instance_id)
        self.require("suspend", before)
        standing = await self.standing(connection, before)
        timing = self.timing(at)
        clocks = {name: clock.pause(at) for name, clock in read_clocks(before.clocks, timing.calendar).items()}
        instance = replace(before, state="suspended", suspended_at=at, clocks=write_clocks(clocks, timing.calendar))
        changes = Changes(instance=instance, tasks_retimed=[timing.paused(task) for task in standing.tasks.values()])
        if standing.timed:
            timers = await store.timers_of(connection, instance_id)
            changes.timers_retimed = [timing.timer_paused(timer) for timer in timers]
        await store.write(connection, [changes])
        return unmoved(standing, Act("suspend", actor, at), instance, clocks)

    async def resume(
        self, connection: Connection, instance_id: UUID, at: datetime, *, actor: Actor = SYSTEM
    ) -> Advance:
        """Let a suspended instance go on with what was left of every deadline.

        Raises:
            InstanceNotSuspended, InstanceEnded: it is not on hold.
        """
        before = await self.lock_instance(connection, instance_id)
        self.require("resume", before)
        standing = await self.standing(connection, before)
        timing = self.timing(at)
        clocks = {
            name: clock.resume(at, timing.calendar)
            for name, clock in read_clocks(before.clocks, timing.calendar).items()
        }
        instance = replace(before, state="active", suspended_at=None, clocks=write_clocks(clocks, timing.calendar))
        changes = Changes(
            instance=instance, tasks_retimed=[timing.resumed(task, clocks) for task in standing.tasks.values()]
        )
        if standing.timed:
            timers = await store.timers_of(connection, instance_id)
            changes.timers_retimed = [timing.timer_resumed(timer) for timer in timers]
        await store.write(connection, [changes])
        return unmoved(standing, Act("resume", actor, at), instance, clocks)

    async def extend_task(
        self, connection: Connection, task_id: UUID, by: str, at: datetime, *, actor: Actor = SYSTEM
    ) -> Advance:
        """Grant a task ``by`` more (延期), e.g. 2工作日; where it shares a named clock, the clock is extended.

        What was added to a task (加签, 委派) and has its deadline is extended with it, and the other way round.

        Raises:
            NoDeadline: it has none. ClockUnknown: its shared clock does not run.
            DeadlineUnreadable, DeadlineOutOfRange, DeadlineKindsDiffer: ``by`` does not fit.
        """
        task, instance = await self.lock_task(connection, task_id)
        standing = await self.standing(connection, instance, task)
        self.require("extend", instance, task, standing)
        shared = task.clock.get("clock")
        if isinstance(shared, str):
            return await self._extend_clock(connection, instance, shared, cached_deadline(by), Act("extend", actor, at))
        timing = self.timing(at)
        retimed = [timing.extended(row, cached_deadline(by)) for row in with_same_deadline(standing, task)]
        await store.write(connection, [Changes(tasks_retimed=retimed)])
        clocks = read_clocks(instance.clocks, timing.calendar)
        return unmoved(standing, Act("extend", actor, at), instance, clocks)

    async def extend_clock(
        self, connection: Connection, instance_id: UUID, clock: str, by: str, at: datetime, *, actor: Actor = SYSTEM
    ) -> Advance:
        """Grant a named clock ``by`` more; the open tasks that share it follow.

        Raises:
            ClockUnknown: it does not run. Else as :meth:`extend_task`.
        """
        instance = await self.lock_instance(connection, instance_id)
        self.require_open(instance)
        return await self._extend_clock(connection, instance, clock, cached_deadline(by), Act("extend", actor, at))

    async def _extend_clock(
        self, connection: Connection, before: InstanceRow, name: str, by: Deadline, act: Act
    ) -> Advance:
        standing = await self.standing(connection, before)
        calendar = self.context.calendar
        clocks = read_clocks(before.clocks, calendar)
        known = clocks.get(name)
        if known is None or known.stopped_at is not None:
            raise ClockUnknown(clock=name)
        clocks[name] = known.extend(by, calendar)
        instance = replace(before, clocks=write_clocks(clocks, calendar))
        retimed = retime_shared(standing.tasks.values(), clocks, {name})
        await store.write(connection, [Changes(instance=instance, tasks_retimed=retimed)])
        return unmoved(standing, act, instance, clocks)

    async def cancel(
        self, connection: Connection, instance_id: UUID, actor: Actor, reason: str, at: datetime
    ) -> Advance:
        """Give up an instance (作废), suspended or not; its open tasks become steps that say so.

        Raises:
            InstanceEnded: it is over already.
        """
        instance = await self.lock_instance(connection, instance_id)
        self.require("cancel", instance)
        standing = await self.standing(connection, instance)
        act = Act("cancel", actor, at, dropped="cancelled", note=reason)
        return await self.go(connection, standing, Cancelled(), act)

    async def jump(
        self,
        connection: Connection,
        instance_id: UUID,
        actor: Actor,
        node: str,
        reason: str,
        at: datetime,
        variables: Mapping[str, Json] | None = None,
    ) -> Advance:
        """Set an instance on a step (跳转), or on an end event (强制结案); whatever was open is withdrawn.

        Raises:
            StepNotReachable: no such step or end, or one inside a parallel branch.
            InstanceSuspended, InstanceEnded: it does not run.
        """
        instance = await self.lock_instance(connection, instance_id)
        self.require("jump", instance)
        standing = await self.standing(connection, instance)
        act = Act("jump", actor, at, dropped="jumped", note=reason)
        return await self.go(connection, standing, Jumped(node), act, variables)

    async def reopen(
        self,
        connection: Connection,
        instance_id: UUID,
        actor: Actor,
        node: str,
        reason: str,
        at: datetime,
        variables: Mapping[str, Json] | None = None,
    ) -> Advance:
        """Let an instance that is over go on at a step. ``reason`` is for the caller's journal.

        Raises:
            InstanceNotEnded: it is not over. StepNotReachable: no such step, or one inside a parallel branch.
        """
        instance = await self.lock_instance(connection, instance_id)
        self.require("reopen", instance)
        standing = await self.standing(connection, instance)
        if not isinstance(standing.definition.graph.nodes.get(node), UserTask):
            raise StepNotReachable(
                node=node[:60], reason_zh="流程里没有这个办理步骤", reason_en="the flow has no such step"
            )
        return await self.go(connection, standing, Jumped(node), Act("reopen", actor, at, note=reason), variables)

    async def change_variables(
        self, connection: Connection, instance_id: UUID, variables: Mapping[str, Json]
    ) -> InstanceRow:
        """Set variables of an open instance without walking, e.g. after a correction of the class.

        Raises:
            InstanceEnded, VariablesInvalid.
        """
        before = await self.lock_instance(connection, instance_id)
        self.require_open(before)
        merged = as_json({**before.variables, **variables})
        check_variables(variables, merged)
        instance = replace(before, variables=merged)
        await store.write(connection, [Changes(instance=instance)])
        return instance

    async def relocate(self, connection: Connection, instance_id: UUID, area: str, grid: str) -> InstanceRow:
        """The subject lies elsewhere: new area and grid for the instance and its open tasks; queues stay.

        Raises:
            InstanceEnded.
        """
        before = await self.lock_instance(connection, instance_id)
        self.require_open(before)
        instance = replace(before, area=area, grid=grid)
        await store.write(connection, [Changes(instance=instance)])
        await store.relocate(connection, instance_id, area, grid)
        return instance


def with_same_deadline(standing: Standing, task: TaskRow) -> list[TaskRow]:
    """A task with those added to it, or the one to which it was added, that keep to the same deadline."""
    found = {task.id: task}
    pending = [task]
    while pending:
        row = pending.pop()
        near = [other for other in standing.tasks.values() if other.of_task == row.id and shares_deadline(other)]
        if row.of_task is not None and shares_deadline(row):
            near.append(standing.tasks[row.of_task])
        fresh = [other for other in near if other.id not in found and "limit" in other.clock]
        found.update((other.id, other) for other in fresh)
        pending += fresh
    return list(found.values())


def shares_deadline(task: TaskRow) -> bool:
    """Whether an added task has no limit of its own."""
    return task.origin is not None and task.origin.get("shared") is True
