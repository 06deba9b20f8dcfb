"""The desk of flows that are nobody else's: instances that are their own subject (kind ``flow``), journalled here.

Each verb is one transaction: the act and its journal entry. A case's flow is worked on through casework, which knows what
an act means for the case; its tasks are refused here with words that say where to go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.flow import store
from yiwang.flow.errors import SubjectElsewhere
from yiwang.flow.model import Advance, InstanceRow, InstanceStory, TaskRow
from yiwang.flow.service import FlowService
from yiwang.flow.service.events import Received, subject_kind
from yiwang.flow.store import InstanceCursor, WorkRow
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.kernel.journal import append, entry


@dataclass(frozen=True, slots=True)
class FlowDesk:
    """Verbs for people and other systems. Grants are of kind ``instance``: start, read, manage; ``message``; ``work``."""

    service: FlowService

    async def start(self, key: str, actor: Actor, variables: Mapping[str, Json], area: str) -> Advance:
        """Start the published version of ``key``.

        Raises:
            Forbidden: no grant instance:start for the area. NotFound: nothing is published under the key.
        """
        if not actor.reaches("instance", "start", area=area, organisation=actor.organisation_id):
            raise Forbidden(verb="instance:start")
        async with self.service.context.database.transaction() as connection:
            definition = await self.service.latest(connection, key)
            now = self.service.context.clock.now()
            return await self.service.begin(connection, definition, variables, actor, now, area=area)

    async def story(self, instance_id: UUID) -> InstanceStory:
        async with self.service.context.database.connection() as connection:
            return await self.service.story(connection, instance_id)

    async def instances(
        self, actor: Actor, *, key: str | None, state: str | None, after: InstanceCursor | None, limit: int
    ) -> list[InstanceRow]:
        """Own-subject instances that the actor may read, the newest first."""
        async with self.service.context.database.connection() as connection:
            return await store.list_instances(connection, actor, key=key, state=state, after=after, limit=limit)

    async def tasks(self, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int) -> list[TaskRow]:
        """Open tasks of own-subject instances in the actor's queues, the most pressing first."""
        async with self.service.context.database.connection() as connection:
            return await store.own_tasks(connection, actor.posts, actor.account_id, after=after, limit=limit)

    async def complete(
        self, task_id: UUID, actor: Actor, outcome: str, note: str, variables: Mapping[str, Json]
    ) -> Advance:
        """Finish a task.

        Raises:
            SubjectElsewhere: the task belongs to a case or another subject. Else as ``FlowService.complete``.
        """
        async with self.service.context.database.transaction() as connection:
            now = self.service.context.clock.now()
            locked = await self._own(connection, task_id)
            answer = await self.service.complete(
                connection, task_id, actor, outcome, variables, now, note=note, locked=locked
            )
            await self._journal(connection, actor, "flow.step", answer, {"outcome": outcome, "note": note})
        return answer

    async def send_back(self, task_id: UUID, actor: Actor, node: str, reason: str) -> Advance:
        """退回 to a step that was walked."""
        async with self.service.context.database.transaction() as connection:
            await self._own(connection, task_id)
            now = self.service.context.clock.now()
            answer = await self.service.send_back(connection, task_id, actor, node, reason, now)
            await self._journal(connection, actor, "flow.sent_back", answer, {"to": node, "note": reason})
        return answer

    async def claim(self, task_id: UUID, actor: Actor) -> TaskRow:
        """签收."""
        async with self.service.context.database.transaction() as connection:
            await self._own(connection, task_id)
            task = await self.service.claim(connection, task_id, actor)
            await self._journal_task(connection, actor, "flow.claimed", task)
        return task

    async def release(self, task_id: UUID, actor: Actor) -> TaskRow:
        """Back into the post's queue."""
        async with self.service.context.database.transaction() as connection:
            await self._own(connection, task_id)
            task = await self.service.release(connection, task_id, actor)
            await self._journal_task(connection, actor, "flow.released", task)
        return task

    async def assign(self, task_id: UUID, actor: Actor, person_id: UUID | None, post_id: int | None) -> TaskRow:
        """转办."""
        async with self.service.context.database.transaction() as connection:
            await self._own(connection, task_id)
            task = await self.service.assign(connection, task_id, actor, person_id=person_id, post_id=post_id)
            await self._journal_task(connection, actor, "flow.assigned", task)
        return task

    async def manage(self, instance_id: UUID, actor: Actor, verb: str, reason: str, node: str = "") -> Advance:
        """suspend (挂账), resume (恢复), cancel (作废), jump (跳转) or reopen an instance.

        Raises:
            Forbidden: no grant instance:manage for its area. Else as the verbs of ``FlowService``.
        """
        service = self.service
        async with service.context.database.transaction() as connection:
            now = service.context.clock.now()
            found = await store.find_instance(connection, instance_id)
            if found is None or found.subject_kind != subject_kind:
                raise NotFound(what="流程")
            if not actor.reaches("instance", "manage", area=found.area, organisation=None, grid=found.grid):
                raise Forbidden(verb="instance:manage")
            match verb:
                case "suspend":
                    answer = await service.suspend(connection, instance_id, now, actor=actor)
                case "resume":
                    answer = await service.resume(connection, instance_id, now, actor=actor)
                case "cancel":
                    answer = await service.cancel(connection, instance_id, actor, reason, now)
                case "jump":
                    answer = await service.jump(connection, instance_id, actor, node, reason, now)
                case _:
                    answer = await service.reopen(connection, instance_id, actor, node, reason, now)
            await self._journal(connection, actor, f"flow.{verb}", answer, {"note": reason, "to": node})
        return answer

    async def receive(self, name: str, key: str, actor: Actor, variables: Mapping[str, Json], area: str) -> Received:
        """A message from another system.

        Raises:
            Forbidden: no grant message:send. Else as ``FlowService.receive``.
        """
        actor.require("message", "send")
        service = self.service
        async with service.context.database.transaction() as connection:
            now = service.context.clock.now()
            received = await service.receive(connection, name, key, variables, actor, now, area=area)
            if not received.started:
                answer = received.answer
                listener = service.listeners.get(answer.subject_kind)
                if listener is not None:
                    await listener.advanced(connection, answer, actor, now)
                else:
                    await self._journal(connection, actor, "message.received", answer, {"name": name})
        return received

    async def broadcast(self, name: str, actor: Actor, variables: Mapping[str, Json]) -> None:
        """A signal to everyone who waits for it."""
        actor.require("message", "send")
        async with self.service.context.database.transaction() as connection:
            now = self.service.context.clock.now()
            await self.service.broadcast(connection, name, variables, now)
            await append(connection, entry(actor, now, "signal.sent", subject_kind, None, data={"name": name}))

    async def fetch_work(
        self, actor: Actor, topics: Sequence[str], worker: str, lease: timedelta, limit: int
    ) -> list[WorkRow]:
        """Lease work of these topics."""
        actor.require("work", "do")
        async with self.service.context.database.transaction() as connection:
            now = self.service.context.clock.now()
            return await self.service.fetch_work(connection, topics, worker, now, lease=lease, limit=limit)

    async def finish_work(
        self, work_id: UUID, actor: Actor, worker: str, variables: Mapping[str, Json], error: str | None
    ) -> Advance:
        """Work is done, or ended in a business error."""
        actor.require("work", "do")
        async with self.service.context.database.transaction() as connection:
            now = self.service.context.clock.now()
            return await self.service.finish_work(connection, work_id, worker, variables, actor, now, error=error)

    async def fail_work(self, work_id: UUID, actor: Actor, worker: str, reason: str) -> Advance | None:
        """Work could not be done now; None when it will be tried again."""
        actor.require("work", "do")
        async with self.service.context.database.transaction() as connection:
            now = self.service.context.clock.now()
            return await self.service.fail_work(connection, work_id, worker, reason, actor, now)

    async def _own(self, connection: Connection, task_id: UUID) -> tuple[TaskRow, InstanceRow]:
        task, instance = await self.service.lock_task(connection, task_id)
        if task.subject_kind != subject_kind:
            raise SubjectElsewhere(kind=task.subject_kind)
        return task, instance

    async def _journal(
        self, connection: Connection, actor: Actor, verb: str, answer: Advance, data: JsonObject
    ) -> None:
        told: JsonObject = {name: value for name, value in data.items() if value}
        told["status"] = answer.status
        if answer.finished is not None:
            told["step"] = answer.finished.node
        now = self.service.context.clock.now()
        await append(connection, entry(actor, now, verb, answer.subject_kind, answer.subject_id, data=told))

    async def _journal_task(self, connection: Connection, actor: Actor, verb: str, task: TaskRow) -> None:
        data: JsonObject = {
            "step": task.node,
            "post": task.post_id,
            "person": None if task.assignee_id is None else str(task.assignee_id),
        }
        now = self.service.context.clock.now()
        await append(connection, entry(actor, now, verb, task.subject_kind, task.subject_id, area=task.area, data=data))
