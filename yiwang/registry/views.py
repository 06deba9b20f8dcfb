"""What the registry's routes answer: pydantic views of types, facts and relations, and what routes share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.registry.model import Fact, Recorded, Relation
from yiwang.registry.service import RegistryService
from yiwang.registry.store import Authority
from yiwang.registry.types import CompiledType

TypeId = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9-]*$", description="Type of the thing 登记类型")]
ThingId = Annotated[UUID, Path(description="The record's id")]
Purpose = Annotated[
    str, Query(max_length=200, description="What it is read for: needed of lists with second approval 用途")
]
ValidAt = Annotated[AwareDatetime | None, Query(description="What was true then 当时为真")]
KnownAt = Annotated[AwareDatetime | None, Query(description="What was known then 当时所知")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordsView(BaseModel):
    zh: str
    en: str


class AttributeView(BaseModel):
    """One attribute as forms and lists need it."""

    names: WordsView
    json_schema: dict[str, JsonValue] = Field(serialization_alias="schema")
    required: bool
    words: dict[str, WordsView]
    unit: str
    personal: bool
    filter: bool
    search: bool
    calculated: bool = Field(description="Nobody writes it: forms show it read-only 计算字段.")


class RelationKindView(BaseModel):
    names: WordsView
    inverse: WordsView
    to: str
    many: bool


class TypeView(BaseModel):
    """A type as declared; ``count`` about how many there are."""

    id: str
    names: WordsView
    version: int
    pack: str
    standard: str
    geometry: str
    attributes: dict[str, AttributeView]
    keys: dict[str, list[str]]
    relations: dict[str, RelationKindView]
    title: list[str]
    list_columns: list[str]
    detail: list[list[str]]
    colour: str | None
    summaries: dict[str, WordsView]
    authority: bool = Field(
        description="A list in force only with a second person's approval: reading needs `purpose` 二人核准."
    )
    dossier: bool = Field(description="Whether each such thing has a file of the cases about it 一户一档.")


class TypeList(BaseModel):
    items: list[TypeView]


class AuthorityView(BaseModel):
    """Of a list with second approval: why the entry stands in it, until when, who asked and who decided."""

    state: str = Field(description="waiting, in_force, refused, ended or replaced")
    fact: UUID
    basis: str
    until: datetime
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str


class FactView(BaseModel):
    """What is (or was) true of a thing; personal attributes are masked."""

    id: UUID
    fact: UUID
    type: str
    title: str
    area: str
    organisation: int | None
    attributes: dict[str, JsonValue]
    geometry: dict[str, JsonValue] | None
    valid_from: datetime | None
    valid_until: datetime | None
    recorded_from: datetime
    recorded_until: datetime | None
    recorded_by: str
    reason: str
    source: int | None
    source_row: int | None
    authority: AuthorityView | None = None


class ThingPage(BaseModel):
    items: list[FactView]
    after: UUID | None


class FactList(BaseModel):
    items: list[FactView]


class RelationView(BaseModel):
    id: UUID
    kind: str
    from_id: UUID
    from_type: str
    from_title: str
    to_id: UUID
    to_type: str
    to_title: str
    valid_from: datetime | None
    valid_until: datetime | None


class RelationList(BaseModel):
    items: list[RelationView]


class RecordedView(BaseModel):
    """What became of it: ``new``, ``changed`` or ``same`` (nothing was written)."""

    id: UUID
    fact: UUID | None
    outcome: str


def service_of(request: Request) -> RegistryService:
    service: RegistryService = request.app.state.registry
    return service


def type_view(kind: CompiledType) -> TypeView:
    declared = kind.declaration
    return TypeView(
        id=kind.id,
        names=WordsView(**declared.names.model_dump()),
        version=declared.version,
        pack=kind.pack,
        standard=declared.standard,
        geometry=declared.geometry,
        attributes={
            name: AttributeView(
                names=WordsView(**each.names.model_dump()),
                json_schema=each.json_schema,
                required=each.required,
                words={value: WordsView(**words.model_dump()) for value, words in each.words.items()},
                unit=each.unit,
                personal=each.personal is not None,
                filter=each.filter,
                search=each.search,
                calculated=bool(each.calculated) or each.counted is not None,
            )
            for name, each in declared.attributes.items()
        },
        keys=declared.keys,
        relations={
            name: RelationKindView(
                names=WordsView(**each.names.model_dump()),
                inverse=WordsView(**each.inverse.model_dump()),
                to=each.to,
                many=each.many,
            )
            for name, each in declared.relations.items()
        },
        title=list(declared.presentation.title),
        list_columns=list(declared.presentation.list_columns),
        detail=[list(group) for group in declared.presentation.detail],
        colour=declared.presentation.colour,
        summaries={name: WordsView(**each.names.model_dump()) for name, each in declared.summaries.items()},
        authority=declared.authority is not None,
        dossier=declared.dossier is not None,
    )


def authority_view(authority: Authority) -> AuthorityView:
    return AuthorityView(
        state=authority.state,
        fact=authority.fact_id,
        basis=authority.basis,
        until=authority.until,
        asked_by=authority.asked_label,
        asked_at=authority.asked_at,
        decided_by=authority.decided_label,
        decided_at=authority.decided_at,
        note=authority.note,
    )


def fact_view(fact: Fact, authority: Authority | None = None) -> FactView:
    return FactView(
        authority=None if authority is None else authority_view(authority),
        id=fact.thing_id,
        fact=fact.id,
        type=fact.type,
        title=fact.title,
        area=fact.area,
        organisation=fact.organisation_id,
        attributes=fact.attributes,
        geometry=fact.geometry,
        valid_from=fact.valid_from,
        valid_until=fact.valid_until,
        recorded_from=fact.recorded_from,
        recorded_until=fact.recorded_until,
        recorded_by=fact.recorded_label,
        reason=fact.reason,
        source=fact.source_id,
        source_row=fact.source_row,
    )


def relation_view(relation: Relation) -> RelationView:
    return RelationView(
        id=relation.id,
        kind=relation.kind,
        from_id=relation.from_id,
        from_type=relation.from_type,
        from_title=relation.from_title,
        to_id=relation.to_id,
        to_type=relation.to_type,
        to_title=relation.to_title,
        valid_from=relation.valid_from,
        valid_until=relation.valid_until,
    )


def recorded_view(recorded: Recorded) -> RecordedView:
    return RecordedView(id=recorded.thing_id, fact=recorded.fact_id, outcome=recorded.outcome)


def filter_of(text: str) -> tuple[str, str]:
    """Attribute and value of ``attribute:value``."""
    name, colon, value = text.partition(":")
    if not colon:
        raise _wrong("where", "应写成 字段:值", "write attribute:value")
    return name, value


def numbers(name: str, text: str | None, count: int) -> list[float] | None:
    if text is None:
        return None
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    longitudes, latitudes = found[0:count:2][: (count + 1) // 2 if count == 4 else 1], found[1:count:2]
    if (
        len(found) != count
        or not all(-180 <= each <= 180 for each in longitudes)
        or not all(-90 <= each <= 90 for each in latitudes)
        or (count == 3 and not 0 < found[2] <= 50_000)
    ):
        raise _wrong(name, f"应为 {count} 个用逗号分开的数", f"write {count} numbers with commas between them")
    return found


def _wrong(name: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(
        errors=[FieldError(where=f"/{name}", code="input.field", zh=f"{name} {zh}", en=f"{name}: {en}")]
    )
