"""Scoring sheets (评分表): answers become points, points a total and a verdict, which stand in the case and its flow.

Filling a sheet in finishes its step; answers and step are written in one transaction, with the sheet as it was then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.casework import store as cases
from yiwang.casework.model import PhotoClaim
from yiwang.casework.notes import case_entry
from yiwang.casework.rules import may_read
from yiwang.casework.service import CaseService
from yiwang.casework.steps import StepInput, StepResult
from yiwang.kernel import journal
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.context import Context
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput, NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.plans import store
from yiwang.plans.declarations import SheetDeclaration, SheetItem
from yiwang.plans.errors import SheetElsewhere, SheetUnknown
from yiwang.plans.model import KIND


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for an item; ``points`` None: not applicable."""

    points: float | None
    note: str = ""
    photos: tuple[PhotoClaim, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sheet comes to. ``full``: points of all items that apply; ``vetoed``: items that fail the sheet."""

    total: float
    full: float
    percent: float
    verdict: str
    vetoed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SheetFigures:
    """What an office was given on a sheet in a time. ``rank``: 1 for the best average; equal ones share it."""

    organisation_id: int
    filled: int
    average: float
    lowest: float
    verdicts: dict[str, int]
    rank: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A sheet that was filled in, with the sheet as it was then."""

    id: UUID
    sheet: SheetDeclaration
    answers: JsonObject
    outcome: Outcome
    answered_label: str
    answered_at: datetime


class Sheets:
    """One per process."""

    def __init__(self, context: Context, casework: CaseService) -> None:
        self._context = context
        self._casework = casework

    async def declarations(self) -> list[SheetDeclaration]:
        """All that are in force."""
        async with self._context.database.connection() as connection:
            found = await store.declared(connection, "sheet")
        return [SheetDeclaration.model_validate(item.body) for item in found]

    async def fill(
        self,
        actor: Actor,
        sheet_id: str,
        task_id: UUID,
        outcome: str,
        answers: Mapping[str, Answer],
        note: str,
        more: JsonObject | None = None,
    ) -> tuple[Outcome, StepResult]:
        """Fill a sheet in and finish its step with an outcome; ``more``: other fields that the step asks for.

        Raises:
            SheetUnknown, SheetElsewhere; InvalidInput with every faulty item; as :meth:`Finishing.complete`.
        """
        sheet = next((each for each in await self.declarations() if each.id == sheet_id), None)
        if sheet is None:
            raise SheetUnknown(sheet=sheet_id[:60])
        faults = faults_of(sheet, answers)
        if faults:
            raise InvalidInput(errors=faults, count=len(faults))
        result = judge(sheet, answers)
        fields: JsonObject = {**(more or {}), sheet.fields.total: result.total}
        if sheet.fields.verdict is not None and result.verdict:
            fields[sheet.fields.verdict] = result.verdict
        photos = tuple(photo for answer in answers.values() for photo in answer.photos)
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            locked = await cases.case_for_task(connection, task_id)
            if locked is None:
                await self._casework.parts.flow.lock_task(connection, task_id)  # says who finished it and when
                raise NotFound(what="任务 the task")
            case, task, _ = locked
            if not may_read(actor, case):
                raise NotFound(what="任务 the task")
            if case.type != sheet.case or task.node != sheet.node:
                raise SheetElsewhere(sheet=sheet.names.zh, node=sheet.node)
            given = StepInput(outcome, note, photos=photos, fields=fields)
            step = await self._casework.finishing.complete_within(connection, task_id, actor, given, now)
            await connection.execute(
                "insert into sheet_answer (id, sheet, body, case_id, task_id, answers, total, full_points, percent, verdict,"
                " vetoed, answered_by, answered_label, answered_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                new_id(), sheet.id, sheet.model_dump(mode="json", by_alias=True), case.id, task_id, _kept(answers),
                result.total, result.full, result.percent, result.verdict, list(result.vetoed), actor.account_id,
                actor.label, now,
            )  # fmt: skip
            data: JsonObject = {"sheet": sheet.id, "total": result.total, "verdict": result.verdict}
            await journal.append(connection, case_entry(actor, now, "case.sheet", case, data, status=step.status))
        return result, step

    async def figures(
        self, actor: Actor, sheet_id: str, since: datetime, until: datetime
    ) -> tuple[SheetDeclaration, list[SheetFigures]]:
        """Offices ranked by what they were given on a sheet in the time (评分排名), by the office that the case is about.

        Raises:
            Forbidden: without a grant to read plans. SheetUnknown.
        """
        actor.require(KIND, "read")
        sheet = next((each for each in await self.declarations() if each.id == sheet_id), None)
        if sheet is None:
            raise SheetUnknown(sheet=sheet_id[:60])
        args = Sql()
        about = "coalesce(c.department_id, c.organisation_id)"
        when = f"s.sheet = {args.bind(sheet_id)} and s.answered_at >= {args.bind(since)} and s.answered_at < {args.bind(until)}"
        reach = scope_condition(actor, KIND, "read", args, area="c.area", organisation=about)
        async with self._context.database.connection() as connection:
            rows = await connection.fetch(
                f"select {about} as office, s.verdict, count(*) as filled, sum(s.total)::float8 as total,"
                f" min(s.total)::float8 as lowest from sheet_answer s join case_file c on c.id = s.case_id"
                f" where {when} and {reach} and {about} is not null group by 1, 2 order by 1, 2",
                *args.values,
            )
        return sheet, ranked(
            [(row["office"], row["verdict"], row["filled"], row["total"], row["lowest"]) for row in rows]
        )

    async def of_case(self, actor: Actor, case_id: UUID) -> list[Filled]:
        """The sheets of a case, oldest first.

        Raises:
            NotFound: no such case, or the reader may not read it.
        """
        async with self._context.database.connection() as connection:
            case = await cases.find_case(connection, case_id)
            if case is None or not may_read(actor, case):
                raise NotFound(what="案件 the case")
            rows = await connection.fetch(
                "select id, body, answers, total, full_points, percent, verdict, vetoed, answered_label, answered_at"
                " from sheet_answer where case_id = $1 order by answered_at, id",
                case_id,
            )
        return [
            Filled(
                row["id"], SheetDeclaration.model_validate(row["body"]), row["answers"],
                Outcome(row["total"], row["full_points"], row["percent"], row["verdict"], tuple(row["vetoed"])),
                row["answered_label"], row["answered_at"],
            )
            for row in rows
        ]  # fmt: skip


def ranked(rows: Sequence[tuple[int, str, int, float, float]]) -> list[SheetFigures]:
    """Figures by office, the best average first, of (office, verdict, how many, points together, fewest points)."""
    offices: dict[int, list[tuple[str, int, float, float]]] = {}
    for office, verdict, filled, total, lowest in rows:
        offices.setdefault(office, []).append((verdict, filled, total, lowest))
    found: list[tuple[float, int]] = []
    for office, given in offices.items():
        average = sum(total for _, _, total, _ in given) / sum(filled for _, filled, _, _ in given)
        found.append((round(average, 2), office))
    found.sort(key=lambda each: (-each[0], each[1]))
    return [
        SheetFigures(
            office, sum(filled for _, filled, _, _ in offices[office]), average, min(low for *_, low in offices[office]),
            {verdict: filled for verdict, filled, _, _ in offices[office] if verdict},
            1 + sum(other > average for other, _ in found),
        )
        for average, office in found
    ]  # fmt: skip


def faults_of(sheet: SheetDeclaration, answers: Mapping[str, Answer]) -> list[FieldError]:
    """What is wrong with the answers, by JSON pointer."""
    known = {item.id for item in sheet.items}
    faults = [
        _fault(name, "评分表没有这一项,请去掉", "the sheet has no such item: leave it out")
        for name in answers
        if name not in known
    ]
    for item in sheet.items:
        faults += _item_faults(item, answers.get(item.id))
    return faults


def _item_faults(item: SheetItem, answer: Answer | None) -> list[FieldError]:
    if answer is None or answer.points is None:
        if item.optional:
            return []
        return [_fault(item.id, f"请给“{item.names.zh}”打分", f"give points for “{item.names.en}”")]
    if not 0 <= answer.points <= item.points:
        return [_fault(item.id, f"分数应在 0 到 {item.points:g} 之间", f"points lie between 0 and {item.points:g}")]
    lost = answer.points < item.points
    if not answer.photos and (item.photo == "always" or (item.photo == "lost" and lost)):
        return [_fault(item.id, "请附上佐证照片", "add a photo as evidence")]
    return []


def _fault(item: str, zh: str, en: str) -> FieldError:
    return FieldError(where=f"/answers/{item}", code="input.field", zh=zh, en=en)


def judge(sheet: SheetDeclaration, answers: Mapping[str, Answer]) -> Outcome:
    """The total by the sheet's rule and its verdict. An item that vetoes with no points makes the total 0."""
    given = [
        (item, points)
        for item in sheet.items
        if (answer := answers.get(item.id)) is not None and (points := answer.points) is not None
    ]
    full = sum(item.points for item, _ in given)
    got = sum(points for _, points in given)
    vetoed = tuple(item.id for item, points in given if item.veto and points <= 0)
    if vetoed:
        return Outcome(0.0, full, 0.0, sheet.veto or "", vetoed)
    percent = round(100 * got / full, 2) if full else 100.0
    return Outcome(round(got, 2) if sheet.total == "sum" else percent, full, percent, _verdict(sheet, percent), ())


def _verdict(sheet: SheetDeclaration, percent: float) -> str:
    reached: Sequence[tuple[float, str]] = [
        (each.at_least, each.id) for each in sheet.verdicts if percent >= each.at_least
    ]
    return max(reached)[1] if reached else ""


def _kept(answers: Mapping[str, Answer]) -> JsonObject:
    return {
        name: {"points": each.points, "note": each.note, "photos": [str(photo.id) for photo in each.photos]}
        for name, each in answers.items()
    }
