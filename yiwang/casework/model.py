"""The nouns of casework: a report as it arrives, the draft made of it, the case file, and what a verb answers.

Coordinates are lon, lat in degrees, CGCS2000 (EPSG:4490, equal to WGS-84 for city work); ``x``, ``y`` are metres of
EPSG:3857. All times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from yiwang.kernel.database import JsonObject

State = Literal["open", "closed", "void", "not_accepted", "folded"]
Urgency = Literal["normal", "urgent"]
ClassSource = Literal["person", "rule", "model", "none", "import"]
AttachmentKind = Literal["report", "verify", "before", "after", "check", "other"]

COMMON_STATUSES: Mapping[str, str] = {
    "已上报": "Reported",
    "已并案": "Folded",
    "已作废": "Void",
    "已强制结案": "Closed by force",
    "已结案": "Closed",
    "已办结": "Finished",
    "不予受理": "Not accepted",
}
"""English words of the statuses that casework and flow give by themselves; a case type's own words go before them."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports; every part may be empty. Personal data: stored apart from the case."""

    name: str = ""
    phone: str = ""


class PhotoClaim(NamedTuple):
    """An uploaded photo and the claim that its uploader was given; only who knows the claim may use the photo."""

    id: UUID
    claim: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report as any channel brings it, before any rule has looked at it."""

    type: str
    channel: str
    text: str
    lon: float | None = None
    lat: float | None = None
    crs: str = "EPSG:4490"
    address: str = ""
    class_code: str | None = None
    urgency: Urgency = "normal"
    occurred_at: datetime | None = None
    reporter: Reporter = Reporter()
    photos: tuple[PhotoClaim, ...] = ()
    source_number: str | None = None
    idempotency_key: str | None = None
    fields: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A report that every rule has accepted: validated, located, classified; ready to be written as a case."""

    id: UUID
    report: Report
    type_version: int
    class_code: str | None
    class_system: str
    class_source: ClassSource
    class_reason: str
    lon: float | None
    lat: float | None
    x: float | None
    y: float | None
    area: str
    grid: str
    organisation_id: int | None
    urgency: Urgency
    number_rule: str
    number_day: str
    follow_code: str
    account_id: UUID | None
    actor_name: str
    terms: str
    fold_metres: float
    fold_since: datetime | None
    reported_at: datetime
    variables: JsonObject
    advice: JsonObject | None = None
    """What rules and model said of the class, kept beside the case; None where no model is in service or a person chose."""
    department_id: int | None = None
    """Whose the case is from its first moment; None where somebody dispatches it."""

    def given_to(self, office: int) -> Draft:
        """The same, for this organisation to handle: its tasks, lists and figures show it from its first moment."""
        variables: JsonObject = {**self.variables, "department": office, "section": office}
        return replace(self, organisation_id=office, department_id=office, variables=variables)


@dataclass(frozen=True, slots=True)
class Opened:
    """What the reporter is told: the number, the code to follow it, and what became of the report."""

    id: UUID
    number: str
    code: str
    status: str
    class_code: str | None
    class_name: str
    class_reason: str
    area: str
    head_number: str | None
    repeated: bool


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case file (案卷) as stored. ``due_at`` belongs to the handling clock; task deadlines stand with the tasks."""

    id: UUID
    number: str
    type: str
    type_version: int
    state: State
    status: str
    stage: str
    class_code: str | None
    class_system: str
    class_source: ClassSource
    standard: str | None
    channel: str
    text: str
    address: str
    lon: float | None
    lat: float | None
    area: str
    grid: str
    organisation_id: int | None
    department_id: int | None
    section_id: int | None
    handler_id: UUID | None
    urgency: Urgency
    head_id: UUID | None
    followers: int
    reported_at: datetime
    filed_at: datetime | None
    dispatched_at: datetime | None
    handled_at: datetime | None
    checked_at: datetime | None
    closed_at: datetime | None
    archived_at: datetime | None
    limit_text: str | None
    due_at: datetime | None
    warn_at: datetime | None
    suspended_at: datetime | None
    supervised_at: datetime | None
    forced: bool
    rework_count: int
    return_count: int
    extension_count: int
    reopen_count: int
    satisfaction: int | None
    source_number: str | None
    fields: JsonObject

    def clock_colour(self, now: datetime) -> Literal["grey", "green", "yellow", "red", "blue"]:
        """grey: no clock or finished; blue: suspended; green, yellow (warned), red (overdue)."""
        if self.closed_at is not None or self.due_at is None or self.handled_at is not None:
            return "grey"
        if self.suspended_at is not None:
            return "blue"
        if now > self.due_at:
            return "red"
        return "yellow" if self.warn_at is not None and now > self.warn_at else "green"


@dataclass(frozen=True, slots=True)
class Operation:
    """A verb on a case, whether it is allowed now for this actor, and if not why not."""

    verb: str
    zh: str
    en: str
    allowed: bool
    why_zh: str = ""
    why_en: str = ""
    needs: tuple[str, ...] = ()
    task_id: UUID | None = None
    outcome: str | None = None
    fields: JsonObject = field(default_factory=dict)
    """Fields of the step that it asks for, as case types tell theirs."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored photo or document; ``taken_at``, ``lon``, ``lat`` come from the photo's own EXIF."""

    id: UUID
    case_id: UUID | None
    kind: AttachmentKind
    sha256: str
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    taken_at: datetime | None
    lon: float | None
    lat: float | None
    name: str
    claim: str
    uploaded_by: UUID | None
    uploaded_name: str
    uploaded_at: datetime
