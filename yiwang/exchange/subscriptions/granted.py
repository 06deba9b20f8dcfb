"""The subscription of a share grant: changes in order, at least once, of what was granted and as long as it holds.

A grant has one, under its own number; it is the consuming office's, whoever made it. Items, row filter, area, masking and period
are the grant's at the moment of handing out; a page that holds changes is one request of its daily quota, metered, and journalled
where personal values go out unmasked. What was believed no more, or true no more, before the grant began never goes out.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import orjson

from yiwang.exchange.delivery.rows import Row, values_of
from yiwang.exchange.errors import GrantRevoked
from yiwang.exchange.service import ExchangeService
from yiwang.exchange.sharing import store as shares
from yiwang.exchange.sharing.model import ShareGrant
from yiwang.exchange.subscriptions import store
from yiwang.exchange.subscriptions.errors import SubscriptionExists
from yiwang.exchange.subscriptions.model import (
    NOWHERE,
    Change,
    ChangePage,
    Position,
    Reach,
    Subscription,
    WantedOfGrant,
)
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.clock import real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.registry.model import Fact
from yiwang.registry.service import RegistryService


class GrantedChanges:
    """One per process."""

    def __init__(self, context: Context, registry: RegistryService, exchange: ExchangeService) -> None:
        self._context, self._registry, self.exchange = context, registry, exchange

    async def made(
        self, connection: Connection, actor: Actor, grant_id: UUID, wanted: WantedOfGrant, secret: str
    ) -> Subscription:
        """A new one in the caller's transaction; ``secret`` is sealed.

        Raises:
            ShareUnknown, Forbidden, DeliveryOther: it is not delivered as an interface. ShareEnded, SubscriptionExists.
        """
        grant = await self.exchange.delivering.consumers(connection, actor, grant_id, "api")
        there = await store.one(connection, grant_id)
        if there is not None:
            raise SubscriptionExists(name=there.name)
        position = Position(0, NOWHERE) if wanted.beginning else await store.newest(connection)
        now, terms = real_now(), grant.wanted
        found = Subscription(
            grant.id, wanted.name, grant.type, actor.account_id or NOWHERE, actor.label, grant.consumer_id, terms.items,
            dict(terms.filters), terms.within, "masked", False, wanted.url, secret, "active", position, 0, 0, "", None,
            now, now, grant.area,
        )  # fmt: skip
        await store.insert(connection, found)
        return found

    async def changes(self, found: Subscription, position: Position, limit: int) -> ChangePage:
        """Changes behind a position, counted.

        Raises:
            GrantRevoked: it was revoked, or its time is over. QuotaSpent, TypeUnknown, FilterUnknown.
        """
        async with self._context.database.connection() as connection:
            grant = await self._grant(connection, found)
            await self.exchange.delivering.require_holding(connection, grant)
            facts, behind = await store.changes(connection, self._reach(grant), position, limit)
        items = [Change(at, self._body(grant, at, fact)) for at, fact in facts]
        if items:
            rows = [Row(fact.thing_id, fact.area, {}) for _, fact in facts]
            size = len(orjson.dumps([change.body for change in items]))
            await self.exchange.delivering.count(grant, new_id().hex, rows, size)
        return ChangePage(items, behind, len(facts) == limit)

    async def lag(self, found: Subscription) -> int:
        """How many changes wait, counted up to ten thousand; none under a grant that is over, or of a type that is gone."""
        async with self._context.database.connection() as connection:
            grant = await self._grant(connection, found)
            known = any(kind.id == grant.type for kind in self._registry.types.all())
            if not known or grant.state(self._context.clock.now()) != "active":
                return 0
            return await store.lag(connection, self._reach(grant), found.position)

    async def require_holding(self, found: Subscription) -> None:
        """Raises ShareEnded."""
        async with self._context.database.connection() as connection:
            self.exchange.delivering.require_delivery(await self._grant(connection, found), "api")

    async def _grant(self, connection: Connection, found: Subscription) -> ShareGrant:
        grant = await shares.grant(connection, found.id)
        if grant is None:
            raise GrantRevoked(reason_zh="没有授权", reason_en="there is no grant")
        return grant

    def _reach(self, grant: ShareGrant) -> Reach:
        kind = self._registry.types.type(grant.type)
        query = self._registry.reading.filter_query(kind, grant.wanted.filters)
        return Reach(kind.id, grant.wanted.within, query, SYSTEM, "read", grant.since)

    def _body(self, grant: ShareGrant, at: Position, fact: Fact) -> JsonObject:
        return body_of(at, fact, values_of(self._registry, self._registry.types.type(grant.type), grant, fact))


def body_of(at: Position, fact: Fact, attributes: JsonObject) -> JsonObject:
    """A change as a consumer gets it."""
    return {
        "cursor": str(at),
        "thing": str(fact.thing_id),
        "fact": str(fact.id),
        "type": fact.type,
        "believed": fact.recorded_until is None,
        "valid_from": _time(fact.valid_from),
        "valid_until": _time(fact.valid_until),
        "recorded_from": _time(fact.recorded_from),
        "recorded_until": _time(fact.recorded_until),
        "area": fact.area,
        "attributes": attributes,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
