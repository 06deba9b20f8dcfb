"""What the routes of importing and exporting say and take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from yiwang.kernel.text import CleanLine
from yiwang.registry.importing.mapping import ImportMapping


class GuessView(BaseModel):
    """Which column seems to be which attribute, how sure that is (0…1), and columns that nothing was found for. ``examples``:
    what the first row that has something has in each column; ``sheets``: the worksheets of a workbook."""

    mapping: ImportMapping
    sureness: dict[str, float]
    unread: list[str]
    remembered: bool
    header: list[str]
    examples: dict[str, str]
    sheets: list[str]


class ImportRemark(BaseModel):
    """Said of the file as a whole, or of a row of it."""

    row: int | None
    zh: str
    en: str


class ChangeSample(BaseModel):
    """A row that changes a thing: attribute → before and after, personal values masked."""

    row: int
    thing: UUID
    attributes: dict[str, list[JsonValue]]


class ImportChanges(BaseModel):
    """What a dry run would change: ``fields`` tells of how many of the rows ``looked_at`` each attribute would change."""

    looked_at: int
    fields: dict[str, int]
    samples: list[ChangeSample]


class ThingImportView(BaseModel):
    """How far an import is. ``counts``: rows that are new, changed, same, refused (in a dry run: would be); ``notes``:
    refusals by code; ``changes``: what a dry run found; ``resumable``: it was interrupted and its file is kept."""

    id: UUID
    type: str
    file: str
    dry_run: bool
    state: Literal["running", "interrupted", "finished", "failed"]
    rows: int
    done: int
    counts: dict[str, int]
    notes: dict[str, int]
    mapping: ImportMapping
    unread: list[str]
    remembered: bool
    remarks: list[ImportRemark]
    changes: ImportChanges | None
    why_zh: str
    why_en: str
    by: str
    started_at: datetime
    finished_at: datetime | None
    report: bool
    resumable: bool


class ThingImportLine(BaseModel):
    """An import among others. ``own``: the caller's own, whose report may be asked for."""

    id: UUID
    file: str
    by: str
    own: bool
    dry_run: bool
    state: Literal["running", "interrupted", "finished", "failed"]
    rows: int
    done: int
    counts: dict[str, int]
    started_at: datetime
    finished_at: datetime | None


class ThingImportList(BaseModel):
    items: list[ThingImportLine]


class ExportBody(BaseModel):
    """What shall be exported. ``purpose``: what unmasked personal values are needed for; left out: they are masked."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["csv", "xlsx", "geojson"] = "csv"
    purpose: CleanLine = Field("", max_length=200)
    where: dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=200)]] = Field({}, max_length=10)
    words: CleanLine = Field("", max_length=100)
    area: str = Field("", max_length=20, pattern="^[0-9]*$")
    valid_at: AwareDatetime | None = None
