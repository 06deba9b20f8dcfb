"""Exchange as other floors call it.

``catalogue``: resources and their life · ``sharing``: requests, grants, statements · ``matters``: objections, demands ·
``delivering``: keys, interface, views · ``files``: file drops with manifests.
"""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.casework.service import CaseService
from yiwang.exchange.catalogue.declarations import ResourceDeclaration
from yiwang.exchange.catalogue.keeping import Catalogue
from yiwang.exchange.delivery.files import Files
from yiwang.exchange.delivery.serving import Delivering
from yiwang.exchange.sharing.asking import Sharing
from yiwang.exchange.sharing.matters import Matters
from yiwang.identity.directory import Directory
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.registry.service import RegistryService


class ExchangeService:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self.context = context
        self.directory = directory
        self.registry = registry
        self.catalogue = Catalogue(context, directory, registry)
        self.sharing = Sharing(context, directory, registry, casework)
        self.matters = Matters(context, directory, self.catalogue, casework)
        self.delivering = Delivering(context, registry, self.sharing)
        self.files = Files(context, directory, registry, self.sharing, self.delivering)

    async def publish(
        self, connection: Connection, declarations: Sequence[tuple[str, ResourceDeclaration]], *, demo: bool
    ) -> int:
        """Drafts from what packs declare, each (pack, declaration); how many are new or changed. In the caller's transaction."""
        changed, shown = await self.catalogue.publish_declared(connection, declarations, demo=demo)
        for declared, resource_id in shown:
            if declared.demo_shared_with is not None:
                await self.sharing.share_for_demonstration(connection, resource_id, declared.demo_shared_with)
        return changed

    async def keep_up(self) -> bool:
        """One round of the background worker: requests follow their cases, views and files end with their grants."""
        settled = await self.sharing.settle_due()
        ended = await self.delivering.tidy()
        cleared = await self.files.clear()
        return settled + ended + cleared > 0
