"""Subscriptions as other floors call them: asked for, read on by cursor, pushed (:mod:`pushing`), paused, ended.

Who may export a type may subscribe to it: what goes out is what that account may export now, personal attributes masked or left
out, sealed ones never. Another office subscribes under an approved share grant (:mod:`granted`), which says all of that.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from yiwang.exchange.pulls.hosts import AllowedHosts
from yiwang.exchange.pulls.secrets import ExchangeSecrets, new_secret
from yiwang.exchange.service import ExchangeService
from yiwang.exchange.sharing.model import KIND
from yiwang.exchange.subscriptions import store
from yiwang.exchange.subscriptions.errors import SubscriptionInvalid, SubscriptionUnknown, TooManySubscriptions
from yiwang.exchange.subscriptions.granted import GrantedChanges, body_of
from yiwang.exchange.subscriptions.model import (
    NOWHERE,
    Change,
    ChangePage,
    Position,
    Reach,
    Shown,
    Subscription,
    Wanted,
    WantedOfGrant,
)
from yiwang.identity.service import IdentityService
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.identifiers import new_id
from yiwang.registry.model import Fact, kinds_of
from yiwang.registry.service import RegistryService
from yiwang.registry.types import CompiledType

MOST = 50
"""Subscriptions that one account may have."""


class SubscriptionService:
    """One per process."""

    def __init__(
        self, context: Context, registry: RegistryService, identity: IdentityService, exchange: ExchangeService
    ) -> None:
        self.context, self.registry, self.identity = context, registry, identity
        self.granted = GrantedChanges(context, registry, exchange)
        self.hosts = AllowedHosts(context.settings.exchange_hosts)
        self.secrets = ExchangeSecrets(context.settings.home)

    # -- asking for ---------------------------------------------------------------------------------------------------------

    async def subscribe(self, actor: Actor, wanted: Wanted) -> tuple[Subscription, str]:
        """A new subscription, and the secret of its signatures, which nobody sees again (empty without ``url``).

        Raises:
            TypeUnknown, Forbidden, SubscriptionInvalid, FilterUnknown, HostNotAllowed, TooManySubscriptions.
        """
        kind = self.registry.types.type(wanted.type)
        listed = kind.declaration.authority is not None  # read for a purpose, one by one: never sent on
        if listed or actor.account_id is None or not any(actor.may(each, "export") for each in kinds_of(kind.id)):
            raise Forbidden(verb=f"thing-{kind.id}:export")
        self._fields_known(kind, wanted)
        self.registry.reading.filter_query(kind, wanted.filters)
        if wanted.url:
            await self._address(actor, wanted.url)
        secret = new_secret() if wanted.url else ""
        now = real_now()
        async with self.context.database.transaction() as connection:
            if await store.count_of(connection, actor.account_id) >= MOST:
                raise TooManySubscriptions(most=MOST)
            position = Position(0, NOWHERE) if wanted.beginning else await store.newest(connection)
            made = Subscription(
                new_id(), wanted.name, kind.id, actor.account_id, actor.label, actor.organisation_id, wanted.fields,
                dict(wanted.filters), wanted.area, wanted.personal, wanted.geometry, wanted.url,
                self.secrets.seal(secret), "active", position, 0, 0, "", None, now, now,
            )  # fmt: skip
            await store.insert(connection, made)
            await journal.append(connection, self._entry(actor, "subscription.made", made))
        return made, secret

    async def subscribe_grant(self, actor: Actor, grant_id: UUID, wanted: WantedOfGrant) -> tuple[Subscription, str]:
        """The subscription of a share grant, and its secret, which nobody sees again (empty without ``url``).

        Raises:
            ShareUnknown, Forbidden, DeliveryOther, ShareEnded, SubscriptionInvalid, HostNotAllowed, SubscriptionExists.
        """
        if wanted.url:
            await self._address(actor, wanted.url)
        secret = new_secret() if wanted.url else ""
        async with self.context.database.transaction() as connection:
            made = await self.granted.made(connection, actor, grant_id, wanted, self.secrets.seal(secret))
            await journal.append(connection, self._entry(actor, "subscription.made", made))
        return made, secret

    async def of_grant(self, actor: Actor, grant_id: UUID) -> Shown | None:
        """The subscription of a share grant, for both sides of it. Raises ShareUnknown."""
        async with self.context.database.connection() as connection:
            await self.granted.exchange.sharing.grant(connection, actor, grant_id)
            found = await store.one(connection, grant_id)
        return None if found is None else await self.shown(found)

    def _fields_known(self, kind: CompiledType, wanted: Wanted) -> None:
        known = kind.declaration.attributes
        strange = [name for name in wanted.fields if name not in known]
        if strange:
            names = ", ".join(strange)[:200]
            raise SubscriptionInvalid(reason_zh=f"没有字段“{names}”", reason_en=f"there is no attribute “{names}”")
        sealed = [name for name in wanted.fields if name in kind.sealed]
        if sealed:
            names = ", ".join(sealed)[:200]
            raise SubscriptionInvalid(
                reason_zh=f"加密保存的字段“{names}”不外送", reason_en=f"sealed attributes “{names}” do not leave"
            )

    async def _address(self, actor: Actor, url: str) -> None:
        """Only a person gives an address: a token's limits would not hold for what is pushed later."""
        if actor.kind != "person":
            raise SubscriptionInvalid(
                reason_zh="推送地址须由人员登录后设置,程序令牌不能设置",
                reason_en="a push address is set by a person who is signed in, not by a token",
            )
        parts = split_address(url)
        await self.hosts.judged(parts[1], parts[2])

    # -- reading ------------------------------------------------------------------------------------------------------------

    async def own(self, actor: Actor) -> list[Shown]:
        """Subscriptions of the actor and of their office, with what waits."""
        if actor.account_id is None:
            return []
        async with self.context.database.connection() as connection:
            found = await store.of_office(connection, actor.account_id, actor.organisation_id)
        return [await self.shown(each) for each in found if _ours(actor, each)]

    async def one(self, actor: Actor, id: UUID) -> Subscription:
        """Raises SubscriptionUnknown: there is none, or it is another office's."""
        async with self.context.database.connection() as connection:
            found = await store.one(connection, id)
        if found is None or not _ours(actor, found):
            raise SubscriptionUnknown(id=str(id))
        return found

    async def shown(self, found: Subscription) -> Shown:
        """With the number of changes that wait for the account that asked, or under its grant."""
        if found.grant_id is not None:
            return Shown(found, await self.granted.lag(found))
        behind = await self.identity.actor_behind(found.account_id)
        kind = self._kind(found)
        if behind is None or kind is None:
            return Shown(found, 0)
        query = self.registry.reading.filter_query(kind, found.filters)
        async with self.context.database.connection() as connection:
            return Shown(found, await store.lag(connection, Reach(kind.id, found.area, query, behind), found.position))

    def _kind(self, found: Subscription) -> CompiledType | None:
        return next((kind for kind in self.registry.types.all() if kind.id == found.type), None)

    async def changes(self, actor: Actor, found: Subscription, position: Position, limit: int) -> ChangePage:
        """Changes behind a position, in the order in which they were committed, as far as ``actor`` may export them, or as
        the grant says.

        Raises:
            TypeUnknown, FilterUnknown: the type is not declared any more, or not so. Of a grant: GrantRevoked, QuotaSpent.
        """
        if found.grant_id is not None:
            return await self.granted.changes(found, position, limit)
        kind = self.registry.types.type(found.type)
        query = self.registry.reading.filter_query(kind, found.filters)
        async with self.context.database.connection() as connection:
            asked = Reach(kind.id, found.area, query, actor)
            facts, behind = await store.changes(connection, asked, position, limit)
        items = [Change(at, self._body(kind, found, at, fact)) for at, fact in facts]
        return ChangePage(items, behind, len(facts) == limit)

    def _body(self, kind: CompiledType, found: Subscription, at: Position, fact: Fact) -> JsonObject:
        shown = self.registry.reading.shown(fact)
        personal = kind.declaration.personal
        left_out = kind.sealed | (frozenset(personal) if found.personal == "left-out" else frozenset())
        wanted = set(found.fields) or set(kind.declaration.attributes)
        attributes: JsonObject = {
            name: value for name, value in shown.attributes.items() if name in wanted and name not in left_out
        }
        body = body_of(at, fact, attributes)
        if found.geometry:
            body["geometry"] = fact.geometry
        return body

    # -- verbs --------------------------------------------------------------------------------------------------------------

    async def confirm(self, actor: Actor, id: UUID, position: Position) -> Subscription:
        """The consumer has everything up to here.

        Raises:
            SubscriptionUnknown; SubscriptionInvalid: beyond what there is.
        """
        await self.one(actor, id)
        async with self.context.database.transaction() as connection:
            if position > await store.newest(connection):
                raise SubscriptionInvalid(
                    reason_zh="确认的位置超过了现有变更", reason_en="the position lies beyond all changes"
                )
            await store.confirm(connection, id, position, real_now())
        return await self.one(actor, id)

    async def pause(self, actor: Actor, id: UUID) -> Subscription:
        """Nothing is pushed until it is resumed; what waits is kept. Raises SubscriptionUnknown."""
        return await self._turn(actor, id, "paused", "subscription.paused")

    async def resume(self, actor: Actor, id: UUID) -> Subscription:
        """Go on where it stopped, at once. Raises SubscriptionUnknown, HostNotAllowed; ShareEnded: its grant is over."""
        found = await self.one(actor, id)
        if found.grant_id is not None:
            await self.granted.require_holding(found)
        if found.url:
            parts = split_address(found.url)
            await self.hosts.judged(parts[1], parts[2])
        return await self._turn(actor, id, "active", "subscription.resumed")

    async def end(self, actor: Actor, id: UUID) -> None:
        """Raises SubscriptionUnknown."""
        found = await self.one(actor, id)
        async with self.context.database.transaction() as connection:
            await store.delete(connection, id)
            await journal.append(connection, self._entry(actor, "subscription.ended", found))

    async def _turn(self, actor: Actor, id: UUID, state: str, verb: str) -> Subscription:
        found = await self.one(actor, id)
        async with self.context.database.transaction() as connection:
            await store.set_state(connection, id, state, "", real_now())
            await journal.append(connection, self._entry(actor, verb, found))
        return await self.one(actor, id)

    def _entry(self, actor: Actor, verb: str, found: Subscription) -> journal.Entry:
        return journal.entry(
            actor, self.context.clock.now(), verb, "subscription", found.id, area=found.area,
            data={"type": found.type, "name": found.name},
        )  # fmt: skip


def _ours(actor: Actor, found: Subscription) -> bool:
    """Whether it is the actor's own, or their office's and they may export such things themselves; that of a grant is the
    consuming office's, whoever made it."""
    if found.grant_area is not None:
        return actor.reaches(KIND, "request", area=found.grant_area, organisation=found.organisation_id)
    return found.account_id == actor.account_id or (
        found.organisation_id is not None
        and found.organisation_id == actor.organisation_id
        and any(actor.may(each, "export") for each in kinds_of(found.type))
    )


def split_address(url: str) -> tuple[str, str, int]:
    """(scheme, host, port) of an address that may be called.

    Raises:
        SubscriptionInvalid: not http or https, without a host, or with a password in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password or not port:
        raise SubscriptionInvalid(
            reason_zh="地址应为 http:// 或 https:// 开头且不含密码",
            reason_en="an address begins with http:// or https:// and holds no password",
        )
    return parts.scheme, parts.hostname, port
