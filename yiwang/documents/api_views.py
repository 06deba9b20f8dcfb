"""What the routes of documents take and give. No rule stands here."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from yiwang.documents.model import STATES, Checked, Document, DocumentState, DocumentType, SigningKey
from yiwang.documents.service import DocumentService
from yiwang.kernel import sm2
from yiwang.kernel.text import CleanLine


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class IssueBody(Body):
    case: UUID = Field(description="Id of the case.")
    type: CleanLine = Field(min_length=1, max_length=60, description="Code of the document, as `offered` names it.")


class ReasonBody(Body):
    reason: CleanLine = Field(min_length=1, max_length=500)


class NumberBody(Body):
    """Number and code travel in the body, so that they stay out of histories and logs."""

    number: CleanLine = Field(min_length=1, max_length=120)
    code: CleanLine = Field(min_length=1, max_length=40)


class WordsView(BaseModel):
    zh: str
    en: str


class OfferedView(BaseModel):
    """A kind of document that is declared for the case."""

    type: str
    names: WordsView
    number: str = Field(description="Pattern of its number.")


class DocumentView(BaseModel):
    """A document. ``digest`` and ``signed_at`` are null until it is set and signed, some seconds after issue."""

    id: UUID
    type: str
    names: WordsView
    number: str
    office: str
    version: int
    state: DocumentState
    state_words: WordsView
    issued_at: datetime
    issued_by: str
    delivered: bool
    personal: bool
    ended_at: datetime | None
    ended_by: str
    ended_reason: str
    digest: str | None = Field(description="SM3 of the PDF, hex.")
    signed_at: datetime | None
    key: UUID | None


class DocumentList(BaseModel):
    items: list[DocumentView]
    offered: list[OfferedView]


class DeliveredView(BaseModel):
    """A document for the party; with number and code its PDF is read (`/documents/copy`) and checked."""

    number: str
    code: str
    names: WordsView
    office: str
    state: DocumentState
    state_words: WordsView
    issued_at: datetime


class DeliveredList(BaseModel):
    items: list[DeliveredView]


class KeyView(BaseModel):
    """The public record of a key of an office."""

    id: UUID
    office: str
    algorithm: Literal["SM2-SM3"] = "SM2-SM3"
    signer_id: str = Field(description="The identity that enters the digest (GM/T 0009).")
    public_key: str = Field(description="Hex 04‖X‖Y on sm2p256v1.")
    public_key_pem: str
    valid_from: datetime
    valid_to: datetime | None
    statement: str = Field(description="What the key has signed about itself; lines joined by \\n.")
    proof: str = Field(description="Its signature over the statement, hex r‖s.")


class CheckView(BaseModel):
    """Whether a document holds. Nothing about its case or its party is told."""

    result: Literal["valid", "void", "replaced", "altered", "unknown"] = Field(
        description="unknown: no such file was issued here, or it was changed since; altered: the signature does not hold."
    )
    result_words: WordsView
    number: str = ""
    names: WordsView | None = None
    office: str = ""
    issued_at: datetime | None = None
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    replaced_by: str = ""
    digest: str = Field("", description="SM3 of the PDF, hex.")
    signature: str = Field("", description="SM2 over the PDF, hex r‖s.")
    key: KeyView | None = None


_RESULTS: dict[str, WordsView] = {
    "valid": WordsView(zh="有效:由所示机关出具,未被改动", en="Valid: issued by the office shown, and unchanged"),
    "void": WordsView(zh="已作废", en="Voided"),
    "replaced": WordsView(zh="已更换,请以新文书为准", en="Replaced; the newer document counts"),
    "altered": WordsView(zh="签名不成立,请勿采信", en="The signature does not hold; do not rely on it"),
    "unknown": WordsView(zh="不是本市出具的原件,或已被改动", en="Not issued here, or changed since"),
}


def documents_of(request: Request) -> DocumentService:
    service: DocumentService = request.app.state.documents
    return service


def _state_words(state: DocumentState) -> WordsView:
    return WordsView(zh=STATES[state][0], en=STATES[state][1])


def document_view(item: Document) -> DocumentView:
    return DocumentView(
        id=item.id, type=item.type_key, names=WordsView(zh=item.title, en=item.title_en), number=item.number,
        office=item.office, version=item.version, state=item.state, state_words=_state_words(item.state),
        issued_at=item.issued_at, issued_by=item.issued_label, delivered=item.delivered, personal=item.personal,
        ended_at=item.ended_at, ended_by=item.ended_label, ended_reason=item.ended_reason, digest=item.digest,
        signed_at=item.signed_at, key=item.key_id,
    )  # fmt: skip


def delivered_view(item: Document) -> DeliveredView:
    return DeliveredView(
        number=item.number, code=item.code, names=WordsView(zh=item.title, en=item.title_en), office=item.office,
        state=item.state, state_words=_state_words(item.state), issued_at=item.issued_at,
    )  # fmt: skip


def offered_view(item: DocumentType) -> OfferedView:
    names = item.declaration.names
    return OfferedView(type=item.id, names=WordsView(zh=names.zh, en=names.en), number=item.declaration.number)


def key_view(item: SigningKey) -> KeyView:
    return KeyView(
        id=item.id, office=item.organisation_name, signer_id=sm2.DEFAULT_ID.decode(), public_key=item.public_key,
        public_key_pem=sm2.public_pem(item.public_key), valid_from=item.made_at, valid_to=item.retired_at,
        statement=item.statement.decode(), proof=item.proof,
    )  # fmt: skip


def check_view(checked: Checked) -> CheckView:
    item = checked.document
    if item is None:
        return CheckView(result="unknown", result_words=_RESULTS["unknown"])
    result: Literal["valid", "void", "replaced", "altered"] = "altered"
    if checked.signature_holds:
        result = "valid" if item.state == "issued" else item.state
    return CheckView(
        result=result, result_words=_RESULTS[result], number=item.number,
        names=WordsView(zh=item.title, en=item.title_en), office=item.office, issued_at=item.issued_at,
        signed_at=item.signed_at, ended_at=item.ended_at, replaced_by=checked.replaced_by, digest=item.digest or "",
        signature=item.signature or "", key=key_view(checked.key) if checked.key is not None else None,
    )  # fmt: skip
