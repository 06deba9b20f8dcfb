"""Following a report with number and code: every step, and the reporter's say — rate, add, have it reopened.

Number and code travel in the body, never in an address, so they stay out of histories and logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response

from yiwang.casework.api.views import public_json
from yiwang.casework.service import CaseService
from yiwang.documents.api_views import DeliveredView, delivered_view
from yiwang.http.language import language_of
from yiwang.http.pages.rendering import actor_of, render
from yiwang.kernel.errors import Problem
from yiwang.kernel.text import clean, clean_line, half_width

router = APIRouter()


@router.get("/follow")
async def form(request: Request, number: Annotated[str, Query(max_length=60)] = "") -> Response:
    """The empty form."""
    return render(request, "follow.html", case=None, problem=None, number=number, code="")


@router.post("/follow")
async def follow(
    request: Request,
    number: Annotated[str, Form(max_length=120)],
    code: Annotated[str, Form(max_length=40)],
    act: Annotated[Literal["", "rate", "reopen", "add"], Form()] = "",
    note: Annotated[str, Form(max_length=8000)] = "",
    satisfaction: Annotated[int, Form(ge=0, le=5)] = 0,
) -> Response:
    """The case as its reporter sees it, after what they have to say."""
    service: CaseService = request.app.state.casework
    number = clean_line(half_width(number))[:60]
    code = clean_line(half_width(code)).upper()[:20]
    said, actor = clean(note)[:2000], actor_of(request)
    refused: Problem | None = None
    try:
        if act == "rate":
            await service.operations.rate(number, code, actor, max(satisfaction, 1), said)
        elif act == "reopen":
            await service.operations.reopen(number, code, actor, said)
        elif act == "add":
            await service.operations.add(number, code, actor, said)
    except Problem as problem:
        refused = problem
    try:
        view = await service.reading.follow(number, code)
        papers = await request.app.state.documents.making.delivered(number, code)
    except Problem as problem:
        return _answer(request, number, code, refused or problem)
    return _answer(
        request, number, code, refused, public_json(service, view), [delivered_view(item) for item in papers]
    )


def _answer(
    request: Request,
    number: str,
    code: str,
    problem: Problem | None,
    case: object = None,
    papers: Sequence[DeliveredView] = (),
) -> Response:
    words = problem.message(language_of(request.scope)) if problem else None
    status = problem.status if problem else 200
    return render(
        request, "follow.html", status=status, case=case, problem=words, number=number, code=code, papers=papers
    )
