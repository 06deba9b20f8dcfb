"""On-time figures (按期处置率) of the reader's cases, by department, class, channel or street."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from yiwang.casework.service import CaseService
from yiwang.casework.timeliness import timeliness as measure
from yiwang.http.language import language_of
from yiwang.http.pages.rendering import actor_of, render
from yiwang.kernel.errors import SignInNeeded

router = APIRouter()

_PERIODS = {"today": 1, "week": 7, "month": 30, "year": 366, "all": 0}


@router.get("/desk/timeliness")
async def timeliness(
    request: Request,
    by: Annotated[Literal["agency", "class", "channel", "area"], Query()] = "agency",
    period: Annotated[Literal["today", "week", "month", "year", "all"], Query()] = "month",
) -> Response:
    """The report; each row leads to the cases behind it where a list can show them."""
    actor = actor_of(request)
    if actor.kind == "anonymous":
        raise SignInNeeded()
    actor.require("case", "read")
    service: CaseService = request.app.state.casework
    now = service.context.clock.now()
    async with service.context.database.connection() as connection:
        total, groups = await measure(
            connection, actor, as_of=now, group_by=by, reported_from=_start(service, now, period)
        )
    outline = await request.app.state.maps.outline()
    language = language_of(request.scope)
    names: dict[str, str] = {}
    if by == "area":
        names = {item.name: outline.area_name(item.name, language) for item in groups}
    elif by == "class":
        for case_type in service.catalogue.all():
            names |= {item.code: case_type.class_name(item.code, language) for item in case_type.tree.classes}
    return render(
        request,
        "timeliness.html",
        total=total,
        groups=groups,
        names=names,
        by=by,
        period=period,
        periods=list(_PERIODS),
        kinds=("agency", "class", "channel", "area"),
    )


def _start(service: CaseService, now: datetime, period: str) -> datetime | None:
    days = _PERIODS[period]
    if not days:
        return None
    midnight = now.astimezone(service.context.calendar.hours.timezone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return midnight - timedelta(days=days - 1)
