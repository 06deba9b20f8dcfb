"""HTTP routes of documents. Thin. Checking and keys are open to everybody; the rest goes by who may read the case."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, File, Path, Query, Request, Response, UploadFile

import yiwang.casework.errors
import yiwang.documents.errors  # noqa: F401  # registers the codes that descriptions name, as does the one before
from yiwang.documents.api_views import (
    CheckView,
    DeliveredList,
    DocumentList,
    DocumentView,
    IssueBody,
    KeyView,
    NumberBody,
    ReasonBody,
    check_view,
    delivered_view,
    document_view,
    documents_of,
    key_view,
    offered_view,
)
from yiwang.documents.model import Document
from yiwang.kernel import sm2
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import TooLarge
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems

router = APIRouter(prefix="/api/v1/documents", tags=["documents 文书"], responses=problems(*BEFORE_ANY_ROUTE))

DocumentId = Annotated[UUID, Path(description="The document's id")]
_MAKING = ("document.not_ready", "document.typesetting_failed", "document.font_missing")
_ISSUING = (
    "not_found",
    "document.type_unknown",
    "document.office_unknown",
    "document.incomplete",
    "document.case_closed",
)
_ENDING = ("document.unknown", "document.ended", "document.reason_needed")
_PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The PDF"}}
_SIGNATURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The signature"}
}


@router.get("", summary="Documents of a case 案件的文书", responses=problems("not_found"))
async def documents(request: Request, actor: SignedInActor, case: Annotated[UUID, Query()]) -> DocumentList:
    """Newest first, and which kinds can be issued for the case as it stands: of a closed one only those that may follow."""
    found, offered = await documents_of(request).making.of_case(actor, case)
    return DocumentList(items=[document_view(item) for item in found], offered=[offered_view(item) for item in offered])


@router.post("", status_code=201, summary="Issue 出具", responses=problems(*_ISSUING))
async def issue(request: Request, actor: SignedInActor, body: IssueBody) -> DocumentView:
    """A number without a gap, and the words as they are now; the PDF is set and signed some seconds later."""
    return document_view(await documents_of(request).issuing.issue(actor, body.case, body.type))


@router.post(
    "/check", summary="Check by number and code 核验文书", responses=problems("document.check_failed", *_MAKING)
)
async def check(request: Request, body: NumberBody) -> CheckView:
    """Whether the document holds, who issued it and when; for everybody who has it before them."""
    return check_view(await documents_of(request).making.check(body.number, body.code))


@router.post("/check-file", summary="Check a file 核验文件", responses=problems("input.too_large"))
async def check_file(request: Request, file: Annotated[UploadFile, File(description="The PDF")]) -> CheckView:
    """Whether the file is, byte for byte, one that was issued and holds. The file is not kept."""
    service = documents_of(request)
    return check_view(await service.making.check_file(await read_upload(file, service.context.settings.upload_limit)))


@router.post(
    "/copy", summary="PDF by number and code 取得文书", response_class=Response,
    responses={**_PDF, **problems("document.check_failed", *_MAKING)},
)  # fmt: skip
async def copy(request: Request, body: NumberBody) -> Response:
    """The PDF, for whoever holds its number and code."""
    return pdf_response(*await documents_of(request).making.copy(body.number, body.code))


@router.post(
    "/delivered", summary="Documents of one's own case 送达的文书", responses=problems("case.follow_code_wrong")
)
async def delivered(request: Request, body: NumberBody) -> DeliveredList:
    """What was delivered to the party of a case, by the case's number and code."""
    found = await documents_of(request).making.delivered(body.number, body.code)
    return DeliveredList(items=[delivered_view(item) for item in found])


@router.get("/keys/{id}", summary="Public key 签名公钥", responses=problems("document.key_unknown"))
async def key(request: Request, id: Annotated[UUID, Path(description="The key's id")]) -> KeyView:
    """The public record of an office's key, with which anybody checks its signatures."""
    return key_view(await documents_of(request).making.key(id))


@router.get(
    "/{id}/pdf", summary="PDF 文书原件", response_class=Response,
    responses={**_PDF, **problems("document.unknown", "not_found", *_MAKING)},
)  # fmt: skip
async def pdf(request: Request, actor: SignedInActor, id: DocumentId) -> Response:
    """The PDF, set and signed now where it was not yet."""
    return pdf_response(*await documents_of(request).making.read(actor, id))


@router.get(
    "/{id}/signature", summary="Detached signature 签名值", response_class=Response,
    responses={**_SIGNATURE, **problems("document.unknown", "not_found", *_MAKING)},
)  # fmt: skip
async def signature(request: Request, actor: SignedInActor, id: DocumentId) -> Response:
    """The SM2 signature over the PDF, DER, as OpenSSL reads it."""
    made, _ = await documents_of(request).making.read(actor, id)
    return Response(sm2.der(made.signature or ""), media_type="application/octet-stream")


@router.post("/{id}/void", summary="Void 作废", responses=problems("not_found", *_ENDING))
async def void(request: Request, actor: SignedInActor, id: DocumentId, body: ReasonBody) -> DocumentView:
    """The document holds no longer; its number stays taken."""
    return document_view(await documents_of(request).issuing.void(actor, id, body.reason))


@router.post("/{id}/replace", status_code=201, summary="Replace 更换", responses=problems(*_ISSUING, *_ENDING))
async def replace(request: Request, actor: SignedInActor, id: DocumentId, body: ReasonBody) -> DocumentView:
    """The document anew from the case as it is now, under a new number; whoever checks the old one is told."""
    return document_view(await documents_of(request).issuing.replace(actor, id, body.reason))


async def read_upload(file: UploadFile, limit: int) -> bytes:
    """The file. Raises TooLarge."""
    content = await file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(limit=f"{limit // 2**20} MB", size=f"> {limit // 2**20} MB")
    return content


def pdf_response(made: Document, content: bytes) -> Response:
    """The PDF under its number."""
    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(made.number)}.pdf",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="application/pdf", headers=headers)
