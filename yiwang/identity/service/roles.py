"""Publishing of roles and kinds of post from declarations, in the caller's transaction; and the list of roles.

Promises: publishing the same again changes nothing; a role that is no longer declared grants nothing but is kept; no
publication gives a verb to the wrong class of role, nor two administrator classes to one person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yiwang.identity.declarations import PostKindDeclaration, RoleDeclaration
from yiwang.identity.errors import DeclaredTwice, RoleTaken, RoleUnknown
from yiwang.identity.grants import scoped_grants
from yiwang.identity.model import RoleRow
from yiwang.identity.separation import ADMINISTRATOR_POSTS, ADMINISTRATORS, check_role
from yiwang.identity.service.core import Core
from yiwang.identity.service.publishing import Published, refuse_collisions
from yiwang.identity.store import directory as directory_store
from yiwang.identity.store import roles as store
from yiwang.identity.store.roles import PostKind
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, Json, JsonObject

own_source = "yiwang"
"""Source of the three administrators' roles."""

_OWN_POSTS = frozenset(item.code for item in ADMINISTRATOR_POSTS)

PostRole = tuple[str, str, str]
"""Kind of post, role, source."""


class Roles:
    """Verbs of roles; obtained as ``IdentityService.roles``."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def publish(
        self,
        connection: Connection,
        roles: Sequence[RoleDeclaration],
        post_kinds: Sequence[PostKindDeclaration] = (),
        *,
        source: str = "packs",
        actor: Actor = SYSTEM,
    ) -> Published:
        """Make the roles and kinds of post of one ``source`` exactly these (``role:publish``).

        The same role, or kind of post, may stand there several times: roles must then be equal, kinds of post have the
        roles of all. The three administrators' own roles and posts are always published with them.

        Raises:
            RoleVerbRefused, RoleUnknown, RoleTaken (by another source), DeclaredTwice, ClassesCollide.
        """
        actor.require("role", "publish")
        await directory_store.lock(connection)
        own = await self._publish(connection, actor, ADMINISTRATORS, ADMINISTRATOR_POSTS, own_source)
        theirs = await self._publish(connection, actor, roles, post_kinds, source)
        published = Published(own.opened + theirs.opened, own.changed + theirs.changed, own.closed + theirs.closed)
        if published.anything:
            await refuse_collisions(connection, self._core)
            await directory_store.bump(connection)
        return published

    async def page(self, actor: Actor) -> list[RoleRow]:
        """All roles, inactive ones too (``role:read``)."""
        actor.require("role", "read")
        async with self._core.context.database.connection() as connection:
            return await store.roles(connection)

    async def _publish(
        self,
        connection: Connection,
        actor: Actor,
        roles: Iterable[RoleDeclaration],
        post_kinds: Iterable[PostKindDeclaration],
        source: str,
    ) -> Published:
        before = {row.code: row for row in await store.roles(connection)}
        wanted = _role_rows(roles, source)
        for code in wanted:
            there = before.get(code)
            if there is not None and there.active and there.source != source:
                raise RoleTaken(role=code, source=there.source)
        opened = [row for code, row in wanted.items() if code not in before or not before[code].active]
        changed = [
            row for code, row in wanted.items() if code in before and before[code].active and before[code] != row
        ]
        closed = [
            RoleRow(row.code, row.name_zh, row.name_en, row.role_class, row.grants, source, active=False)
            for row in before.values()
            if row.active and row.source == source and row.code not in wanted
        ]
        await store.write_roles(connection, [*opened, *changed, *closed])
        active = {code for code, row in before.items() if row.active} | set(wanted)
        kinds_changed = await self._publish_kinds(
            connection, actor, post_kinds, source, active - {row.code for row in closed}
        )
        for verb, rows in (("published", opened), ("changed", changed), ("withdrawn", closed)):
            await self._journal(connection, actor, f"role.{verb}", [_role_data(row) for row in rows])
        return Published(len(opened), len(changed) + kinds_changed, len(closed))

    async def _publish_kinds(
        self,
        connection: Connection,
        actor: Actor,
        post_kinds: Iterable[PostKindDeclaration],
        source: str,
        active: set[str],
    ) -> int:
        """Write kinds of post and their roles; returns how many kinds were new or changed."""
        before = await store.post_kinds(connection)
        kinds: dict[str, PostKind] = {}
        wanted: set[PostRole] = set()
        for item in post_kinds:
            if source == own_source or item.code not in _OWN_POSTS:  # the administrators' posts keep their names
                kinds.setdefault(item.code, PostKind(item.code, item.names.zh, item.names.en))
            for role in item.roles:
                if role not in active:
                    raise RoleUnknown(role=role, where=item.code)
                wanted.add((item.code, role, source))
        stored = {row for row in await store.post_roles(connection) if row[2] == source}
        added, removed = wanted - stored, stored - wanted
        await store.change_post_roles(connection, added, removed)
        renamed = [kind for code, kind in kinds.items() if before.get(code) != kind]
        await store.write_post_kinds(connection, renamed)
        touched = sorted({kind.code for kind in renamed} | {code for code, _, _ in added | removed})
        entries: list[JsonObject] = [
            {
                "code": code,
                "source": source,
                "roles_added": [*sorted(role for post, role, _ in added if post == code)],
                "roles_removed": [*sorted(role for post, role, _ in removed if post == code)],
            }
            for code in touched
        ]
        await self._journal(connection, actor, "post_kind.changed", entries)
        return len(touched)

    async def _journal(self, connection: Connection, actor: Actor, verb: str, data: Sequence[JsonObject]) -> None:
        kind, at = verb.partition(".")[0], self._core.city_now()
        await journal.append_many(connection, [journal.entry(actor, at, verb, kind, None, data=item) for item in data])


def _role_rows(roles: Iterable[RoleDeclaration], source: str) -> dict[str, RoleRow]:
    rows: dict[str, RoleRow] = {}
    for role in roles:
        check_role(role)
        row = RoleRow(
            role.code, role.names.zh, role.names.en, role.role_class, scoped_grants(role.grants), source, active=True
        )
        if rows.setdefault(role.code, row) != row:
            raise DeclaredTwice(what_zh="角色", what_en="Role", code=role.code)
    return rows


def _role_data(row: RoleRow) -> JsonObject:
    grants: list[Json] = [f"{item.kind}:{','.join(sorted(item.verbs))}" for item in row.grants]
    return {"code": row.code, "class": row.role_class, "source": row.source, "grants": grants}
