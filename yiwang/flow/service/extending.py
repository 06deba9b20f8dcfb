"""More time for a task (延期): asked for by whoever has it, granted or refused by those over them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.flow import legality
from yiwang.flow.assignment import leader_post
from yiwang.flow.clocks import cached_deadline, read_clocks
from yiwang.flow.errors import ClockUnknown, TaskNotYours
from yiwang.flow.model import Advance, InstanceRow, TaskRow
from yiwang.flow.service.base import unmoved
from yiwang.flow.service.offices import OfficeVerbs
from yiwang.flow.standing import Act
from yiwang.flow.store import extensions
from yiwang.flow.store.extensions import ExtensionRow
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id


class ExtensionVerbs(OfficeVerbs):
    """A request lapses when its task ends, however it ends."""

    async def ask_extension(
        self, connection: Connection, task_id: UUID, actor: Actor, by: str, reason: str, at: datetime
    ) -> ExtensionRow:
        """Ask for ``by`` more on one's task, e.g. 2工作日 (延期申请).

        Raises:
            NoDeadline, ClockUnknown: it has none, or its shared clock does not run. NotAllowed: one request waits already.
            DeadlineUnreadable, DeadlineOutOfRange, DeadlineKindsDiffer: ``by`` does not fit.
            TaskAlreadyDone, TaskNotYours.
        """
        task, instance = await self.lock_own_task(connection, task_id, actor)
        standing = await self.standing(connection, instance, task)
        self.require("ask_extension", instance, task, standing)
        self._require_fit(instance, task, by, at)
        row = ExtensionRow(
            id=new_id(),
            instance_id=instance.id,
            task_id=task.id,
            node=task.node,
            by_text=str(cached_deadline(by)),
            reason=reason,
            asked_at=at,
            asked_by=actor.account_id,
            asked_name=actor.label,
            state="asked",
            answered_at=None,
            answered_by=None,
            answer_note="",
        )
        if not await extensions.add_extension(connection, row):
            raise legality.not_allowed("ask_extension", legality.REASONS["asked"])
        return row

    async def answer_extension(
        self,
        connection: Connection,
        extension_id: UUID,
        actor: Actor,
        granted: bool,
        at: datetime,
        note: str = "",
    ) -> Advance:
        """Grant or refuse a request; by a grant task:extend, or by a leader over whoever asked, never by themselves.

        Raises:
            NotFound: no such request. NotAllowed: it was answered, or is the actor's own. TaskAlreadyDone: it has lapsed.
            TaskNotYours: the actor is not over them. When granted: as :meth:`extend_task`.
        """
        asked = await extensions.find_extension(connection, extension_id)
        if asked is None:
            raise NotFound(what="延期申请")
        instance = await self.lock_instance(connection, asked.instance_id)
        request = await extensions.find_extension(connection, extension_id)  # as it is under the lock
        if request is None or request.state in ("granted", "refused"):
            raise legality.not_allowed("answer_extension", legality.REASONS["answered_before"])
        task, _ = await self.lock_task(connection, request.task_id)
        standing = await self.standing(connection, instance, task)
        self.require("answer_extension", instance, task, standing)
        self._require_over(actor, task, request)
        state: extensions.ExtensionState = "granted" if granted else "refused"
        await extensions.answer_extension(connection, extension_id, state, at, actor.account_id, note)
        if granted:
            return await self.extend_task(connection, task.id, request.by_text, at, actor=actor)
        clocks = read_clocks(instance.clocks, self.context.calendar)
        return unmoved(standing, Act("extend", actor, at, note=note), instance, clocks)

    async def extension(self, connection: Connection, extension_id: UUID) -> ExtensionRow:
        """A request as it stands.

        Raises:
            NotFound: no such request.
        """
        found = await extensions.find_extension(connection, extension_id)
        if found is None:
            raise NotFound(what="延期申请")
        return found

    async def extensions_of(self, connection: Connection, instance_id: UUID) -> list[ExtensionRow]:
        """Every request of an instance, oldest first."""
        return await extensions.extensions_of(connection, instance_id)

    def _require_fit(self, instance: InstanceRow, task: TaskRow, by: str, at: datetime) -> None:
        """Try the extension, so that nobody is asked for what could not be granted."""
        wanted, calendar = cached_deadline(by), self.context.calendar
        shared = task.clock.get("clock")
        if not isinstance(shared, str):
            self.timing(at).extended(task, wanted)
            return
        clock = read_clocks(instance.clocks, calendar).get(shared)
        if clock is None or clock.stopped_at is not None:
            raise ClockUnknown(clock=shared)
        clock.extend(wanted, calendar)

    def _require_over(self, actor: Actor, task: TaskRow, request: ExtensionRow) -> None:
        if actor.account_id is not None and actor.account_id == request.asked_by:
            raise legality.not_allowed("answer_extension", legality.REASONS["own_request"])
        if actor.reaches("task", "extend", area=task.area, organisation=task.organisation_id, grid=task.grid):
            return
        directory = self.assignment.directory
        person = directory.person(request.asked_by) if request.asked_by is not None else None
        home = person.organisation_id if person is not None else task.organisation_id
        organisation = directory.organisation(home) if home is not None else None
        over = [
            post.id
            for above in (organisation.path if organisation else ())
            for post in directory.posts(leader_post, above)
        ]
        if not set(over) & set(actor.posts):
            raise TaskNotYours()
