"""Steps: what a person who finishes a task makes of the case. Judges and decides; ``finishing`` locks and writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from yiwang.casework import step_fields, store
from yiwang.casework.catalogue import CaseType
from yiwang.casework.dispatch import Advice, Facts, learned_advice, warned
from yiwang.casework.errors import DepartmentUnknown, OutcomeNeeds, SectionNotOfDepartment
from yiwang.casework.likeness import tell_reporters
from yiwang.casework.model import CaseFile, PhotoClaim, State
from yiwang.casework.notes import case_entry
from yiwang.casework.parts import Parts
from yiwang.casework.store import Changes
from yiwang.casework.timing import timing
from yiwang.flow.model import Advance, Graph, InstanceRow, Start, TaskRow, UserTask
from yiwang.identity.model import OrganisationRow
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import FieldError

NEED_WORDS = {
    "department": "处置部门",
    "section": "科室",
    "handler": "处置人员",
    "standard": "立案标准",
    "class": "分类",
    "limit": "处置时限",
    "reason": "理由",
    "note": "意见",
    "photos": "照片",
    "satisfaction": "满意度",
}

_END_STATES: dict[str, State] = {"not_accepted": "not_accepted", "void": "void"}
_CLOSED = frozenset({"已结案", "已办结", "已强制结案"})
_BACK = frozenset({"back", "redo", "not_pass", "rework"})


@dataclass(frozen=True, slots=True)
class StepInput:
    """What is given with an outcome. ``department`` is an organisation's code or a kind of department it serves."""

    outcome: str
    note: str = ""
    department: str | None = None
    section: str | None = None
    handler: UUID | None = None
    standard: str | None = None
    class_code: str | None = None
    limit: str | None = None
    satisfaction: int | None = None
    photos: tuple[PhotoClaim, ...] = ()
    fields: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepResult:
    """The case after the step."""

    case_id: UUID
    number: str
    status: str
    stage: str
    state: State
    due_at: datetime | None


LockedTask: TypeAlias = tuple[CaseFile, TaskRow, InstanceRow]
"""A case with one of its open tasks and its flow instance, all locked."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What an outcome sets: columns of the case and variables of its flow."""

    case_type: CaseType
    changes: Changes
    variables: JsonObject


@dataclass(frozen=True, slots=True)
class Settled:
    """What a finished step leaves to write of its case; ``stage`` is the step's own."""

    case: CaseFile
    stage: str
    changes: Changes
    entries: list[journal.Entry]
    result: StepResult


Guard = Callable[[CaseFile, TaskRow, Actor, StepInput], None]
"""Refuses an outcome that is an engine's to give, such as the end of a vote, by raising."""


