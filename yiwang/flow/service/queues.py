"""Moving open tasks between people and posts: 签收, 退回岗位, 转办. The walk is not touched."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from yiwang.flow import legality, store
from yiwang.flow.assignment import Queue
from yiwang.flow.changes import Changes
from yiwang.flow.model import TaskRow
from yiwang.flow.service.added import in_queue
from yiwang.flow.service.running import RunningVerbs
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import NotFound


class QueueVerbs(RunningVerbs):
    """Verbs on a task's queue. They are allowed while the instance is suspended."""

    async def allowed(
        self, connection: Connection, task_id: UUID, actor: Actor
    ) -> dict[legality.Operation, legality.Reason | None]:
        """What the actor may do with an open task and its instance now: None where they may, else why not. Without lock.

        Raises:
            NotFound: it is not open.
        """
        task = await self.task(connection, task_id)
        instance = await store.find_instance(connection, task.instance_id)
        if instance is None:
            raise NotFound(what="流程")
        return legality.allowed(await self.standing(connection, instance), task, actor)

    async def claim(self, connection: Connection, task_id: UUID, actor: Actor) -> TaskRow:
        """Take a task out of one's post's queue (签收); others of the post can no longer finish it.

        Raises:
            TaskTaken: it is with a person already. NotAllowed: it waits for what was added to it.
            TaskNotYours: the actor does not hold the post, or is no person.
        """
        locked = await self.lock_task(connection, task_id)
        self.require("claim", locked[1], locked[0])
        task, _ = await self.lock_own_task(connection, task_id, actor, locked=locked)
        if actor.account_id is None:
            raise NotFound(what="办理人")
        return await self._move(connection, task, Queue(None, task.organisation_id, actor.account_id), task.post_id)

    async def release(self, connection: Connection, task_id: UUID, actor: Actor) -> TaskRow:
        """Put a claimed task back into the queue of the post from which it was taken.

        Raises:
            TaskNotClaimed: it came to the person directly. NotAllowed: it waits for what was added to it.
            TaskNotYours: it is another person's.
        """
        task, instance = await self.lock_own_task(connection, task_id, actor, "assign")
        self.require("release", instance, task)
        return await self._move(connection, task, Queue(task.home_post_id, task.organisation_id, None), None)

    async def assign(
        self,
        connection: Connection,
        task_id: UUID,
        actor: Actor,
        *,
        person_id: UUID | None = None,
        post_id: int | None = None,
    ) -> TaskRow:
        """Hand a task to a person or to a post's queue (转办); by whom it is with, or by a grant task:assign.

        Raises:
            NotFound: no such person in service, or no such post; ValueError unless exactly one is given.
            TaskNotYours: the actor may not hand it on. NotAllowed: it waits for what was added to it.
        """
        if (person_id is None) == (post_id is None):
            raise ValueError("give a person or a post")
        task, instance = await self.lock_own_task(connection, task_id, actor, "assign")
        self.require("assign", instance, task)
        if person_id is not None:
            definition = await self.definition(connection, instance.definition_id)
            kinds = (definition.key, instance.subject_kind)
            queue = self.assignment.for_person(person_id, kinds, self.context.clock.now())
            if queue is None:
                raise NotFound(what="在岗人员")
            # The task stays the business of the organisation whose post it came to.
            home = task.post_id if task.post_id is not None else task.home_post_id
            queue = replace(queue, organisation_id=queue.organisation_id if home is None else task.organisation_id)
            return await self._move(connection, task, queue, home)
        post = self.assignment.directory.post(post_id) if post_id is not None else None
        if post is None:
            raise NotFound(what="岗位")
        return await self._move(connection, task, Queue(post.id, post.organisation_id, None), None)

    async def _move(self, connection: Connection, task: TaskRow, queue: Queue, home: int | None) -> TaskRow:
        moved = in_queue(task, queue, home)
        await store.write(connection, [Changes(tasks_moved=[moved])])
        return moved
