"""Issuing, voiding and replacing documents: the number, the frozen content and the journal in one transaction.

The PDF is set and signed after the commit (:mod:`yiwang.documents.making`), so that no counter waits for a printer and no
number is lost when setting fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from yiwang.casework.catalogue import CaseType
from yiwang.casework.model import CaseFile
from yiwang.casework.notes import case_entry
from yiwang.casework.service import CaseService
from yiwang.casework.store import attachments_of
from yiwang.documents import lists, store
from yiwang.documents.content import new_code, values_of, words_of, write
from yiwang.documents.errors import (
    DocumentCaseClosed,
    DocumentEnded,
    DocumentIncomplete,
    DocumentOfficeUnknown,
    DocumentReasonNeeded,
    DocumentTypeUnknown,
    DocumentUnknown,
)
from yiwang.documents.model import KIND, STATES, Document, DocumentType
from yiwang.documents.numbers import number_of
from yiwang.documents.template import lists_of
from yiwang.flow.model import StepDocument, TaskRow
from yiwang.flow.store import find_instance, steps_of
from yiwang.identity.directory import Directory
from yiwang.identity.model import OrganisationRow
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import clean_line

_shortest_reason = 2


class Issuing:
    """One per process."""

    def __init__(self, context: Context, directory: Directory, casework: CaseService) -> None:
        self._context = context
        self._directory = directory
        self._casework = casework
        casework.finishing.issue = self.issue_on_step

    async def issue(self, actor: Actor, case_id: UUID, type_key: str) -> Document:
        """Issue a document for a case.

        Raises:
            NotFound: no such case for this actor. Forbidden; DocumentTypeUnknown, DocumentOfficeUnknown, DocumentIncomplete.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            case = await self._case(connection, case_id, actor, "issue")
            return await self._issue(connection, actor, case, type_key, now)

    async def issue_on_step(
        self,
        connection: Connection,
        actor: Actor,
        case: CaseFile,
        task: TaskRow,
        documents: Sequence[StepDocument],
        note: str,
    ) -> None:
        """What the drawing says is issued with a step, in the transaction that finishes it; a refusal refuses the step."""
        now = self._context.clock.now()
        for each in documents:
            await self._issue(connection, actor, case, each.key, now, task=task, note=note)

    async def void(self, actor: Actor, document_id: UUID, reason: str) -> Document:
        """The document does not hold any longer; its number stays taken.

        Raises:
            DocumentUnknown, Forbidden, DocumentEnded, DocumentReasonNeeded.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            case, found = await self._ending(connection, actor, document_id, reason)
            await store.end(connection, found.id, "void", now, actor.label, clean_line(reason))
            await journal.append(
                connection, case_entry(actor, now, "case.document_voided", case, _told(found, clean_line(reason)))
            )
            return await _again(connection, found.id)

    async def replace(self, actor: Actor, document_id: UUID, reason: str) -> Document:
        """Issue the document anew from the case as it is now, under a new number; the old one says so when it is checked.

        Raises:
            As :meth:`void` and :meth:`issue`.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            case, found = await self._ending(connection, actor, document_id, reason)
            await store.end(connection, found.id, "replaced", now, actor.label, clean_line(reason))
            await journal.append(
                connection, case_entry(actor, now, "case.document_replaced", case, _told(found, clean_line(reason)))
            )
            note = str(found.content.get("step_note", ""))  # what was said with the step stays true
            return await self._issue(connection, actor, case, found.type_key, now, note=note, instead=found)

    async def _ending(
        self, connection: Connection, actor: Actor, document_id: UUID, reason: str
    ) -> tuple[CaseFile, Document]:
        found = await store.one(connection, document_id, lock=True)
        if found is None:
            raise DocumentUnknown()
        case = await self._case(connection, found.case_id, actor, "void")
        if found.state != "issued":
            state_zh, state_en = STATES[found.state]
            raise DocumentEnded(number=found.number, state_zh=state_zh, state_en=state_en)
        if len(clean_line(reason)) < _shortest_reason:
            raise DocumentReasonNeeded()
        return case, found

    async def _case(self, connection: Connection, case_id: UUID, actor: Actor, verb: str) -> CaseFile:
        case = await self._casework.reading.readable(connection, case_id, actor)
        if not actor.reaches(KIND, verb, area=case.area, organisation=case.organisation_id, grid=case.grid):
            raise Forbidden(verb=f"{KIND}:{verb}")
        return case

    async def _issue(
        self,
        connection: Connection,
        actor: Actor,
        case: CaseFile,
        type_key: str,
        now: datetime,
        *,
        task: TaskRow | None = None,
        note: str = "",
        instead: Document | None = None,
    ) -> Document:
        case_type = await self._casework.catalogue.version(connection, case.type, case.type_version)
        kind = await self._kind(connection, case, type_key)
        declared = kind.declaration
        if task is None and case.closed_at is not None and not declared.after_closing:
            raise DocumentCaseClosed(title=declared.names.zh)
        office = self._office(declared.office, case, declared.names.zh)
        zone = self._context.calendar.hours.timezone
        day = now.astimezone(zone).date()
        serial = await store.take_serial(connection, office.id, declared.number, day.year)
        number, code = number_of(declared.number, office.name_zh, day.year, serial), new_code()
        instance = await find_instance(connection, case.id)  # an imported case has none
        flow = instance.variables if instance is not None else {}
        paper = write(
            declared, kind.template,
            values_of(case, case_type, self._department(case), note, actor.label, zone, flow),
            number=number, code=code, office=office.name_zh, day=day, instead=instead.number if instead else "",
            lists=await self._lists(connection, case, case_type, kind.template),
        )  # fmt: skip
        if paper.missing:
            raise _incomplete(declared.names.zh, paper.missing, case_type)
        made = Document(
            id=new_id(), type_key=kind.id, type_version=kind.version, case_id=case.id,
            task_id=task.id if task else None, organisation_id=office.id, rule=declared.number, year=day.year,
            serial=serial, number=number, code=code, title=declared.names.zh, title_en=declared.names.en,
            office=office.name_zh, version=instead.version + 1 if instead else 1, replaces=instead.id if instead else None,
            content=paper.content, personal=declared.personal, delivered=declared.deliver, state="issued", issued_at=now,
            issued_by=actor.account_id, issued_label=actor.label, ended_at=None, ended_label="", ended_reason="",
        )  # fmt: skip
        await store.add(connection, made)
        await journal.append(connection, case_entry(actor, now, "case.document_issued", case, _told(made, "")))
        return made

    async def _lists(
        self, connection: Connection, case: CaseFile, case_type: CaseType, template: str
    ) -> dict[str, list[lists.Line]]:
        """The lists that the template prints, and no others."""
        zone, wanted = self._context.calendar.hours.timezone, lists_of(template)
        found: dict[str, list[lists.Line]] = {}
        if "evidence" in wanted:
            found["evidence"] = lists.evidence(await attachments_of(connection, case.id), zone)
        if "documents" in wanted:
            found["documents"] = lists.documents(await store.of_case(connection, case.id), zone)
        if "steps" in wanted:
            found["steps"] = lists.steps(await steps_of(connection, case.id), case_type, zone)
        return found

    async def _kind(self, connection: Connection, case: CaseFile, type_key: str) -> DocumentType:
        offered = await store.types_for(connection, case.type)
        found = next((item for item in offered if item.id == type_key), None)
        if found is None:
            raise DocumentTypeUnknown(type=type_key, known="、".join(item.id for item in offered) or "—")
        return found

    def _office(self, word: str, case: CaseFile, title: str) -> OrganisationRow:
        directory = self._directory
        if word == "department":
            found = directory.organisation(case.department_id) if case.department_id is not None else None
        else:
            found = directory.organisation_by_code(word) or directory.serving(word, case.area)
        if found is None:
            raise DocumentOfficeUnknown(title=title, office=word)
        return found

    def _department(self, case: CaseFile) -> str:
        found = self._directory.organisation(case.department_id) if case.department_id is not None else None
        return found.name_zh if found is not None else ""


def _incomplete(title: str, missing: Sequence[str], case_type: CaseType) -> DocumentIncomplete:
    return DocumentIncomplete(title=title, missing="、".join(words_of(name, case_type)[0] for name in missing))


def _told(document: Document, reason: str) -> JsonObject:
    told: JsonObject = {"document": document.number, "title": document.title}
    return {**told, "note": reason} if reason else told


async def _again(connection: Connection, document_id: UUID) -> Document:
    found = await store.one(connection, document_id)
    if found is None:
        raise DocumentUnknown()
    return found
