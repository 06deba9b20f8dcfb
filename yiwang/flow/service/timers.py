"""Timers: each fires exactly once, in one transaction with what it changes and what its subject's engine does then.

That engine writes the journal; for subjects that no engine has registered flow does.
"""

from __future__ import annotations

from datetime import datetime

import asyncpg

from yiwang.flow import store
from yiwang.flow.changes import Act
from yiwang.flow.service.base import Advanced, Listener, Lock
from yiwang.flow.service.definitions import DefinitionVerbs
from yiwang.flow.store import DueTimer
from yiwang.flow.walk import TimerFired
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Problem, Unavailable
from yiwang.kernel.journal import append, entry


class TimerVerbs(DefinitionVerbs):
    """Verbs of the clockwork that calls :meth:`fire_due` every second or so, in as many processes as there are."""

    def on_advance(self, subject_kind: str, advanced: Advanced, lock: Lock | None = None) -> None:
        """Register the engine that owns a kind of subject: ``advanced(connection, advance, actor, at)`` runs in the
        transaction in which a timer has moved one of its instances; ``lock(connection, subject_id)`` before flow locks."""
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
            claimed = await store.claim_timer(connection, due.id, at)
            if claimed is None:
                return False
            timer, task, instance = claimed
            standing = await self.standing(connection, instance, task)
            act = Act("timer", SYSTEM, at, left="timer", timer=timer.node)
            changes, answer = self.plan(standing, TimerFired(task.id, timer.node), act)
            if task.id not in changes.timers_of_gone:
                changes.timers_gone = [timer.id]
            await store.write(connection, [changes])
            if listener is not None:
                await listener.advanced(connection, answer, SYSTEM, at)
                return True
            data: JsonObject = {"instance": str(instance.id), "step": task.node, "timer": timer.node}
            fired = entry(SYSTEM, at, "timer.fired", due.subject_kind, due.subject_id, area=instance.area, data=data)
            await append(connection, fired)
        return True
