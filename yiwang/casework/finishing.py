"""Finishing tasks: group commit. Steps that arrive while the last group is being written form the next one.

Each is acknowledged only after the commit that holds its case, its flow and its journal entry. There is no waiting for
company: a lone step is written at once. A group takes the tasks that nobody else has locked; what it cannot take, and what
writes more than the case itself (photos, folded cases, tasks added to others), goes a transaction of its own. One
step that is refused does not harm the others.

Order of locks: the flow instance first, then the case; so two acts on one case never wait for each other in a circle. A
group waits for no lock at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import asyncpg

from yiwang.casework import store
from yiwang.casework.errors import PhotoUnknown
from yiwang.casework.likeness import tell_reporters
from yiwang.casework.model import AttachmentKind, CaseFile, PhotoClaim
from yiwang.casework.parts import Parts
from yiwang.casework.steps import Guard, LockedTask, Settled, StepInput, StepResult, Steps
from yiwang.flow.changes import Changes as FlowChanges
from yiwang.flow.model import Advance, StepDocument, TaskRow
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import NotFound, Problem
from yiwang.kernel.grouping import Groups, Waiting, oldest

GROUP_LIMIT = 50


class IssueDocuments(Protocol):
    """Issues what the drawing wants with a step, in the step's transaction; ``note``: the note given with it."""

    async def __call__(
        self,
        connection: Connection,
        actor: Actor,
        case: CaseFile,
        task: TaskRow,
        documents: Sequence[StepDocument],
        note: str,
    ) -> None: ...


_PHOTO_KINDS: dict[str, AttachmentKind] = {"verify": "verify", "handle": "after", "check": "check"}


@dataclass(slots=True)
class _Waiting(Waiting[StepResult]):
    task_id: UUID
    actor: Actor
    given: StepInput


