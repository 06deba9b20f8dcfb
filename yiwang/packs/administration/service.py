"""The verbs of administration: set something, undo it, see how it stands and how it came to be.

Promises: a change is one transaction with its version, its journal entry and the publication to the engine that it concerns;
what runs keeps the version it was opened under; whoever changed the same thing meanwhile is told by name; nothing of packs
or city files is written. This process follows at once, others within five seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pydantic import ValidationError

from yiwang.casework.service import CaseService
from yiwang.flow.service import FlowService
from yiwang.geo.service import GeoService
from yiwang.identity.service import IdentityService
from yiwang.insight.service import InsightService
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput, NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.packs.administration import store
from yiwang.packs.administration.checking import check
from yiwang.packs.administration.documents import SHAPES, AnyDocument, Kind
from yiwang.packs.administration.errors import ChangedMeanwhile, NothingChanged, NotUndoable
from yiwang.packs.administration.folder import write_folder
from yiwang.packs.administration.overlay import calendar_with, documents, overlaid, roles_of
from yiwang.packs.administration.publishing import publish
from yiwang.packs.administration.standing import standing
from yiwang.packs.administration.store import Change, Setting
from yiwang.packs.errors import CityInvalid
from yiwang.packs.findings import Findings, shown
from yiwang.packs.loaded import City
from yiwang.packs.loader import load_city


class Engines(Protocol):
    """The engines of this process to which changes are published."""

    @property
    def identity(self) -> IdentityService: ...
    @property
    def geo(self) -> GeoService: ...
    @property
    def flow(self) -> FlowService: ...
    @property
    def casework(self) -> CaseService: ...
    @property
    def insight(self) -> InsightService: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall stand: ``document`` None takes back what was set. ``version``: what the wish was made from, 0 for nothing."""

    kind: Kind
    key: str
    document: JsonObject | None
    version: int
    why: str
    undoes: UUID | None = None


