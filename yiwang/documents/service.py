"""Documents as other floors call them. ``issuing``: issue, void, replace · ``making``: PDF, signature, reading, checking."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import orjson

from yiwang.casework.service import CaseService
from yiwang.documents import store
from yiwang.documents.declarations import DocumentDeclaration
from yiwang.documents.issuing import Issuing
from yiwang.documents.making import Making
from yiwang.documents.model import DocumentType
from yiwang.identity.directory import Directory
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection


class DocumentService:
    """One per process."""

    def __init__(self, context: Context, directory: Directory, casework: CaseService) -> None:
        self.context = context
        self.issuing = Issuing(context, directory, casework)
        self.making = Making(context, casework)

    async def publish(
        self, connection: Connection, declared: Sequence[tuple[DocumentDeclaration, str]], at: datetime
    ) -> int:
        """Kinds of document, each with its template; how many are new, changed or withdrawn. In the caller's transaction."""
        known = await store.digests(connection)
        changed = 0
        for declaration, template in declared:
            text = orjson.dumps(declaration.model_dump(), option=orjson.OPT_SORT_KEYS) + template.encode()
            digest = hashlib.sha256(text).hexdigest()
            version, before, _ = known.get(declaration.id, (0, "", False))
            if digest != before:
                await store.add_type(connection, DocumentType(version + 1, declaration, template), digest, at)
                changed += 1
        return changed + await store.keep_types(connection, [declaration.id for declaration, _ in declared])
