"""Publicity as other floors call it. ``issues``: what is made public · ``public``: what everybody sees · ``anomalies``: what
should not be."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import orjson

from yiwang.casework.service import CaseService
from yiwang.identity.directory import Directory
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.publicity import store
from yiwang.publicity.anomalies import Anomalies
from yiwang.publicity.declarations import AnomalyDeclaration, PublicationDeclaration
from yiwang.publicity.issues import Issues
from yiwang.publicity.looking import Looking
from yiwang.publicity.store import Room
from yiwang.registry.service import RegistryService

Declared = PublicationDeclaration | AnomalyDeclaration


class PublicityService:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self.context = context
        self.directory = directory
        self.issues = Issues(context, directory, registry, casework)
        self.public = Looking(context, directory, registry, casework)
        self.anomalies = Anomalies(context, directory, registry, casework)

    async def publish(self, connection: Connection, found: Sequence[tuple[str, Declared]], at: datetime) -> int:
        """Take over what packs declare, each (pack, declaration); how many are new, changed or withdrawn. In the caller's
        transaction."""
        rows = []
        for pack, declaration in found:
            body = declaration.model_dump(mode="json", by_alias=True)
            digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
            room: Room = "publication" if isinstance(declaration, PublicationDeclaration) else "anomaly"
            rows.append((room, declaration.id, pack, body, digest))
        return await store.publish(connection, rows, at)

    async def keep_up(self) -> bool:
        """One round of the background worker."""
        await self.issues.end_due()
        await self.anomalies.keep_up()
        return False
