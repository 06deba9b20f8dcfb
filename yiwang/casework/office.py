"""Office operations on a case's task: 退回, 加签, 减签, 委派, 收回, 撤回. Flow decides what is allowed; the case follows.

Whoever is asked to sign gets the sight of the case with the task. That may be another department, as it is with paper;
it is journalled with the names. The security and audit administrators, who do no business, are never asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from yiwang.casework import store
from yiwang.casework.errors import OperationNotNow, ReceiverElsewhere
from yiwang.casework.handing_on import is_watcher
from yiwang.casework.notes import case_entry
from yiwang.casework.parts import Parts
from yiwang.casework.steps import Steps
from yiwang.casework.store import Changes
from yiwang.casework.timing import timing
from yiwang.flow import legality
from yiwang.flow.acts import OfficeAct, perform
from yiwang.flow.desk import Options
from yiwang.flow.model import Advance
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import NotFound

_UNDONE: dict[str, Changes] = {
    "accept": {"filed_at": None},
    "dispatch": {"dispatched_at": None},
    "confirm": {"handled_at": None},
    "check": {"checked_at": None},
}
"""The milestone that a step set, taken back with it (撤回)."""


class Office:
    """One per process."""

    def __init__(self, parts: Parts, steps: Steps) -> None:
        self._parts = parts
        self._steps = steps

    async def act(self, task_id: UUID, actor: Actor, act: OfficeAct) -> Advance | None:
        """Do an operation on a task; None for what changes nothing yet.

        Raises:
            TaskAlreadyDone, TaskNotYours, NotAllowed, StepNotReachable, InstanceSuspended …: from flow.
            ReceiverElsewhere: one of the people does no business. OperationNotNow: an outcome that needs data, with 后加签.
            NotFound: there is no such task.
        """
        parts = self._parts
        now = parts.context.clock.now()
        async with parts.context.database.transaction() as connection:
            found = await store.case_for_task(connection, task_id)
            if found is None:
                await parts.flow.lock_task(connection, task_id)  # says who finished it and when
                raise NotFound(what="任务 the task")
            case, task, _ = found
            self._require_business(act.people)
            if act.verb == "add_after":
                graph = await self._steps.graph_of(connection, case, task)
                outcome = graph.task(task.node).outcomes.get(act.outcome)
                if outcome is not None and set(outcome.needs) - {"note", "reason"}:
                    raise OperationNotNow(
                        operation="add_after",
                        why_zh="这一办理结果需要填写部门、标准等内容,不能先定后签;请用前加签",
                        why_en="this outcome needs data such as the department; ask the others to sign before instead",
                    )
            advance = await perform(parts.flow, connection, task_id, actor, act, now)
            changes: Changes = {}
            if advance is not None:
                stage = advance.finished.stage if advance.finished else case.stage
                moved = "back" if act.verb.startswith("send_back") else ""
                changes = self._steps.effects(case, advance, stage, moved, now)
                await store.change_case(connection, case.id, changes)
            entry = case_entry(
                actor,
                now,
                f"case.{act.verb}",
                case,
                {**self._told(act, task.stage), **(timing(advance) if advance is not None else {})},
                status=advance.status if advance else None,
            )
            await journal.append(connection, entry)
        return advance

    async def recall(self, step_id: UUID, actor: Actor, reason: str) -> Advance:
        """撤回: take back a step that one has finished, as long as nothing that followed from it was touched.

        Raises:
            NotFound: there is no such step, or not of a case. NotAllowed: with the reason. InstanceSuspended.
        """
        parts = self._parts
        now = parts.context.clock.now()
        async with parts.context.database.transaction() as connection:
            case = await store.case_of_step(connection, step_id)
            if case is None:
                raise NotFound(what="办理记录 the step")
            advance = await parts.flow.recall(connection, step_id, actor, now, reason)
            stage = advance.new_tasks[0].stage if advance.new_tasks else case.stage
            changes = self._steps.effects(case, advance, stage, "", now)
            changes.update(_UNDONE.get(stage, {}))
            await store.change_case(connection, case.id, changes)
            data: JsonObject = {"note": reason, "stage": stage, **timing(advance)}
            await journal.append(connection, case_entry(actor, now, "case.recalled", case, data, status=advance.status))
        return advance

    async def options(self, task_id: UUID, actor: Actor) -> Options:
        """What the actor can do with a task now, why not, and to which steps it might go back.

        Raises:
            NotFound: there is no such open task, or it is not the actor's to act on.
        """
        flow = self._parts.flow
        async with self._parts.context.database.transaction() as connection:
            task, instance = await flow.lock_task(connection, task_id)
            if task.subject_kind != "case" or not legality.may(actor, task, "complete_any"):
                raise NotFound(what="任务 the task")
            standing = await flow.standing(connection, instance)
            reached = await flow.returnable(connection, task_id, self._parts.context.clock.now())
            return Options(legality.allowed(standing, task, actor), tuple(reached))

    def _require_business(self, people: Sequence[UUID]) -> None:
        for person_id in people:
            person = self._parts.directory.person(person_id)
            if person is not None and is_watcher(self._parts.directory, person):
                raise ReceiverElsewhere(person=person.name)

    def _told(self, act: OfficeAct, stage: str) -> JsonObject:
        known = [self._parts.directory.person(person) for person in act.people]
        names: list[Json] = [person.name for person in known if person is not None]
        data: JsonObject = {"stage": stage, "note": act.note, "people": names, "to": act.node, "limit": act.limit}
        return {name: value for name, value in data.items() if value}
