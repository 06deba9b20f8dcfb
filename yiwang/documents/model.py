"""Records of documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.documents.declarations import DocumentDeclaration
from yiwang.kernel.database import JsonObject

KIND = "document"
"""The kind of grant: ``document:issue``, ``document:void``. Who may read the case may read its documents."""
GRANTS = frozenset({"issue", "void"})

DocumentState = Literal["issued", "void", "replaced"]
STATES: dict[DocumentState, tuple[str, str]] = {
    "issued": ("有效", "valid"),
    "void": ("作废", "void"),
    "replaced": ("更换", "replaced"),
}


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A published kind of document with its template."""

    version: int
    declaration: DocumentDeclaration
    template: str

    @property
    def id(self) -> str:
        return self.declaration.id


@dataclass(frozen=True, slots=True)
class Document:
    """A document without its PDF. ``code`` checks the number; ``replaces`` is the one that it stands in place of.

    ``digest``: SM3 of the PDF; ``signature``: SM2 over the PDF, hex ``r‖s``; both None until it is set.
    """

    id: UUID
    type_key: str
    type_version: int
    case_id: UUID
    task_id: UUID | None
    organisation_id: int
    rule: str
    year: int
    serial: int
    number: str
    code: str
    title: str
    title_en: str
    office: str
    version: int
    replaces: UUID | None
    content: JsonObject
    personal: bool
    delivered: bool
    state: DocumentState
    issued_at: datetime
    issued_by: UUID | None
    issued_label: str
    ended_at: datetime | None
    ended_label: str
    ended_reason: str
    key_id: UUID | None = None
    signed_at: datetime | None = None
    digest: str | None = None
    signature: str | None = None

    @property
    def made(self) -> bool:
        """Whether it has been set and signed."""
        return self.signature is not None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key of an office; ``sealed`` is its private part, ``proof`` its signature over :attr:`statement`."""

    id: UUID
    organisation_id: int
    organisation_name: str
    public_key: str
    sealed: str
    made_at: datetime
    retired_at: datetime | None
    proof: str

    @property
    def statement(self) -> bytes:
        """What the key itself has signed when it was made: whose it is, and since when."""
        parts = (str(self.id), self.organisation_name, "SM2-SM3", self.public_key, self.made_at.isoformat())
        return "\n".join(parts).encode()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found; ``document`` is None for a file that was never issued here, or was changed since."""

    document: Document | None
    key: SigningKey | None
    signature_holds: bool
    replaced_by: str = ""

    @property
    def valid(self) -> bool:
        return self.document is not None and self.signature_holds and self.document.state == "issued"
