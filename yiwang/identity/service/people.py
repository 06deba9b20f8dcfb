"""Publishing of accounts from declarations, in bulk and in the caller's transaction: a demo city's people, an import.

Promises: an account that exists keeps its password, state, posts and roles; only what it never had is added (a post or role
taken away stays away), and names and organisations are brought up to date. Each distinct password is hashed once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from yiwang.identity.declarations import AccountDeclaration, PostReference
from yiwang.identity.errors import (
    DeclaredTwice,
    OrganisationUnknown,
    PostAmbiguous,
    PostUnknown,
    RoleUnknown,
)
from yiwang.identity.model import AccountRow, Appointment, RoleGrantRow
from yiwang.identity.passwords import check_password
from yiwang.identity.service.core import Core
from yiwang.identity.service.publishing import Published, refuse_collisions
from yiwang.identity.store import accounts as store
from yiwang.identity.store import directory as directory_store
from yiwang.identity.store import organisations as organisation_store
from yiwang.identity.store import roles as role_store
from yiwang.identity.store.accounts import NewAccount
from yiwang.identity.store.organisations import PlacedPost
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.identifiers import new_id


class People:
    """The verb that brings accounts in bulk; obtained as ``IdentityService.people``."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def publish(
        self, connection: Connection, declared: Sequence[AccountDeclaration], actor: Actor = SYSTEM
    ) -> Published:
        """Bring these accounts in, with their posts and roles (``account:create``, ``post:appoint``, ``role:grant``).

        Raises:
            PasswordWeak, DeclaredTwice, OrganisationUnknown, PostUnknown, PostAmbiguous, RoleUnknown, ClassesCollide.
        """
        for kind, verb in (("account", "create"), ("post", "appoint"), ("role", "grant")):
            actor.require(kind, verb)
        _refuse_twice(declared)
        hashes = await self._hash(declared)
        await directory_store.lock(connection)
        places = {item.code: item.id for item in await directory_store.organisations(connection) if item.active}
        before = await store.by_logins(connection, [item.login for item in declared])
        ids = {login: account.id for login, account in before.items()}
        opened = await self._create(connection, [item for item in declared if item.login not in before], places, hashes)
        ids.update(opened)
        changed = await self._update(connection, declared, before, places)
        appointed = await self._appoint(connection, declared, ids)
        granted = await self._grant(connection, declared, ids, actor)
        touched = (set(appointed) | set(granted) | changed) - set(opened)
        await self._journal(connection, actor, "account.created", {login: {} for login in opened}, ids)
        await self._journal(connection, actor, "account.updated", {login: {} for login in sorted(changed)}, ids)
        await self._journal(connection, actor, "account.appointed", appointed, ids)
        await self._journal(connection, actor, "role.granted", granted, ids)
        published = Published(opened=len(opened), changed=len(touched))
        if published.anything:
            await refuse_collisions(connection, self._core)
            await directory_store.bump(connection)
        return published

    async def _hash(self, declared: Sequence[AccountDeclaration]) -> dict[str, str]:
        hashes: dict[str, str] = {}
        for item in declared:
            if item.password is not None:
                password = item.password.get_secret_value()
                check_password(password, item.login)
                if password not in hashes:
                    hashes[password] = await self._core.passwords.hash(password)
        return hashes

    async def _create(
        self,
        connection: Connection,
        declared: Sequence[AccountDeclaration],
        places: dict[str, int],
        hashes: dict[str, str],
    ) -> dict[str, UUID]:
        rows = [
            NewAccount(
                id=new_id(),
                login=item.login,
                name=item.name,
                organisation_id=_place(item, places),
                password=hashes[item.password.get_secret_value()] if item.password is not None else None,
                must_change=item.must_change,
            )
            for item in declared
        ]
        await store.insert_many(connection, rows, self._core.city_now())
        return {row.login: row.id for row in rows}

    @staticmethod
    async def _update(
        connection: Connection,
        declared: Sequence[AccountDeclaration],
        before: dict[str, AccountRow],
        places: dict[str, int],
    ) -> set[str]:
        changes = {
            item.login: (before[item.login].id, item.name, _place(item, places))
            for item in declared
            if item.login in before
            and (item.name, _place(item, places)) != (before[item.login].name, before[item.login].organisation_id)
        }
        await store.set_persons(connection, list(changes.values()))
        return set(changes)

    async def _appoint(
        self, connection: Connection, declared: Sequence[AccountDeclaration], ids: dict[str, UUID]
    ) -> dict[str, JsonObject]:
        """Appoint to every post not held yet; returns for each login what was added."""
        wanted = [
            (item, post, post.organisation or item.organisation or "") for item in declared for post in item.posts
        ]
        found: dict[tuple[str, str], list[PlacedPost]] = {}
        organisations, codes = sorted({place for _, _, place in wanted}), sorted({post.code for _, post, _ in wanted})
        for place in await organisation_store.placed_posts(connection, organisations, codes):
            found.setdefault((place.organisation, place.code), []).append(place)
        at = self._core.city_now()
        held = await store.held_pairs(connection, list(ids.values()), at)
        # Whoever was dismissed is not appointed again by a file.
        held |= await store.dismissed_pairs(connection, list(ids.values()), at)
        rows: list[Appointment] = []
        added: dict[str, list[Json]] = defaultdict(list)
        for item, reference, organisation in wanted:
            post = _choose(found.get((organisation, reference.code), []), reference, organisation)
            if (ids[item.login], post.id) not in held:
                held.add((ids[item.login], post.id))
                rows.append(Appointment(ids[item.login], post.id, at))
                added[item.login].append(f"{post.organisation}/{post.code}/{post.area}")
        await store.insert_appointments(connection, rows)
        return {login: {"posts": posts} for login, posts in added.items()}

    async def _grant(
        self, connection: Connection, declared: Sequence[AccountDeclaration], ids: dict[str, UUID], actor: Actor
    ) -> dict[str, JsonObject]:
        """Give every role not held directly yet; returns for each login what was added."""
        active = {row.code for row in await role_store.roles(connection) if row.active}
        revoked = await role_store.revoked_pairs(connection, list(ids.values()))
        added: dict[str, JsonObject] = {}
        for item in declared:
            given: list[str] = []
            for role in item.roles:
                if role not in active:
                    raise RoleUnknown(role=role, where=item.login)
                if (ids[item.login], role) in revoked:
                    continue
                row = RoleGrantRow(new_id(), role, "", None, self._core.city_now())
                if await role_store.insert_role_grant(connection, ids[item.login], row, actor.account_id):
                    given.append(role)
            if given:
                added[item.login] = {"roles": [*given]}
        return added

    async def _journal(
        self, connection: Connection, actor: Actor, verb: str, data: dict[str, JsonObject], ids: dict[str, UUID]
    ) -> None:
        at = self._core.city_now()
        await journal.append_many(
            connection,
            [
                journal.entry(actor, at, verb, "account", ids[login], data={"login": login, **more})
                for login, more in data.items()
            ],
        )


def _refuse_twice(declared: Sequence[AccountDeclaration]) -> None:
    seen: set[str] = set()
    for item in declared:
        if item.login in seen:
            raise DeclaredTwice(what_zh="账号", what_en="Account", code=item.login)
        seen.add(item.login)


def _place(item: AccountDeclaration, places: dict[str, int]) -> int | None:
    if item.organisation is None:
        return None
    if item.organisation not in places:
        raise OrganisationUnknown(code=item.organisation, where=item.login)
    return places[item.organisation]


def _choose(found: list[PlacedPost], reference: PostReference, organisation: str) -> PlacedPost:
    """The one post that a reference means."""
    fitting = [post for post in found if reference.area is None or post.area == reference.area]
    if not fitting:
        raise PostUnknown(organisation=organisation or "—", code=reference.code, area=reference.area or "—")
    if len(fitting) > 1:
        raise PostAmbiguous(organisation=organisation, code=reference.code, count=len(fitting))
    return fitting[0]