class Finishing:
    """One per process. :meth:`complete` is what every door calls."""

    def __init__(self, parts: Parts, steps: Steps) -> None:
        self._parts = parts
        self._steps = steps
        self._groups: Groups[_Waiting] = Groups("case-finishing", oldest(GROUP_LIMIT), self._write)
        self._alone: set[asyncio.Task[None]] = set()
        self.issue: IssueDocuments | None = None
        """Set by the engine of documents, where there is one."""

    def guard(self, guard: Guard) -> None:
        """Have every outcome looked at before it is accepted, by an engine whose outcomes nobody gives by hand."""
        self._steps.guards.append(guard)

    async def complete(self, task_id: UUID, actor: Actor, given: StepInput) -> StepResult:
        """Finish a task with an outcome; returns when it is durable.

        Raises:
            TaskAlreadyDone (who, when), TaskNotYours, OutcomeUnknown, InstanceSuspended: from flow;
            OutcomeNeeds, DepartmentUnknown, SectionNotOfDepartment, ClassUnknown, StandardUnknown, PhotoUnknown.
        """
        if given.photos:
            return await self._complete_alone(task_id, actor, given)
        waiting = _Waiting(task_id, actor, given)
        self._groups.add(waiting)
        return await waiting.answer

    async def _write(self, group: list[_Waiting]) -> None:
        if len(group) == 1:
            await self._write_alone(group[0])
            return
        try:
            left = await self._write_group(group)
        except (Problem, asyncpg.PostgresError, ValueError):
            left = [item for item in group if not item.answer.done()]  # nothing was written
        for item in left:  # they may wait for somebody's lock; the next group does not wait with them
            task = asyncio.create_task(self._write_alone(item), name="case-finishing-alone")
            self._alone.add(task)
            task.add_done_callback(self._alone.discard)

    async def _write_group(self, group: Sequence[_Waiting]) -> list[_Waiting]:
        """Finish the plain steps among these in one transaction; returns those that are left to go alone."""
        now = self._parts.context.clock.now()
        left: list[_Waiting] = []
        planned: list[tuple[FlowChanges, Advance]] = []
        done: list[tuple[_Waiting, Settled]] = []
        async with self._parts.context.database.transaction() as connection:
            found = await store.cases_for_tasks(connection, [item.task_id for item in group])
            taken: set[UUID] = set()
            for item in group:
                locked = found.get(item.task_id)
                if locked is None or locked[1].kind != "step" or locked[0].followers or locked[0].id in taken:
                    left.append(item)
                    continue
                taken.add(locked[0].id)
                if await self._documents(connection, locked, item.given):
                    left.append(item)
                    continue
                try:
                    judged = await self._steps.judge(connection, locked, item.actor, item.given, now)
                    plan = await self._parts.flow.plan_step(
                        connection, locked[1:], item.actor, item.given.outcome, judged.variables, now,
                        note=item.given.note,
                    )  # fmt: skip
                except Problem as refused:
                    item.refuse(refused)
                    continue
                planned.append(plan)
                done.append((item, self._steps.settle(locked[0], judged, item.actor, item.given, plan[1], now)))
            if done:
                await self._parts.flow.write_steps(connection, planned, now)
                await store.change_cases(
                    connection,
                    [(settled.case, settled.changes) for _, settled in done],
                    [entry for _, settled in done for entry in settled.entries],
                )
        for item, settled in done:
            item.resolve(settled.result)
        return left

    async def _write_alone(self, item: _Waiting) -> None:
        try:
            item.resolve(await self._complete_alone(item.task_id, item.actor, item.given))
        except BaseException as error:
            item.refuse(error)
            if not isinstance(error, Exception):
                raise

    async def _complete_alone(self, task_id: UUID, actor: Actor, given: StepInput) -> StepResult:
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            return await self.complete_within(connection, task_id, actor, given, now)

    async def complete_within(
        self, connection: Connection, task_id: UUID, actor: Actor, given: StepInput, now: datetime
    ) -> StepResult:
        """As :meth:`complete`, in the caller's transaction, for one who writes more with the step."""
        parts = self._parts
        locked = await store.case_for_task(connection, task_id)
        if locked is None:
            await parts.flow.lock_task(connection, task_id)  # says who finished it and when
            raise NotFound(what="任务 the task")
        wanted = await self._documents(connection, locked, given)
        settled = await self._settle_alone(connection, locked, actor, given, now)
        entries = settled.entries
        await self._photos(connection, locked[0], settled.stage, given.photos)
        if settled.changes.get("filed_at") is not None:
            entries += await tell_reporters(connection, actor, locked[0], "filed", settled.result.status, now)
        if settled.changes.get("closed_at") is not None:
            entries += await self._steps.close_followers(connection, actor, locked[0], settled.result.status, now)
        await store.change_case(connection, locked[0].id, settled.changes, entries)
        await self._issue(connection, locked, wanted, actor, given)
        return settled.result

    async def _documents(
        self, connection: Connection, locked: LockedTask, given: StepInput
    ) -> tuple[StepDocument, ...]:
        """What is issued when the task ends so."""
        case, task, _ = locked
        if task.kind != "step" or self.issue is None:
            return ()
        graph = await self._steps.graph_of(connection, case, task)
        found = graph.task(task.node).documents
        return tuple(item for item in found if not item.on or given.outcome in item.on)

    async def _issue(
        self,
        connection: Connection,
        locked: LockedTask,
        wanted: Sequence[StepDocument],
        actor: Actor,
        given: StepInput,
    ) -> None:
        case = await store.find_case(connection, locked[0].id) if wanted else None
        if case is not None and self.issue is not None:
            await self.issue(connection, actor, case, locked[1], wanted, given.note)

    async def _settle_alone(
        self, connection: Connection, locked: LockedTask, actor: Actor, given: StepInput, now: datetime
    ) -> Settled:
        case, task, instance = locked
        judged = await self._steps.judge(connection, locked, actor, given, now)
        advance = await self._parts.flow.complete(
            connection, task.id, actor, given.outcome, judged.variables, now, note=given.note, locked=(task, instance)
        )
        return self._steps.settle(case, judged, actor, given, advance, now)

    async def _photos(self, connection: Connection, case: CaseFile, stage: str, photos: Sequence[PhotoClaim]) -> None:
        if not photos:
            return
        kind = _PHOTO_KINDS.get(stage, "other")
        bound = await store.bind_attachments(
            connection, [case.id] * len(photos), [photo.id for photo in photos], [photo.claim for photo in photos], kind
        )
        if bound != len(photos):
            raise PhotoUnknown()
