"""Flows as pictures: the list of definitions, one definition with its heat and bottlenecks, a case on its own flow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from markupsafe import Markup

from yiwang.flow.api.common import KEY
from yiwang.flow.look import style
from yiwang.flow.look.errors import DrawingTooLarge
from yiwang.flow.look.heat import Clock, Figure, StepReport, bottlenecks, heat_map
from yiwang.flow.look.service import FlowLook, rendered
from yiwang.flow.look.svg import Language
from yiwang.flow.look.words import duration
from yiwang.flow.store.heat import Selection
from yiwang.http.language import language_of
from yiwang.http.pages.rendering import actor_of, render
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Forbidden, NotFound, SignInNeeded

router = APIRouter()

_PERIODS = {"today": 1, "week": 7, "month": 30, "year": 366, "all": 0}
_BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")

STYLE_ADDRESS = f"/plain/flows/-/{style.digest}.css"
"""Where pages find the style sheet of drawings; it changes with its content."""


@router.get("/flows/-/{digest}.css")
async def drawing_style(digest: Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]) -> Response:
    """The style sheet of the drawings that pages embed."""
    kept = "public, max-age=31536000, immutable" if digest == style.digest else "no-cache"
    return Response(style.RULES, media_type="text/css", headers={"cache-control": kept})


@router.get("/flows")
async def flows(request: Request, after: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The published definitions."""
    _signed_in(request)
    look = FlowLook(request.app.state.flow)
    async with look.flow.context.database.connection() as connection:
        rows = await look.flow.list_definitions(connection, key=None, after=(after, 2**31 - 1), drafts=False, limit=100)
    return render(request, "flows.html", flows=rows, next=rows[-1].key if len(rows) == 100 else None)


@router.get("/flows/{key}")
async def flow(
    request: Request,
    key: Annotated[str, Path(pattern=f"^{KEY}$")],
    period: Annotated[Literal["today", "week", "month", "year", "all"], Query()] = "month",
    by: Annotated[Clock, Query()] = "elapsed",
    figure: Annotated[Figure, Query()] = "mean",
    version: Annotated[str, Query(pattern="^[0-9]{0,9}$")] = "",
) -> Response:
    """One definition: how long cases wait at each step, as colours and as a list; the plain drawing where the reader may
    not see figures."""
    actor = _signed_in(request)
    look, language = FlowLook(request.app.state.flow), language_of(request.scope)
    number = int(version) if version and int(version) else None
    since, until = _period(look, period)
    wanted = Selection(key, number, since, until)
    async with look.flow.context.database.connection() as connection:
        row, drawing = await look.drawing(connection, key, number)
        versions = await look.flow.list_definitions(connection, key=key, after=("", 0), drafts=False, limit=100)
        try:
            found = await look.figures(connection, actor, wanted)
        except Forbidden:
            found = None
    reports = bottlenecks(drawing.plan, found) if found is not None else []
    known = {report.figures.node for report in reports}
    overlay = heat_map(drawing, found, language, by, figure) if found is not None else None
    picture = await rendered(
        drawing, language, overlay, embedded=True, link=lambda node: f"#step-{quote(node)}" if node in known else None
    )
    asked = urlencode({"from": since.isoformat(), "to": until.isoformat(), **({"version": number} if number else {})})
    return render(
        request,
        "flow.html",
        flow=row,
        picture=Markup(picture),  # noqa: S704 -- escaped by the renderer
        style_address=STYLE_ADDRESS,
        steps=[_row(report, language) for report in reports],
        allowed=found is not None,
        chosen={"period": period, "by": by, "figure": figure, "version": number},
        periods=list(_PERIODS),
        versions=[found.version for found in versions],
        asked=asked,
        picture_asked=f"{asked}&by={by}&figure={figure}&lang={language}",
    )


async def case_drawing(request: Request, case_id: UUID, language: Language) -> Markup | None:
    """Where a case stands on the drawing of its flow; None for one that has none. Who may see the case was asked before."""
    look = FlowLook(request.app.state.flow)
    async with look.flow.context.database.connection() as connection:
        try:
            story = await look.flow.story(connection, case_id)
            picture = await look.standing(connection, story, language, embedded=True)
        except (NotFound, DrawingTooLarge):
            return None
    return Markup(picture)  # noqa: S704 -- escaped by the renderer


def _signed_in(request: Request) -> Actor:
    actor = actor_of(request)
    if actor.kind == "anonymous":
        raise SignInNeeded()
    return actor


def _period(look: FlowLook, period: str) -> tuple[datetime, datetime]:
    """Whole days of city time, up to now."""
    context = look.flow.context
    now = context.clock.now()
    days = _PERIODS[period]
    if not days:
        return _BEGINNING, now
    midnight = now.astimezone(context.calendar.hours.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days - 1), now


def _row(report: StepReport, language: str) -> dict[str, object]:
    """A line of the table, in words."""
    found = report.figures

    def seconds(value: float | None) -> str:
        return "–" if value is None else duration(value, language)

    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.0%}"

    return {
        "node": found.node,
        "name": report.names.zh if language == "zh" else report.names.en,
        "drawn": report.drawn,
        "visits": found.visits,
        "waiting": seconds(found.waiting),
        "mean": seconds(found.elapsed.mean),
        "median": seconds(found.elapsed.median),
        "p90": seconds(found.elapsed.p90),
        "used": seconds(found.used.mean),
        "overdue": share(found.overdue_share),
        "returned": share(found.return_share),
        "repeated": share(found.repeat_share),
        "skipped": found.skipped,
        "open": found.open,
        "open_overdue": found.open_overdue,
    }
