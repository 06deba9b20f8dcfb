"""Indicators: what is published, their values for every object, and the cases behind a number. Thin."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from yiwang.insight.api.bodies import (
    CaseBehind,
    CasesBehind,
    DayQuery,
    IndicatorKey,
    IndicatorPage,
    IndicatorRow,
    IndicatorTable,
    ObjectKey,
    indicator_view,
    object_view,
    service_of,
    span_view,
    value_view,
)  # fmt: skip
from yiwang.insight.indicators.declared import ObjectKind, Period
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["scores 评价"])
Cursor = Annotated[
    str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}\.[0-9a-f-]{36}$", description="`next` of the page before")
]


@router.get("/indicators", summary="Indicators 指标", responses=problems())
async def indicators(request: Request, actor: SignedInActor) -> IndicatorPage:
    """All indicators that are published, with the counts that they divide."""
    declared = await service_of(request).scores.declared()
    return IndicatorPage(items=[indicator_view(one) for one in declared.indicators.values()])


@router.get(
    "/indicators/{indicator}/values",
    summary="Values of an indicator 指标值",
    responses=problems("insight.indicator_unknown", "insight.day_impossible"),
)
async def values(
    request: Request,
    indicator: IndicatorKey,
    actor: SignedInActor,
    kind: Annotated[ObjectKind, Query(description="评价对象类别")] = "department",
    period: Annotated[Period, Query()] = "month",
    day: DayQuery = None,
) -> IndicatorTable:
    """For every object of a kind that the caller may see; areas are streets and towns."""
    reading = await service_of(request).scores.indicator(actor, indicator, kind, period=period, day=day)
    return IndicatorTable(
        indicator=indicator_view(reading.indicator),
        span=span_view(reading.span),
        as_of=reading.as_of,
        rows=[IndicatorRow(object=object_view(one), value=value_view(value)) for one, value in reading.rows],
    )


@router.get(
    "/indicators/{indicator}/cases",
    summary="Cases behind a number 下钻案件",
    responses=problems(
        "insight.indicator_unknown", "insight.board_unknown", "insight.object_unknown", "insight.day_impossible"
    ),
)
async def behind(
    request: Request,
    indicator: IndicatorKey,
    actor: SignedInActor,
    kind: Annotated[ObjectKind, Query(description="评价对象类别")],
    key: Annotated[ObjectKey, Query()],
    part: Annotated[
        str,
        Query(
            pattern=r"^[a-z_]{1,40}$",
            description="numerator, denominator, rest (due but not in the numerator), or a count",
        ),
    ] = "numerator",
    board: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{0,59}$", description="以方案的口径")] = None,
    period: Annotated[Period, Query()] = "month",
    day: DayQuery = None,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CasesBehind:
    """The cases that a number counts, the newest day first; only those that the caller may read."""
    found = await service_of(request).scores.behind(
        actor, indicator, part, kind, key, board_id=board, period=period, day=day, after=_cursor(after), limit=limit
    )
    last = found[-1] if len(found) == limit else None
    return CasesBehind(
        items=[
            CaseBehind(
                case_id=one.case_id, number=one.number, day=one.day, times=one.times, status=one.status, state=one.state,
                class_code=one.class_code, text=one.text[:200], address=one.address, area=one.area,
            )
            for one in found
        ],
        next=None if last is None else f"{last.day}.{last.case_id}",
    )  # fmt: skip


def _cursor(text: str | None) -> tuple[date, UUID] | None:
    if text is None:
        return None
    day, _, case = text.partition(".")
    try:
        return date.fromisoformat(day), UUID(case)
    except ValueError:
        return None
