"""One picture of the directory: every index that a lookup needs, immutable, as things stand at one moment of city time.

Pure: no database. :meth:`Snapshot.turned` gives the picture of a later moment from the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from yiwang.identity.absences import Absences
from yiwang.identity.model import AbsenceRow, Appointment, OrganisationRow, PersonRow, PostRole, PostRow

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The directory at one version. ``stale_at`` is the city time at which the next appointment or absence begins or ends.

    ``guarded`` are the kinds of post that bring an administrator's role; no deputy acts for them.
    """

    version: int
    stale_at: datetime | None
    organisations: dict[int, OrganisationRow]
    ordered: tuple[OrganisationRow, ...]
    by_code: dict[str, OrganisationRow]
    subtrees: dict[int, frozenset[int]]
    servers: dict[tuple[str, str], OrganisationRow]
    widest: dict[str, OrganisationRow]
    all_posts: dict[int, PostRow]
    active_posts: tuple[PostRow, ...]
    posts_by_code: dict[str, tuple[PostRow, ...]]
    posts_by_place: dict[tuple[str, int], tuple[PostRow, ...]]
    posts_by_area: dict[tuple[str, str], tuple[PostRow, ...]]
    holding: dict[int, tuple[UUID, ...]]
    held: dict[UUID, tuple[int, ...]]
    persons: dict[UUID, PersonRow]
    appointments: tuple[Appointment, ...]
    absences: Absences
    kinds_by_role: dict[str, tuple[str, ...]]
    guarded: frozenset[str]

    @classmethod
    def build(
        cls,
        *,
        version: int,
        at: datetime,
        organisations: Iterable[OrganisationRow],
        posts: Iterable[PostRow],
        appointments: Iterable[Appointment],
        persons: Iterable[PersonRow],
        absences: Iterable[AbsenceRow] = (),
        post_roles: Iterable[PostRole] = (),
    ) -> Snapshot:
        """Index these rows as they stand at ``at`` (city time)."""
        by_id = {item.id: item for item in organisations}
        ordered = _depth_first(by_id)
        people = {item.id: item for item in persons}
        all_posts = {item.id: item for item in posts}
        code_posts: dict[str, list[PostRow]] = defaultdict(list)
        place_posts: dict[tuple[str, int], list[PostRow]] = defaultdict(list)
        area_posts: dict[tuple[str, str], list[PostRow]] = defaultdict(list)
        for post in all_posts.values():
            if post.active:
                code_posts[post.code].append(post)
                place_posts[post.code, post.organisation_id].append(post)
                area_posts[post.code, post.area].append(post)
        kinds: dict[str, dict[str, None]] = defaultdict(dict)
        guarded: set[str] = set()
        for item in post_roles:
            kinds[item.role_code][item.post_code] = None
            if item.role_class is not None:
                guarded.add(item.post_code)
        return cls(
            version=version,
            stale_at=None,
            organisations=by_id,
            ordered=ordered,
            by_code={item.code: item for item in ordered if item.active},
            subtrees=_subtrees(ordered),
            servers={
                (kind, item.area): item for item in reversed(ordered) if item.active for kind in item.serves
            },  # reversed: the first declared wins where two serve the same
            widest=_widest(ordered),
            all_posts=all_posts,
            active_posts=tuple(post for post in all_posts.values() if post.active),
            posts_by_code=_tuples(code_posts),
            posts_by_place=_tuples(place_posts),
            posts_by_area=_tuples(area_posts),
            holding={},
            held={},
            persons=people,
            appointments=tuple(appointments),
            absences=Absences(absences),
            kinds_by_role={role: tuple(sorted(codes)) for role, codes in kinds.items()},
            guarded=frozenset(guarded),
        ).turned(at)

    def turned(self, at: datetime) -> Snapshot:
        """The same directory at ``at`` (city time): who holds what then, and when that changes next."""
        holding: dict[int, list[UUID]] = defaultdict(list)
        held: dict[UUID, list[int]] = defaultdict(list)
        changes = list(self.absences.changes(at))
        for item in self.appointments:
            if item.starts_at > at:
                changes.append(item.starts_at)
            elif item.ends_at is not None and item.ends_at > at:
                changes.append(item.ends_at)
            person, place = self.persons.get(item.account_id), self.all_posts.get(item.post_id)
            if item.holds(at) and person and person.active and place and place.active:
                holding[item.post_id].append(item.account_id)
                held[item.account_id].append(item.post_id)
        return replace(self, stale_at=min(changes, default=None), holding=_tuples(holding), held=_tuples(held))

    def acting(self, account_id: UUID, kinds: Collection[str], at: datetime) -> UUID | None:
        """See :meth:`yiwang.identity.directory.Directory.acting`."""
        if not self.absences:
            return account_id if self._serves(account_id) else None
        if self._administers(account_id):
            there = self._serves(account_id) and self.absences.away(account_id, kinds, at) is None
            return account_id if there else None
        return self.absences.acting(account_id, self._may_act, kinds, at)

    def _may_act(self, account_id: UUID) -> bool:
        return self._serves(account_id) and not self._administers(account_id)

    def _serves(self, account_id: UUID) -> bool:
        person = self.persons.get(account_id)
        return person is not None and person.active

    def _administers(self, account_id: UUID) -> bool:
        return any(self.all_posts[post_id].code in self.guarded for post_id in self.held.get(account_id, ()))


def _tuples(lists: dict[Key, list[Value]]) -> dict[Key, tuple[Value, ...]]:
    return {key: tuple(values) for key, values in lists.items()}


def _depth_first(by_id: dict[int, OrganisationRow]) -> tuple[OrganisationRow, ...]:
    """Parents before children, siblings as given."""
    rank = {item: position for position, item in enumerate(by_id)}
    return tuple(sorted(by_id.values(), key=lambda item: [rank[step] for step in item.path if step in rank]))


def _widest(organisations: Iterable[OrganisationRow]) -> dict[str, OrganisationRow]:
    """For each kind of department the organisation with the widest area; the first declared among equals."""
    found: dict[str, OrganisationRow] = {}
    for item in organisations:
        for kind in item.serves if item.active else ():
            if kind not in found or len(item.area) < len(found[kind].area):
                found[kind] = item
    return found


def _subtrees(organisations: Iterable[OrganisationRow]) -> dict[int, frozenset[int]]:
    below: dict[int, set[int]] = defaultdict(set)
    for item in organisations:
        for ancestor in item.path:
            below[ancestor].add(item.id)
    return {ancestor: frozenset(ids) for ancestor, ids in below.items()}
