"""Who has read my record (谁看过我的信息): for the reporter, by number and code; what is kept of me (本人查询), by a code.
Names of offices and posts, never of persons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from yiwang.casework.api.bodies import FollowBody
from yiwang.casework.service import CaseService
from yiwang.casework.store import reporter_of
from yiwang.casework.store.record_reads import RecordRead, reads_of
from yiwang.http.words import Words
from yiwang.kernel.database import Json
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.registry.declarations import AttributeDeclaration
from yiwang.registry.service import RegistryService
from yiwang.registry.store import PersonalRead

router = APIRouter(prefix="/api/v1", tags=["cases 案件"])

_most = 200


class ReadView(BaseModel):
    """One reading of the reporter's name and number."""

    at: datetime
    office: Words | None
    posts: list[Words] = Field(description="The posts that the reader held then.")
    purpose: str = Field(description="As the reader gave it.")
    registry: Words | None = Field(description="The register of the city that was read; none: the report itself.")


class RecordsRead(BaseModel):
    number: str
    reported_at: datetime
    reads: list[ReadView] = Field(description="The newest first, at most 200.")


@router.post(
    "/cases/records-read",
    summary="Who has read my record 谁看过我的信息",
    responses=problems("case.follow_code_wrong", *BEFORE_ANY_ROUTE),
)
async def records_read(request: Request, body: FollowBody) -> RecordsRead:
    """Each time that somebody of an office was shown the reporter's name and number unmasked, and for what: in the report, and
    since the report in registers of the city, where a record has the same name and number."""
    service: CaseService = request.app.state.casework
    case = (await service.reading.follow(body.number, body.code)).case
    registry: RegistryService = request.app.state.registry
    async with service.context.database.connection() as connection:
        found = [_Read(row, None) for row in await reads_of(connection, case.id, _most)]
        known = await reporter_of(connection, case.id)
        if known is not None and known[0].name and known[0].phone:
            found += [
                _Read(row, row.type)
                for row in await registry.reading.reads_of_person(
                    connection, known[0].name, known[0].phone, case.reported_at, limit=_most
                )
            ]
    found.sort(key=lambda read: read.row.at, reverse=True)
    reads = [_view(service, registry, read) for read in found[:_most]]
    return RecordsRead(number=case.number, reported_at=case.reported_at, reads=reads)


class ToldValue(BaseModel):
    """One attribute of the record, as kept."""

    names: Words
    value: JsonValue
    words: Words | None = Field(description="What the value means, where it is one of several.")
    unit: str


class ToldRecord(BaseModel):
    """What is kept of a person, and who read it."""

    registry: Words
    attributes: list[ToldValue]
    reads: list[ReadView] = Field(description="The newest first, at most 200.")


class CodeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=6, max_length=40, pattern=r"^[0-9A-Za-z -]+$", description="As it was handed over.")


@router.post(
    "/records/told",
    summary="What is kept of me 本人查询",
    responses=problems("thing.code_wrong", *BEFORE_ANY_ROUTE),
)
async def record_told(request: Request, body: CodeBody) -> ToldRecord:
    """With the code that the office handed over: what the register keeps of a person, and who of which office was shown it,
    and for what."""
    service: CaseService = request.app.state.casework
    registry: RegistryService = request.app.state.registry
    async with service.context.database.transaction() as connection:
        told = await registry.telling.told(connection, body.code)
    declared = told.kind.declaration
    return ToldRecord(
        registry=Words(zh=declared.names.zh, en=declared.names.en),
        attributes=[_told_value(declared.attributes[name], value) for name, value in told.attributes.items()],
        reads=[_view(service, registry, _Read(row, None)) for row in told.reads],
    )


def _told_value(attribute: AttributeDeclaration, value: Json) -> ToldValue:
    known = attribute.words.get(str(value)) if not isinstance(value, list | dict) else None
    if isinstance(value, list):
        each = [attribute.words[str(one)] for one in value if str(one) in attribute.words]
        joined = Words(zh="、".join(one.zh for one in each), en=", ".join(one.en for one in each)) if each else None
    else:
        joined = Words(zh=known.zh, en=known.en) if known else None
    names = Words(zh=attribute.names.zh, en=attribute.names.en)
    return ToldValue(names=names, value=value, words=joined, unit=attribute.unit)


@dataclass(frozen=True, slots=True)
class _Read:
    row: RecordRead | PersonalRead
    type: str | None


def _view(service: CaseService, registry: RegistryService, read: _Read) -> ReadView:
    directory, row = service.parts.directory, read.row
    office = directory.organisation(row.organisation_id) if row.organisation_id is not None else None
    held = [post for key in row.post_ids if (post := directory.post(key)) is not None]
    kind = next((each for each in registry.types.all() if each.id == read.type), None)
    names = kind.declaration.names if kind else None
    return ReadView(
        at=row.at,
        office=Words(zh=office.name_zh, en=office.name_en) if office else None,
        posts=[Words(zh=post.name_zh, en=post.name_en) for post in held],
        purpose=row.purpose,
        registry=Words(zh=names.zh, en=names.en) if names else None,
    )
