"""Checking an official document: by number and code, or by its file. Open to everybody; number and code travel in the body."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from yiwang.documents.api import pdf_response, read_upload
from yiwang.documents.api_views import check_view
from yiwang.documents.model import Checked
from yiwang.documents.service import DocumentService
from yiwang.http.language import language_of
from yiwang.http.pages.rendering import render
from yiwang.kernel.errors import Problem
from yiwang.kernel.text import clean_line

router = APIRouter()


@router.get("/verify")
async def form(request: Request) -> Response:
    """The empty form."""
    return render(request, "verify.html", checked=None, problem=None, number="", code="")


@router.post("/verify")
async def by_number(
    request: Request,
    number: Annotated[str, Form(max_length=200)],
    code: Annotated[str, Form(max_length=60)],
    act: Annotated[str, Form(pattern="^(check|copy)$")] = "check",
) -> Response:
    """What a check by number and code finds, or the PDF."""
    service: DocumentService = request.app.state.documents
    number, code = clean_line(number)[:120], clean_line(code)[:40]
    try:
        if act == "copy":
            return pdf_response(*await service.making.copy(number, code))
        found = await service.making.check(number, code)
    except Problem as problem:
        return _answer(request, problem=problem, number=number, code=code)
    return _answer(request, found, number=number, code=code)


@router.post("/verify-file")
async def by_file(request: Request, file: Annotated[UploadFile, File()]) -> Response:
    """What a check of a file finds."""
    service: DocumentService = request.app.state.documents
    try:
        content = await read_upload(file, service.context.settings.upload_limit)
        found = await service.making.check_file(content)
    except Problem as problem:
        return _answer(request, problem=problem)
    return _answer(request, found)


def _answer(
    request: Request, found: Checked | None = None, *, problem: Problem | None = None, number: str = "", code: str = ""
) -> Response:
    words = problem.message(language_of(request.scope)) if problem else None
    view = check_view(found) if found is not None else None
    status = problem.status if problem else 200
    return render(request, "verify.html", status=status, checked=view, problem=words, number=number, code=code)
