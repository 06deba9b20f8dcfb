"""Matching as other floors call it. ``proposing``: rounds · ``answering``: what people see and answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import orjson

from yiwang.casework.service import CaseService
from yiwang.identity.directory import Directory
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.matching import store
from yiwang.matching.answering import Answering
from yiwang.matching.declarations import MatchDeclaration
from yiwang.matching.errors import MatchUnknown
from yiwang.matching.model import KIND, Round
from yiwang.matching.proposing import Proposing
from yiwang.registry.service import RegistryService


class MatchService:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self.context = context
        self.proposing = Proposing(context, directory, registry, casework)
        self.answering = Answering(context, registry, casework, self.proposing)

    async def publish(self, connection: Connection, found: Sequence[tuple[str, MatchDeclaration]], at: datetime) -> int:
        """Take over what packs declare, each (pack, rule); how many are new, changed or withdrawn. In the caller's
        transaction."""
        rows = []
        for pack, declaration in found:
            body = declaration.model_dump(mode="json", by_alias=True)
            digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
            rows.append((declaration.id, pack, body, digest))
        return await store.publish(connection, rows, at)

    async def keep_up(self) -> bool:
        """One round of the background worker over all rules; true when there is more to do at once."""
        more = False
        for _, rule in await self.answering.rules():
            more |= (await self.proposing.round(rule)).more
        return more

    async def assign(self, actor: Actor, rule_id: str) -> Round:
        """Match everything that waits, at once.

        Raises:
            Forbidden: without ``match:propose``; MatchUnknown: nothing of that id is in force.
        """
        actor.require(KIND, "propose")
        rule = next((rule for _, rule in await self.answering.rules() if rule.id == rule_id), None)
        if rule is None:
            raise MatchUnknown(rule=rule_id[:60])
        return await self.proposing.round(rule, all_now=True)
