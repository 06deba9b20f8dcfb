"""Accounts: made, renamed, locked, disabled, and their passwords.

Promises: who may do what is decided here, not in a screen; outside one's scope an account does not exist (404); the
accounts of the three administrators are changed by nobody but the server's own command, so that none of them can take
over another; whatever ends access ends it in the same transaction as its journal entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from yiwang.identity.errors import (
    AccountMissing,
    AccountStateWrong,
    AdministratorProtected,
    LoginTaken,
    OrganisationMissing,
    PasswordWeak,
    PasswordWrong,
    PersonNeeded,
    SignInRefused,
)
from yiwang.identity.model import AccountDetail, AccountRow, AccountState
from yiwang.identity.passwords import check_password, normal, temporary_password
from yiwang.identity.service.core import Core
from yiwang.identity.service.sessions import Sessions
from yiwang.identity.store import accounts as store
from yiwang.identity.store import directory as directory_store
from yiwang.identity.store import roles as role_store
from yiwang.identity.store import signing_in as sign_in_store
from yiwang.identity.store.accounts import NewAccount, Page
from yiwang.identity.store.signing_in import Bearer
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.identifiers import new_id


@dataclass(frozen=True, slots=True)
class Created:
    """A new account, or one whose password was reset, with the one-time password that nobody sees again."""

    account: AccountRow
    password: str


@dataclass(frozen=True, slots=True)
class RoleName:
    """A role as people call it."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Somebody's own account and the roles they hold now, by posts or directly."""

    account: AccountRow
    roles: tuple[RoleName, ...]


