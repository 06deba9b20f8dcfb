"""HTTP route of files (一户一档). Thin. Times ISO 8601 with zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field, JsonValue

from yiwang.casework import step_fields
from yiwang.casework.catalogue import CaseType
from yiwang.casework.service import CaseService
from yiwang.dossiers.gathering import FiledCase, shown_fields
from yiwang.dossiers.service import Dossier, Dossiers, FiledPart
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems

router = APIRouter(prefix="/api/v1", tags=["things 登记"], responses=problems(*BEFORE_ANY_ROUTE))

TypeKey = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")]


class DossierWords(BaseModel):
    zh: str
    en: str


class DossierCase(BaseModel):
    """A case in the file. ``fields``: those from which the file gathers; ``class_names`` None: not classified."""

    id: UUID
    number: str
    state: str
    status: str
    status_en: str
    class_code: str | None
    class_names: DossierWords | None
    reported_at: datetime
    closed_at: datetime | None
    fields: dict[str, JsonValue]


class DossierPartView(BaseModel):
    id: str
    names: DossierWords
    case_type: str
    field_names: dict[str, DossierWords] = Field(description="Of the fields that the cases show.")
    months: int = Field(description="Cases of so many months are gathered from.")
    gives: dict[str, JsonValue] = Field(description="Attributes of the record that follow from these cases.")
    cases: list[DossierCase] = Field(description="Newest first, at most 500, those that the reader may read.")


class DossierView(BaseModel):
    """The file of a thing."""

    thing: UUID
    type: str
    title: str
    key: str
    attributes: dict[str, JsonValue] = Field(description="The record, what is personal masked.")
    parts: list[DossierPartView]


@router.get(
    "/things/{type}/{id}/dossier",
    summary="The file of a thing 档案",
    responses=problems(
        "thing.type_unknown", "thing.unknown", "thing.merged", "thing.purpose_needed", "dossier.unknown"
    ),
)
async def dossier(request: Request, type: TypeKey, id: UUID, actor: SignedInActor) -> DossierView:
    """Its cases by part, newest first, and the attributes that follow from them."""
    service: Dossiers = request.app.state.dossiers
    casework: CaseService = request.app.state.casework
    found = await service.of(actor, type, id)
    return _view(found, {each.declaration.id: each for each in casework.catalogue.all()})


def _view(found: Dossier, types: Mapping[str, CaseType]) -> DossierView:
    return DossierView(
        thing=found.thing.thing_id, type=found.thing.type, title=found.thing.title, key=found.key,
        attributes=found.thing.attributes, parts=[_part(found, part, types.get(part.declared.case)) for part in found.parts],
    )  # fmt: skip


def _part(found: Dossier, part: FiledPart, case_type: CaseType | None) -> DossierPartView:
    names = part.declared.names
    fields = shown_fields(part.declared)
    declared = {**case_type.declaration.fields, **step_fields.every(case_type.definition.graph)} if case_type else {}
    return DossierPartView(
        id=part.declared.id,
        names=DossierWords(zh=names.zh, en=names.en),
        case_type=part.declared.case,
        field_names={
            name: DossierWords(zh=item.names.zh, en=item.names.en) for name, item in declared.items() if name in fields
        },
        months=part.declared.months,
        gives={name: found.thing.attributes.get(name) for name in part.declared.gives},
        cases=[_case(case, fields, case_type) for case in part.cases],
    )


def _case(case: FiledCase, fields: frozenset[str], case_type: CaseType | None) -> DossierCase:
    known = case_type.classes.get(case.class_code or "") if case_type else None
    return DossierCase(
        id=case.id, number=case.number, state=case.state, status=case.status,
        status_en=case_type.status_word(case.status) if case_type else case.status, class_code=case.class_code,
        class_names=DossierWords(zh=known.names.zh, en=known.names.en) if known else None,
        reported_at=case.reported_at, closed_at=case.closed_at,
        fields={name: value for name, value in case.fields.items() if name in fields},
    )  # fmt: skip
