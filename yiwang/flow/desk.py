"""The desk of flows that are nobody else's: instances that are their own subject (kind ``flow``), journalled here.

Each verb is one transaction: the act and its journal entry. A case's flow is worked on through casework, which knows what
an act means for the case; its tasks are refused here with words that say where to go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.flow import legality, store
from yiwang.flow.acts import OfficeAct, perform
from yiwang.flow.errors import SubjectElsewhere
from yiwang.flow.legality import Operation, Reason
from yiwang.flow.model import Advance, InstanceRow, InstanceStory, TaskRow
from yiwang.flow.service import FlowService
from yiwang.flow.service.events import Received, subject_kind
from yiwang.flow.service.returning import Returnable
from yiwang.flow.store import InstanceCursor, WorkRow
from yiwang.flow.store.copies import CopyRow
from yiwang.flow.store.extensions import ExtensionRow
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.kernel.journal import append, entry


@dataclass(frozen=True, slots=True)
class Options:
    """Every operation on a task: None where it is allowed now, else the reason; and the steps to which it might go back."""

    operations: Mapping[Operation, Reason | None]
    returnable: tuple[Returnable, ...]


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

    async def act(self, task_id: UUID, actor: Actor, act: OfficeAct) -> Advance | None:
        """An office operation: 退回, 加签, 减签, 委派, 收回, 延期申请; None for what changes nothing yet."""
        async with self.service.context.database.transaction() as connection:
            task, _ = await self._own(connection, task_id)
            now = self.service.context.clock.now()
            answer = await perform(self.service, connection, task_id, actor, act, now)
            people: list[Json] = [str(person) for person in act.people]
            data: JsonObject = {"note": act.note, "to": act.node, "people": people, "step": task.node}
            told: JsonObject = {name: value for name, value in data.items() if value}
            if answer is not None:
                told["status"] = answer.status
            await append(
                connection,
                entry(actor, now, f"flow.{act.verb}", task.subject_kind, task.subject_id, area=task.area, data=told),
            )
        return answer

    async def recall(self, step_id: UUID, actor: Actor, reason: str) -> Advance:
        """撤回: take back a step that one has finished."""
        async with self.service.context.database.transaction() as connection:
            step = await store.finished_step(connection, step_id)
            if step is None:
                raise NotFound(what="办理记录")
            if step.subject_kind != subject_kind:
                raise SubjectElsewhere(kind=step.subject_kind)
            now = self.service.context.clock.now()
            answer = await self.service.recall(connection, step_id, actor, now, reason)
            await self._journal(connection, actor, "flow.recalled", answer, {"step": step.node, "note": reason})
        return answer

    async def options(self, task_id: UUID, actor: Actor) -> Options:
        """What the actor can do with a task now, why not, and where it can be sent back to."""
        service = self.service
        async with service.context.database.transaction() as connection:
            task, instance = await service.lock_task(connection, task_id)
            if not legality.may(actor, task, "complete_any"):
                raise NotFound(what="任务")
            standing = await service.standing(connection, instance)
            reached = await service.returnable(connection, task_id, service.context.clock.now())
            return Options(legality.allowed(standing, task, actor), tuple(reached))

    async def copy(self, instance_id: UUID, actor: Actor, people: Sequence[UUID], note: str) -> int:
        """抄送; by whoever may read the instance. Returns how many got one."""
        service = self.service
        async with service.context.database.transaction() as connection:
            now = service.context.clock.now()
            rows = await service.copy_to(connection, instance_id, people, actor, now, note)
            data: JsonObject = {"people": [str(person) for person in people], "note": note}
            await append(connection, entry(actor, now, "flow.copied", subject_kind, instance_id, data=data))
        return len(rows)

    async def copies(self, actor: Actor, *, after: InstanceCursor | None, unread: bool, limit: int) -> list[CopyRow]:
        """The actor's copies, the newest first."""
        async with self.service.context.database.connection() as connection:
            return await self.service.my_copies(connection, actor, after=after, unread=unread, limit=limit)

    async def read_copy(self, copy_id: UUID, actor: Actor) -> CopyRow:
        async with self.service.context.database.transaction() as connection:
            return await self.service.read_copy(connection, copy_id, actor, self.service.context.clock.now())

    async def urge(self, instance_id: UUID, actor: Actor, note: str) -> None:
        """催办; by whoever may read the instance."""
        service = self.service
        async with service.context.database.transaction() as connection:
            now = service.context.clock.now()
            await service.urge(connection, instance_id, actor=actor, at=now, note=note)
            await append(connection, entry(actor, now, "flow.urged", subject_kind, instance_id, data={"note": note}))

    async def answer_extension(self, extension_id: UUID, actor: Actor, granted: bool, note: str) -> Advance:
        """Grant or refuse a request for more time (延期)."""
        service = self.service
        async with service.context.database.transaction() as connection:
            now = service.context.clock.now()
            answer = await service.answer_extension(connection, extension_id, actor, granted, now, note)
            if answer.subject_kind != subject_kind:
                raise SubjectElsewhere(kind=answer.subject_kind)
            verb = "flow.extended" if granted else "flow.extension_refused"
            await self._journal(connection, actor, verb, answer, {"note": note})
        return answer

    async def extensions(self, instance_id: UUID) -> list[ExtensionRow]:
        async with self.service.context.database.connection() as connection:
            return await self.service.extensions_of(connection, instance_id)

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
