"""Setting and signing what was issued, handing it out, and checking what a stranger holds."""

from __future__ import annotations

from uuid import UUID

from yiwang.casework.notes import case_entry
from yiwang.casework.rules import reaches
from yiwang.casework.service import CaseService
from yiwang.documents import store
from yiwang.documents.content import same_code
from yiwang.documents.errors import DocumentCheckFailed, DocumentKeyUnknown, DocumentNotReady, DocumentUnknown
from yiwang.documents.model import Checked, Document, DocumentType, SigningKey
from yiwang.documents.signing import Signatures, holds
from yiwang.documents.typesetting import fonts_of, typeset
from yiwang.kernel import journal, logs
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Forbidden, Problem
from yiwang.kernel.sealing import sm3
from yiwang.kernel.text import clean_line, half_width

log = logs.get("documents")

_made_at_once = 20


class Making:
    """One per process."""

    def __init__(self, context: Context, casework: CaseService) -> None:
        self._context = context
        self._casework = casework
        self._signatures = Signatures(context.settings.home)

    async def keep_up(self) -> bool:
        """One round of the worker: set and sign what waits; whether there may be more. What cannot be set holds up nothing
        else and is tried again in the next round."""
        async with self._context.database.connection() as connection:
            waiting = await store.unmade(connection, _made_at_once)
        made = 0
        for document_id in waiting:
            try:
                await self.make(document_id)
                made += 1
            except Problem as problem:
                log.warning("a document could not be set", document=str(document_id), error=problem.message("en"))
        return made == _made_at_once

    async def make(self, document_id: UUID) -> Document:
        """The document with its signature, set now where it was not.

        Raises:
            DocumentUnknown, FontMissing, TypesettingFailed, KeyFileUnreadable.
        """
        async with self._context.database.connection() as connection:
            found = await store.one(connection, document_id)
        if found is None:
            raise DocumentUnknown()
        if found.made:
            return found
        pdf = await typeset(found.content, found.issued_at, fonts_of(self._context.settings))
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            key = await self._signatures.key_of(connection, found.organisation_id, found.office, now)
            signature = self._signatures.sign(key, pdf)
            await store.put_pdf(connection, found.id, pdf, sm3(pdf).hex(), signature, key.id, now)
            again = await store.one(connection, document_id)
        return again or found

    # -- staff ----------------------------------------------------------------------------------------------------

    async def of_case(self, actor: Actor, case_id: UUID) -> tuple[list[Document], list[DocumentType]]:
        """(documents of the case, newest first; kinds that can be issued for it as it stands). Raises NotFound."""
        async with self._context.database.connection() as connection:
            case = await self._casework.reading.readable(connection, case_id, actor)
            kinds = await store.types_for(connection, case.type)
            offered = [kind for kind in kinds if case.closed_at is None or kind.declaration.after_closing]
            return await store.of_case(connection, case.id), offered

    async def read(self, actor: Actor, document_id: UUID) -> tuple[Document, bytes]:
        """A document with its PDF, for one who may read its case.

        Raises:
            DocumentUnknown, NotFound; Forbidden: it prints personal fields. As :meth:`make`.
        """
        async with self._context.database.connection() as connection:
            found = await store.one(connection, document_id)
            if found is None:
                raise DocumentUnknown()
            case = await self._casework.reading.readable(connection, found.case_id, actor)
        if found.personal and not reaches(actor, "read_personal", case):
            raise Forbidden(verb="case:read_personal")
        made = await self.make(document_id)  # only now: setting it is work that nobody may cause who may not read it
        async with self._context.database.transaction() as connection:
            if made.personal:
                told: JsonObject = {"document": made.number, "title": made.title}
                at = self._context.clock.now()
                await journal.append(connection, case_entry(actor, at, "case.document_read", case, told))
            pdf = await store.pdf_of(connection, made.id)
        if pdf is None:
            raise DocumentNotReady(number=made.number)
        return made, pdf

    # -- everybody ------------------------------------------------------------------------------------------------

    async def delivered(self, number: str, code: str) -> list[Document]:
        """The documents of a case for its party, who has the case's number and code.

        Raises:
            FollowCodeWrong.
        """
        view = await self._casework.reading.follow(clean_line(half_width(number)), clean_line(half_width(code)).upper())
        async with self._context.database.connection() as connection:
            return [item for item in await store.of_case(connection, view.case.id) if item.delivered]

    async def copy(self, number: str, code: str) -> tuple[Document, bytes]:
        """The PDF, for whoever holds number and code of the document: they stand on it.

        Raises:
            DocumentCheckFailed. As :meth:`make`.
        """
        made = await self.make((await self._by_number(number, code)).id)
        async with self._context.database.connection() as connection:
            pdf = await store.pdf_of(connection, made.id)
        if pdf is None:
            raise DocumentNotReady(number=made.number)
        return made, pdf

    async def check(self, number: str, code: str) -> Checked:
        """Whether the document with this number and code holds.

        Raises:
            DocumentCheckFailed. As :meth:`make`.
        """
        made, pdf = await self.copy(number, code)
        return await self._checked(made, pdf)

    async def check_file(self, pdf: bytes) -> Checked:
        """Whether this file is, byte for byte, one that was issued, and holds."""
        async with self._context.database.connection() as connection:
            found = await store.by_digest(connection, sm3(pdf).hex())
        return Checked(None, None, False) if found is None else await self._checked(found, pdf)

    async def key(self, key_id: UUID) -> SigningKey:
        """The public record of a key. Raises DocumentKeyUnknown."""
        async with self._context.database.connection() as connection:
            found = await store.key(connection, key_id)
        if found is None:
            raise DocumentKeyUnknown(id=str(key_id))
        return found

    async def _by_number(self, number: str, code: str) -> Document:
        async with self._context.database.connection() as connection:
            found = await store.by_number(connection, clean_line(number), same_code(half_width(code)))
        if found is None:
            raise DocumentCheckFailed()
        return found

    async def _checked(self, made: Document, pdf: bytes) -> Checked:
        async with self._context.database.connection() as connection:
            key = await store.key(connection, made.key_id) if made.key_id is not None else None
            instead = await store.successor(connection, made.id)
        good = key is not None and made.signature is not None and holds(key, pdf, made.signature)
        return Checked(made, key, good, instead)