class Administration:
    """One per process. ``base`` is the calendar of the files; the context's own calendar follows what is set."""

    def __init__(self, context: Context, base: WorkingCalendar) -> None:
        self.context, self.base = context, base
        self._version = -1

    async def refresh(self) -> bool:
        """Take over what other processes set; tells whether there was anything."""
        async with self.context.database.connection() as connection:
            version = await store.version(connection)
            if version == self._version:
                return False
            found = documents(await store.settings(connection))
        if self._version >= 0 or any(kind in ("calendar", "hours") for kind, _ in found):
            self.context.calendar.take_over(await asyncio.to_thread(calendar_with, self.base, found))
        self._version = version
        return True

    async def settings(self, kind: Kind | None = None) -> list[Setting]:
        """All that is or was set, by kind and key."""
        async with self.context.database.connection() as connection:
            return await store.settings(connection, kind)

    async def changes(
        self, kind: Kind | None, key: str | None, after: UUID | None = None, limit: int = 50
    ) -> list[Change]:
        """The history, the newest first."""
        async with self.context.database.connection() as connection:
            return await store.changes(connection, kind, key, after, limit)

    def city(self) -> City:
        """The city's files as they are now, with its packs; after a change of files it takes half a second: call it in a
        thread.

        Raises:
            CityInvalid: the files have errors.
        """
        settings = self.context.settings
        return _loaded(settings.city, settings.packs, _state(settings.city), _state(settings.packs))

    async def export(self, target: Path) -> list[str]:
        """Write the city's folder with everything that was set; returns the files that differ from the city's own.

        Raises:
            FileExistsError: ``target`` is there already. CityInvalid.
        """
        found = documents(await self.settings())
        return await asyncio.to_thread(write_folder, self.city(), self.base, found, target)

    async def standing(self, kind: Kind, key: str) -> tuple[JsonObject | None, int]:
        """The document that would set a thing as it stands now, and the version that a change is made from."""
        city = await asyncio.to_thread(self.city)
        settings = await self.settings()
        version = next((item.version for item in settings if (item.kind, item.key) == (kind, key)), 0)
        found = standing(city, self.base, documents(settings), kind, key)
        return (None if found is None else found.model_dump(mode="json", by_alias=True)), version

    async def put(self, engines: Engines, actor: Actor, wish: Wish) -> Change:
        """Make the wish how things stand.

        Raises:
            Forbidden: another administrator's matter. InvalidInput, SettingInvalid, TargetUnknown, OfficeInUse: as it is, it
            cannot be. ChangedMeanwhile: somebody was first. NothingChanged. Refusals of the engine that it concerns.
        """
        shape = SHAPES[wish.kind]
        actor.require(*shape.grant)
        wanted = None if wish.document is None else read_document(wish.kind, wish.document)
        document = None if wanted is None else wanted.model_dump(mode="json", by_alias=True)
        city = await asyncio.to_thread(self.city)
        async with self.context.database.transaction() as connection:
            await connection.execute("set local statement_timeout = 0")
            await store.lock(connection)
            stands = {(item.kind, item.key): item for item in await store.settings(connection)}
            before = stands.get((wish.kind, wish.key))
            if (before.version if before else 0) != wish.version:
                raise await self._told(connection, wish)
            if (before.document if before else None) == document:
                raise NothingChanged()
            at = self.context.clock.now()
            change = Change(
                new_id(), wish.kind, wish.key, wish.version + 1, before.document if before else None, document,
                wish.why, at, actor.label, wish.undoes, newest=True,
            )  # fmt: skip
            found = documents(stands.values())
            if wanted is None:
                found.pop((wish.kind, wish.key), None)
            else:
                found[wish.kind, wish.key] = wanted
            await check(connection, self.base, city, wish.kind, wish.key, wanted, found)
            await self._publish(connection, engines, actor, city, found, wish.kind)
            await store.write(connection, change, actor.account_id)
            await self._journal(connection, actor, change)
        await self.follow(engines, wish.kind)
        return change

    async def undo(self, engines: Engines, actor: Actor, change_id: UUID, why: str) -> Change:
        """Bring back what stood before a change, as another change; only while nothing came after it.

        Raises:
            NotFound, NotUndoable; else as :meth:`put`.
        """
        async with self.context.database.connection() as connection:
            change = await store.change(connection, change_id)
            if change is None:
                raise NotFound(what="这次更改")
            actor.require(*SHAPES[change.kind].grant)
            if not change.newest:
                later = await store.newest(connection, change.kind, change.key) or change
                raise NotUndoable(name=later.by_name, at=self.local(later.at))
        wish = Wish(change.kind, change.key, change.before, change.version, why, undoes=change.id)
        return await self.put(engines, actor, wish)

    async def follow(self, engines: Engines, kind: Kind) -> None:
        """Let this process's engines take over what was published."""
        if kind in ("organisation", "role"):
            await engines.identity.directory.refresh()
        if kind == "limit":
            await engines.casework.refresh()
        await self.refresh()

    def local(self, at: datetime) -> str:
        """A moment in city time, for words."""
        return at.astimezone(self.context.calendar.hours.timezone).isoformat(sep=" ", timespec="minutes")[:16]

    async def _publish(
        self,
        connection: Connection,
        engines: Engines,
        actor: Actor,
        city: City,
        found: Mapping[tuple[Kind, str], AnyDocument],
        kind: Kind,
    ) -> None:
        if kind == "role":
            await engines.identity.publish_roles(connection, roles_of(found), source="city", actor=actor)
        elif kind not in ("calendar", "hours"):
            await publish(connection, engines, actor, overlaid(city, found).city, kind, self.context.clock.now())

    async def _told(self, connection: Connection, wish: Wish) -> ChangedMeanwhile:
        newest = await store.newest(connection, wish.kind, wish.key)
        if newest is None:
            return ChangedMeanwhile(name="—", at="—", version=0, why="—")
        return ChangedMeanwhile(name=newest.by_name, at=self.local(newest.at), version=newest.version, why=newest.why)

    async def _journal(self, connection: Connection, actor: Actor, change: Change) -> None:
        data: JsonObject = {
            "setting": change.kind,
            "key": change.key,
            "version": change.version,
            "before": change.before,
            "after": change.document,
            "reason": change.why,
        }
        verb = "setting.undone" if change.undoes else "setting.changed"
        await journal.append(connection, journal.entry(actor, change.at, verb, "setting", change.id, data=data))


_FileState = tuple[tuple[str, int, int], ...]


def _state(folder: Path) -> _FileState:
    """What tells whether anything below a folder has changed."""
    files = [(path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file()]
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in files)


@lru_cache(maxsize=2)
def _loaded(folder: Path, packs: Path, _city: _FileState, _packs: _FileState) -> City:
    """The city of these folders as they are; nothing changes it."""
    findings = Findings()
    city = load_city(folder, packs, findings)
    if city is None or findings.errors:
        raise CityInvalid(
            folder=shown(folder),
            count=findings.errors,
            details="\n".join(item.line_of_text() for item in findings.items[:20]),
        )
    return city


def read_document(kind: Kind, document: JsonObject) -> AnyDocument:
    """The document of a kind, judged by its shape.

    Raises:
        InvalidInput: every wrong field by JSON pointer.
    """
    try:
        return SHAPES[kind].model.model_validate(document)
    except ValidationError as error:
        errors = [
            FieldError(
                where="/document" + "".join(f"/{part}" for part in item["loc"]),
                code="input.field",
                zh=f"填写不符合要求:{item['msg']}",
                en=item["msg"],
            )
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise InvalidInput(errors=errors, count=len(errors)) from error
