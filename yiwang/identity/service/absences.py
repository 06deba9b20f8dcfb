"""Absences and deputies (请假与代理): declared, changed and ended by the person, or by whoever may appoint to posts.

Promises: an absence gives a deputy tasks, never rights; nobody makes themselves somebody's deputy; nobody acts for one
of the three administrators, nor they for others; who was deputy when stays on record: where the deputy of an absence
that has begun is changed, it ends and another begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.identity.errors import (
    AbsenceMissing,
    AbsenceOver,
    AbsenceOverlaps,
    AbsencePeriod,
    AccountMissing,
    AdministratorAbsence,
    DeputyUnfit,
    OwnGrantRefused,
)
from yiwang.identity.model import AbsenceRow, AccountRow, StandIn
from yiwang.identity.service.core import Core
from yiwang.identity.store import absences as store
from yiwang.identity.store import accounts as account_store
from yiwang.identity.store import directory as directory_store
from yiwang.identity.store import roles as role_store
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.identifiers import new_id

longest_absence = timedelta(days=366)


class AbsenceVerbs:
    """Verbs of absences; obtained as ``IdentityService.absences``. Times are city time."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def declare(
        self,
        actor: Actor,
        account_id: UUID,
        deputy_id: UUID,
        ends_at: datetime,
        starts_at: datetime | None = None,
        *,
        kinds: Iterable[str] = (),
        reason: str = "",
    ) -> AbsenceRow:
        """Say that somebody is away, from now or ``starts_at`` until ``ends_at``: oneself, or with ``post:appoint`` others.

        ``kinds`` limits it to business of these definitions or case types.

        Raises:
            AccountMissing, Forbidden: not the actor's to say. DeputyUnfit, OwnGrantRefused, AdministratorAbsence: about
            the deputy. AbsencePeriod, AbsenceOverlaps: about the time.
        """
        core, now = self._core, self._core.city_now()
        row = AbsenceRow(
            id=new_id(),
            account_id=account_id,
            deputy_id=deputy_id,
            starts_at=max(starts_at or now, now),
            ends_at=ends_at,
            kinds=frozenset(kinds),
            reason=reason,
            declared_at=now,
        )
        self._require_period(row)
        async with core.context.database.transaction() as connection:
            await directory_store.lock(connection)
            account = await self._account(connection, actor, account_id)
            deputy = await self._deputy(connection, actor, account_id, deputy_id)
            await self._require_free(connection, account, row)
            await store.insert(connection, row, actor.account_id)
            await self._journal(connection, actor, "absence.declared", account, _data(row, deputy))
        await core.changed()
        return row

    async def change(
        self,
        actor: Actor,
        absence_id: UUID,
        *,
        deputy_id: UUID | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        kinds: Iterable[str] | None = None,
        reason: str | None = None,
    ) -> AbsenceRow:
        """Change an absence that is not over; None leaves a thing as it is.

        One that has begun keeps its deputy, kinds and beginning on record: if one of them changes, it ends now and another
        takes its place, which is returned.

        Raises:
            AbsenceMissing, AbsenceOver, Forbidden; else as :meth:`declare`.
        """
        core, now = self._core, self._core.city_now()
        async with core.context.database.transaction() as connection:
            before, account = await self._open(connection, actor, absence_id, now)
            begun = before.starts_at <= now
            row = replace(
                before,
                deputy_id=deputy_id or before.deputy_id,
                starts_at=before.starts_at
                if starts_at is None or (begun and starts_at <= now)
                else max(starts_at, now),
                ends_at=ends_at or before.ends_at,
                kinds=before.kinds if kinds is None else frozenset(kinds),
                reason=before.reason if reason is None else reason,
            )
            kept = (row.deputy_id, row.kinds, row.starts_at) == (before.deputy_id, before.kinds, before.starts_at)
            if begun and not kept:
                row = replace(row, id=new_id(), starts_at=max(row.starts_at, now), declared_at=now)
                await store.update(connection, replace(before, ends_at=now))
            self._require_period(row)
            deputy = await self._deputy(connection, actor, account.id, row.deputy_id)
            await self._require_free(connection, account, row)
            if row.id == before.id:
                await store.update(connection, row)
            else:
                await store.insert(connection, row, actor.account_id)
            data = {**_data(row, deputy), "before": _data(before, None)}
            await self._journal(connection, actor, "absence.changed", account, data)
        await core.changed()
        return row

    async def end(self, actor: Actor, absence_id: UUID) -> AbsenceRow:
        """End an absence now; one that has not begun never will.

        Raises:
            AbsenceMissing, AbsenceOver, Forbidden.
        """
        core, now = self._core, self._core.city_now()
        async with core.context.database.transaction() as connection:
            before, account = await self._open(connection, actor, absence_id, now)
            row = replace(before, ends_at=max(before.starts_at, now))
            await store.update(connection, row)
            await self._journal(connection, actor, "absence.ended", account, _data(row, None))
        await core.changed()
        return row

    async def page(
        self,
        actor: Actor,
        account_id: UUID | None = None,
        *,
        everyone: bool = False,
        past: bool = False,
        after: UUID | None = None,
        limit: int = 50,
    ) -> list[AbsenceRow]:
        """Absences of an account (default: the actor's own) and those in which it is the deputy, the newest first.

        ``everyone``: those of all accounts within one's scope (``account:read``). ``past``: those that are over, too.

        Raises:
            AccountMissing: no such account, or outside the actor's scope. Forbidden: ``everyone`` without the grant.
        """
        core = self._core
        ended_after = None if past else core.city_now()
        async with core.context.database.connection() as connection:
            if everyone:
                actor.require("account", "read")
                return await store.page(connection, actor, ended_after, after, limit)
            asked = account_id or actor.account_id
            account = await account_store.account(connection, asked) if asked is not None else None
            if account is None or not _may_see(actor, account):
                raise AccountMissing()
            return await store.of_account(connection, account.id, ended_after, after, limit)

    def standing_in(self, actor: Actor) -> tuple[StandIn, ...]:
        """For whom the actor acts now."""
        return () if actor.account_id is None else self._core.directory.standing_in(actor.account_id)

    def acting(self, row: AbsenceRow) -> UUID | None:
        """Who does the work of somebody whose absence holds now: the deputy, or whoever the deputy's own absence names."""
        now = self._core.city_now()
        return self._core.directory.acting(row.account_id, row.kinds, now) if row.holds(now) else None

    async def _open(
        self, connection: Connection, actor: Actor, absence_id: UUID, now: datetime
    ) -> tuple[AbsenceRow, AccountRow]:
        await directory_store.lock(connection)
        row = await store.absence(connection, absence_id)
        if row is None:
            raise AbsenceMissing()
        account = await account_store.account(connection, row.account_id)
        if account is None or not (_may_see(actor, account) or row.deputy_id == actor.account_id):
            raise AbsenceMissing()
        self._require_say(actor, account)
        if row.ends_at <= now:
            raise AbsenceOver(ended=self._local(row.ends_at))
        return row, account

    async def _account(self, connection: Connection, actor: Actor, account_id: UUID) -> AccountRow:
        """Whose absence it is, for one who may say so."""
        account = await account_store.account(connection, account_id)
        if account is None or not _may_see(actor, account):
            raise AccountMissing()
        self._require_say(actor, account)
        if await role_store.classes(connection, account_id, self._core.city_now()):
            raise AdministratorAbsence()
        return account

    @staticmethod
    def _require_say(actor: Actor, account: AccountRow) -> None:
        if actor.kind == "person" and actor.account_id == account.id and not account.must_change:
            return
        actor.require("post", "appoint")
        if not actor.reaches("post", "appoint", area=account.area, organisation=account.organisation_id):
            raise AccountMissing()

    async def _deputy(self, connection: Connection, actor: Actor, account_id: UUID, deputy_id: UUID) -> AccountRow:
        if deputy_id == account_id:
            raise DeputyUnfit(reason_zh="请假人不能代理自己", reason_en="it is the one who is away")
        if deputy_id == actor.account_id:
            raise OwnGrantRefused()
        deputy = await account_store.account(connection, deputy_id)
        if deputy is None or deputy.state != "active":
            raise DeputyUnfit(reason_zh="没有这个在用账号", reason_en="there is no such account in service")
        if await role_store.classes(connection, deputy_id, self._core.city_now()):
            raise AdministratorAbsence()
        return deputy

    def _require_period(self, row: AbsenceRow) -> None:
        if not row.starts_at < row.ends_at <= row.starts_at + longest_absence or row.ends_at <= self._core.city_now():
            raise AbsencePeriod(
                starts=self._local(row.starts_at), ends=self._local(row.ends_at), days=longest_absence.days
            )

    async def _require_free(self, connection: Connection, account: AccountRow, row: AbsenceRow) -> None:
        other = await store.overlapping(connection, row)
        if other is not None:
            raise AbsenceOverlaps(
                name=account.name, starts=self._local(other.starts_at), ends=self._local(other.ends_at)
            )

    def _local(self, at: datetime) -> str:
        return at.astimezone(self._core.context.calendar.hours.timezone).isoformat(timespec="minutes")

    async def _journal(
        self, connection: Connection, actor: Actor, verb: str, account: AccountRow, data: JsonObject
    ) -> None:
        entry = journal.entry(actor, self._core.city_now(), verb, "account", account.id, area=account.area, data=data)
        await journal.append(connection, entry)
        await directory_store.bump(connection)


def _may_see(actor: Actor, account: AccountRow) -> bool:
    return account.id == actor.account_id or actor.reaches(
        "account", "read", area=account.area, organisation=account.organisation_id
    )


def _data(row: AbsenceRow, deputy: AccountRow | None) -> JsonObject:
    """What the journal keeps; the reason stays with the absence, since it may speak of somebody's health."""
    data: JsonObject = {
        "absence": str(row.id),
        "deputy": str(row.deputy_id),
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "kinds": [*sorted(row.kinds)],
    }
    if deputy is not None:
        data["deputy_name"] = deputy.name
    return data