class Steps:
    """What outcomes mean for the case. One per process; :class:`~yiwang.casework.finishing.Finishing` writes it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.guards: list[Guard] = []

    async def judge(
        self, connection: Connection, locked: LockedTask, actor: Actor, given: StepInput, now: datetime
    ) -> Judged:
        """What the outcome says of the case, checked against what its step needs; reads nothing once its types are known.

        Raises:
            OutcomeNeeds, DepartmentUnknown, SectionNotOfDepartment, ClassUnknown, StandardUnknown; what a guard refuses.
        """
        case, task, _ = locked
        for guard in self.guards:
            guard(case, task, actor, given)
        case_type = await self._parts.catalogue.version(connection, case.type, case.type_version)
        changes, variables = self._judge(case, case_type, given)
        if given.outcome == "handle_self" and actor.account_id is not None:
            changes["handler_id"], variables["handler"] = actor.account_id, str(actor.account_id)
        graph = await self.graph_of(connection, case, task)
        outcome = graph.task(task.node).outcomes.get(given.outcome) if task.kind == "step" else None
        if outcome is not None:
            self._check_needs(given, outcome.needs, case, changes)
        values = step_fields.judged(graph.task(task.node), given.outcome, given.fields) if task.kind == "step" else {}
        if values:
            fields = case_type.calculated({**case.fields, **values})
            changes["fields"] = fields
            variables.update(values)
            variables.update({key: fields.get(key) for key in case_type.formulas.order})
        return Judged(case_type, changes, variables)

    def settle(
        self, case: CaseFile, judged: Judged, actor: Actor, given: StepInput, advance: Advance, now: datetime
    ) -> Settled:
        """What the finished step changes of the case, and what the journal says of it."""
        finished = advance.finished
        stage = finished.stage if finished else case.stage
        decided = (finished.outcome if finished and finished.kind == "step" else None) or given.outcome
        changes = judged.changes
        changes.update(self.effects(case, advance, stage, decided, now))
        if given.satisfaction is not None:
            changes["satisfaction"] = given.satisfaction
        story = {**self._story(judged.case_type, given, changes, stage), **timing(advance)}
        entries = [case_entry(actor, now, "case.step", case, story, status=advance.status)]
        if advance.ended:
            told: JsonObject = {"outcome": given.outcome}
            entries.append(case_entry(actor, now, "case.closed", case, told, status=advance.status))
        result = StepResult(
            case.id,
            case.number,
            advance.status,
            advance.stage,
            changes.get("state", case.state),
            changes.get("due_at", case.due_at),
        )
        return Settled(case, stage, changes, entries, result)

    async def graph_of(self, connection: Connection, case: CaseFile, task: TaskRow) -> Graph:
        """The graph of whose steps a task is: of the case's own definition, or of one that it calls."""
        if task.definition_id is not None:
            return (await self._parts.flow.definition(connection, task.definition_id)).graph
        return (await self._parts.catalogue.version(connection, case.type, case.type_version)).definition.graph

    def advise(self, case: CaseFile, case_type: CaseType) -> tuple[OrganisationRow | None, Advice | None]:
        """Which department is proposed for this case, with the reason; see :meth:`propose`."""
        return self.propose(case_type, Facts(case.class_code or "", case.area, case.text, case.channel, case.urgency))

    def propose(self, case_type: CaseType, facts: Facts) -> tuple[OrganisationRow | None, Advice | None]:
        """The department for these facts: by the decision table; where it is silent, the one that has closed such cases
        here; else the class's own, which comes without advice."""
        if case_type.dispatch is not None:
            advice = case_type.dispatch.advise(facts)
            if advice is not None:
                found = self.department(advice.department, facts.area)
                if found is not None:
                    refused, why = self._parts.outcomes.refusals(
                        case_type.declaration.id, facts.class_code, facts.area, found.id
                    )
                    advice = warned(advice, refused, why) if refused else advice
                return found, advice
        learned = self._parts.outcomes.advise(case_type.declaration.id, facts.class_code, facts.area)
        if learned is not None:
            organisation = self._parts.directory.organisation(learned.department_id)
            if organisation is not None:
                return organisation, learned_advice(organisation, learned)
        known = case_type.classes.get(facts.class_code)
        kind = known.department if known else None
        return (self.department(kind, facts.area) if kind else None), None

    def department(self, word: str, area: str) -> OrganisationRow | None:
        """The organisation with this code, or the one that serves this kind of department for the area."""
        directory = self._parts.directory
        return directory.organisation_by_code(word) or directory.serving(word, area)

    def _judge(self, case: CaseFile, case_type: CaseType, given: StepInput) -> tuple[Changes, JsonObject]:
        """What the given data change of the case, and the flow variables they set."""
        changes: Changes = {}
        variables: JsonObject = {}
        self._judge_class(case, case_type, given, changes, variables)
        if given.limit is not None:
            parse_deadline(given.limit)
        if given.department is not None:
            self._judge_department(case, case_type, given, changes, variables)
        elif given.limit is not None:
            changes["limit_text"] = variables["limit"] = given.limit
        department_id = changes.get("department_id", case.department_id)
        if given.section is not None:
            section = self._parts.directory.organisation_by_code(given.section)
            if section is None:
                raise DepartmentUnknown(department=given.section[:60])
            if department_id is None or section.id not in self._parts.directory.subtree(department_id):
                raise SectionNotOfDepartment(section=given.section, department=str(department_id))
            changes["section_id"] = variables["section"] = section.id
        if given.handler is not None:
            person = self._parts.directory.person(given.handler)
            inside = self._parts.directory.subtree(department_id) if department_id is not None else frozenset()
            if person is None or person.organisation_id not in inside:
                raise SectionNotOfDepartment(section=str(given.handler), department=str(department_id))
            changes["handler_id"] = given.handler
            variables["handler"] = str(given.handler)
        return changes, variables

    def _judge_class(
        self, case: CaseFile, case_type: CaseType, given: StepInput, changes: Changes, variables: JsonObject
    ) -> None:
        class_code = case.class_code
        if given.class_code is not None and given.class_code != case.class_code:
            class_code = case_type.case_class(given.class_code).code
            changes["class_code"] = variables["class"] = class_code
            changes["class_source"] = "person"
            changes["standard"] = None
        if given.standard is not None and class_code is not None:
            standard = case_type.standard(class_code, given.standard)
            changes["standard"] = standard.id
            if standard.urgency == "urgent":
                changes["urgency"] = variables["urgency"] = "urgent"

    def _judge_department(
        self, case: CaseFile, case_type: CaseType, given: StepInput, changes: Changes, variables: JsonObject
    ) -> None:
        found = self.department(given.department or "", case.area)
        if found is None:
            raise DepartmentUnknown(department=(given.department or "")[:60])
        class_code = changes.get("class_code", case.class_code)
        standard = changes.get("standard", case.standard)
        limit = given.limit
        if limit is None:
            proposed, advice = self.advise(case, case_type)
            if advice is not None and advice.limit and proposed is not None and proposed.id == found.id:
                limit = advice.limit
        if limit is None and class_code is not None:
            limit = case_type.standard(class_code, standard).limit
        changes["department_id"] = changes["organisation_id"] = variables["department"] = found.id
        changes["section_id"] = changes["handler_id"] = variables["handler"] = None
        variables["section"] = found.id  # until the department names one, its own handlers take it
        changes["limit_text"] = variables["limit"] = limit

    def _check_needs(self, given: StepInput, needs: Sequence[str], case: CaseFile, changes: Changes) -> None:
        have: dict[str, object] = {
            "department": changes.get("department_id"),
            "section": given.section,
            "handler": given.handler,
            "standard": changes.get("standard", case.standard),
            "class": changes.get("class_code", case.class_code),
            "limit": changes.get("limit_text", case.limit_text),
            "reason": given.note,
            "note": given.note,
            "photos": given.photos,
            "satisfaction": given.satisfaction,
        }
        missing = [need for need in needs if not have.get(need)]
        if missing:
            words = "、".join(NEED_WORDS.get(need, need) for need in missing)
            raise OutcomeNeeds(
                errors=[
                    FieldError(
                        where=f"/{need}",
                        code="input.missing",
                        zh=f"请填写{NEED_WORDS.get(need, need)}",
                        en=f"give {need}",
                    )
                    for need in missing
                ],
                outcome=given.outcome,
                missing=", ".join(missing),
                missing_zh=words,
            )

    def effects(self, case: CaseFile, advance: Advance, stage: str, outcome: str, now: datetime) -> Changes:
        """What an advance of the flow changes of its case: status, clocks, milestones, counts, the end."""
        changes: Changes = {"status": advance.status, "stage": advance.stage}
        match stage, outcome:
            case "accept", "file":
                changes["filed_at"] = now
            case "dispatch", "dispatch":
                changes["dispatched_at"] = now
            case "confirm", "confirm":
                changes["handled_at"] = now
            case "check", "pass":
                changes["checked_at"] = now
        if (stage == "check" and outcome == "not_pass") or outcome == "rework":
            changes["rework_count"] = case.rework_count + 1
            changes["handled_at"] = changes["checked_at"] = None
        elif outcome in _BACK:
            changes["return_count"] = case.return_count + 1
            if stage == "receive":
                changes["department_id"] = None
                changes["organisation_id"] = _centre(self._parts, case)
        clock = advance.clocks.get("handling")
        if clock is not None:
            changes["due_at"], changes["warn_at"] = clock.due_at, clock.warn_at
        if advance.ended:
            changes["state"] = _END_STATES.get(advance.stage, "closed")
            changes["closed_at"] = now
        return changes

    async def start_again(
        self, connection: Connection, case: CaseFile, actor: Actor, reason: str, now: datetime
    ) -> Advance:
        """Let an ended case go on at its filing step (受理), or at the first step of a flow that has none.

        A case imported as closed has no flow yet and begins one. Verification is not repeated.
        """
        parts = self._parts
        case_type = await parts.catalogue.version(connection, case.type, case.type_version)
        if await store.has_flow(connection, case.id):
            node = _again_from(case_type)
            return await parts.flow.reopen(connection, case.id, actor, node, reason, now, {"verify": False})
        centre = _centre(parts, case)
        start = Start(
            case.id,
            case_type.definition,
            "case",
            case.id,
            case.area,
            case.grid,
            {
                "centre": centre,
                "area": case.area,
                "grid": case.grid or case.area,
                "channel": case.channel,
                "class": case.class_code,
                "urgency": case.urgency,
                "department": case.department_id,
                "limit": case.limit_text or _usual_limit(case, case_type),
                "verify": False,
                "visit": case_type.declaration.return_visit,
                "warn": case_type.declaration.warn,
                "rework": case_type.declaration.rework,
            },
        )
        return (await parts.flow.start_many(connection, [start], now, actor=actor))[0]

    async def close_followers(
        self, connection: Connection, actor: Actor, head: CaseFile, status: str, now: datetime
    ) -> list[journal.Entry]:
        """End the cases folded under a head with it and tell their reporters; returns their entries."""
        if head.followers == 0:
            return []
        entries = await tell_reporters(connection, actor, head, "closed" if status in _CLOSED else "ended", status, now)
        for follower in await store.followers_of(connection, head.id, limit=10_000):
            if follower.state == "folded" and follower.closed_at is None:
                await store.change_case(connection, follower.id, {"status": status, "closed_at": now})
                entries.append(case_entry(actor, now, "case.closed", follower, {"head": head.number}, status=status))
        return entries

    def _story(self, case_type: CaseType, given: StepInput, changes: Changes, stage: str) -> JsonObject:
        data: JsonObject = {"stage": stage, "outcome": given.outcome}
        if given.note:
            data["note"] = given.note
        department = changes.get("department_id")
        if department is not None:
            found = self._parts.directory.organisation(department)
            data["department"] = found.name_zh if found else department
            data["organisation"] = department
        told = {
            "limit": changes.get("limit_text"),
            "standard": changes.get("standard"),
            "class": changes.get("class_code"),
        }
        data.update({name: value for name, value in told.items() if value is not None})
        if given.photos:
            data["photos"] = [str(photo.id) for photo in given.photos]
        if given.satisfaction is not None:
            data["satisfaction"] = given.satisfaction
        if given.fields:
            data["fields"] = {**given.fields}
        return data


def _centre(parts: Parts, case: CaseFile) -> int | None:
    centre = parts.directory.serving("centre", case.area)
    return centre.id if centre else None


def _usual_limit(case: CaseFile, case_type: CaseType) -> str | None:
    """The limit of the class's standard, for a case that was closed elsewhere and never had one here."""
    known = case.class_code is not None and case.class_code in case_type.classes
    return case_type.standard(case.class_code or "", None).limit if known else None


def _again_from(case_type: CaseType) -> str:
    """The step at which a reopened case goes on."""
    tasks = [node for node in case_type.definition.graph.nodes.values() if isinstance(node, UserTask)]
    return next((node.id for node in tasks if node.stage == "accept"), tasks[0].id)
