"""The people of a round (会签) while it goes on: 加人 and 减签. Taking out a signer who was added to a task is here too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from yiwang.flow import legality, store
from yiwang.flow.changes import Changes
from yiwang.flow.clocks import read_clocks
from yiwang.flow.errors import RoundTooLarge, TaskNotYours
from yiwang.flow.model import Advance, ScopeRow, TaskRow, most_instances
from yiwang.flow.service.added import added_to, withdraw
from yiwang.flow.service.base import unmoved
from yiwang.flow.service.signing import SigningVerbs
from yiwang.flow.standing import Act, Standing
from yiwang.flow.store import signing
from yiwang.flow.walk import Joined
from yiwang.flow.walk.queues import queue_of, queue_of_task
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection


class RoundVerbs(SigningVerbs):
    """Whoever opened a round (finished the step before it, or began a flow that begins with it) decides who is in it."""

    async def add_to_round(
        self, connection: Connection, task_id: UUID, actor: Actor, people: Sequence[UUID], at: datetime, note: str = ""
    ) -> Advance:
        """Add people to the round of an open task: at once, or in turn behind the others of a sequential one.

        By one of the round whose task it is, by whoever opened the round, or by a grant task:assign.

        Raises:
            NotAllowed: no round of people, or somebody is in it already. TaskNotYours, TaskAlreadyDone, InstanceSuspended.
            NotFound: somebody is not in service. RoundTooLarge: more than 200 altogether. ValueError: nobody is named.
        """
        task, instance = await self.lock_task(connection, task_id)
        standing = await self.standing(connection, instance)
        self.require("add_to_round", instance, task, standing)
        scope = _round_of(standing, task)
        if not legality.may(actor, task, "assign") and not await self._opened(connection, standing, scope, actor):
            raise TaskNotYours()
        node = standing.graph_of(task).task(task.node)
        if node.multi is None or node.multi.people is None:
            raise legality.not_allowed("add_to_round", legality.REASONS["round_of_items"])
        queues = self.queues_of(standing, people, "add_to_round", actor, at, node.names.zh)
        there = await self._people_in(connection, standing, scope)
        if any((queue.for_id or queue.assignee_id) in there for queue in queues):
            raise legality.not_allowed("add_to_round", legality.REASONS["in_round"])
        if scope.total + len(queues) > most_instances:
            raise RoundTooLarge(name=node.names.zh, count=scope.total + len(queues), most=most_instances)
        return await self.go(connection, standing, Joined(scope.id, queues), Act("sign", actor, at, note=note))

    async def remove_signer(
        self, connection: Connection, task_id: UUID, actor: Actor, at: datetime, reason: str = ""
    ) -> Advance:
        """Take an open task out of a round, or of those added to another task (减签).

        By whoever opened the round or has the other task, or by a grant task:assign. A round that is certain without that
        person goes on.

        Raises:
            NotAllowed: nobody would be left to sign, or that person has answered. TaskNotYours, TaskAlreadyDone,
            InstanceSuspended.
        """
        task, instance = await self.lock_task(connection, task_id)
        standing = await self.standing(connection, instance)
        self.require("remove_signer", instance, task, standing)
        act = Act("sign", actor, at, note=reason)
        if task.of_task is not None:
            if not legality.may(actor, standing.tasks[task.of_task], "assign"):
                raise TaskNotYours()
            return await self._remove_added(connection, standing, task, act)
        scope = _round_of(standing, task)
        granted = actor.reaches("task", "assign", area=task.area, organisation=task.organisation_id, grid=task.grid)
        if not granted and not await self._opened(connection, standing, scope, actor):
            raise TaskNotYours()
        return await self.go(connection, standing, Joined(scope.id, out=task.id), act)

    async def _remove_added(self, connection: Connection, standing: Standing, task: TaskRow, act: Act) -> Advance:
        timing = self.timing(act.at)
        clocks = read_clocks(standing.instance.clocks, timing.calendar)
        changes = Changes()
        dropped = withdraw(changes, [task, *added_to(standing, task)], act, timing, clocks)
        await store.write(connection, [changes])
        return replace(unmoved(standing, act, standing.instance, clocks), dropped=dropped)

    async def _opened(self, connection: Connection, standing: Standing, scope: ScopeRow, actor: Actor) -> bool:
        if actor.account_id is None:
            return False
        if scope.opened_at == standing.instance.started_at:
            return standing.instance.variables.get("starter") == str(actor.account_id)
        return await signing.has_opened(connection, standing.instance.id, actor.account_id, scope.opened_at)

    async def _people_in(self, connection: Connection, standing: Standing, scope: ScopeRow) -> set[UUID | None]:
        """Who has a task in the round, has answered, or has yet to come."""
        queues = [queue_of_task(row) for row in standing.tasks.values() if row.scope_id == scope.id]
        rest = scope.rest.get("next")
        for element in rest if isinstance(rest, list) else ():
            if isinstance(element, dict) and "queue" in element:
                queues.append(queue_of(element["queue"]))
        answered = await signing.steps_in_scope(connection, standing.instance.id, scope.id)
        found = {queue.for_id or queue.assignee_id for queue in queues}
        return found | {step.assignee_id for step in answered if step.how == "done"}


def _round_of(standing: Standing, task: TaskRow) -> ScopeRow:
    return next(scope for scope in standing.scopes if scope.id == task.scope_id)