class Accounts:
    """Verbs of accounts; obtained as ``IdentityService.accounts``."""

    def __init__(self, core: Core, sessions: Sessions) -> None:
        self._core = core
        self._sessions = sessions

    async def create(self, actor: Actor, login: str, name: str, organisation_id: int | None) -> Created:
        """Make an account with a one-time password (``account:create``).

        Raises:
            LoginTaken. OrganisationMissing: unknown, closed or outside the actor's scope.
        """
        actor.require("account", "create")
        core, password, at = self._core, temporary_password(), self._core.city_now()
        hashed = await core.passwords.hash(password)
        row = NewAccount(new_id(), login, name, organisation_id, hashed, must_change=True)
        async with core.context.database.transaction() as connection:
            await directory_store.lock(connection)
            await self._require_organisation(connection, actor, "create", organisation_id)
            if not await store.insert_many(connection, [row], at):
                raise LoginTaken(login=login)
            account = await self._account(connection, row.id)
            await self._journal(connection, actor, "account.created", account, {"login": login, "name": name})
            await directory_store.bump(connection)
        await core.changed()
        return Created(account, password)

    async def update(self, actor: Actor, account_id: UUID, name: str | None, organisation_id: int | None) -> AccountRow:
        """Rename a person or move them to another organisation (``account:update``); None leaves it as it is."""
        core = self._core
        async with core.context.database.transaction() as connection:
            before = await self._open(connection, actor, "update", account_id)
            if organisation_id is not None and organisation_id != before.organisation_id:
                await self._require_organisation(connection, actor, "update", organisation_id)
            new_name = name if name is not None else before.name
            new_place = organisation_id if organisation_id is not None else before.organisation_id
            await store.set_person(connection, account_id, new_name, new_place)
            after = await self._account(connection, account_id)
            data: JsonObject = {"name": [before.name, after.name]}
            data["organisation"] = [before.organisation_id, after.organisation_id]
            await self._journal(connection, actor, "account.updated", after, data)
            await directory_store.bump(connection)
            await directory_store.tell_account_changed(connection, account_id)
        await core.changed()
        return after

    async def lock(self, actor: Actor, account_id: UUID, reason: str = "") -> AccountRow:
        """Keep somebody out until unlocked; sessions end at once (``account:lock``)."""
        return await self._set_state(actor, account_id, "lock", reason)

    async def unlock(self, actor: Actor, account_id: UUID, reason: str = "") -> AccountRow:
        """Let a locked account in again, and forget its failed sign-ins (``account:unlock``)."""
        return await self._set_state(actor, account_id, "unlock", reason)

    async def disable(self, actor: Actor, account_id: UUID, reason: str = "") -> AccountRow:
        """Close an account for good; sessions and tokens end at once, its history stays (``account:disable``)."""
        return await self._set_state(actor, account_id, "disable", reason)

    async def restore(self, actor: Actor, account_id: UUID, reason: str = "") -> AccountRow:
        """Open a disabled account again (``account:restore``)."""
        return await self._set_state(actor, account_id, "restore", reason)

    async def _set_state(self, actor: Actor, account_id: UUID, verb: str, reason: str) -> AccountRow:
        change = _CHANGES[verb]
        core = self._core
        async with core.context.database.transaction() as connection:
            account = await self._open(connection, actor, verb, account_id)
            if account.state not in change.allowed:
                raise AccountStateWrong(state=account.state, action_zh=change.zh, action_en=change.done)
            await store.set_state(connection, account_id, change.state)
            if change.state == "active":
                await sign_in_store.forget_failures(connection, account.login)
            else:
                await sign_in_store.end_sessions(connection, account_id)
            if change.state == "disabled":
                await sign_in_store.revoke_tokens(connection, account_id, core.wall.now())
            data: JsonObject = {"reason": reason} if reason else {}
            await self._journal(connection, actor, f"account.{change.done}", account, data)
            await directory_store.bump(connection)
            await directory_store.tell_account_changed(connection, account_id)
            after = await self._account(connection, account_id)
        await core.changed()
        return after

    async def reset_password(self, actor: Actor, account_id: UUID) -> Created:
        """Give a one-time password; sessions and tokens end at once, failures are forgotten (``account:reset``)."""
        core, password = self._core, temporary_password()
        hashed = await core.passwords.hash(password)
        async with core.context.database.transaction() as connection:
            account = await self._open(connection, actor, "reset", account_id)
            await store.set_password(connection, account_id, hashed, core.city_now(), must_change=True)
            await sign_in_store.end_sessions(connection, account_id)
            await sign_in_store.revoke_tokens(connection, account_id, core.wall.now())
            await sign_in_store.forget_failures(connection, account.login)
            await self._journal(connection, actor, "account.password_reset", account, {})
            await directory_store.tell_account_changed(connection, account_id)
        await core.changed(account_id)
        return Created(account, password)

    async def change_password(self, actor: Actor, present: str, new: str) -> None:
        """Change one's own password; every other session ends at once. Wrong guesses count like failed sign-ins.

        Raises:
            PersonNeeded: by token. PasswordWrong, SignInLocked, TooManyRequests: about the present password.
            PasswordWeak: about the new one.
        """
        if actor.kind != "person" or actor.account_id is None:
            raise PersonNeeded()
        core, account_id = self._core, actor.account_id
        async with core.context.database.connection() as connection:
            account = await self._account(connection, account_id)
        try:
            candidate = await self._sessions.verify(account.login, present, actor.address)
        except SignInRefused as refusal:
            raise PasswordWrong() from refusal
        check_password(new, account.login)
        if normal(new) == normal(present):
            raise PasswordWeak(reason_zh="不能与当前密码相同", reason_en="it must differ from the present one")
        hashed = await core.passwords.hash(new)
        async with core.context.database.transaction() as connection:
            present_hash = candidate.password
            if present_hash is None or not await sign_in_store.is_password(connection, account_id, present_hash):
                raise PasswordWrong()  # somebody else changed it meanwhile
            await store.set_password(connection, account_id, hashed, core.city_now(), must_change=False)
            await sign_in_store.forget_failures(connection, account.login)
            keep = UUID(actor.session) if actor.session else None
            await sign_in_store.end_sessions(connection, account_id, keep)
            await self._journal(connection, actor, "account.password_changed", account, {"address": actor.address})
            await directory_store.tell_account_changed(connection, account_id)
        await core.changed(account_id)

    async def page(self, actor: Actor, page: Page) -> list[AccountRow]:
        """Accounts that ``actor`` may read, in the order in which they were made (``account:read``)."""
        actor.require("account", "read")
        async with self._core.context.database.connection() as connection:
            return await store.page(connection, actor, page)

    async def detail(self, actor: Actor, account_id: UUID) -> AccountDetail:
        """An account with the posts and roles it has; everybody may see their own.

        Raises:
            AccountMissing: no such account, or outside the actor's scope.
        """
        async with self._core.context.database.connection() as connection:
            account = await store.account(connection, account_id)
            if account is None or not (
                account_id == actor.account_id
                or actor.reaches("account", "read", area=account.area, organisation=account.organisation_id)
            ):
                raise AccountMissing()
            at = self._core.city_now()
            return AccountDetail(
                account=account,
                appointments=tuple(await store.appointments(connection, account_id, at)),
                roles=tuple(await role_store.role_grants(connection, account_id)),
                classes=await role_store.classes(connection, account_id, at),
            )

    async def behind(self, account_id: UUID) -> Actor | None:
        """The person as an actor, though nobody is signed in; None: locked, disabled or gone."""
        now = self._core.wall.now()
        async with self._core.context.database.connection() as connection:
            row = await store.account(connection, account_id)
            if row is None or row.state != "active":
                return None
            bearer = Bearer(row.id, row.id, row.name, row.organisation_id, row.must_change, None, now, now)
            return await self._core.actor(connection, bearer, "person", "")

    async def own(self, actor: Actor) -> OwnAccount:
        """Who ``actor`` is, with the names of their roles.

        Raises:
            AccountMissing: nobody is signed in.
        """
        if actor.account_id is None:
            raise AccountMissing()
        async with self._core.context.database.connection() as connection:
            account = await self._account(connection, actor.account_id)
            held = await role_store.held(connection, actor.account_id, self._core.city_now())
        return OwnAccount(account, tuple(RoleName(*names) for names in held.names))

    async def _open(self, connection: Connection, actor: Actor, verb: str, account_id: UUID) -> AccountRow:
        """The account, locked, if ``actor`` may do ``verb`` on it and it is not an administrator's."""
        actor.require("account", verb)
        await directory_store.lock(connection)
        account = await store.account(connection, account_id, lock=True)
        if account is None or not actor.reaches(
            "account", verb, area=account.area, organisation=account.organisation_id
        ):
            raise AccountMissing()
        if actor.kind != "system" and await role_store.classes(connection, account_id, self._core.city_now()):
            raise AdministratorProtected(login=account.login)
        return account

    async def _require_organisation(
        self, connection: Connection, actor: Actor, verb: str, organisation_id: int | None
    ) -> None:
        area = await store.organisation_area(connection, organisation_id) if organisation_id is not None else ""
        if area is None or not actor.reaches("account", verb, area=area, organisation=organisation_id):
            raise OrganisationMissing()

    @staticmethod
    async def _account(connection: Connection, account_id: UUID) -> AccountRow:
        account = await store.account(connection, account_id)
        if account is None:
            raise AccountMissing()
        return account

    async def _journal(
        self, connection: Connection, actor: Actor, verb: str, account: AccountRow, data: JsonObject
    ) -> None:
        entry = journal.entry(actor, self._core.city_now(), verb, "account", account.id, area=account.area, data=data)
        await journal.append(connection, entry)


@dataclass(frozen=True, slots=True)
class _Change:
    """From which states an account comes to which."""

    allowed: frozenset[AccountState]
    state: AccountState
    done: str
    zh: str


_CHANGES = {
    "lock": _Change(frozenset({"active"}), "locked", "locked", "锁定"),
    "unlock": _Change(frozenset({"active", "locked"}), "active", "unlocked", "解锁"),
    "disable": _Change(frozenset({"active", "locked"}), "disabled", "disabled", "停用"),
    "restore": _Change(frozenset({"disabled"}), "active", "restored", "恢复"),
}
