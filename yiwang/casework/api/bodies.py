"""Request bodies and answers of the casework API, with the bounds of every field."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from yiwang.casework.api.values import (
    Claim,
    ClassCode,
    Code,
    Degrees,
    Fields,
    Key,
    Limit,
    Moment,
    Note,
    Number,
    SourceNumber,
    Word,
)
from yiwang.casework.catalogue import CaseType
from yiwang.casework.model import CaseFile, Opened, PhotoClaim, Report, Reporter
from yiwang.casework.service import CaseService
from yiwang.casework.steps import StepInput
from yiwang.kernel.database import JsonObject
from yiwang.kernel.text import CleanLine, CleanText, mask_value


class Body(BaseModel):
    """Unknown members are refused, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Photo(Body):
    """An uploaded photo with the claim that its upload answered."""

    id: UUID
    claim: Claim

    def claimed(self) -> PhotoClaim:
        return PhotoClaim(self.id, self.claim)


class ReporterBody(Body):
    """Who reports. 可留空。"""

    name: CleanLine = Field("", max_length=60)
    phone: str = Field("", max_length=20, pattern=r"^\+?[0-9 -]*$")


class ReportBody(Body):
    """A report of any channel (上报)."""

    type: Key = Field(description="Case type, e.g. urban-case.")
    channel: Key = Field(description="resident, grid-worker, hotline …; the case type lists its channels.")
    text: CleanText = Field("", max_length=4000, description="What happened, in the reporter's words.")
    class_code: ClassCode | None = Field(None, description="Class chosen by a person; left out, rules propose one.")
    lon: Annotated[Degrees, Field(ge=-180, le=180)] | None = Field(None, description="Degrees, in the reference `crs`.")
    lat: Annotated[Degrees, Field(ge=-90, le=90)] | None = None
    crs: Literal["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"] = "EPSG:4490"
    address: CleanLine = Field("", max_length=300)
    urgency: Literal["normal", "urgent"] = "normal"
    occurred_at: Moment | None = Field(None, description="When it happened, with time zone.")
    reporter: ReporterBody = Field(default_factory=ReporterBody)
    photos: list[Photo] = Field(default_factory=list, max_length=20)
    source_number: SourceNumber | None = Field(None, description="Its number elsewhere.")
    fields: Fields = Field(default_factory=dict)

    def report(self, idempotency_key: str | None) -> Report:
        return Report(
            type=self.type,
            channel=self.channel,
            text=self.text,
            lon=self.lon,
            lat=self.lat,
            crs=self.crs,
            address=self.address,
            class_code=self.class_code,
            urgency=self.urgency,
            occurred_at=self.occurred_at,
            reporter=Reporter(self.reporter.name, self.reporter.phone),
            photos=tuple(photo.claimed() for photo in self.photos),
            source_number=self.source_number,
            idempotency_key=idempotency_key,
            fields=self.fields,
        )


class StepBody(Body):
    """How a task is finished (办结本步)."""

    outcome: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
    note: Note = ""
    department: Word | None = None
    section: Word | None = None
    handler: UUID | None = None
    standard: Key | None = None
    class_code: ClassCode | None = None
    limit: Limit | None = None
    satisfaction: int | None = Field(None, ge=1, le=5)
    photos: list[Photo] = Field(default_factory=list, max_length=20)
    fields: Fields = Field(default_factory=dict)

    def given(self) -> StepInput:
        return StepInput(
            outcome=self.outcome,
            note=self.note,
            department=self.department,
            section=self.section,
            handler=self.handler,
            standard=self.standard,
            class_code=self.class_code,
            limit=self.limit,
            satisfaction=self.satisfaction,
            photos=tuple(photo.claimed() for photo in self.photos),
            fields=self.fields,
        )


class NoteBody(Body):
    note: Note = ""


class ExtensionBody(Body):
    limit: Limit = Field(description="How much more, in the deadline grammar: 1工作日.")
    note: Note


class DecisionBody(Body):
    result: Literal["approve", "refuse"]
    note: Note = ""


