"""Rows of a grant: the granted items of the granted records, masked unless the grant says otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.exchange.errors import FilterNotGranted
from yiwang.exchange.sharing.model import ShareGrant
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.registry import store
from yiwang.registry.model import Asked, Fact
from yiwang.registry.reading import masked
from yiwang.registry.service import RegistryService
from yiwang.registry.types import CompiledType

_page = 1000
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Row:
    """One record: ``values`` by item; what is not there is left out."""

    id: UUID
    area: str
    values: JsonObject


@dataclass(frozen=True, slots=True)
class Rows:
    items: list[Row]
    after: UUID | None


def may_filter(kind: CompiledType, grant: ShareGrant) -> frozenset[str]:
    """Granted items that the consumer may narrow by: never a masked one, whose value could be guessed so."""
    hidden = (kind.declaration.personal.keys() | kind.sealed) - set(grant.wanted.plain)
    return frozenset(name for name in grant.wanted.items if name in kind.filters and name not in hidden)


async def page(
    registry: RegistryService,
    connection: Connection,
    grant: ShareGrant,
    *,
    narrower: Mapping[str, str],
    after: UUID | None,
    limit: int,
    now: datetime,
) -> Rows:
    """A page of what is true now; ``narrower`` filters beside the grant's own, which always holds.

    Raises:
        FilterNotGranted, TypeUnknown.
    """
    kind = registry.types.type(grant.type)
    allowed = may_filter(kind, grant)
    for name, value in narrower.items():
        if name not in allowed:
            raise FilterNotGranted(name=name[:60], known=", ".join(sorted(allowed)) or "—")
        if name in grant.wanted.filters and grant.wanted.filters[name] != value:
            return Rows([], None)
    asked = Asked(filters={**narrower, **grant.wanted.filters}, area=grant.wanted.within, after=after, limit=limit)
    filters = registry.reading.filter_query(kind, asked.filters)
    facts = await store.listed(connection, SYSTEM, kind.id, "read", asked, filters, now)
    chosen = facts[:limit]
    rows = [Row(fact.thing_id, fact.area, values_of(registry, kind, grant, fact)) for fact in chosen]
    return Rows(rows, chosen[-1].thing_id if len(facts) > limit else None)


async def every(
    registry: RegistryService, connection: Connection, grant: ShareGrant, now: datetime
) -> AsyncIterator[list[Row]]:
    """All rows of a grant, in pages."""
    after: UUID | None = None
    while True:
        found = await page(registry, connection, grant, narrower={}, after=after, limit=_page, now=now)
        yield found.items
        after = found.after
        if after is None:
            return


def values_of(registry: RegistryService, kind: CompiledType, grant: ShareGrant, fact: Fact) -> JsonObject:
    """The granted items of a fact, masked unless the grant gives them plain; what is not there is left out."""
    attributes = registry.reading.plain(kind, fact)
    personal = kind.declaration.personal
    values: dict[str, Json] = {}
    for name in grant.wanted.items:
        value = attributes.get(name)
        if value is None:
            continue
        if name not in grant.wanted.plain:
            if name in personal:
                value = masked(value, personal[name])
            elif name in kind.sealed:
                value = HIDDEN
        values[name] = value
    return values
