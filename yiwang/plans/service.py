"""Plans as other floors call them. ``periodic``: work by period · ``breakdowns``: parts of cases · ``sheets``: scoring."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import orjson

from yiwang.casework.service import CaseService
from yiwang.identity.directory import Directory
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.plans import store
from yiwang.plans.breaking import Breakdowns
from yiwang.plans.declarations import BreakdownDeclaration, PlanDeclaration, SheetDeclaration
from yiwang.plans.opening import Plans
from yiwang.plans.sheets import Sheets
from yiwang.plans.store import Room
from yiwang.registry.service import RegistryService

Declared = PlanDeclaration | BreakdownDeclaration | SheetDeclaration


class PlanService:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self.context = context
        self.directory = directory
        self.status_word = casework.catalogue.status_word
        """The English words of a case type's status."""
        self.periodic = Plans(context, directory, registry, casework)
        self.breakdowns = Breakdowns(context, directory, casework)
        self.sheets = Sheets(context, casework)

    async def publish(self, connection: Connection, found: Sequence[tuple[str, Declared]], at: datetime) -> int:
        """Take over what packs declare, each (pack, declaration); how many are new, changed or withdrawn. In the caller's
        transaction."""
        rows = []
        for pack, declaration in found:
            body = declaration.model_dump(mode="json", by_alias=True)
            digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
            rows.append((_room(declaration), declaration.id, pack, body, digest))
        return await store.publish(connection, rows, at)

    async def keep_up(self) -> bool:
        """One round of the background worker; true when plans have more to open at once."""
        opened = await self.periodic.open_due()
        await self.breakdowns.follow()
        return opened > 0


def _room(declaration: Declared) -> Room:
    if isinstance(declaration, PlanDeclaration):
        return "plan"
    return "breakdown" if isinstance(declaration, BreakdownDeclaration) else "sheet"
