"""HTTP routes of summaries: reports and balances that types declare. Thin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.registry.service import RegistryService
from yiwang.registry.views import TypeId, ValidAt, WordsView, filter_of

router = APIRouter(prefix="/api/v1", tags=["things 登记"], responses=problems(*BEFORE_ANY_ROUTE))


class SummaryRowView(BaseModel):
    """How many things, and how much, with these values (null: not told)."""

    by: dict[str, str | None]
    count: int
    sum: dict[str, float]


class SummaryView(BaseModel):
    """A summary in order of its attributes; ``more``: cut off at the limit."""

    names: WordsView
    by: list[str]
    sum: list[str]
    rows: list[SummaryRowView]
    more: bool


@router.get(
    "/summaries/{type}/{summary}",
    summary="Counts and sums 汇总",
    responses=problems("thing.type_unknown", "thing.summary_unknown", "thing.filter_unknown"),
)
async def summary(
    request: Request,
    type: TypeId,
    summary: Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9-]*$", description="Summary 汇总")],
    actor: SignedInActor,
    where: Annotated[
        list[Annotated[str, Field(max_length=200)]] | None,
        Query(max_length=10, description="Exact filters `attribute:value` 筛选"),
    ] = None,
    since: Annotated[str, Query(max_length=100, description="The first attribute, from this value on 起")] = "",
    until: Annotated[str, Query(max_length=100, description="The first attribute, up to this value 止")] = "",
    valid_at: ValidAt = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> SummaryView:
    """A report or balance that the type declares, over the things within the caller's reach."""
    service: RegistryService = request.app.state.registry
    filters = dict(filter_of(each) for each in where or [])
    async with service.context.database.connection() as connection:
        found = await service.summarising.summary(
            connection, actor, type, summary, filters=filters, since=since, until=until, valid_at=valid_at, limit=limit
        )
    declared = found.declaration
    return SummaryView(
        names=WordsView(**declared.names.model_dump()),
        by=declared.by,
        sum=declared.sums,
        rows=[
            SummaryRowView(
                by=dict(zip(declared.by, row.by, strict=True)),
                count=row.things,
                sum={name: float(value) for name, value in zip(declared.sums, row.sums, strict=True)},
            )
            for row in found.rows
        ],
        more=found.more,
    )
