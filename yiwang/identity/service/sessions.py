"""Signing in and out, and the actor behind a session.

Promises: a login that does not exist, a wrong password and a lock-out look and last the same; guesses at one login are
verified one after the other, so that no more than the limit get through; a session is good in every process the moment
it is made and in none the moment it ends (within five seconds where notices are lost). All times here are machine time,
save those of the journal.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from weakref import WeakValueDictionary

from yiwang.identity.errors import AccountClosed, SignInLocked, SignInRefused
from yiwang.identity.model import SessionRow, SignedIn
from yiwang.identity.passwords import new_session_token, token_hash
from yiwang.identity.service.core import (
    Core,
    at_address,
    failure_limit,
    lock_out,
    longest_session,
    sessions_per_account,
)
from yiwang.identity.service.throttle import AddressThrottle
from yiwang.identity.store import directory as directory_store
from yiwang.identity.store import signing_in as store
from yiwang.identity.store.signing_in import Candidate
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import SignInNeeded
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import clean_line


@dataclass(frozen=True, slots=True)
class _Visit:
    """Under which login, from which address and with which program somebody signs in."""

    login: str
    address: str
    agent: str


_STRANGER = Actor(kind="anonymous", name="未登录者")


class Sessions:
    """Verbs of sign-in; obtained as ``IdentityService.sessions``."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._throttle = AddressThrottle()
        self._logins: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._desk = asyncio.Semaphore(4)  # keeps a flood from piling up behind the throttle's check
        self._length = timedelta(hours=core.context.settings.session_hours)

    async def sign_in(self, login: str, password: str, address: str, agent: str = "") -> SignedIn:
        """Sign in with a password; the token returned is the cookie's value.

        Raises:
            SignInRefused: wrong login or password. SignInLocked: too many failures at this login.
            TooManyRequests: too many failures from this address.
            AccountClosed: right password, but the account is locked or disabled by an administrator.
        """
        login = normal_login(login)
        candidate = await self.verify(login, password, address)
        if candidate.state != "active" or candidate.account_id is None or candidate.password is None:
            await self._journal_closed(candidate, address)
            raise AccountClosed()
        hashed = None
        if self._core.passwords.outdated(candidate.password):
            hashed = await self._core.passwords.hash(password)
        visit = _Visit(login, address, clean_line(agent)[:300])
        return await self._begin(candidate, candidate.account_id, visit, hashed)

    async def verify(self, login: str, password: str, address: str) -> Candidate:
        """Compare a password, counting failures; the caller decides what a right one opens.

        Raises:
            SignInRefused, SignInLocked, TooManyRequests: as :meth:`sign_in`.
        """
        one_at_a_time = self._logins.setdefault(login, asyncio.Lock())
        async with one_at_a_time, self._desk:
            return await self._compare(login, password, address)

    async def _compare(self, login: str, password: str, address: str) -> Candidate:
        core, now = self._core, self._core.wall.now()
        self._throttle.check(address, now)
        async with core.context.database.connection() as connection:
            candidate = await store.candidate(connection, login)
        if candidate.locked_until is not None and candidate.locked_until > now:
            self._throttle.failed(address, now)
            raise _locked(candidate.locked_until, now)
        if await core.passwords.verify(candidate.password, password):
            return candidate
        self._throttle.failed(address, now)
        async with core.context.database.transaction() as connection:
            failures = await store.count_failure(connection, login, now, failure_limit, now + lock_out)
            await self._journal_failure(connection, candidate, login, address, failures)
        if failures >= failure_limit:
            raise _locked(now + lock_out, now)
        raise SignInRefused(limit=failure_limit, minutes=lock_out // timedelta(minutes=1))

    async def _begin(self, candidate: Candidate, account_id: UUID, visit: _Visit, hashed: str | None) -> SignedIn:
        core, now, token = self._core, self._core.wall.now(), new_session_token()
        row = SessionRow(new_id(), account_id, now, now + min(self._length, longest_session), candidate.must_change)
        async with core.context.database.transaction() as connection:
            if candidate.password is None or not await store.is_password(connection, account_id, candidate.password):
                # Changed, locked or disabled between the comparison and now.
                raise SignInRefused(limit=failure_limit, minutes=lock_out // timedelta(minutes=1))
            if hashed is not None:
                await store.replace_hash(connection, account_id, candidate.password, hashed)
            await store.forget_failures(connection, visit.login)
            await store.insert_session(connection, row, token_hash(token), visit.address, visit.agent)
            dropped = await store.drop_oldest_sessions(connection, account_id, sessions_per_account)
            bearer = await store.session_bearer(connection, token_hash(token), now)
            if bearer is None:
                raise SignInNeeded()
            actor = await core.actor(connection, bearer, "person", visit.address)
            data: JsonObject = {"address": visit.address, "session": str(row.id)}
            if dropped:
                data["sessions_dropped"] = dropped
                await directory_store.tell_account_changed(connection, account_id)
            await journal.append(
                connection,
                journal.entry(
                    actor, core.city_now(), "account.signed_in", "account", account_id, area=candidate.area, data=data
                ),
            )
        return SignedIn(row, token, actor)

    async def _journal_failure(
        self, connection: Connection, candidate: Candidate, login: str, address: str, failures: int
    ) -> None:
        # What was typed is kept only where it is a login: people type passwords into the wrong field.
        shown: JsonObject = {"address": address, "failures": failures}
        if candidate.account_id is None:
            shown["login_digest"] = hashlib.sha256(login.encode()).hexdigest()[:12]
        else:
            shown["login"] = login
        at = self._core.city_now()

        def entry(verb: str) -> journal.Entry:
            return journal.entry(_STRANGER, at, verb, "account", candidate.account_id, area=candidate.area, data=shown)

        entries = [entry("account.sign_in_failed")]
        if failures >= failure_limit:
            entries.append(entry("account.locked"))
        await journal.append_many(connection, entries)

    async def _journal_closed(self, candidate: Candidate, address: str) -> None:
        async with self._core.context.database.transaction() as connection:
            data: JsonObject = {"address": address, "state": candidate.state}
            await journal.append(
                connection,
                journal.entry(
                    _STRANGER,
                    self._core.city_now(),
                    "account.sign_in_refused",
                    "account",
                    candidate.account_id,
                    area=candidate.area,
                    data=data,
                ),
            )

    async def sign_out(self, actor: Actor) -> None:
        """End the session that ``actor`` came with; nothing happens where there is none (any more)."""
        if actor.session is None or actor.account_id is None:
            return
        async with self._core.context.database.transaction() as connection:
            if await store.end_session(connection, UUID(actor.session)):
                await directory_store.tell_account_changed(connection, actor.account_id)
                entry = journal.entry(
                    actor, self._core.city_now(), "account.signed_out", "account", actor.account_id,
                    data={"address": actor.address, "session": actor.session},
                )  # fmt: skip
                await journal.append(connection, entry)
        await self._core.changed(actor.account_id)

    async def actor(self, token: str, address: str = "") -> Actor:
        """The person behind a session token: from memory for five seconds, else by two queries.

        Raises:
            SignInNeeded: no such session, or it has ended, or the account is locked or disabled.
        """
        core, hashed = self._core, token_hash(token)
        known = core.known(hashed, "person")
        if known is not None:
            return at_address(known, address)
        return at_address(await core.cache.once(hashed, "person", lambda: self._find(hashed, address)), address)

    async def _find(self, hashed: bytes, address: str) -> Actor:
        core = self._core
        epoch, now = core.cache.epoch, core.wall.now()
        async with core.context.database.connection() as connection:
            bearer = await store.session_bearer(connection, hashed, now)
            if bearer is None:
                raise SignInNeeded()
            actor = await core.actor(connection, bearer, "person", address)
            if bearer.seen_at is None or now - bearer.seen_at >= min(timedelta(minutes=1), self._length / 10):
                expires = min(now + self._length, bearer.created_at + longest_session)
                await store.slide(connection, bearer.id, now, expires)
        core.cache.put(hashed, actor, epoch, (bearer.expires_at - now).total_seconds())
        return actor

    async def session(self, actor: Actor) -> SessionRow | None:
        """The session that ``actor`` came with."""
        if actor.session is None:
            return None
        async with self._core.context.database.connection() as connection:
            return await store.session(connection, UUID(actor.session))

    async def tidy(self) -> int:
        """Delete expired sessions and failures older than a day; to be called now and then. Returns how many rows."""
        now = self._core.wall.now()
        async with self._core.context.database.transaction() as connection:
            return await store.tidy(connection, now, now - timedelta(days=1))


def normal_login(login: str) -> str:
    """A login as it is stored: NFKC, small letters, without blanks around it or invisible characters."""
    return clean_line(unicodedata.normalize("NFKC", clean_line(login))).casefold()[:100]


def _locked(until: datetime, now: datetime) -> SignInLocked:
    return SignInLocked(minutes=max(1, math.ceil((until - now).total_seconds() / 60)))
