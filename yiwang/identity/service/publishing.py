"""Publishing of organisations and posts from declarations, in the caller's transaction.

Promises: publishing the same again changes nothing, makes no new directory version and no journal entry; what is no
longer declared is closed, never deleted; one publication at a time (the directory's row lock).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from yiwang.identity.declarations import OrganisationDeclaration, PlacedPostDeclaration
from yiwang.identity.errors import ClassesCollide, OrganisationUnknown, PostTaken
from yiwang.identity.model import OrganisationRow
from yiwang.identity.service.core import Core
from yiwang.identity.store import directory as directory_store
from yiwang.identity.store import organisations as store
from yiwang.identity.store import roles as role_store
from yiwang.identity.store.organisations import NewOrganisation, StoredPost
from yiwang.identity.tree import PlannedOrganisation, PlannedPost, plan_organisations, plan_posts, refuse_twice
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, Json

tree_source = "organisations"
"""Source of the posts that stand in the tree itself."""

_entries_at_once = 500


@dataclass(frozen=True, slots=True)
class Published:
    """How many were opened, changed and closed."""

    opened: int = 0
    changed: int = 0
    closed: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.opened or self.changed or self.closed)


@dataclass(frozen=True, slots=True)
class PublishedTree:
    organisations: Published
    posts: Published


class Publishing:
    """Verbs that bring organisations and posts to what is declared; obtained as ``IdentityService.publishing``."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def organisations(
        self, connection: Connection, trees: Sequence[OrganisationDeclaration], actor: Actor = SYSTEM
    ) -> PublishedTree:
        """Make the city's organisations and their posts exactly these (``organisation:publish``).

        Raises:
            DeclaredTwice, OrganisationUnknown, OrganisationCycle, OrganisationTooDeep, PostTaken, ClassesCollide.
        """
        actor.require("organisation", "publish")
        planned = plan_organisations(trees)
        planned_posts = plan_posts(planned)
        await directory_store.lock(connection)
        before = {item.code: item for item in await directory_store.organisations(connection)}
        ids, opened, changed = await self._write(connection, planned, before)
        codes = {item.code for item in planned}
        closed = [item for item in before.values() if item.active and item.code not in codes]
        await store.deactivate(connection, [item.id for item in closed])
        await self._set_paths(connection, planned, ids, before)
        organisations = Published(len(opened), len(changed), len(closed))
        for verb, those in (("opened", opened), ("changed", changed), ("closed", [item.code for item in closed])):
            await self._journal(connection, actor, f"organisation.{verb}", {}, those)
        posts = await self._posts(connection, actor, planned_posts, ids, tree_source)
        if organisations.anything or posts.anything:
            await self._finish(connection)
        return PublishedTree(organisations, posts)

    async def posts(
        self,
        connection: Connection,
        declared: Iterable[PlacedPostDeclaration],
        *,
        source: str,
        actor: Actor = SYSTEM,
    ) -> Published:
        """Make the posts of one ``source`` (``grids``, say) exactly these, in bulk (``organisation:publish``).

        Raises:
            OrganisationUnknown, DeclaredTwice, PostTaken, ClassesCollide.
        """
        actor.require("organisation", "publish")
        await directory_store.lock(connection)
        open_ones = {item.code: item for item in await directory_store.organisations(connection) if item.active}
        planned: list[PlannedPost] = []
        for item in declared:
            organisation = open_ones.get(item.organisation)
            if organisation is None:
                raise OrganisationUnknown(code=item.organisation, where=f"{item.code} {item.area or ''}".strip())
            area = organisation.area if item.area is None else item.area
            planned.append(PlannedPost(item.organisation, item.code, area, item.names))
        refuse_twice(planned)
        ids = {code: item.id for code, item in open_ones.items()}
        published = await self._posts(connection, actor, planned, ids, source)
        if published.anything:
            await self._finish(connection)
        return published

    async def _write(
        self, connection: Connection, planned: Sequence[PlannedOrganisation], before: dict[str, OrganisationRow]
    ) -> tuple[dict[str, int], list[str], list[str]]:
        """Insert and update; returns the ids of all planned, and the codes of those opened and changed."""
        ids = {code: item.id for code, item in before.items()}
        positions = await store.positions(connection)
        opened: list[str] = []
        levels: dict[int, list[PlannedOrganisation]] = defaultdict(list)
        for item in planned:
            if item.code not in before:
                levels[item.level].append(item)
        for level in sorted(levels):
            new = [_row(item, ids) for item in levels[level]]
            ids.update(await store.insert(connection, new))
            opened += [row.code for row in new]
        changes: list[NewOrganisation] = []
        for item in planned:
            stored = before.get(item.code)
            if stored is None:
                continue
            row = _row(item, ids)
            if row != _as_stored(stored, positions[stored.id]) or not stored.active:
                changes.append(row)
        await store.update(connection, changes)
        reopened = {row.code for row in changes if not before[row.code].active}
        changed = [row.code for row in changes if row.code not in reopened]
        return ids, opened + sorted(reopened), changed

    @staticmethod
    async def _set_paths(
        connection: Connection,
        planned: Sequence[PlannedOrganisation],
        ids: dict[str, int],
        before: dict[str, OrganisationRow],
    ) -> None:
        parents = {item.id: item.parent_id for item in before.values()}
        known = {item.id: item.path for item in before.values()}
        parents.update({ids[item.code]: ids[item.parent] if item.parent else None for item in planned})
        paths: dict[int, tuple[int, ...]] = {}

        def path(organisation_id: int) -> tuple[int, ...]:
            if organisation_id not in paths:
                above = parents[organisation_id]
                paths[organisation_id] = (*(path(above) if above is not None else ()), organisation_id)
            return paths[organisation_id]

        wrong = {item: path(item) for item in parents if path(item) != known.get(item)}
        await store.set_paths(connection, wrong)

    async def _posts(
        self, connection: Connection, actor: Actor, planned: Sequence[PlannedPost], ids: dict[str, int], source: str
    ) -> Published:
        codes = {organisation_id: code for code, organisation_id in ids.items()}
        places = {ids[item.organisation] for item in planned}
        stored = {_key(row): row for row in await store.posts(connection, sorted(places), source)}
        wanted = {_key(row): row for row in (_post_row(item, ids, source) for item in planned)}
        moved = _moves(stored, wanted, source)
        await store.move_posts(connection, {row.id: key[2] for key, row in moved.items()})
        for key, row in moved.items():
            del stored[_key(row)]
            stored[key] = replace(row, area=key[2])
        opened, changed = [], list(moved)
        for key, row in wanted.items():
            there = stored.get(key)
            if there is not None and there.active and there.source != source:
                raise PostTaken(organisation=codes[key[0]], code=key[1], area=key[2], source=there.source)
            if there is None or not there.active:
                opened.append(key)
            elif replace(there, id=0) != row and key not in moved:
                changed.append(key)
        closed = [key for key, row in stored.items() if row.source == source and row.active and key not in wanted]
        await store.write_posts(connection, [wanted[key] for key in (*opened, *changed)])
        await store.close_posts(connection, [stored[key].id for key in closed])
        for verb, keys in (("opened", opened), ("changed", changed), ("closed", closed)):
            names = [f"{codes[key[0]]}/{key[1]}/{key[2]}" for key in keys]
            await self._journal(connection, actor, f"post.{verb}", {"source": source}, names)
        return Published(len(opened), len(changed), len(closed))

    async def _journal(
        self, connection: Connection, actor: Actor, verb: str, data: dict[str, Json], names: Sequence[str]
    ) -> None:
        kind, at = verb.partition(".")[0], self._core.city_now()
        await journal.append_many(
            connection,
            [
                journal.entry(
                    actor, at, verb, kind, None, data={**data, kind: [*names[start : start + _entries_at_once]]}
                )
                for start in range(0, len(names), _entries_at_once)
            ],
        )

    async def _finish(self, connection: Connection) -> None:
        await refuse_collisions(connection, self._core)
        await directory_store.bump(connection)


