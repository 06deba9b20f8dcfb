"""Breaking a case down (任务分解) and rolling it up: each part is a case of its own office with its own limit and flow.

The step at which a case is broken down ends, its parts are opened and noted in one transaction. A worker's round follows them:
what has ended, which reports were missed, which card is shown; when the last part has ended, the case goes on. Nobody says
by hand what the parts say: a case does not end while an office still works at its task, but by force, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from yiwang.casework import store as cases
from yiwang.casework.model import CaseFile, Draft, Report
from yiwang.casework.notes import case_entry
from yiwang.casework.rules import may_read
from yiwang.casework.service import CaseService
from yiwang.casework.steps import StepInput, StepResult
from yiwang.flow.model import TaskRow
from yiwang.identity.directory import Directory
from yiwang.kernel import journal, logs
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import Forbidden, NotFound, Problem
from yiwang.plans import judging, parts_store, store
from yiwang.plans.declarations import BreakdownDeclaration, Card
from yiwang.plans.errors import BreakdownGivesOutcome, BreakdownNotNow, BreakdownUnknown, OfficeUnknown, PartEnded
from yiwang.plans.model import KIND, Breakdown, NewPart, OfficeFigures, Part, ProgressReport
from yiwang.plans.parts_store import Given
from yiwang.plans.periods import period_of

log = logs.get("plans")

MOST_PARTS = 100

_by_parts: ContextVar[bool] = ContextVar("by_parts", default=False)
"""Whether the step that is being finished is finished by breaking down, or by the last part."""


class Breakdowns:
    """One per process."""

    def __init__(self, context: Context, directory: Directory, casework: CaseService) -> None:
        self._context = context
        self._directory = directory
        self._casework = casework
        self._ours: dict[tuple[str, str], str] = {}
        casework.finishing.guard(self._refuse_by_hand)

    async def refresh(self) -> None:
        """Take over which outcomes are given by parts."""
        found = [each.parent for each in await self.declarations()]
        ours = {(each.type, each.node): each.outcome for each in found}
        self._ours = ours | {(each.type, each.wait): each.settled for each in found}

    def _refuse_by_hand(self, case: CaseFile, task: TaskRow, actor: Actor, given: StepInput) -> None:
        """Raises BreakdownGivesOutcome where somebody would say by hand what the parts say."""
        if given.outcome == self._ours.get((case.type, task.node)) and not _by_parts.get():
            raise BreakdownGivesOutcome()

    async def _finish(
        self, connection: Connection, task_id: UUID, actor: Actor, given: StepInput, now: datetime
    ) -> StepResult:
        token = _by_parts.set(True)
        try:
            return await self._casework.finishing.complete_within(connection, task_id, actor, given, now)
        finally:
            _by_parts.reset(token)

    async def declarations(self) -> list[BreakdownDeclaration]:
        """All that are in force."""
        async with self._context.database.connection() as connection:
            found = await store.declared(connection, "breakdown")
        return [BreakdownDeclaration.model_validate(item.body) for item in found]

    # -- breaking down ----------------------------------------------------------------------------------------------------

    async def divide(self, actor: Actor, parent_id: UUID, parts: Sequence[NewPart], note: str) -> Breakdown:
        """Break a case down; the actor must have its step.

        Raises:
            NotFound: no such case, or the actor may not read it. BreakdownNotNow: its type is not broken down, or not at this
            step. OfficeUnknown, DeadlineUnreadable; TaskNotYours: the step is somebody else's.
        """
        now = self._context.clock.now()
        for part in parts:
            parse_deadline(part.limit)
        async with self._context.database.transaction() as connection:
            parent = await self._readable(connection, actor, parent_id)
            declared = await self._declared_for(connection, parent)
            tasks = await self._casework.parts.flow.open_tasks(connection, parent.id)
            task = next((item for item in tasks if item.node == declared.parent.node), None)
            if task is None:
                raise BreakdownNotNow(
                    reason_zh=f"当前状态是“{parent.status}”,不在分解这一步", reason_en="it does not stand at that step"
                )
            given = StepInput(declared.parent.outcome, note)
            step = await self._finish(connection, task.id, actor, given, now)
            drafts = [self._draft(declared, parent, part, nth, now) for nth, part in enumerate(parts, start=1)]
            opened = await self._casework.opening.write_within(connection, [(draft, actor) for draft, _ in drafts])
            new = [
                _new_part(answer.id, parent.id, part, nth, draft, office, now)
                for nth, (part, answer, (draft, office)) in enumerate(zip(parts, opened, drafts, strict=True), start=1)
            ]
            for part, made in zip(parts, new, strict=True):
                held: cases.Changes = {"limit_text": part.limit}
                await cases.change_case(connection, made.child_id, held)
            await parts_store.add(connection, parent.id, declared.id, new, now, actor.label)
            data: JsonObject = {"parts": [answer.number for answer in opened], "note": note}
            await journal.append(connection, case_entry(actor, now, "case.divided", parent, data, status=step.status))
            found = await parts_store.breakdown(connection, parent.id)
        if found is None:
            raise BreakdownUnknown()
        return found

    def _draft(
        self, declared: BreakdownDeclaration, parent: CaseFile, part: NewPart, nth: int, now: datetime
    ) -> tuple[Draft, int]:
        office = self._directory.organisation_by_code(part.organisation)
        if office is None or not office.active:
            raise OfficeUnknown(office=part.organisation[:60])
        report = Report(
            type=declared.child.type,
            channel=declared.child.channel,
            text=f"{part.title}\n{part.text}" if part.text else part.title,
            class_code=declared.child.class_code,
            urgency=parent.urgency,
            idempotency_key=f"part:{parent.id}:{nth}",
        )
        draft = self._casework.drafting.draft(report, SYSTEM, now)
        area = office.area or draft.area
        variables: JsonObject = {**draft.variables, "limit": part.limit, "area": area, "grid": area}
        draft = replace(draft, area=area, grid="", variables=variables, fold_since=None)
        return draft.given_to(office.id), office.id

    async def _readable(self, connection: Connection, actor: Actor, case_id: UUID) -> CaseFile:
        case = await cases.find_case(connection, case_id)
        if case is None or not may_read(actor, case):
            raise NotFound(what="案件 the case")
        return case

    async def _declared_for(self, connection: Connection, case: CaseFile) -> BreakdownDeclaration:
        for item in await store.declared(connection, "breakdown"):
            declared = BreakdownDeclaration.model_validate(item.body)
            if declared.parent.type == case.type:
                return declared
        raise BreakdownNotNow(reason_zh="这类案件不分解任务", reason_en="cases of this type are not broken down")

    # -- reading ----------------------------------------------------------------------------------------------------------

    async def breakdown(self, actor: Actor, parent_id: UUID) -> Breakdown:
        """A case with its parts; of the parts those within the reader's reach.

        Raises:
            BreakdownUnknown: it was not broken down, or neither it nor any part may be read.
        """
        async with self._context.database.connection() as connection:
            found = await parts_store.breakdown(connection, parent_id)
            case = await cases.find_case(connection, parent_id) if found is not None else None
        if found is None or case is None:
            raise BreakdownUnknown()
        if may_read(actor, case):
            return found
        mine = tuple(part for part in found.parts if _reaches(actor, "read", part))
        if not mine:
            raise BreakdownUnknown()
        return replace(found, parts=mine)

    async def reports(self, actor: Actor, child_id: UUID) -> tuple[Part, list[ProgressReport]]:
        """A part and its reports: given, missed, and the next one owed; oldest first.

        Raises:
            BreakdownUnknown: it is no part of anything, or beyond the reader's reach.
        """
        now = self._context.clock.now()
        async with self._context.database.connection() as connection:
            part = await parts_store.part(connection, child_id)
            if part is None or not _reaches(actor, "read", part):
                raise BreakdownUnknown()
            declared = await self._declared_by(connection, await parts_store.declared_of(connection, part.parent_id))
            given = (await parts_store.given(connection, [child_id]))[child_id]
        if declared.progress is None:
            return part, []
        owed = judging.reports_owed(declared.progress, self._context.calendar, part, now)
        return part, [_report(period.key, due, given.get(period.key)) for period, due in owed]

    async def _declared_by(self, connection: Connection, declared_id: str) -> BreakdownDeclaration:
        """As published last, whether or not a pack still declares it."""
        found = await store.declared(connection, "breakdown", all_of_them=True)
        return BreakdownDeclaration.model_validate(next(item.body for item in found if item.id == declared_id))

    async def figures(
        self, actor: Actor, declared_id: str, since: datetime, until: datetime
    ) -> tuple[BreakdownDeclaration, list[OfficeFigures]]:
        """What offices did with the tasks that they were given in the time, best score first.

        Raises:
            Forbidden; BreakdownUnknown: nothing of that id is declared.
        """
        actor.require(KIND, "read")
        now = self._context.clock.now()
        async with self._context.database.connection() as connection:
            known = await store.declared(connection, "breakdown", all_of_them=True)
            body = next((item.body for item in known if item.id == declared_id), None)
            if body is None:
                raise BreakdownUnknown()
            declared = BreakdownDeclaration.model_validate(body)
            counted, shown = await parts_store.counted(connection, actor, declared_id, since, until, now)
        figures = []
        for each in counted:
            cards = shown.get(each.organisation_id, {})
            score = judging.score_of(declared, each, cards)
            figures.append(
                OfficeFigures(
                    each.organisation_id, each.tasks, each.done, each.in_time, each.late, each.missed,
                    round(each.percent, 1), cards, score,
                )
            )  # fmt: skip
        return declared, sorted(figures, key=lambda each: (-(each.score or 0.0), each.organisation_id))

    # -- progress ---------------------------------------------------------------------------------------------------------

    async def report(self, actor: Actor, child_id: UUID, percent: int, text: str) -> Part:
        """Report progress for the period that runs now; a second report in it takes the place of the first.

        Raises:
            BreakdownUnknown; Forbidden: it is another office's task; PartEnded.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            part = await parts_store.part(connection, child_id, lock=True)
            if part is None or not (_reaches(actor, "report", part) or _reaches(actor, "read", part)):
                raise BreakdownUnknown()
            if not _reaches(actor, "report", part):
                raise Forbidden(verb=f"{KIND}:report")
            if part.closed_at is not None:
                raise PartEnded()
            declared = await self._declared_by(connection, await parts_store.declared_of(connection, part.parent_id))
            day = now.astimezone(self._context.calendar.hours.timezone).date()
            period = period_of(day, declared.progress.every if declared.progress else "month")
            await parts_store.give(connection, child_id, Given(period.key, percent, text, now, actor.label))
            case = await cases.find_case(connection, child_id)
            if case is not None:
                data: JsonObject = {"period": period.key, "percent": percent, "note": text}
                await journal.append(connection, case_entry(actor, now, "case.progress", case, data))
        await self._follow(part.parent_id, now)
        return replace(part, percent=percent)

    # -- following --------------------------------------------------------------------------------------------------------

    async def follow(self) -> int:
        """One round of the worker over all that runs; how many breakdowns it looked at."""
        now = self._context.clock.now()
        async with self._context.database.connection() as connection:
            running = await parts_store.running(connection)
        for parent_id in running:
            try:
                await self._follow(parent_id, now)
            except Problem as problem:
                log.warning("a breakdown is not followed", case=str(parent_id), why=problem.message("en"))
        return len(running)

    async def _follow(self, parent_id: UUID, now: datetime) -> None:
        async with self._context.database.transaction() as connection:
            declared_id = await parts_store.lock_running(connection, parent_id)
            if declared_id is None:
                return
            declared = await self._declared_by(connection, declared_id)
            before = await parts_store.breakdown(connection, parent_id)
            if before is None:
                return
            given = await parts_store.given(connection, [part.child_id for part in before.parts])
            after = [
                await self._follow_part(connection, declared, part, given[part.child_id], now) for part in before.parts
            ]
            percent = judging.whole_percent(after)
            ended = all(part.ended_at is not None for part in after)
            if ended:
                await self._settle(connection, declared, parent_id, now)
            if ended or abs(percent - before.percent) >= 0.1:
                await parts_store.set_percent(connection, parent_id, percent, now if ended else None)

    async def _follow_part(
        self, connection: Connection, declared: BreakdownDeclaration, part: Part, given: dict[str, Given], now: datetime
    ) -> Part:
        if part.ended_at is not None:
            return part
        missed = 0
        if declared.progress is not None:
            owed = judging.reports_owed(declared.progress, self._context.calendar, part, now)
            missed = judging.missed(owed, given, part.closed_at or now)
        card = None if part.closed_at is not None else judging.card_of(declared, part, missed, now)
        percent = 100 if part.closed_at is not None and part.state != "void" else part.percent
        after = replace(part, percent=percent, missed=missed, card=card.id if card else "", ended_at=part.closed_at)
        if after != part:
            await parts_store.change_part(
                connection, part.child_id, percent=percent if percent != part.percent else None, card=after.card,
                missed=missed, ended_at=after.ended_at,
            )  # fmt: skip
        if after.card != part.card:
            await self._card(connection, part, card, now)
        return after

    async def _card(self, connection: Connection, part: Part, card: Card | None, now: datetime) -> None:
        """Show a card, or take it back; whoever has the task is urged (督促)."""
        await parts_store.show_card(connection, part.child_id, card.id if card else "", now)
        case = await cases.case_for_update(connection, part.child_id)
        if case is None or card is None:
            return
        data: JsonObject = {"card": card.id, "colour": card.colour, "note": card.names.zh}
        await journal.append(connection, case_entry(SYSTEM, now, "case.card", case, data))
        if card.urge and case.closed_at is None and case.suspended_at is None:
            await self._casework.parts.flow.urge(connection, case.id, priority=1, at=now, note=card.names.zh)
            await journal.append(connection, case_entry(SYSTEM, now, "case.urged", case, {"note": card.names.zh}))

    async def _settle(
        self, connection: Connection, declared: BreakdownDeclaration, parent_id: UUID, now: datetime
    ) -> None:
        """All parts have ended: the case goes on from where it waits. Somebody may have ended it before."""
        tasks = await self._casework.parts.flow.open_tasks(connection, parent_id)
        task = next((item for item in tasks if item.node == declared.parent.wait), None)
        if task is not None:
            given = StepInput(declared.parent.settled, "各项任务均已办结")
            await self._finish(connection, task.id, SYSTEM, given, now)


def _reaches(actor: Actor, verb: str, part: Part) -> bool:
    return actor.reaches(KIND, verb, area=part.area, organisation=part.organisation_id)


def _report(period: str, due: datetime, given: Given | None) -> ProgressReport:
    if given is None:
        return ProgressReport(period, due, None, "", None, "")
    return ProgressReport(period, due, given.given_at, given.given_by, given.percent, given.text)


def _new_part(
    child_id: UUID, parent_id: UUID, part: NewPart, nth: int, draft: Draft, office: int, now: datetime
) -> Part:
    return Part(
        child_id=child_id, number="", parent_id=parent_id, nth=nth, title=part.title, organisation_id=office,
        area=draft.area, weight=part.weight, percent=0, card="", missed=0, created_at=now, ended_at=None, state="open",
        status="", due_at=None, handled_at=None, closed_at=None, filed_at=now, urged=0,
    )  # fmt: skip
