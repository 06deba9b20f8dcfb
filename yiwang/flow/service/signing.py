"""Signing with others: 前加签, 后加签, 委派, and taking that back (收回).

A task to which others are added is held: it is in nobody's queue, keeps whose it was, its deadline and timers run on.
Each person added has a task of the same step. 前加签: when the last has answered, the task is with its owner again.
后加签: the owner gives the outcome first; when all agree the flow goes on with it, in the owner's name; when one
disagrees the rest are withdrawn and the owner has it again. 委派: the delegate's answer brings it back to the owner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from yiwang.flow import legality, store
from yiwang.flow.assignment import Place, Queue
from yiwang.flow.changes import Changes
from yiwang.flow.clocks import read_clocks
from yiwang.flow.closing import finished_step
from yiwang.flow.errors import OutcomeUnknown, RoundTooLarge
from yiwang.flow.model import Advance, Names, Outcome, StepRow, TaskKind, TaskRow
from yiwang.flow.service.added import added, added_to, held, in_queue, kinds_of, withdraw, without
from yiwang.flow.service.base import check_variables, unmoved
from yiwang.flow.service.definitions import DefinitionVerbs
from yiwang.flow.standing import Act, Standing
from yiwang.flow.walk import Completed
from yiwang.flow.walk.queues import queue_of_task
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import NotFound

agree, disagree = "agree", "disagree"
OUTCOMES_OF_ADDED = (Outcome(agree, Names("同意", "Agree"), ()), Outcome(disagree, Names("不同意", "Disagree"), ()))
"""The outcomes of a task that was added to another."""

most_added = 50


class SigningVerbs(DefinitionVerbs):
    """Each answers what a caller journals: ``new_tasks`` were added, ``finished`` is an answer, ``dropped`` were withdrawn."""

    async def add_before(
        self,
        connection: Connection,
        task_id: UUID,
        actor: Actor,
        people: Sequence[UUID],
        at: datetime,
        note: str = "",
        *,
        limit: str | None = None,
    ) -> Advance:
        """Ask others to sign before oneself (前加签). ``limit`` is a deadline of their own; without, they have the task's.

        Raises:
            TaskAlreadyDone, TaskNotYours, InstanceSuspended, NotAllowed: as for finishing; or the task was added itself.
            NotFound: one of them is not in service. ValueError: nobody is named.
        """
        task, standing = await self._own(connection, task_id, actor, "add_before")
        act = Act("sign", actor, at, note=note)
        return await self._add(connection, standing, task, "before", people, act, limit)

    async def add_after(
        self,
        connection: Connection,
        task_id: UUID,
        actor: Actor,
        outcome: str,
        people: Sequence[UUID],
        at: datetime,
        note: str = "",
        *,
        variables: Mapping[str, Json] | None = None,
        limit: str | None = None,
    ) -> Advance:
        """Finish a task with an outcome that counts once others have signed after oneself (后加签).

        ``variables`` are set when the flow goes on.

        Raises:
            OutcomeUnknown, VariablesInvalid: as for finishing. Else as :meth:`add_before`.
        """
        task, standing = await self._own(connection, task_id, actor, "add_after")
        self.require_answer("add_after", task, note)
        node = standing.graph_of(task).task(task.node)
        if outcome not in node.outcomes:
            raise OutcomeUnknown(name=node.names.zh, outcome=outcome[:60], allowed="、".join(node.outcomes))
        given = dict(variables or {})
        check_variables(given, {**standing.instance.variables, **given})
        after: JsonObject = {
            "outcome": outcome,
            "note": note,
            "actor_id": str(actor.account_id) if actor.account_id is not None else None,
            "actor_name": actor.label,
            "at": at.isoformat(),
            "variables": given,
        }
        act = Act("sign", actor, at, note=note)
        return await self._add(connection, standing, task, "after", people, act, limit, after)

    async def delegate(
        self,
        connection: Connection,
        task_id: UUID,
        actor: Actor,
        person_id: UUID,
        at: datetime,
        note: str = "",
        *,
        limit: str | None = None,
    ) -> Advance:
        """Let another person work on a task (委派); it comes back to be finished. At most three in a row.

        Raises:
            NotAllowed: it was delegated three times in a row. Else as :meth:`add_before`.
        """
        task, standing = await self._own(connection, task_id, actor, "delegate")
        act = Act("sign", actor, at, note=note)
        return await self._add(connection, standing, task, "delegated", [person_id], act, limit)

    async def take_back(
        self, connection: Connection, task_id: UUID, actor: Actor, at: datetime, reason: str = ""
    ) -> Advance:
        """Withdraw everything that was added to one's task and have it again (收回); an outcome given with 后加签 is void.

        Raises:
            NotAllowed: nothing was added to it. Else as :meth:`add_before`.
        """
        task, standing = await self._own(connection, task_id, actor, "take_back")
        act = Act("sign", actor, at, dropped="recalled", note=reason)
        timing = self.timing(at)
        clocks = read_clocks(standing.instance.clocks, timing.calendar)
        changes = Changes(tasks_moved=[self.handed_back(standing, task, at)])
        dropped = withdraw(changes, added_to(standing, task), act, timing, clocks)
        await store.write(connection, [changes])
        return replace(unmoved(standing, act, standing.instance, clocks), dropped=dropped)

    async def finish_added(self, connection: Connection, standing: Standing, task: TaskRow, act: Act) -> Advance:
        """Finish a task that was added to another (加签, 委派) with ``agree`` or ``disagree``.

        Raises:
            OutcomeUnknown: another outcome. When the flow goes on: as for finishing the original.
        """
        if task.of_task is None:
            raise ValueError(f"the task {task.id} was not added to another")
        if act.outcome not in (agree, disagree):
            name = standing.graph_of(task).task(task.node).names.zh
            raise OutcomeUnknown(name=name, outcome=(act.outcome or "")[:60], allowed=f"{agree}、{disagree}")
        timing = self.timing(act.at)
        clocks = read_clocks(standing.instance.clocks, timing.calendar)
        step = finished_step(task, "done", act, timing, clocks)
        owner = standing.tasks[task.of_task]
        left = without(standing, task)
        others = added_to(left, owner)
        if task.kind == "after" and act.outcome == agree and not others:
            return await self._go_on(connection, left, owner, step, act)
        changes = Changes(steps=[step], tasks_gone=[task.id])
        dropped: tuple[StepRow, ...] = ()
        if task.kind == "after" and act.outcome == disagree:
            dropped = withdraw(changes, others, act, timing, clocks)
            others = []
        if not others:
            changes.tasks_moved = [self.handed_back(standing, owner, act.at)]
        await store.write(connection, [changes])
        answer = unmoved(left, act, standing.instance, clocks)
        return replace(answer, finished=step, dropped=dropped)

    async def _go_on(
        self, connection: Connection, standing: Standing, owner: TaskRow, step: StepRow, act: Act
    ) -> Advance:
        """All who sign afterwards have agreed: the owner's outcome counts now, in the owner's name."""
        kept = owner.origin.get("after") if owner.origin else None
        if not isinstance(kept, dict):
            raise TypeError(f"the task {owner.id} has no outcome")
        by, variables = kept.get("actor_id"), kept.get("variables")
        account = UUID(by) if isinstance(by, str) else None
        actor = Actor("person" if account is not None else "system", account, str(kept.get("actor_name") or ""))
        outcome, note = str(kept["outcome"]), str(kept.get("note") or "")
        original = Act("complete", actor, act.at, outcome=outcome, note=note)
        given = variables if isinstance(variables, dict) else {}
        inside = owner.scope_id is not None
        event = Completed(owner.id, outcome, given if inside else {}, str(account) if account is not None else None)
        changes, answer = await self.plan(connection, standing, event, original, None if inside else given)
        changes.steps = [*changes.steps, step]
        changes.tasks_gone = [*changes.tasks_gone, step.id]
        await self.write(connection, changes, answer, act.at)
        return replace(answer, dropped=(*answer.dropped, step))

    def handed_back(self, standing: Standing, task: TaskRow, at: datetime) -> TaskRow:
        """A held task in its queue again; with a person's deputy while they are away, and never with nobody."""
        kept = queue_of_task(task)
        if kept.assignee_id is None:
            return in_queue(task, kept, None)
        kinds = kinds_of(standing)
        found = self.assignment.for_person(kept.for_id or kept.assignee_id, kinds, at)
        if found is not None:
            return in_queue(task, replace(found, organisation_id=task.organisation_id), task.home_post_id)
        if task.home_post_id is not None:
            return in_queue(task, Queue(task.home_post_id, task.organisation_id, None), None)
        node, place = standing.graph_of(task).task(task.node), Place(task.area, task.grid)
        ruled = self.assignment.queue(node, standing.variables_of(task), place, at, kinds=kinds)
        return in_queue(task, ruled or kept, None)

    async def _own(
        self, connection: Connection, task_id: UUID, actor: Actor, operation: legality.Operation
    ) -> tuple[TaskRow, Standing]:
        task, instance = await self.lock_own_task(connection, task_id, actor)
        standing = await self.standing(connection, instance)
        self.require(operation, instance, task, standing)
        return task, standing

    async def _add(
        self,
        connection: Connection,
        standing: Standing,
        task: TaskRow,
        kind: TaskKind,
        people: Sequence[UUID],
        act: Act,
        limit: str | None,
        after: JsonObject | None = None,
    ) -> Advance:
        operation: legality.Operation = "delegate" if kind == "delegated" else "add_after" if after else "add_before"
        name = standing.graph_of(task).task(task.node).names.zh
        queues = self.queues_of(standing, people, operation, act.actor, act.at, name)
        timing = self.timing(act.at)
        fresh = [added(task, kind, queue, act, limit, timing) for queue in queues]
        await store.write(connection, [Changes(tasks=fresh, tasks_moved=[held(task, after)])])
        clocks = read_clocks(standing.instance.clocks, timing.calendar)
        return replace(unmoved(standing, act, standing.instance, clocks), new_tasks=tuple(fresh))

    def queues_of(
        self,
        standing: Standing,
        people: Sequence[UUID],
        operation: legality.Operation,
        actor: Actor,
        at: datetime,
        name: str,
    ) -> list[Queue]:
        """One queue for each person, their deputies' while they are away.

        Raises:
            NotFound: somebody is not in service. NotAllowed: it is the actor. RoundTooLarge: more than 50. ValueError: nobody.
        """
        wanted = list(dict.fromkeys(people))
        if not wanted:
            raise ValueError("name the people who are to sign")
        if len(wanted) > most_added:
            raise RoundTooLarge(name=name, count=len(wanted), most=most_added)
        if actor.account_id in wanted:
            raise legality.not_allowed(operation, legality.REASONS["self"])
        found = [self.assignment.for_person(person, kinds_of(standing), at) for person in wanted]
        queues = [queue for queue in found if queue is not None]
        if len(queues) < len(wanted):
            raise NotFound(what="在岗人员")
        return queues
