"""Handing out what was granted: keys, the signed interface, files, views; metered, and journalled where personal values go out.

A request of the interface is refused from the commit of a revocation on. Its order: form, key, signature, grant, rows, nonce
and quota; what is not counted does not go out. Nothing is told of a key to one who cannot sign with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson

from yiwang.exchange.delivery import rows as row_reading
from yiwang.exchange.delivery import signing
from yiwang.exchange.delivery.counting import Counting, Taking
from yiwang.exchange.delivery.rows import Row
from yiwang.exchange.delivery.views import create_view, drop_view
from yiwang.exchange.errors import (
    DeliveryOther,
    GrantRevoked,
    QuotaSpent,
    RequestRepeated,
    ShareEnded,
    ShareInvalid,
)
from yiwang.exchange.sharing import store
from yiwang.exchange.sharing.asking import Sharing
from yiwang.exchange.sharing.model import DELIVERIES, KIND, Delivery, ShareGrant
from yiwang.kernel import journal, sm2
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import FieldError, Forbidden
from yiwang.kernel.sealing import KeyRing
from yiwang.registry.service import RegistryService

key_file_name = "exchange-keys"
_views_at_once = 50


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown once. ``secret`` is "" where the consumer signs with a key pair of its own."""

    key_id: str
    secret: str
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewView:
    """A database view and its role as shown once."""

    schema: str
    view: str
    role: str
    password: str
    columns: tuple[str, ...]


