"""Files as other floors call them: reading one, and keeping what records gather from their cases up with the cases.

A round follows the journal from where this process began; before that, and once each day of the city, everything that cases
name is gone through, so that nothing is lost with a process and counts of the last months grow old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from yiwang.dossiers import store
from yiwang.dossiers.errors import DossierUnknown
from yiwang.dossiers.gathering import FiledCase, changed, gathered
from yiwang.kernel import journal, logs
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import Problem
from yiwang.kernel.journal.store import newest_cursor
from yiwang.registry import store as records
from yiwang.registry.declarations import DossierDeclaration, DossierPart
from yiwang.registry.model import Draft, Fact
from yiwang.registry.service import RegistryService
from yiwang.registry.types import CompiledType

log = logs.get("dossiers")

_batch = 200
_month = timedelta(days=30.4375)
_REASON = "按案件汇集"


@dataclass(frozen=True, slots=True)
class FiledPart:
    """One part of a file with its cases, newest first."""

    declared: DossierPart
    cases: Sequence[FiledCase]


@dataclass(frozen=True, slots=True)
class Dossier:
    """The file of a thing, as the reader may see it."""

    thing: Fact
    key: str
    parts: Sequence[FiledPart]


class Dossiers:
    """One per process."""

    def __init__(self, context: Context, registry: RegistryService) -> None:
        self._context = context
        self._registry = registry
        self._cursor: tuple[int, int] | None = None
        self._gone_through: date | None = None

    async def of(self, actor: Actor, type_id: str, thing_id: UUID) -> Dossier:
        """The file of a thing.

        Raises:
            TypeUnknown, ThingUnknown, ThingMerged; DossierUnknown: such things have no file.
        """
        kind = self._registry.types.type(type_id)
        declared = kind.declaration.dossier
        async with self._context.database.connection() as connection:
            fact = await self._registry.reading.thing(connection, actor, type_id, thing_id)
            if declared is None:
                raise DossierUnknown(type=kind.declaration.names.zh)
            key = str(self._registry.reading.plain(kind, fact).get(kind.declaration.keys[declared.key][0], ""))
            parts = [
                FiledPart(part, (await store.cases_of(connection, actor, part.case, part.field, [key])).get(key, []))
                for part in declared.parts
            ]
        return Dossier(fact, key, parts)

    async def keep_up(self) -> bool:
        """One round of the background worker; true when there may be more to do at once."""
        filed = [(kind, kind.declaration.dossier) for kind in self._registry.types.all()]
        kinds = [(kind, declared) for kind, declared in filed if declared is not None]
        if not kinds:
            return False
        today = self._context.clock.now().astimezone(self._context.calendar.hours.timezone).date()
        if self._cursor is None or self._gone_through != today:
            async with self._context.database.connection() as connection:
                self._cursor = await newest_cursor(connection)
            for kind, declared in kinds:
                await self._all(kind, declared)
            self._gone_through = today
            return False
        async with self._context.database.connection() as connection:
            rows = await journal.follow(connection, after=self._cursor, limit=1000, verb_prefix="case.")
            cases = list({row.entry.subject_id for row in rows if row.entry.subject_id is not None})
            touched = [
                (kind, declared, key)
                for kind, declared in (kinds if cases else ())
                for case_type, field in _named(declared)
                for key in await store.keys_named(connection, case_type, field, "", len(cases), cases)
            ]
        for kind, declared, key in touched:
            await self._gather(kind, declared, [key])
        if rows:
            self._cursor = (rows[-1].tx, rows[-1].seq)
        return len(rows) == 1000

    async def _all(self, kind: CompiledType, declared: DossierDeclaration) -> None:
        for case_type, field in _named(declared):
            after = ""
            while True:
                async with self._context.database.connection() as connection:
                    keys = await store.keys_named(connection, case_type, field, after, _batch)
                await self._gather(kind, declared, keys)
                if len(keys) < _batch:
                    break
                after = keys[-1]

    async def _gather(self, kind: CompiledType, declared: DossierDeclaration, keys: Sequence[str]) -> None:
        """Write what changed in the records of these keys; a key that names nothing is passed over."""
        async with self._context.database.transaction() as connection:
            owners = await self._registry.owners(connection, kind.id, [(declared.key, key) for key in keys])
            by_part = {
                part.id: await store.cases_of(connection, SYSTEM, part.case, part.field, list(keys))
                for part in declared.parts
            }
            for (_, key), thing_id in owners.items():
                given = self._given(declared, {id: found.get(key, []) for id, found in by_part.items()})
                await self._write(connection, kind, thing_id, given)

    def _given(self, declared: DossierDeclaration, cases: Mapping[str, Sequence[FiledCase]]) -> JsonObject:
        now = self._context.clock.now()
        found: JsonObject = {}
        for part in declared.parts:
            found |= gathered(part, cases[part.id], since(now, part.months))
        return found

    async def _write(self, connection: Connection, kind: CompiledType, thing_id: UUID, given: JsonObject) -> None:
        fact = await records.fact_at(connection, thing_id, self._context.clock.now(), None)
        if fact is None:
            return  # it is no more
        after = changed(self._registry.reading.plain(kind, fact), given)
        if after is None:
            return
        draft = Draft(after, fact.geometry, fact.organisation_id, reason=_REASON)
        try:
            await self._registry.recording.record(connection, SYSTEM, kind.id, draft, thing_id=thing_id)
        except Problem as problem:
            # A record that no longer fits its type is the register's to mend; the others are not kept waiting.
            log.warning("a file cannot be kept up", type=kind.id, thing=str(thing_id), why=problem.message("en"))


def _named(declared: DossierDeclaration) -> list[tuple[str, str]]:
    return list(dict.fromkeys((part.case, part.field) for part in declared.parts))


def since(now: datetime, months: int) -> datetime:
    """From when on cases are gathered from."""
    return now - months * _month
