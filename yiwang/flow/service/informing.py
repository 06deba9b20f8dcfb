"""Telling people: 抄送 for information, 催办 and 督办 to whoever has the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from yiwang.flow import legality, store
from yiwang.flow.changes import Changes
from yiwang.flow.errors import RoundTooLarge
from yiwang.flow.model import InstanceRow, TaskRow, most_instances
from yiwang.flow.service.definitions import DefinitionVerbs
from yiwang.flow.store import copies
from yiwang.flow.store.copies import CopyRow
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id

most_reminders = 10
"""How many reminders a task keeps in words; all are counted."""


class InformingVerbs(DefinitionVerbs):
    """Whether the actor may send copies, urge or supervise the subject is for the engine that owns it to ask."""

    async def copy_to(
        self,
        connection: Connection,
        instance_id: UUID,
        people: Sequence[UUID],
        actor: Actor,
        at: datetime,
        note: str = "",
        *,
        task_id: UUID | None = None,
    ) -> list[CopyRow]:
        """Send copies of an instance, over or not, at one of its open tasks or as a whole (抄送).

        A copy lists the instance among the reader's copies; what they may see of its subject its engine decides. Whoever has
        one for that step already gets it anew, unread.

        Raises:
            NotFound: no such instance or task, or somebody is not in service. RoundTooLarge: more than 200 people. ValueError:
            nobody is named.
        """
        wanted = list(dict.fromkeys(people))
        if not wanted:
            raise ValueError("name the people who get a copy")
        if len(wanted) > most_instances:
            raise RoundTooLarge(name="抄送", count=len(wanted), most=most_instances)
        instance = await self.lock_instance(connection, instance_id)
        self.require("copy", instance)
        node = ""
        if task_id is not None:
            tasks = {task.id: task for task in await store.tasks_of(connection, instance_id)}
            if task_id not in tasks:
                raise NotFound(what="任务")
            node = tasks[task_id].node
        persons = [self.assignment.directory.person(person) for person in wanted]
        if any(person is None or not person.active for person in persons):
            raise NotFound(what="在岗人员")
        rows = [
            CopyRow(
                new_id(),
                instance.id,
                instance.subject_kind,
                instance.subject_id,
                node,
                person,
                actor.account_id,
                actor.label,
                note,
                at,
                None,
            )
            for person in wanted
        ]
        return await copies.add_copies(connection, rows)

    async def my_copies(
        self,
        connection: Connection,
        actor: Actor,
        *,
        after: tuple[datetime, UUID] | None = None,
        unread: bool = False,
        limit: int = 50,
    ) -> list[CopyRow]:
        """A page of the actor's copies, the newest first; ``after`` is (created_at, id) of the last one seen. A token made
        without its owner's tasks has none: a copy is as personal as a task."""
        if actor.tasks_of is None:
            return []
        return await copies.list_copies(connection, actor.tasks_of, after=after, unread=unread, limit=limit)

    async def copies_of(self, connection: Connection, instance_id: UUID) -> list[CopyRow]:
        """To whom an instance was copied, oldest first."""
        return await copies.copies_of(connection, instance_id)

    async def unread_copies(self, connection: Connection, actor: Actor) -> int:
        return 0 if actor.tasks_of is None else await copies.count_unread(connection, actor.tasks_of)

    async def read_copy(self, connection: Connection, copy_id: UUID, actor: Actor, at: datetime) -> CopyRow:
        """Mark one's copy as read; the first time counts.

        Raises:
            NotFound: the actor has no such copy.
        """
        found = None
        if actor.tasks_of is not None:
            found = await copies.read_copy(connection, copy_id, actor.tasks_of, at)
        if found is None:
            raise NotFound(what="抄送")
        return found

    async def reads_by_copy(self, connection: Connection, instance_id: UUID, actor: Actor) -> bool:
        """Whether the actor may read the story of an instance that is its own subject, because it was copied to them."""
        return actor.tasks_of is not None and await copies.has_copy(connection, instance_id, actor.tasks_of)

    async def urge(
        self,
        connection: Connection,
        instance_id: UUID,
        *,
        priority: int | None = None,
        actor: Actor = SYSTEM,
        at: datetime | None = None,
        note: str = "",
    ) -> int:
        """Remind whoever has the instance's open tasks (催办), who see by whom and when; returns how many tasks there are.

        ``priority`` raises that of the tasks. ``at``: city time, by default the clock's.

        Raises:
            InstanceEnded: nothing is open any more. NotAllowed: it waits without a task.
        """
        return await self._remind(connection, instance_id, "urge", priority, actor, at, note)

    async def supervise(
        self,
        connection: Connection,
        instance_id: UUID,
        actor: Actor,
        at: datetime,
        note: str,
        *,
        priority: int = 1,
    ) -> int:
        """Follow an instance closely (督办): its tasks come first, and whoever has its steps must answer, at the latest with
        a note on finishing. Returns how many tasks there are.

        Raises:
            As :meth:`urge`.
        """
        return await self._remind(connection, instance_id, "supervise", priority, actor, at, note)

    async def answer_supervision(
        self, connection: Connection, task_id: UUID, actor: Actor, text: str, at: datetime
    ) -> TaskRow:
        """Answer all supervisions of a task that wait for it.

        Raises:
            NotAllowed: none does. TaskAlreadyDone, TaskNotYours. ValueError: no words.
        """
        if not text.strip():
            raise ValueError("an answer needs words")
        task, instance = await self.lock_own_task(connection, task_id, actor)
        standing = await self.standing(connection, instance, task)
        self.require("answer_supervision", instance, task, standing)
        answer: JsonObject = {"answer": text, "answered_by": actor.label, "answered_at": at.isoformat()}
        given = task.origin.get("supervised") if task.origin else None
        answered: list[Json] = [
            {**item, **answer} if not item.get("answer") else item
            for item in (given if isinstance(given, list) else ())
            if isinstance(item, dict)
        ]
        told = replace(task, origin={**(task.origin or {}), "supervised": answered})
        await store.write(connection, [Changes(tasks_moved=[told])])
        return told

    async def _remind(
        self,
        connection: Connection,
        instance_id: UUID,
        operation: legality.Operation,
        priority: int | None,
        actor: Actor,
        at: datetime | None,
        note: str,
    ) -> int:
        instance: InstanceRow = await self.lock_instance(connection, instance_id)
        self.require(operation, instance)
        tasks = await store.tasks_of(connection, instance_id)
        if not tasks:
            raise legality.not_allowed(operation, legality.REASONS["no_task"])
        moment = at or self.context.clock.now()
        by = str(actor.account_id) if actor.account_id is not None else None
        word: JsonObject = {"by": by, "by_name": actor.label, "at": moment.isoformat(), "note": note}
        told = [_reminded(task, word, priority, supervised=operation == "supervise") for task in tasks]
        await store.write(connection, [Changes(tasks_moved=told)])
        return len(tasks)


def _reminded(task: TaskRow, word: JsonObject, priority: int | None, *, supervised: bool) -> TaskRow:
    """The task with one more reminder; a supervision is for whoever has the step itself to answer."""
    name = "supervised" if supervised and task.kind == "step" else "urged"
    before = task.origin.get(name) if task.origin else None
    words: list[Json] = [*(before if isinstance(before, list) else ()), word]
    return replace(
        task,
        urged=task.urged + 1,
        priority=max(task.priority, priority or 0),
        origin={**(task.origin or {}), name: words[-most_reminders:]},
    )
