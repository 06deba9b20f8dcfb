"""Timers that are due, one transaction each: events in the flow, and steps that are late (超时)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import asyncpg

from yiwang.flow import store
from yiwang.flow.changes import Changes
from yiwang.flow.clocks import read_clocks
from yiwang.flow.model import Advance, Overtime, TaskRow, TimerRow
from yiwang.flow.service.added import added_to, in_queue, kinds_of, withdraw
from yiwang.flow.service.base import Advanced, Listener, Lock, unmoved
from yiwang.flow.service.returning import ReturnVerbs
from yiwang.flow.standing import Act, Standing
from yiwang.flow.store import DueTimer
from yiwang.flow.walk import Completed, SentBack, Triggered
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import Problem, Unavailable
from yiwang.kernel.journal import append, entry


class TimerVerbs(ReturnVerbs):
    """The background worker calls :meth:`fire_due` every second and when :meth:`next_timer` says so."""

    def on_advance(self, subject_kind: str, advanced: Advanced, lock: Lock | None = None) -> None:
        """Register the engine that owns a kind of subject: ``advanced(connection, advance, actor, at)`` runs in the
        transaction in which a timer, a message or other work in the background has moved one of its instances;
        ``lock(connection, subject_id)`` before flow locks."""
        self.listeners[subject_kind] = Listener(advanced, lock)

    async def fire_due(self, at: datetime, limit: int = 100) -> int:
        """Fire timers that are due at ``at``, at most ``limit``; returns how many fired.

        Each has a transaction of its own. One that cannot fire (nobody to take the next step, say) keeps the reason and
        is tried again later, so it does not hold up the others.
        """
        async with self.context.database.connection() as connection:
            due = await store.due_timers(connection, at, limit)
        fired = 0
        for timer in due:
            fired += await self._fire_or_postpone(timer, at)
        return fired

    async def next_timer(self) -> datetime | None:
        """When the next timer is due (city time); None without any."""
        async with self.context.database.connection() as connection:
            return await store.next_wake(connection)

    async def _fire_or_postpone(self, timer: DueTimer, at: datetime) -> bool:
        try:
            return await self._fire(timer, at)
        except Unavailable:
            raise
        except Problem as problem:
            async with self.context.database.transaction() as connection:
                await store.postpone_timer(connection, timer.id, at, problem.message("zh")[:500])
            return False
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            # Somebody works on the same subject in another order; the timer is still due in the next round.
            return False

    async def _fire(self, due: DueTimer, at: datetime) -> bool:
        listener = self.listeners.get(due.subject_kind)
        async with self.context.database.transaction() as connection:
            if (
                listener is not None
                and listener.lock is not None
                and not await listener.lock(connection, due.subject_id)
            ):
                return False
            return await self.fire(connection, due.id, at)

    async def fire(self, connection: Connection, timer_id: UUID, at: datetime) -> bool:
        """Fire one timer in the caller's transaction; False when it is gone, not due, on hold, or somebody is at work."""
        claimed = await store.claim_timer(connection, timer_id, at)
        if claimed is None:
            return False
        timer, instance = claimed
        standing = await self.standing(connection, instance)
        changes, answer = await self._reach(connection, standing, timer, at)
        self._spend(changes, timer, at)
        await self.write(connection, changes, answer, at)
        await self.tell(connection, answer, at, "timer.fired", {"timer": timer.node})
        return True

    def _spend(self, changes: Changes, timer: TimerRow, at: datetime) -> None:
        """A timer that has fired is gone, unless it repeats and its holder is still there."""
        if timer.holder_id in changes.timer_holders_gone:
            return
        again = self.timing(at).again(timer)
        if again is None:
            changes.timers_gone = [timer.id]
        else:
            changes.timers_retimed = [again]

    async def tell(self, connection: Connection, answer: Advance, at: datetime, verb: str, data: JsonObject) -> None:
        """Tell the engine that owns the subject what happened in the background; without one, flow journals it."""
        listener = self.listeners.get(answer.subject_kind)
        if listener is not None:
            await listener.advanced(connection, answer, SYSTEM, at)
            return
        told: JsonObject = {"instance": str(answer.instance_id), "status": answer.status, **data}
        if answer.finished is not None:
            told["step"] = answer.finished.node
        await append(connection, entry(SYSTEM, at, verb, answer.subject_kind, answer.subject_id, data=told))

    async def _reach(
        self, connection: Connection, standing: Standing, timer: TimerRow, at: datetime
    ) -> tuple[Changes, Advance]:
        task = standing.tasks.get(timer.holder_id)
        act = Act("timer", SYSTEM, at, left="timer", timer=timer.node)
        if task is not None and "/" in timer.node:
            step = standing.graph_of(task).task(task.node)
            rule = next(item for item in step.overtimes if item.id == timer.node)
            return await self._overtime(connection, standing, task, rule, act)
        holder = None if timer.holder_id == standing.instance.id else timer.holder_id
        return await self.plan(connection, standing, Triggered(holder, timer.node), act)

    async def _overtime(
        self, connection: Connection, standing: Standing, task: TaskRow, rule: Overtime, act: Act
    ) -> tuple[Changes, Advance]:
        """A step is late: remind, escalate, pass or return, as its rule says. What was added to it is withdrawn, or
        reminded with it."""
        step = standing.graph_of(task).task(task.node)
        if rule.do == "pass":
            passing = replace(act, left="auto", outcome=step.first_outcome)
            return await self.plan(connection, standing, Completed(task.id, step.first_outcome), passing)
        if rule.do == "return":
            before = await self.previous(connection, standing, task, act.at)
            if before is not None:
                event = SentBack(task.id, before.node, self.queue_of_step(before, kinds_of(standing), act.at))
                return await self.plan(connection, standing, event, replace(act, left="sent_back"))
        queue = None
        if rule.do == "escalate" and rule.who is not None:
            world = await self.world(connection, standing.instance, act.at, [standing.definition.graph])
            queue = world.queue(replace(step, who=rule.who), standing.variables_of(task))
        clocks = read_clocks(standing.instance.clocks, self.context.calendar)
        answer = unmoved(standing, act, standing.instance, clocks)
        late = replace(task, urged=task.urged + 1)
        below = added_to(standing, task)
        if queue is None:
            return Changes(tasks_moved=[late, *(replace(row, urged=row.urged + 1) for row in below)]), answer
        changes = Changes(tasks_moved=[in_queue(late, queue, None)])
        dropped = withdraw(changes, below, act, self.timing(act.at), clocks)
        return changes, replace(answer, dropped=dropped)
