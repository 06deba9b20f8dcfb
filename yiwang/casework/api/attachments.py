"""Uploading and reading photos and documents. Files are served as attachments of their own type, never sniffed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse

from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import service_of
from yiwang.casework.api.schemas import Uploaded
from yiwang.casework.api.secrecy import reader_of, secret_attachment
from yiwang.casework.api.views import attachment_json
from yiwang.casework.model import AttachmentKind
from yiwang.kernel.access import CurrentActor
from yiwang.kernel.errors import NotFound
from yiwang.kernel.refusals import problems

router = APIRouter(prefix="/attachments", tags=["attachments 附件"])
MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "application/pdf")
_PIECE = 256 * 1024
_HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


@router.post(
    "",
    status_code=201,
    summary="Upload 上传",
    responses=answers(
        Uploaded, "input.too_large", "attachment.refused", "attachment.infected", "unavailable", status=201
    ),
)
async def upload(
    request: Request,
    actor: CurrentActor,
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF")],
    kind: Annotated[AttachmentKind, Form()] = "report",
) -> Response:
    """Upload a photo or PDF. The answer's `id` and `claim` go into the report or step that uses it, within a day."""
    service = service_of(request)

    async def pieces() -> AsyncIterator[bytes]:
        while piece := await file.read(_PIECE):
            yield piece

    if actor.kind == "anonymous":
        kind = "report"  # what shows a place repaired or checked comes from those who did it
    now = service.context.clock.now()
    stored = await service.attachments.receive(pieces(), file.filename or "", kind, actor, now)
    return json_response({**attachment_json(stored), "claim": stored.claim}, 201)


@router.get(
    "/{attachment_id}",
    summary="Read 查看",
    response_class=FileResponse,
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES}}, **problems("not_found")},
)
async def read(
    request: Request, attachment_id: UUID, actor: CurrentActor, claim: Annotated[str, Query(max_length=64)] = ""
) -> FileResponse:
    """The original file, for readers of its case or holders of its claim."""
    service = service_of(request)
    async with secret_attachment():
        found = await service.reading.attachment(attachment_id, reader_of(actor), claim)
    headers = {**_HEADERS, "Content-Disposition": f"inline; filename*=UTF-8''{quote(found.name)}"}
    return _file(service.attachments.path(found.sha256), found.media_type, headers)


@router.get(
    "/{attachment_id}/thumbnail",
    summary="Thumbnail 缩略图",
    response_class=FileResponse,
    responses={200: {"content": {"image/jpeg": {}}}, **problems("not_found")},
)
async def thumbnail(
    request: Request, attachment_id: UUID, actor: CurrentActor, claim: Annotated[str, Query(max_length=64)] = ""
) -> FileResponse:
    """A small JPEG without metadata."""
    service = service_of(request)
    async with secret_attachment():
        found = await service.reading.attachment(attachment_id, reader_of(actor), claim)
    return _file(service.attachments.path(found.sha256).with_suffix(".jpg"), "image/jpeg", _HEADERS)


def _file(path: Path, media_type: str, headers: dict[str, str]) -> FileResponse:
    if not path.is_file():
        raise NotFound(what="文件 the file")
    return FileResponse(path, media_type=media_type, headers={**headers, "Cache-Control": "private, max-age=86400"})
