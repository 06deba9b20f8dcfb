"""Handing on (签收, 转派): a task out of a queue into one's own hands, or from one person to another.

With the task goes the sight of its case, so what is handed on stays within the task's post or organisation, and never
comes to the security or audit administrators, who do no business whatever their organisation.
"""

from __future__ import annotations

from uuid import UUID

from yiwang.casework import store
from yiwang.casework.errors import ReceiverElsewhere
from yiwang.casework.notes import case_entry
from yiwang.casework.parts import Parts
from yiwang.flow.model import TaskRow
from yiwang.identity.directory import Directory
from yiwang.identity.model import PersonRow
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput, NotFound

_NO_BUSINESS = ("security-admin", "audit-admin")


class HandingOn:
    """One per process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def claim(self, task_id: UUID, actor: Actor) -> None:
        """签收: take a task out of its post's queue for oneself.

        Raises:
            TaskAlreadyDone, TaskTaken, TaskNotYours: from flow. NotFound: there is no such task.
        """
        await self._hand(task_id, actor, None, "")

    async def reassign(self, task_id: UUID, actor: Actor, person: UUID, note: str) -> None:
        """转派: hand a task to another person, saying why.

        Raises:
            ReceiverElsewhere: the person is neither of the task's post nor of its organisation.
            TaskAlreadyDone, TaskNotYours: from flow. NotFound: there is no such task or person. InvalidInput: no reason.
        """
        if not note:
            raise InvalidInput(
                errors=[FieldError(where="/note", code="input.missing", zh="请写明转派理由", en="say why")], count=1
            )
        await self._hand(task_id, actor, person, note)

    async def _hand(self, task_id: UUID, actor: Actor, person_id: UUID | None, note: str) -> None:
        parts = self._parts
        now = parts.context.clock.now()
        async with parts.context.database.transaction() as connection:
            found = await store.case_for_task(connection, task_id)
            if found is None:
                await parts.flow.lock_task(connection, task_id)  # says who finished it and when
                raise NotFound(what="任务 the task")
            case, task, _ = found
            receiver_id = person_id or actor.account_id
            receiver = parts.directory.person(receiver_id) if receiver_id else None
            if person_id is None:
                await parts.flow.claim(connection, task_id, actor)
            else:
                if receiver is not None:
                    require_colleague(parts.directory, task, receiver)
                await parts.flow.assign(connection, task_id, actor, person_id=person_id)
            data: JsonObject = {"person": receiver.name if receiver else None, **({"note": note} if note else {})}
            verb = "case.claimed" if person_id is None else "case.reassigned"
            await journal.append(connection, case_entry(actor, now, verb, case, data))


def require_colleague(directory: Directory, task: TaskRow, person: PersonRow) -> None:
    """Raises ReceiverElsewhere for one who is neither of the task's post nor of its organisation, or does no business."""
    posts = [post for post in (task.post_id, task.home_post_id) if post is not None]
    offices = directory.subtree(task.organisation_id) if task.organisation_id is not None else frozenset[int]()
    colleague = person.organisation_id in offices or any(person.id in directory.holders(post) for post in posts)
    if not colleague or is_watcher(directory, person):
        raise ReceiverElsewhere(person=person.name)


def is_watcher(directory: Directory, person: PersonRow) -> bool:
    """Whether the person is a security or audit administrator, who do no business."""
    return any(person.id in directory.holders(post.id) for kind in _NO_BUSINESS for post in directory.posts(kind))
