"""The directory (通讯录): the city's organisations, posts and people in the process, for lookups without a query.

A :class:`Snapshot` is immutable and complete; :class:`Directory` holds the current one and swaps it when the version in
the database has grown or an appointment begins or ends. It hears of changes over LISTEN and asks every few seconds
besides, so that it is at most that late when a notice is lost. Every lookup is a dictionary access; those that find one
thing return None for what is unknown, those that find many an empty tuple. Only active posts and organisations are
offered for work; by id inactive ones are found too, because history names them.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg

from yiwang.identity.model import Appointment, OrganisationRow, PersonRow, PostRow, covering_areas
from yiwang.identity.store import directory as store
from yiwang.kernel import logs
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection, Database, connect
from yiwang.kernel.errors import Unavailable

poll_seconds = 3.0
"""How late a process may notice a change whose notice was lost."""

log = logs.get("identity")

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The directory at one version. ``stale_at`` is the city time at which the next appointment begins or ends."""

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
        holding: dict[int, list[UUID]] = defaultdict(list)
        held: dict[UUID, list[int]] = defaultdict(list)
        changes: list[datetime] = []
        for item in appointments:
            if item.starts_at > at:
                changes.append(item.starts_at)
            elif item.ends_at is not None and item.ends_at > at:
                changes.append(item.ends_at)
            person, place = people.get(item.account_id), all_posts.get(item.post_id)
            if item.holds(at) and person and person.active and place and place.active:
                holding[item.post_id].append(item.account_id)
                held[item.account_id].append(item.post_id)
        return cls(
            version=version,
            stale_at=min(changes, default=None),
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
            holding=_tuples(holding),
            held=_tuples(held),
            persons=people,
        )


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


async def load_snapshot(connection: Connection, at: datetime) -> Snapshot:
    """Read the directory as this connection sees it, uncommitted changes of its own transaction included."""
    return Snapshot.build(
        version=await store.version(connection),
        at=at,
        organisations=await store.organisations(connection),
        posts=await store.posts(connection),
        appointments=await store.appointments(connection, at),
        persons=await store.persons(connection),
    )


class Directory:
    """The current snapshot of one process: :meth:`refresh` it before the first lookup, :meth:`start` keeps it fresh."""

    def __init__(self, database: Database, clock: Clock, snapshot: Snapshot | None = None) -> None:
        self._database = database
        self._clock = clock
        self.snapshot = snapshot or Snapshot.build(
            version=0, at=clock.now(), organisations=(), posts=(), appointments=(), persons=()
        )
        self._heard = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loading = asyncio.Lock()
        self._on_version: list[Callable[[], None]] = []
        self._on_account: list[Callable[[UUID], None]] = []

    # -- lookups --------------------------------------------------------------------------------------------------

    def posts(self, code: str, organisation_id: int | None = None) -> tuple[PostRow, ...]:
        """Active posts of a kind, in the whole city or in one organisation."""
        if organisation_id is None:
            return self.snapshot.posts_by_code.get(code, ())
        return self.snapshot.posts_by_place.get((code, organisation_id), ())

    def active_posts(self) -> tuple[PostRow, ...]:
        """Every active post, by id."""
        return self.snapshot.active_posts

    def posts_of_area(self, code: str, area: str, grid: str | None = None) -> tuple[PostRow, ...]:
        """The posts of a kind that look after a place, the finest first: its grid, its area, the areas around it.

        ``area`` is an area code or a responsibility grid code; where both are known give the grid's code as ``grid``.
        """
        places = (grid, *covering_areas(area)) if grid and grid != area else tuple(covering_areas(area))
        by_area = self.snapshot.posts_by_area
        return tuple(post for place in places for post in by_area.get((code, place), ()))

    def post(self, post_id: int) -> PostRow | None:
        return self.snapshot.all_posts.get(post_id)

    def holders(self, post_id: int) -> tuple[UUID, ...]:
        """Accounts that hold a post now and are active, the longest-serving first."""
        return self.snapshot.holding.get(post_id, ())

    def posts_held(self, account_id: UUID) -> tuple[int, ...]:
        """Ids of the active posts that an active account holds now."""
        return self.snapshot.held.get(account_id, ())

    def organisation(self, organisation_id: int) -> OrganisationRow | None:
        return self.snapshot.organisations.get(organisation_id)

    def organisation_by_code(self, code: str) -> OrganisationRow | None:
        """An active organisation by its code."""
        return self.snapshot.by_code.get(code)

    def organisations(self) -> tuple[OrganisationRow, ...]:
        """All organisations, inactive ones too, depth first, siblings as declared."""
        return self.snapshot.ordered

    def serving(self, kind: str, area: str) -> OrganisationRow | None:
        """The organisation that serves a kind of department (``sanitation``) for a place: that of the finest area.

        For a matter of no place (``""``) it is the one that serves the widest area.
        """
        for place in covering_areas(area):
            found = self.snapshot.servers.get((kind, place))
            if found is not None:
                return found
        return None if area else self.snapshot.widest.get(kind)

    def subtree(self, organisation_id: int) -> frozenset[int]:
        """Ids of an organisation and of all below it; only its own where it is unknown."""
        return self.snapshot.subtrees.get(organisation_id) or frozenset({organisation_id})

    def person(self, account_id: UUID) -> PersonRow | None:
        return self.snapshot.persons.get(account_id)

    # -- keeping fresh --------------------------------------------------------------------------------------------

    def on_version(self, callback: Callable[[], None]) -> None:
        """Call back when the directory has, or may have, a new version."""
        self._on_version.append(callback)

    def on_account(self, callback: Callable[[UUID], None]) -> None:
        """Call back when an account's sessions, tokens, posts or roles have changed in any process."""
        self._on_account.append(callback)

    async def refresh(self) -> bool:
        """Load a new snapshot if there is a newer version or an appointment has begun or ended; tells whether.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._loading:
            at = self._clock.now()
            stale_at = self.snapshot.stale_at
            async with self._database.connection() as connection:
                turned = stale_at is not None and stale_at <= at
                if not turned and await store.version(connection) == self.snapshot.version:
                    return False
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    self.snapshot = await load_snapshot(connection, at)
        self._announce()
        return True

    def _announce(self) -> None:
        for callback in self._on_version:
            callback()

    async def start(self) -> None:
        """Load, and keep fresh in the background until :meth:`stop`."""
        await self.refresh()
        self._task = asyncio.create_task(self._watch(), name="identity directory")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _watch(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable) as error:
                log.warning("directory.listener_lost", error=repr(error))
                # What was said meanwhile is lost: trust nothing until the listener is back.
                self._announce()
                await asyncio.sleep(1)

    async def _listen(self) -> None:
        connection = await connect(self._database.url)
        try:
            await connection.add_listener(store.channel, self._notice)
            self._announce()
            while not connection.is_closed():
                await self.refresh()
                try:
                    await asyncio.wait_for(self._heard.wait(), poll_seconds)
                except TimeoutError:
                    await connection.fetchval("select 1")  # notices a dead connection
                self._heard.clear()
        finally:
            await connection.close(timeout=2)

    def _notice(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        kind, _, account = str(payload).partition(":")
        if kind == "account":
            for callback in self._on_account:
                callback(UUID(account))
        else:
            self._announce()
            self._heard.set()
