"""Shapes of the answers and bodies of the alarms' routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from yiwang.sensing.alarms.model import AlarmState
from yiwang.sensing.alarms.service import MOST_SHELF_DAYS
from yiwang.sensing.rules.declarations import SeverityName

Note = Annotated[str, Field(max_length=1000)]
Ids = Annotated[list[UUID], Field(min_length=1, max_length=200)]


class Answer(BaseModel):
    """Complete: no member comes that is not described."""

    model_config = ConfigDict(extra="forbid")


class Names(Answer):
    zh: str
    en: str


class AlarmAnswer(Answer):
    """An alarm 报警. `began_at`: since when it was over the limit; `over`: whether it still is; `children`: folded into it."""

    id: UUID
    rule: str
    names: Names
    kind: str
    device: str | None = Field(description="Code of the device; null for a storm of many.")
    device_names: Names | None
    metric: str | None
    unit: str
    area: str
    lon: float | None
    lat: float | None
    severity: SeverityName
    severity_names: Names
    state: AlarmState
    state_names: Names
    began_at: datetime
    raised_at: datetime
    updated_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    cleared_at: datetime | None
    closed_at: datetime | None
    closed_by: str
    over: bool
    value: float | None
    peak: float | None
    limit: float | None
    folded_into: UUID | None
    children: int
    case_id: UUID | None
    case_number: str | None
    shelved_until: datetime | None


class AlarmPage(Answer):
    items: list[AlarmAnswer]
    next: str | None


class BoardCount(Answer):
    severity: SeverityName
    state: AlarmState
    rule: str
    shelved: bool
    count: int


class Board(Answer):
    """What is open now: counts by severity, state and rule (at most ten thousand counted), and the gravest alarms."""

    total: int
    counts: list[BoardCount]
    gravest: list[AlarmAnswer]


class StoryEntry(Answer):
    at: datetime
    verb: str
    zh: str
    en: str
    by: str
    note: str | None
    data: dict[str, Any]


class Point(Answer):
    at: datetime
    value: float


class CurveAnswer(Answer):
    """The values half an hour before until half an hour after, thinned with their extremes kept."""

    metric: str
    unit: str
    points: list[Point]


class AlarmView(Answer):
    alarm: AlarmAnswer
    story: list[StoryEntry]
    curves: list[CurveAnswer]
    may: list[Literal["acknowledge", "shelve", "unshelve", "close", "note"]] = Field(
        description="What the reader may do with it now."
    )


class RefusedAnswer(Answer):
    id: UUID
    code: str
    zh: str
    en: str


class Done(Answer):
    """What became of each alarm that was named."""

    done: list[UUID]
    refused: list[RefusedAnswer]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Acknowledge(Body):
    ids: Ids
    note: Note = ""


class Shelve(Body):
    ids: Ids
    until: AwareDatetime = Field(description=f"At most {MOST_SHELF_DAYS} days ahead.")
    reason: Note


class Unshelve(Body):
    ids: Ids


class Close(Body):
    ids: Ids
    reason: Note


class NoteBody(Body):
    text: Note
