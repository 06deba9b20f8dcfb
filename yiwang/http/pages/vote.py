"""Voting with the code of the letter, checking a receipt, reading results. Open to everybody; codes travel in the body, never in
an address, so they stay out of histories and logs.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.datastructures import FormData

from yiwang.http.language import language_of
from yiwang.http.pages.rendering import render
from yiwang.kernel.errors import Problem
from yiwang.kernel.text import clean_line
from yiwang.voting.api import voting_of
from yiwang.voting.api_views import ballot_view, receipt_state, receipt_view, result_item
from yiwang.voting.model import Choices

router = APIRouter()

_shown_results = 20
_NAME = re.compile(r"q([0-9]{1,2})")
_ABSTAIN = ""


@router.get("/vote")
async def form(request: Request) -> Response:
    """Where the code is written."""
    return _page(request)


@router.post("/vote")
async def vote(
    request: Request,
    code: Annotated[str, Form(max_length=60)],
    number: Annotated[str, Form(max_length=40)],
    act: Annotated[str, Form(pattern="^(enter|cast)$")] = "enter",
) -> Response:
    """The ballot paper of a code; or what was chosen is cast."""
    service = voting_of(request)
    code, number = clean_line(code), clean_line(number)
    problem, receipt = None, None
    try:
        if act == "cast":
            receipt = receipt_view(await service.casting.cast(code, number, _choices(await request.form())))
            return _page(request, receipt=receipt)
    except Problem as refused:
        problem = refused
    try:
        found, voice = await service.casting.enter(code, number)
    except Problem as refused:
        return _page(request, problem=problem or refused, code=code)
    ballot = ballot_view(found, voice, service.context.clock.now())
    return _page(request, problem=problem, ballot=ballot, code=code, number=number)


@router.post("/vote-receipt")
async def receipt(request: Request, receipt: Annotated[str, Form(max_length=60)]) -> Response:
    """Whether a ballot was counted."""
    try:
        found = await voting_of(request).casting.receipt(clean_line(receipt))
    except Problem as problem:
        return _page(request, problem=problem)
    return _page(request, checked=receipt_state(found))


@router.get("/votes")
async def results(request: Request, lang: Annotated[str, Query(max_length=10)] = "") -> Response:
    """What was counted lately."""
    found = await voting_of(request).results(None, _shown_results)
    return render(request, "votes.html", items=[result_item(each) for each in found])


def _choices(form: FormData) -> Choices:
    """Fields q1, q2 …: each the options that were ticked; the empty one is abstaining."""
    chosen: dict[str, tuple[str, ...]] = {}
    for name in form:
        if match := _NAME.fullmatch(name):
            given = [str(value) for value in form.getlist(name)]
            chosen[match.group(1)] = tuple(value for value in given if value != _ABSTAIN)
    return chosen


def _page(
    request: Request, *, problem: Problem | None = None, code: str = "", number: str = "", **more: object
) -> Response:
    language = language_of(request.scope)
    words = None
    if problem is not None:
        told = [error.zh if language == "zh" else error.en for error in problem.errors]
        words = " ".join([problem.message(language), *told])
    values: dict[str, object] = {"ballot": None, "receipt": None, "checked": None, "code": code, "number": number}
    return render(request, "vote.html", status=problem.status if problem else 200, problem=words, **{**values, **more})
