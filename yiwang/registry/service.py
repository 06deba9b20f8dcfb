"""The registry as other floors call it: types, recording, reading. One per process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from yiwang.geo.locator import Locator
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.registry import catalogue, store
from yiwang.registry.authority import Authorities
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.cells import Cells
from yiwang.registry.declarations import ThingType
from yiwang.registry.judging import Judge
from yiwang.registry.reading import Reading
from yiwang.registry.recording import Recording
from yiwang.registry.resolution.merging import Merging
from yiwang.registry.resolution.reviewing import Reviewing
from yiwang.registry.sealing import Sealer, key_file_name
from yiwang.registry.summarising import Summarising
from yiwang.registry.telling import Telling
from yiwang.registry.tiles import TypeTiles
from yiwang.registry.values import Values


class RegistryService:
    """``types``: what is declared · ``judge``: drafts · ``recording``: the verbs that change · ``reading``: the rest ·
    ``merging``, ``reviewing``: records of the same thing."""

    def __init__(self, context: Context, locator: Locator) -> None:
        self.context = context
        self.types = TypeCatalogue()
        self.sealer = Sealer(context.settings.home / key_file_name)
        self.judge = Judge(locator, self.sealer)
        self.authorities = Authorities(context, self.types)
        self.recording = Recording(context.clock, self.types, self.judge, self.authorities)
        self.summarising = Summarising(context.clock, self.types)
        self.reading = Reading(context.clock, self.types, self.sealer, self.authorities)
        self.telling = Telling(context.clock, self.types, self.reading)
        self.merging = Merging(context.clock, self.types, self.recording, self.reading)
        self.reviewing = Reviewing(context.clock, self.types, self.reading, self.merging, self.sealer)
        self.cells = Cells(context, self.types)
        self.tiles = TypeTiles(context.clock, self.types, self.reading, self.cells)
        self.values = Values(self.types, self.reading)

    async def refresh(self) -> None:
        """Take over types that another process published, and which of them have been counted for the map."""
        async with self.context.database.connection() as connection:
            await self.types.refresh(connection)
            await self.cells.refresh(connection)

    async def publish(self, connection: Connection, types: Sequence[tuple[str, ThingType]], at: datetime) -> int:
        """Make these (pack, type) the published types; returns how many changed. In the caller's transaction."""
        return await catalogue.publish(connection, types, at)

    async def source(
        self,
        connection: Connection,
        kind: str,
        name: str,
        *,
        digest: str = "",
        organisation_id: int | None = None,
        detail: JsonObject | None = None,
    ) -> int:
        """Register where facts will come from (a file, a pull); its number goes with every fact."""
        now = self.context.clock.now()
        return await store.insert_source(connection, kind, name, digest, organisation_id, detail or {}, now)

    async def has_source(self, connection: Connection, kind: str, digest: str) -> bool:
        """Whether a source of that kind and content was registered already."""
        return await store.has_source(connection, kind, digest)

    async def owners(
        self, connection: Connection, type_id: str, keys: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], UUID]:
        """Which thing each (name, key) of a natural key names, for those that are known."""
        return await store.owners_of_keys(connection, type_id, keys)
