"""What an account holds: posts (任职) and roles given directly (授权). Both are the security administrator's to give.

Promises: nobody gives to themselves; nobody comes to hold roles of two administrator classes; whoever may give only
within an area or organisation gives nothing beyond it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.identity.errors import (
    AccountMissing,
    AppointmentExists,
    ClassesCollide,
    HoldingMissing,
    OrganisationMissing,
    OwnGrantRefused,
    PeriodWrong,
    PostMissing,
    RoleGrantExists,
    RoleUnknown,
)
from yiwang.identity.model import AccountRow, Appointment, RoleGrantRow
from yiwang.identity.service.core import Core
from yiwang.identity.store import accounts as account_store
from yiwang.identity.store import directory as directory_store
from yiwang.identity.store import organisations as organisation_store
from yiwang.identity.store import roles as store
from yiwang.identity.store.organisations import PlacedPost
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.identifiers import new_id


class Holdings:
    """Verbs of appointments and role grants; obtained as ``IdentityService.holdings``. Times are city time."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def appoint(
        self,
        actor: Actor,
        account_id: UUID,
        post_id: int,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> Appointment:
        """Let somebody hold a post, from now or ``starts_at`` until dismissed or ``ends_at`` (``post:appoint``).

        Raises:
            OwnGrantRefused, AccountMissing, PostMissing, PeriodWrong, AppointmentExists, ClassesCollide.
        """
        actor.require("post", "appoint")
        core, now = self._core, self._core.city_now()
        row = Appointment(account_id, post_id, max(starts_at or now, now), ends_at)
        if ends_at is not None and ends_at <= row.starts_at:
            raise PeriodWrong(starts=row.starts_at.isoformat(), ends=ends_at.isoformat())
        async with core.context.database.transaction() as connection:
            account = await self._account(connection, actor, account_id, giving=True)
            post = await self._post(connection, actor, "appoint", post_id)
            if any(_overlap(row, other) for other in await account_store.appointments(connection, account_id, now)):
                raise AppointmentExists(name=account.name)
            await account_store.insert_appointments(connection, [row])
            await self._refuse_two_classes(connection, account)
            data = _post_data(post)
            data["starts_at"] = row.starts_at.isoformat()
            data["ends_at"] = ends_at.isoformat() if ends_at else None
            await self._journal(connection, actor, "account.appointed", account, data)
        await core.changed()
        return row

    async def dismiss(self, actor: Actor, account_id: UUID, post_id: int) -> None:
        """End somebody's holding of a post now, a later one too (``post:dismiss``)."""
        actor.require("post", "dismiss")
        core, now = self._core, self._core.city_now()
        async with core.context.database.transaction() as connection:
            account = await self._account(connection, actor, account_id, giving=False)
            post = await self._post(connection, actor, "dismiss", post_id)
            if not await account_store.end_appointment(connection, account_id, post_id, now):
                raise HoldingMissing()
            await self._journal(connection, actor, "account.dismissed", account, _post_data(post))
        await core.changed()

    async def grant(
        self, actor: Actor, account_id: UUID, role: str, area: str = "", organisation_id: int | None = None
    ) -> RoleGrantRow:
        """Give a role directly, within an area and an organisation's subtree if given (``role:grant``).

        Raises:
            OwnGrantRefused, AccountMissing, RoleUnknown, OrganisationMissing, RoleGrantExists, ClassesCollide.
        """
        actor.require("role", "grant")
        core = self._core
        async with core.context.database.transaction() as connection:
            account = await self._account(connection, actor, account_id, giving=True)
            if not actor.reaches("role", "grant", area=area, organisation=organisation_id):
                raise OrganisationMissing()
            if organisation_id is not None and not await account_store.is_open(connection, organisation_id):
                raise OrganisationMissing()
            if not any(known.code == role and known.active for known in await store.roles(connection)):
                raise RoleUnknown(role=role, where=account.login)
            row = RoleGrantRow(new_id(), role, area, organisation_id, core.city_now())
            if not await store.insert_role_grant(connection, account_id, row, actor.account_id):
                raise RoleGrantExists(name=account.name)
            await self._refuse_two_classes(connection, account)
            await self._journal(connection, actor, "role.granted", account, _grant_data(row))
        await core.changed()
        return row

    async def revoke(self, actor: Actor, account_id: UUID, grant_id: UUID) -> None:
        """Take a directly given role away at once (``role:revoke``)."""
        actor.require("role", "revoke")
        core = self._core
        async with core.context.database.transaction() as connection:
            account = await self._account(connection, actor, account_id, giving=False)
            row = await store.revoke_role_grant(connection, account_id, grant_id, core.city_now())
            if row is None or not actor.reaches("role", "revoke", area=row.area, organisation=row.organisation_id):
                raise HoldingMissing()
            await self._journal(connection, actor, "role.revoked", account, _grant_data(row))
        await core.changed()

    async def _account(self, connection: Connection, actor: Actor, account_id: UUID, *, giving: bool) -> AccountRow:
        """The account, locked; it must be one that ``actor`` may read, and not their own when something is given."""
        if giving and account_id == actor.account_id:
            raise OwnGrantRefused()
        await directory_store.lock(connection)
        account = await account_store.account(connection, account_id, lock=True)
        if account is None or not actor.reaches(
            "account", "read", area=account.area, organisation=account.organisation_id
        ):
            raise AccountMissing()
        return account

    @staticmethod
    async def _post(connection: Connection, actor: Actor, verb: str, post_id: int) -> PlacedPost:
        post = await organisation_store.post(connection, post_id)
        usable = post is not None and (post.active or verb == "dismiss")
        if (
            post is None
            or not usable
            or not actor.reaches("post", verb, area=post.area, organisation=post.organisation_id)
        ):
            raise PostMissing()
        return post

    async def _refuse_two_classes(self, connection: Connection, account: AccountRow) -> None:
        classes = await store.classes(connection, account.id, self._core.city_now())
        if len(classes) > 1:
            raise ClassesCollide(who=f"{account.name} ({account.login})", classes=" + ".join(sorted(classes)))

    async def _journal(
        self, connection: Connection, actor: Actor, verb: str, account: AccountRow, data: JsonObject
    ) -> None:
        entry = journal.entry(actor, self._core.city_now(), verb, "account", account.id, area=account.area, data=data)
        await journal.append(connection, entry)
        await directory_store.bump(connection)
        await directory_store.tell_account_changed(connection, account.id)


def _overlap(one: Appointment, other: Appointment) -> bool:
    if one.post_id != other.post_id:
        return False
    before = one.ends_at is not None and one.ends_at <= other.starts_at
    after = other.ends_at is not None and other.ends_at <= one.starts_at
    return not (before or after)


def _post_data(post: PlacedPost) -> JsonObject:
    return {"post": post.id, "code": post.code, "organisation": post.organisation, "area": post.area}


def _grant_data(row: RoleGrantRow) -> JsonObject:
    return {"grant": str(row.id), "role": row.role_code, "area": row.area, "organisation": row.organisation_id}