class Delivering:
    """One per process."""

    def __init__(self, context: Context, registry: RegistryService, sharing: Sharing) -> None:
        self._context = context
        self._registry = registry
        self._sharing = sharing
        self._counting = Counting(context.database)
        self._ring = KeyRing(context.settings.home / key_file_name)

    # -- keys and views, shown once -------------------------------------------------------------------------------

    async def new_key(self, actor: Actor, id: UUID, public_key: str = "") -> NewKey:
        """A key for an interface; one that was there before stops working. ``public_key``: the consumer's SM2 key, hex
        ``04‖X‖Y``, instead of a secret of ours.

        Raises:
            ShareUnknown, Forbidden, DeliveryOther, ShareEnded, ShareInvalid: it is no point of the curve.
        """
        public_key = public_key.strip().upper()
        if public_key and sm2.public_point(public_key) is None:
            zh, en = (
                "应为 130 位十六进制:04、X、Y,且在 SM2 曲线上",
                "130 hex digits: 04, X, Y of a point of the SM2 curve",
            )
            raise ShareInvalid(errors=[FieldError(where="/public_key", code="share.invalid", zh=zh, en=en)], count=1)
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            grant = await self.consumers(connection, actor, id, "api")
            key_id = signing.new_key_id()
            secret = "" if public_key else signing.new_secret()
            seal, sealed = self._ring.seal(secret.encode()) if secret else ("", "")
            await store.set_key(connection, id, key_id, seal, sealed, public_key, now)
            await self._told(connection, actor, "share.key_made", grant, {"key": key_id})
        return NewKey(key_id, secret, ("SM2-SM3",) if public_key else ("HMAC-SHA256", "HMAC-SM3"))

    async def new_view(self, actor: Actor, id: UUID) -> NewView:
        """The view and role of a grant, made anew; the password is shown once.

        Raises:
            ShareUnknown, Forbidden, DeliveryOther, ShareEnded, ViewImpossible.
        """
        async with self._context.database.transaction() as connection:
            grant = await self.consumers(connection, actor, id, "view")
            if grant.view_name:
                await drop_view(connection, grant.view_name)
            kind = self._registry.types.type(grant.type)
            filters = self._registry.reading.filter_query(kind, grant.wanted.filters)
            name, password = await create_view(connection, grant, kind.declaration.version, filters)
            await store.set_view(connection, id, name)
            await self._told(connection, actor, "share.view_made", grant, {"view": name})
        return NewView("exchange_views", name, name, password, ("id", "area", *grant.wanted.items))

    async def consumers(self, connection: Connection, actor: Actor, id: UUID, delivery: Delivery) -> ShareGrant:
        """The grant, locked, if it is the actor's office's, holds, and is delivered so.

        Raises:
            ShareUnknown, Forbidden, DeliveryOther, ShareEnded.
        """
        grant = await self._sharing.grant(connection, actor, id, lock=True)
        if not actor.reaches(KIND, "request", area=grant.area, organisation=grant.consumer_id):
            raise Forbidden(verb=f"{KIND}:request")
        self.require_delivery(grant, delivery)
        return grant

    def require_delivery(self, grant: ShareGrant, delivery: Delivery) -> None:
        """Raises DeliveryOther, ShareEnded."""
        if grant.wanted.delivery != delivery:
            zh, en = DELIVERIES[grant.wanted.delivery]
            raise DeliveryOther(
                delivery_zh=zh, delivery=en, wanted_zh=f"用{DELIVERIES[delivery][0]}", wanted=DELIVERIES[delivery][1]
            )
        state = grant.state(self._context.clock.now())
        if state != "active":
            raise ShareEnded(reason_zh="已撤销" if state == "revoked" else "已到期", reason_en=state)

    # -- the interface --------------------------------------------------------------------------------------------

    async def data(
        self, id: UUID, signed: signing.Signed, narrower: Mapping[str, str], after: UUID | None, limit: int
    ) -> bytes:
        """A page of rows as JSON: ``items`` (id, area, values by item), ``after``.

        Raises:
            SignatureWrong, GrantRevoked, RequestRepeated, QuotaSpent, FilterNotGranted.
        """
        async with self._context.database.connection() as connection:
            grant = await self._admitted(connection, id, signed)
            now = self._context.clock.now()
            found = await row_reading.page(
                self._registry, connection, grant, narrower=narrower, after=after, limit=limit, now=now
            )
        body = orjson.dumps(
            {
                "items": [{"id": str(row.id), "area": row.area, "values": row.values} for row in found.items],
                "after": str(found.after) if found.after is not None else None,
            }
        )
        await self.count(grant, signed.nonce, found.items, len(body))
        return body

    async def count(self, grant: ShareGrant, nonce: str, items: Sequence[Row], size: int) -> None:
        """Admit and meter rows that are to go out, and journal those whose personal values go out unmasked. Returns when that
        is durable; only then they may go.

        Raises:
            GrantRevoked, RequestRepeated, QuotaSpent.
        """
        verdict = await self._counting.count(Taking(grant, nonce, self.day(), real_now(), len(items), size))
        if verdict == "revoked":
            raise _over(grant, "revoked")
        if verdict == "repeated":
            raise RequestRepeated()
        if verdict == "spent":
            raise QuotaSpent(quota=grant.wanted.quota)
        if grant.wanted.plain and items:
            async with self._context.database.transaction() as connection:
                await self._journal_plain(connection, grant, items, self._context.clock.now())

    async def require_holding(self, connection: Connection, grant: ShareGrant) -> None:
        """Raises GrantRevoked, which counts as a refusal: it was revoked, or its time is over."""
        state = grant.state(self._context.clock.now())
        if state != "active":
            await store.meter(connection, grant.id, self.day(), refused=1)
            raise _over(grant, state)

    async def _admitted(self, connection: Connection, id: UUID, signed: signing.Signed) -> ShareGrant:
        signing.check_form(signed, real_now())
        grant = await store.grant_of_key(connection, signed.key_id)
        if grant is None or grant.id != id:
            raise signing.unknown_key()
        secret = self._ring.open(grant.key_seal, grant.key_sealed).decode() if grant.key_sealed else ""
        signing.check_signature(signed, secret, grant.public_key)
        await self.require_holding(connection, grant)
        return grant

    async def journal_plain(
        self, connection: Connection, actor: Actor, grant: ShareGrant, items: Sequence[Row], at: datetime
    ) -> None:
        """One entry for each record whose personal values go out unmasked: who got them, when, for what."""
        data: JsonObject = {
            "type": grant.type,
            "purpose": grant.wanted.purpose,
            "attributes": [*grant.wanted.plain],
            "consumer": grant.consumer_name,
            "grant": str(grant.id),
        }
        entries = [
            journal.entry(actor, at, "thing.read_personal", "thing", row.id, area=row.area, data=data) for row in items
        ]
        await journal.append_many(connection, entries)

    async def _journal_plain(
        self, connection: Connection, grant: ShareGrant, items: Sequence[Row], at: datetime
    ) -> None:
        consumer = Actor("token", None, grant.consumer_name, grant.consumer_id)
        await self.journal_plain(connection, consumer, grant, items, at)

    def day(self) -> date:
        """Today in the city's zone."""
        return self._context.clock.now().astimezone(self._context.calendar.hours.timezone).date()

    # -- background -----------------------------------------------------------------------------------------------

    async def tidy(self) -> int:
        """Drop views whose time is over, forget nonces that no longer count; how many views."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            over = await store.expired_views(connection, now, _views_at_once)
            for grant in over:
                await drop_view(connection, grant.view_name)
                await store.set_view(connection, grant.id, "")
            await store.forget_nonces(connection, real_now() - 2 * signing.WINDOW - timedelta(minutes=1))
        return len(over)

    async def _told(
        self, connection: Connection, actor: Actor, verb: str, grant: ShareGrant, data: dict[str, Json]
    ) -> None:
        told: dict[str, Json] = {"consumer": grant.consumer_name, **data}
        at = self._context.clock.now()
        await journal.append(connection, journal.entry(actor, at, verb, KIND, grant.id, area=grant.area, data=told))


def _over(grant: ShareGrant, state: str) -> GrantRevoked:
    if state == "revoked":
        return GrantRevoked(reason_zh=f"已撤销:{grant.revoked_why}", reason_en=f"revoked: {grant.revoked_why}")
    return GrantRevoked(reason_zh="已到期", reason_en="its time is over")
