"""API tokens: made by a signed-in person for a program, never wider than the person, listed, revoked, and used.

A token acts for its owner within limits of its own (kinds, verbs, area); it has the owner's posts only if it was made
so. Expiry and last use are machine time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from yiwang.identity.errors import PersonNeeded, TokenInvalid, TokenMissing, TokensTooMany, TokenTooWide
from yiwang.identity.grants import limited, limits_json
from yiwang.identity.model import TokenGrant, TokenRow
from yiwang.identity.passwords import new_api_token, token_hash, token_prefix
from yiwang.identity.service.core import Core, at_address, tokens_per_account
from yiwang.identity.store import directory as directory_store
from yiwang.identity.store import signing_in as store
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.identifiers import new_id

longest_life = timedelta(days=366)


class Tokens:
    """Verbs of API tokens; obtained as ``IdentityService.tokens``."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def create(
        self, actor: Actor, name: str, grants: Sequence[TokenGrant], life: timedelta, *, in_posts: bool = False
    ) -> tuple[TokenRow, str]:
        """Make a token of ``actor``'s own; the text returned with it is shown this once and stored nowhere.

        Raises:
            PersonNeeded: ``actor`` is not a signed-in person. TokenTooWide: it asks for more than the person has.
            TokensTooMany: 50 of them work already.
        """
        owner = _person(actor)
        for grant in grants:
            _refuse_wider(actor, grant)
        core, now, token = self._core, self._core.wall.now(), new_api_token()
        row = TokenRow(
            id=new_id(),
            name=name,
            grants=tuple(grants),
            in_posts=in_posts,
            created_at=now,
            expires_at=now + min(life, longest_life),
            last_used_at=None,
        )
        async with core.context.database.transaction() as connection:
            await store.lock_account(connection, owner)
            if len(await store.tokens(connection, owner, now)) >= tokens_per_account:
                raise TokensTooMany(limit=tokens_per_account)
            await store.insert_token(connection, owner, row, token_hash(token))
            entry = journal.entry(
                actor, core.city_now(), "token.created", "account", owner,
                data={"token": str(row.id), "name": name, "grants": limits_json(row.grants), "in_posts": in_posts},
            )  # fmt: skip
            await journal.append(connection, entry)
        return row, token

    async def page(
        self, actor: Actor, account_id: UUID | None = None, *, after: UUID | None = None, limit: int = 50
    ) -> list[TokenRow]:
        """Tokens that still work: ``actor``'s own, or another account's for whoever may ``token:read``."""
        owner = account_id if account_id is not None else _person(actor)
        if owner != actor.account_id:
            actor.require("token", "read")
        async with self._core.context.database.connection() as connection:
            return await store.tokens(connection, owner, self._core.wall.now(), after, limit)

    async def revoke(self, actor: Actor, token_id: UUID) -> None:
        """End a token at once: one's own, or anybody's for whoever may ``token:revoke``.

        Raises:
            TokenMissing: no such token, or it is not the actor's to revoke.
        """
        core = self._core
        async with core.context.database.transaction() as connection:
            found = await store.token(connection, token_id)
            own = found is not None and actor.kind == "person" and found[0] == actor.account_id
            if found is None or not (own or actor.may("token", "revoke")):
                raise TokenMissing()
            owner, row = found
            if not await store.revoke_token(connection, token_id, core.wall.now()):
                raise TokenMissing()
            await directory_store.tell_account_changed(connection, owner)
            entry = journal.entry(
                actor, core.city_now(), "token.revoked", "account", owner,
                data={"token": str(token_id), "name": row.name},
            )  # fmt: skip
            await journal.append(connection, entry)
        await core.changed(owner)

    async def actor(self, token: str, address: str = "") -> Actor:
        """Whoever a token acts for: from memory for five seconds, else by two queries.

        Raises:
            TokenInvalid: unknown, expired or revoked, or its owner's account is locked or disabled.
        """
        core, hashed = self._core, token_hash(token)
        known = core.known(hashed, "token")
        if known is not None:
            return at_address(known, address)
        if not token.startswith(token_prefix):
            raise TokenInvalid()
        return at_address(await core.cache.once(hashed, "token", lambda: self._find(hashed, address)), address)

    async def _find(self, hashed: bytes, address: str) -> Actor:
        core = self._core
        epoch, now = core.cache.epoch, core.wall.now()
        async with core.context.database.connection() as connection:
            bearer = await store.token_bearer(connection, hashed, now)
            if bearer is None:
                raise TokenInvalid()
            actor = await core.actor(connection, bearer, "token", address)
            if bearer.seen_at is None or now - bearer.seen_at >= timedelta(minutes=1):
                await store.touch_token(connection, bearer.id, now)
        core.cache.put(hashed, actor, epoch, (bearer.expires_at - now).total_seconds())
        return actor


def _person(actor: Actor) -> UUID:
    if actor.kind != "person" or actor.account_id is None:
        raise PersonNeeded()
    return actor.account_id


def _refuse_wider(actor: Actor, asked: TokenGrant) -> None:
    """Every verb asked for must lie, somewhere at least, within what the person has."""
    for verb in sorted(asked.verbs):
        if not limited(actor.grants, [TokenGrant(asked.kind, frozenset({verb}), asked.area)]):
            raise TokenTooWide(verb=f"{asked.kind}:{verb}", area=asked.area or "*")
