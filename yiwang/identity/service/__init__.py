"""The verbs of identity. One :class:`IdentityService` per process; other engines and floors call nothing else of it.

Each verb is one transaction with its journal entry; a verb that takes a connection first runs in the caller's. After a
commit this process sees the change at once, other processes when they hear of it (at most five seconds later).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from yiwang.identity.declarations import (
    AccountDeclaration,
    OrganisationDeclaration,
    PlacedPostDeclaration,
    PostKindDeclaration,
    RoleDeclaration,
)
from yiwang.identity.directory import Directory
from yiwang.identity.model import SignedIn
from yiwang.identity.passwords import Passwords
from yiwang.identity.service.absences import AbsenceVerbs
from yiwang.identity.service.accounts import Accounts, Created
from yiwang.identity.service.core import Core
from yiwang.identity.service.holdings import Holdings
from yiwang.identity.service.people import People
from yiwang.identity.service.publishing import Published, PublishedTree, Publishing
from yiwang.identity.service.roles import Roles
from yiwang.identity.service.sessions import Sessions
from yiwang.identity.service.tokens import Tokens
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.clock import Clock, RealClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import SignInNeeded

__all__ = ["Created", "IdentityService", "Published", "PublishedTree"]


class IdentityService:
    """Organisations, accounts, roles and sign-in of one city.

    ``wall`` is machine time, for sign-in, lock-outs and expiry; ``context.clock`` is city time, for appointments and the
    journal. Await :meth:`start` before use and :meth:`stop` at the end.
    """

    def __init__(self, context: Context, wall: Clock | None = None, passwords: Passwords | None = None) -> None:
        self.directory = Directory(context.database, context.clock)
        core = Core(context, wall or RealClock(), self.directory, passwords or Passwords())
        self.sessions = Sessions(core)
        self.tokens = Tokens(core)
        self.accounts = Accounts(core, self.sessions)
        self.holdings = Holdings(core)
        self.absences = AbsenceVerbs(core)
        self.publishing = Publishing(core)
        self.roles = Roles(core)
        self.people = People(core)
        self.directory.on_version(core.cache.clear)
        self.directory.on_account(core.cache.forget)

    async def start(self) -> None:
        """Load the directory and listen for changes."""
        await self.directory.start()

    async def stop(self) -> None:
        await self.directory.stop()

    async def sign_in(self, login: str, password: str, address: str, agent: str = "") -> SignedIn:
        """See :meth:`Sessions.sign_in`."""
        return await self.sessions.sign_in(login, password, address, agent)

    async def sign_out(self, actor: Actor) -> None:
        """See :meth:`Sessions.sign_out`."""
        await self.sessions.sign_out(actor)

    async def actor_for_session(self, token: str, address: str = "") -> Actor:
        """See :meth:`Sessions.actor`; raises SignInNeeded."""
        return await self.sessions.actor(token, address)

    async def actor_for_token(self, token: str, address: str = "") -> Actor:
        """See :meth:`Tokens.actor`; raises TokenInvalid."""
        return await self.tokens.actor(token, address)

    async def actor_of(self, token: str | None, session: str | None, address: str) -> Actor:
        """Whoever presents an API token, else a session cookie, else nobody.

        A session that has ended is nobody rather than an error: public pages stay open to whoever was signed in once.

        Raises:
            TokenInvalid: a token that does not hold.
        """
        if token is not None:
            return await self.tokens.actor(token, address)
        if session is not None:
            try:
                return await self.sessions.actor(session, address)
            except SignInNeeded:
                pass
        return Actor(kind="anonymous", address=address)

    async def actor_behind(self, account_id: UUID) -> Actor | None:
        """What an account may do now, for work that it asked for and that goes on without it; None: it is locked, disabled
        or gone."""
        return await self.accounts.behind(account_id)

    async def publish_organisations(
        self, connection: Connection, trees: Sequence[OrganisationDeclaration], actor: Actor = SYSTEM
    ) -> PublishedTree:
        """See :meth:`Publishing.organisations`."""
        return await self.publishing.organisations(connection, trees, actor)

    async def publish_posts(
        self,
        connection: Connection,
        posts: Iterable[PlacedPostDeclaration],
        *,
        source: str = "grids",
        actor: Actor = SYSTEM,
    ) -> Published:
        """See :meth:`Publishing.posts`."""
        return await self.publishing.posts(connection, posts, source=source, actor=actor)

    async def publish_roles(
        self,
        connection: Connection,
        roles: Sequence[RoleDeclaration],
        post_kinds: Sequence[PostKindDeclaration] = (),
        *,
        source: str = "packs",
        actor: Actor = SYSTEM,
    ) -> Published:
        """See :meth:`Roles.publish`."""
        return await self.roles.publish(connection, roles, post_kinds, source=source, actor=actor)

    async def publish_accounts(
        self, connection: Connection, accounts: Sequence[AccountDeclaration], actor: Actor = SYSTEM
    ) -> Published:
        """See :meth:`People.publish`."""
        return await self.people.publish(connection, accounts, actor)