async def refuse_collisions(connection: Connection, core: Core) -> None:
    """Refuse a publication through which people would hold two administrator classes.

    Raises:
        ClassesCollide: names the first of them, or the kind of post that would bring both.
    """
    for code, classes in await role_store.mixed_post_kinds(connection):
        raise ClassesCollide(who=code, classes=" + ".join(classes))
    for who, classes in await role_store.collisions(connection, core.city_now()):
        raise ClassesCollide(who=who, classes=" + ".join(classes))


PostKey = tuple[int, str, str]


def _key(row: StoredPost) -> PostKey:
    return (row.organisation_id, row.code, row.area)


def _post_row(item: PlannedPost, ids: dict[str, int], source: str) -> StoredPost:
    return StoredPost(
        id=0,
        organisation_id=ids[item.organisation],
        code=item.code,
        area=item.area,
        name_zh=item.names.zh if item.names else None,
        name_en=item.names.en if item.names else None,
        source=source,
        active=True,
    )


def _moves(
    stored: dict[PostKey, StoredPost], wanted: dict[PostKey, StoredPost], source: str
) -> dict[PostKey, StoredPost]:
    """Posts that only got another area: the one that would close where just one of its kind opens in its organisation.

    They keep their id, so that whoever holds them goes on holding them.
    """
    opening: dict[tuple[int, str], list[PostKey]] = defaultdict(list)
    closing: dict[tuple[int, str], list[StoredPost]] = defaultdict(list)
    for key in wanted:
        if key not in stored:
            opening[key[:2]].append(key)
    for key, row in stored.items():
        if row.source == source and row.active and key not in wanted:
            closing[key[:2]].append(row)
    return {
        opening[place][0]: rows[0]
        for place, rows in closing.items()
        if len(rows) == 1 and len(opening.get(place, ())) == 1
    }


def _row(item: PlannedOrganisation, ids: dict[str, int]) -> NewOrganisation:
    declared = item.declaration
    return NewOrganisation(
        code=item.code,
        parent_id=ids[item.parent] if item.parent else None,
        name_zh=declared.names.zh,
        name_en=declared.names.en,
        kind=declared.kind,
        area=item.area,
        serves=tuple(declared.serves),
        position=item.position,
    )


def _as_stored(row: OrganisationRow, position: int) -> NewOrganisation:
    return NewOrganisation(row.code, row.parent_id, row.name_zh, row.name_en, row.kind, row.area, row.serves, position)
