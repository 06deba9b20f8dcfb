"""What the services of identity share: settings of this engine, the cache of actors, and how an actor comes about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from yiwang.identity.directory import Directory
from yiwang.identity.grants import effective_grants, limited
from yiwang.identity.passwords import Passwords
from yiwang.identity.store import roles as role_store
from yiwang.identity.store.signing_in import Bearer
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection

cache_seconds = 5.0
"""How long a process may trust an actor it has computed, should every notice of a change be lost."""
cache_size = 20_000

failure_limit = 5
lock_out = timedelta(minutes=15)

sessions_per_account = 100
longest_session = timedelta(days=30)
"""However often it is used, a sign-in ends after this."""

tokens_per_account = 50


@dataclass(frozen=True, slots=True)
class _Cached:
    actor: Actor
    until: float


class ActorCache:
    """Actors by the hash of the secret they present, for a few seconds; forgets at once what it is told to.

    ``epoch`` counts what was forgotten: an actor that was computed before is not remembered after, so that a revocation
    cannot be overtaken by a query that began earlier.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, _Cached] = {}
        self._coming: dict[tuple[bytes, str, int], asyncio.Task[Actor]] = {}
        self.epoch = 0

    def get(self, hashed: bytes, kind: Literal["person", "token"]) -> Actor | None:
        """The actor known under this hash; a session is never taken for a token, nor the other way round."""
        found = self._known.get(hashed)
        good = found is not None and found.actor.kind == kind and found.until > time.monotonic()
        return found.actor if found is not None and good else None

    async def once(
        self, hashed: bytes, kind: Literal["person", "token"], find: Callable[[], Coroutine[None, None, Actor]]
    ) -> Actor:
        """What ``find`` finds. Requests that present the same secret meanwhile wait for the same answer, so that the end of
        an entry's seconds does not let loose two queries for each of them. One that comes after anything was forgotten asks
        anew, and one that is given up takes the answer from nobody else."""
        key = (hashed, kind, self.epoch)
        coming = self._coming.get(key)
        if coming is None:
            coming = self._coming[key] = asyncio.create_task(find())
            coming.add_done_callback(lambda done: self._arrived(key, done))
        return await asyncio.shield(coming)

    def _arrived(self, key: tuple[bytes, str, int], done: asyncio.Task[Actor]) -> None:
        del self._coming[key]
        if not done.cancelled():
            done.exception()  # told to whoever waited; where nobody does any more, it is nobody's

    def put(self, hashed: bytes, actor: Actor, epoch: int, seconds: float = cache_seconds) -> None:
        """Remember an actor whose computing began in ``epoch``."""
        if epoch != self.epoch:
            return
        if len(self._known) >= cache_size:
            self._known.clear()
        self._known[hashed] = _Cached(actor, time.monotonic() + min(seconds, cache_seconds))

    def forget(self, account_id: UUID) -> None:
        self.epoch += 1
        for hashed in [key for key, cached in self._known.items() if cached.actor.account_id == account_id]:
            del self._known[hashed]

    def clear(self) -> None:
        self.epoch += 1
        self._known.clear()


@dataclass(frozen=True, slots=True)
class Core:
    """One per process. ``wall`` tells machine time: sign-in, lock-outs and expiry do not follow a simulated clock."""

    context: Context
    wall: Clock
    directory: Directory
    passwords: Passwords
    cache: ActorCache = field(default_factory=ActorCache)

    def city_now(self) -> datetime:
        return self.context.clock.now()

    async def actor(
        self, connection: Connection, bearer: Bearer, kind: Literal["person", "token"], address: str
    ) -> Actor:
        """The actor behind a session or token, in one query.

        The posts of those for whom they act (代理) are among theirs, so that they have their tasks; the grants of those
        posts are not, and neither are the posts those of which an administrator is the deputy. Whoever still has a
        one-time password has neither posts nor grants until it is changed.
        """
        held = await role_store.held(connection, bearer.account_id, self.city_now())
        grants = effective_grants(held.roles, self.directory.subtree)
        posts = {post_id for post_id, _ in held.posts}
        codes = frozenset(code for _, code in held.posts)
        if not held.administrator:
            posts.update(post for one in self.directory.standing_in(bearer.account_id) for post in one.post_ids)
        if kind == "token":
            grants = limited(grants, bearer.limits)
            if not bearer.in_posts:
                posts, codes = set(), frozenset()
        if bearer.must_change:
            grants, posts, codes = (), set(), frozenset()
        return Actor(
            kind=kind,
            account_id=bearer.account_id,
            name=bearer.name,
            organisation_id=bearer.organisation_id,
            posts=tuple(sorted(posts)),
            post_codes=codes,
            grants=grants,
            address=address,
            session=str(bearer.id) if kind == "person" else None,
        )

    def known(self, hashed: bytes, kind: Literal["person", "token"]) -> Actor | None:
        """The actor remembered under this hash, unless something has begun or ended since."""
        self.directory.turn()
        return self.cache.get(hashed, kind)

    async def changed(self, account_id: UUID | None = None) -> None:
        """To be called after a commit: this process sees the change at once, the others hear of it."""
        if account_id is None:
            await self.directory.refresh()
            self.cache.clear()
        else:
            self.cache.forget(account_id)


def at_address(actor: Actor, address: str) -> Actor:
    """The same actor, calling from ``address``."""
    return actor if actor.address == address else replace(actor, address=address)