class FoldBody(Body):
    head: Number = Field(description="Number of the case under which this one goes.")


class FollowBody(Body):
    """Number and code from the receipt."""

    number: Number
    code: Code


class ReopenBody(FollowBody):
    note: Note


class AddBody(FollowBody):
    note: Note


class RateBody(FollowBody):
    satisfaction: int = Field(ge=1, le=5)
    note: Note = ""


class ReassignBody(Body):
    person: UUID
    note: Note


def opened_json(service: CaseService, opened: Opened, type_key: str) -> JsonObject:
    """The receipt of a report of this case type."""
    case_type = service.catalogue.latest(type_key)
    return {
        "id": str(opened.id),
        "number": opened.number,
        "code": opened.code,
        "status": opened.status,
        "status_en": case_type.status_word(opened.status),
        "class_code": opened.class_code,
        "class_name": opened.class_name,
        "class_name_en": case_type.class_name(opened.class_code, "en"),
        "class_reason": opened.class_reason,
        "area": opened.area,
        "head_number": opened.head_number,
        "repeated": opened.repeated,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def case_json(service: CaseService, case: CaseFile, now: datetime) -> JsonObject:
    """A case as lists and pages show it; times ISO 8601 UTC, coordinates degrees CGCS2000."""
    case_type = service.catalogue.loaded(case.type, case.type_version)
    directory = service.parts.directory
    department = directory.organisation(case.department_id) if case.department_id else None
    section = directory.organisation(case.section_id) if case.section_id else None
    handler = directory.person(case.handler_id) if case.handler_id else None
    return {
        "id": str(case.id),
        "number": case.number,
        "type": case.type,
        "state": case.state,
        "status": case.status,
        "status_en": service.catalogue.status_word(case.type, case.status),
        "stage": case.stage,
        "class_code": case.class_code,
        "class_name": case_type.class_name(case.class_code) if case_type else case.class_code,
        "class_name_en": case_type.class_name(case.class_code, "en") if case_type else case.class_code,
        "class_system": case.class_system,
        "class_source": case.class_source,
        "standard": case.standard,
        "channel": case.channel,
        "text": case.text,
        "address": case.address,
        "lon": case.lon,
        "lat": case.lat,
        "area": case.area,
        "grid": case.grid,
        "department": {"code": department.code, "zh": department.name_zh, "en": department.name_en}
        if department
        else None,
        "section": {"code": section.code, "zh": section.name_zh, "en": section.name_en} if section else None,
        "handler": handler.name if handler else None,
        "urgency": case.urgency,
        "followers": case.followers,
        "head_id": str(case.head_id) if case.head_id else None,
        "reported_at": _time(case.reported_at),
        "filed_at": _time(case.filed_at),
        "dispatched_at": _time(case.dispatched_at),
        "handled_at": _time(case.handled_at),
        "checked_at": _time(case.checked_at),
        "closed_at": _time(case.closed_at),
        "archived_at": _time(case.archived_at),
        "limit": case.limit_text,
        "due_at": _time(case.due_at),
        "warn_at": _time(case.warn_at),
        "clock": case.clock_colour(now),
        "overdue": case.due_at is not None and (case.handled_at or case.closed_at or now) > case.due_at,
        "suspended": case.suspended_at is not None,
        "supervised": case.supervised_at is not None,
        "forced": case.forced,
        "rework_count": case.rework_count,
        "return_count": case.return_count,
        "extension_count": case.extension_count,
        "reopen_count": case.reopen_count,
        "satisfaction": case.satisfaction,
        "source_number": case.source_number,
        "fields": _masked(case, case_type),
    }


def _masked(case: CaseFile, case_type: CaseType | None) -> JsonObject:
    """The case's fields, those masked that its type declares to be personal; one that is not loaded shows none."""
    if case_type is None:
        return {}
    declared = case_type.declaration.fields
    return {
        name: mask_value(value) if name in declared and declared[name].personal else value
        for name, value in case.fields.items()
    }


def service_of(request: Request) -> CaseService:
    """The casework of this process."""
    service: CaseService = request.app.state.casework
    return service
