"""The directory (通讯录): the city's organisations, posts and people in the process, for lookups without a query.

A :class:`Snapshot` is immutable and complete; :class:`Directory` holds the current one and swaps it when the version in
the database has grown, and at the moment at which an appointment or an absence begins or ends. It hears of changes over
LISTEN and asks every few seconds besides, so that it is at most that late when a notice is lost. Every lookup is a
dictionary access; those that find one thing return None for what is unknown, those that find many an empty tuple. Only
active posts and organisations are offered for work; by id inactive ones are found too, because history names them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from yiwang.identity.model import OrganisationRow, PersonRow, PostRow, StandIn, covering_areas
from yiwang.identity.snapshot import Snapshot
from yiwang.identity.store import directory as store
from yiwang.kernel import logs
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import AWAY, Connection, Database, connect

poll_seconds = 3.0
"""How late a process may notice a change whose notice was lost."""

log = logs.get("identity")

__all__ = ["Directory", "Snapshot", "load_snapshot"]


async def load_snapshot(connection: Connection, at: datetime) -> Snapshot:
    """Read the directory as this connection sees it, uncommitted changes of its own transaction included."""
    return Snapshot.build(
        version=await store.version(connection),
        at=at,
        organisations=await store.organisations(connection),
        posts=await store.posts(connection),
        appointments=await store.appointments(connection, at),
        persons=await store.persons(connection),
        absences=await store.absences(connection, at),
        post_roles=await store.post_roles(connection),
    )


class Directory:
    """The current snapshot of one process: :meth:`refresh` it before the first lookup, :meth:`start` keeps it fresh."""

    def __init__(self, database: Database, clock: Clock, snapshot: Snapshot | None = None) -> None:
        self._database = database
        self._clock = clock
        self._snapshot = snapshot or Snapshot.build(
            version=0, at=clock.now(), organisations=(), posts=(), appointments=(), persons=()
        )
        self._heard = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loading = asyncio.Lock()
        self._on_version: list[Callable[[], None]] = []
        self._on_account: list[Callable[[UUID], None]] = []

    @property
    def snapshot(self) -> Snapshot:
        """The directory as it stands now; another object as soon as any answer may be another."""
        self.turn()
        return self._snapshot

    def turn(self) -> None:
        """Let what has begun or ended by now take effect; the callbacks of :meth:`on_version` hear of it."""
        stale_at = self._snapshot.stale_at
        if stale_at is not None and stale_at <= (now := self._clock.now()):
            self._snapshot = self._snapshot.turned(now)
            self._announce()

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

    def kinds_of_role(self, role: str) -> tuple[str, ...]:
        """The kinds of post that bring a role."""
        return self.snapshot.kinds_by_role.get(role, ())

    # -- absences; ``at`` is city time, None: now -----------------------------------------------------------------

    def acting(self, account_id: UUID, kinds: Collection[str] = (), at: datetime | None = None) -> UUID | None:
        """Who acts for an account in business of these kinds: itself, a deputy while it is away, or nobody.

        Nobody acts for a holder of an administrator's post, nor they for anybody.
        """
        snapshot = self.snapshot
        return snapshot.acting(account_id, kinds, at or self._clock.now())

    def attending(self, post_id: int, kinds: Collection[str] = (), at: datetime | None = None) -> tuple[UUID, ...]:
        """Who sees a post's queue and is there for business of these kinds.

        Those are its holders, and for those of them who are away from all business whoever acts for them.
        """
        snapshot = self.snapshot
        holders, absences = snapshot.holding.get(post_id, ()), snapshot.absences
        if not absences:
            return holders
        moment = at or self._clock.now()
        found: dict[UUID, None] = {}
        for holder in holders:
            seeing = snapshot.acting(holder, (), moment)
            if seeing is not None and absences.away(seeing, kinds, moment) is None:
                found[seeing] = None
        return tuple(found)

    def substitute(
        self, post_id: int, kinds: Collection[str] = (), at: datetime | None = None
    ) -> tuple[UUID, UUID] | None:
        """A holder of a post with whoever acts for them in business of these kinds; the longest-serving who has somebody."""
        for holder in self.holders(post_id):
            acting = self.acting(holder, kinds, at)
            if acting is not None:
                return holder, acting
        return None

    def standing_in(self, account_id: UUID, at: datetime | None = None) -> tuple[StandIn, ...]:
        """For whom an account acts in all business, with their posts."""
        snapshot = self.snapshot
        if not snapshot.absences:
            return ()
        moment = at or self._clock.now()
        found: list[StandIn] = []
        for absent in snapshot.absences.naming(account_id):
            absence = snapshot.absences.away(absent, (), moment)
            if absence is not None and snapshot.acting(absent, (), moment) == account_id:
                found.append(StandIn(snapshot.persons[absent], snapshot.held.get(absent, ()), absence.ends_at))
        return tuple(found)

    # -- keeping fresh --------------------------------------------------------------------------------------------

    def on_version(self, callback: Callable[[], None]) -> None:
        """Call back when the directory has, or may have, a new version."""
        self._on_version.append(callback)

    def on_account(self, callback: Callable[[UUID], None]) -> None:
        """Call back when an account's sessions, tokens, posts or roles have changed in any process."""
        self._on_account.append(callback)

    async def refresh(self) -> bool:
        """Load a new snapshot if there is a newer version, or something has begun or ended meanwhile; tells whether.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._loading:
            at = self._clock.now()
            stale_at = self._snapshot.stale_at
            async with self._database.connection() as connection:
                turned = stale_at is not None and stale_at <= at
                if not turned and await store.version(connection) == self._snapshot.version:
                    return False
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    self._snapshot = await load_snapshot(connection, at)
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
            except AWAY as error:
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
                    async with asyncio.timeout(poll_seconds):  # wait_for may swallow our being cancelled
                        await self._heard.wait()
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
