"""Messages, signals and starts by event: what comes in from outside, and what flows throw to one another.

A message finds the instance that waits for its name and key, or begins a definition that starts with it. A signal
reaches everyone who waited when it was thrown, and begins every definition that starts with it. What a flow throws is
kept in the same transaction and delivered afterwards, each receiver in a transaction of its own, so exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from yiwang.flow import store
from yiwang.flow.errors import MessageAmbiguous, MessageUnexpected
from yiwang.flow.model import Advance, Definition, InstanceRow, Start, WaitRow
from yiwang.flow.service.base import check_variables
from yiwang.flow.service.running import RunningVerbs
from yiwang.flow.service.timers import TimerVerbs
from yiwang.flow.standing import Act
from yiwang.flow.store import EventRow, StartRow
from yiwang.flow.timing import Timing
from yiwang.flow.walk import Triggered
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import Problem, Unavailable
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.journal import append, entry

message_kept_for = timedelta(days=7)
"""How long a message that a flow has thrown waits for somebody to expect it."""

subject_kind = "flow"
"""The kind of an instance that is nobody else's: it is its own subject."""


@dataclass(frozen=True, slots=True)
class Received:
    """Where a message went: the instance, and what that did."""

    instance_id: UUID
    started: bool
    answer: Advance


class EventVerbs(RunningVerbs, TimerVerbs):
    """The background worker calls :meth:`deliver_due` and :meth:`start_due` with the timers."""

    async def receive(
        self,
        connection: Connection,
        name: str,
        key: str,
        variables: Mapping[str, Json],
        actor: Actor,
        at: datetime,
        *,
        area: str = "",
    ) -> Received:
        """A message from outside, for the one that waits for it; else it begins the definition that starts with it.

        Raises:
            MessageUnexpected: nobody waits for it (any more), and nothing starts with it.
            MessageAmbiguous: several wait for the same name and key; give a key that only one has.
            InstanceSuspended: the instance that waits is on hold.
        """
        check_variables(variables, variables)
        waiting = await store.waits_for(connection, "message", name, key, limit=2)
        if len(waiting) > 1:
            raise MessageAmbiguous(name=name[:100], key=key[:100])
        if waiting:
            listener = self.listeners.get(waiting[0].subject_kind)
            if listener is not None and listener.lock is not None:
                await listener.lock(connection, waiting[0].subject_id)
            claimed = await store.claim_wait(connection, waiting[0].id)
            if claimed is None:
                self.require_active(await self.lock_instance(connection, waiting[0].instance_id))
                raise MessageUnexpected(name=name[:100], key=key[:100])
            answer = await self._reach_wait(connection, *claimed, variables, actor, at)
            return Received(answer.instance_id, False, answer)
        for start in await store.starts_for(connection, "message", name):
            answer = await self._begin_by(connection, start, variables, actor, at, area)
            return Received(answer.instance_id, True, answer)
        raise MessageUnexpected(name=name[:100], key=key[:100])

    async def broadcast(self, connection: Connection, name: str, variables: Mapping[str, Json], at: datetime) -> None:
        """A signal from outside; it is handed to those who wait now by the background worker."""
        check_variables(variables, variables)
        await store.throw(connection, [store.signal(name)], None, variables, at)

    async def act_due(self, at: datetime, limit: int = 100) -> int:
        """Do everything that is due at ``at``, at most ``limit`` of a kind: timers, what was thrown, starts by timer."""
        fired = await self.fire_due(at, limit)
        delivered = await self.deliver_due(at, limit)
        return fired + delivered + await self.start_due(at, limit)

    async def deliver_due(self, at: datetime, limit: int = 100) -> int:
        """Deliver what flows have thrown, at most ``limit`` events; returns how many found somebody."""
        async with self.context.database.connection() as connection:
            events = await store.due_events(connection, at, limit)
        delivered = 0
        for event in events:
            delivered += await self._deliver(event, at)
        return delivered

    async def start_due(self, at: datetime, limit: int = 100) -> int:
        """Begin definitions whose starting timer is due; returns how many began."""
        begun = 0
        while begun < limit:
            async with self.context.database.transaction() as connection:
                due = await store.due_start(connection, at)
                if due is None:
                    break
                await self._set_next_start(connection, due, at)
                await self._begin_by(connection, due, {}, SYSTEM, at, "")
                begun += 1
        return begun

    async def _deliver(self, event: EventRow, at: datetime) -> bool:
        try:
            return await (
                self._deliver_message(event, at) if event.kind == "message" else self._deliver_signal(event, at)
            )
        except Unavailable:
            raise
        except Problem as problem:
            async with self.context.database.transaction() as connection:
                await store.postpone_event(connection, event.id, at, problem.message("zh")[:500])
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            pass  # somebody works on the receiver in another order; the next round delivers it
        return False

    async def _deliver_message(self, event: EventRow, at: datetime) -> bool:
        async with self.context.database.transaction() as connection:
            if not await store.claim_event(connection, event.id):
                return False
            waiting = await store.waits_for(connection, "message", event.name, event.key, limit=1)
            starts = [] if waiting else await store.starts_for(connection, "message", event.name)
            if not waiting and not starts and at - event.thrown_at < message_kept_for:
                raise MessageUnexpected(name=event.name, key=event.key)
            await store.drop_event(connection, event.id)
            for wait in waiting:
                return await self._reach_in_background(connection, wait.id, event, at)
            for start in starts:
                await self._begin_by(connection, start, event.data, SYSTEM, at, "")
                return True
            unread: JsonObject = {"name": event.name, "key": event.key}
            await append(connection, entry(SYSTEM, at, "message.expired", "flow", event.thrown_by, data=unread))
        return False

    async def _deliver_signal(self, event: EventRow, at: datetime) -> bool:
        """Each receiver in a transaction of its own; the signal is dropped when nobody of those who waited is left."""
        while True:
            async with self.context.database.connection() as connection:
                waiting = await store.waits_for(
                    connection, "signal", event.name, "", before=event.thrown_at, unlike=event.id, limit=100
                )
            if not waiting:
                break
            for wait in waiting:
                async with self.context.database.transaction() as connection:
                    await store.mark_signal(connection, wait.id, event.id)
                    await self._reach_in_background(connection, wait.id, event, at)
        async with self.context.database.transaction() as connection:
            if not await store.claim_event(connection, event.id):
                return False
            await store.drop_event(connection, event.id)
            for start in await store.starts_for(connection, "signal", event.name):
                await self._begin_by(connection, start, event.data, SYSTEM, at, "")
        return True

    async def _reach_in_background(self, connection: Connection, wait_id: UUID, event: EventRow, at: datetime) -> bool:
        claimed = await store.claim_wait(connection, wait_id)
        if claimed is None:
            return False
        listener = self.listeners.get(claimed[1].subject_kind)
        if listener is not None and listener.lock is not None:
            await listener.lock(connection, claimed[1].subject_id)
        answer = await self._reach_wait(connection, *claimed, event.data, SYSTEM, at)
        await self.tell(connection, answer, at, f"{event.kind}.received", {"name": event.name})
        return True

    async def _reach_wait(
        self,
        connection: Connection,
        wait: WaitRow,
        instance: InstanceRow,
        variables: Mapping[str, Json],
        actor: Actor,
        at: datetime,
    ) -> Advance:
        standing = await self.standing(connection, instance)
        holder = None if wait.holder_id == instance.id else wait.holder_id
        act = Act("event", actor, at, left="event", timer=wait.node)
        return await self.go(connection, standing, Triggered(holder, wait.node, variables, wait.id), act)

    async def begin(
        self,
        connection: Connection,
        definition: Definition,
        variables: Mapping[str, Json],
        actor: Actor,
        at: datetime,
        *,
        area: str = "",
        node: str = "",
    ) -> Advance:
        """Start an instance that is its own subject (kind ``flow``), journalled here.

        Raises:
            As :meth:`start_many`.
        """
        instance_id = new_id()
        start = Start(instance_id, definition, subject_kind, instance_id, area, "", dict(variables), node)
        answer = (await self.start_many(connection, [start], at, actor=actor))[0]
        data: JsonObject = {"definition": definition.key, "version": definition.version, "status": answer.status}
        await append(connection, entry(actor, at, "flow.started", subject_kind, instance_id, area=area, data=data))
        return answer

    async def _begin_by(
        self,
        connection: Connection,
        start: StartRow,
        variables: Mapping[str, Json],
        actor: Actor,
        at: datetime,
        area: str,
    ) -> Advance:
        definition = await self.definition(connection, start.definition_id)
        return await self.begin(connection, definition, variables, actor, at, area=area, node=start.node)

    async def _set_next_start(self, connection: Connection, due: StartRow, at: datetime) -> None:
        every = due.clock.get("every")
        if not isinstance(every, str) or due.left_count == 0:
            await store.set_start(connection, due.definition_id, due.node, None, due.clock, 0)
            return
        clock, wake_at = Timing(self.context.calendar, at).from_now(every)
        left = due.left_count - 1 if due.left_count > 0 else -1
        await store.set_start(connection, due.definition_id, due.node, wake_at, {**clock, "every": every}, left)
