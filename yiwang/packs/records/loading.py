"""Loading the invented records once into a demo city, through the registry's own bulk verbs.

What people change afterwards stays: the same seed and figures are never loaded twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from yiwang.geo.service import GeoService
from yiwang.identity.model import OrganisationRow
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection
from yiwang.packs.loaded import City
from yiwang.packs.model.city import DemoRecords, OrganisationEntry
from yiwang.packs.records.inventing import EDITION, invent
from yiwang.packs.records.mistakes import WRITTEN_TWICE
from yiwang.packs.records.model import Community, Made, Tie
from yiwang.registry.bulk import BulkRow, record_many
from yiwang.registry.bulk_relations import NewRelation, relate_many
from yiwang.registry.model import Draft
from yiwang.registry.resolution.finding import find
from yiwang.registry.service import RegistryService
from yiwang.registry.types import CompiledType

_batch = 2000
_NAME = "演示数据"
_true_from = datetime(2025, 12, 31, 16, tzinfo=UTC)
_changed_from = datetime(2026, 5, 11, 16, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RecordsLoaded:
    """How many invented things stand there; ``new`` false: they stood there already."""

    things: int
    relations: int
    new: bool


async def load_records(
    registry: RegistryService,
    geo: GeoService,
    connection: Connection,
    city: City,
    wanted: DemoRecords,
    offices: Mapping[str, OrganisationRow],
) -> RecordsLoaded:
    """Invent and record, in the caller's transaction; only types that the city's packs declare.

    ``offices``: by type, the one that its records come from; it answers for their quality.
    """
    digest = hashlib.sha256(f"{EDITION}/{city.id}/{wanted.model_dump_json()}".encode()).hexdigest()
    if await registry.has_source(connection, "demo", digest):
        return RecordsLoaded(0, 0, False)
    organisations = city.organisations.value.organisations if city.organisations else []
    file = city.file.value
    world = invent(
        wanted,
        await _communities(geo, wanted),
        division=file.division,
        district=file.names.zh.removeprefix("天津市"),
        departments=dict(_serving(organisations)),
        located=lambda longitude, latitude: _area(geo, longitude, latitude),
    )
    source = await registry.source(connection, "demo", _NAME, digest=digest)
    load = _Load(registry, connection, source, offices)
    await load.record(world.things, _true_from)
    await load.record(world.later, _changed_from)
    relations = await load.relate(world.ties)
    return RecordsLoaded(len(world.things), relations, True)


async def find_duplicates(registry: RegistryService) -> None:
    """What the invented records have twice stands in the queue of review from the start; in transactions of its own."""
    for kind in registry.types.all():
        if kind.id in WRITTEN_TWICE and kind.declaration.resolution is not None:
            await find(registry, SYSTEM, kind.id)


class _Load:
    """One load under way; knows which thing each natural key became."""

    def __init__(
        self, registry: RegistryService, connection: Connection, source: int, offices: Mapping[str, OrganisationRow]
    ) -> None:
        self._registry, self._connection, self._source, self._offices = registry, connection, source, offices
        self._by_office: dict[int, int] = {}
        self._things: dict[tuple[str, str], UUID] = {}
        self._known = {kind.id: kind for kind in registry.types.all()}

    async def record(self, things: Sequence[Made], since: datetime) -> None:
        by_type: dict[str, list[Made]] = {}
        for made in things:
            by_type.setdefault(made.type, []).append(made)
        for type_id, rows in by_type.items():
            kind = self._known.get(type_id)
            if kind is None:
                continue
            for number, batch in enumerate(_batches(rows)):
                await self._batch(kind, batch, since, number * _batch)

    async def _batch(self, kind: CompiledType, batch: Sequence[Made], since: datetime, before: int) -> None:
        judge = self._registry.judge
        office = self._offices.get(kind.id)
        rows = [
            BulkRow(before + index + 1, judge.ready(kind, Draft(made.attributes, made.geometry)))
            for index, made in enumerate(batch)
        ]
        await record_many(
            self._connection, SYSTEM, kind, rows, clock=self._registry.context.clock, valid_from=since,
            source_id=await self._source_of(office), source_name=office.name_zh if office else _NAME,
            organisation_id=office.id if office else None,
        )  # fmt: skip
        keys = [next(iter(row.ready.keys.items())) for row in rows]
        owners = await self._registry.owners(self._connection, kind.id, keys)
        for made, key in zip(batch, keys, strict=True):
            if key in owners:
                self._things[made.type, made.key] = owners[key]

    async def _source_of(self, office: OrganisationRow | None) -> int:
        if office is None:
            return self._source
        known = self._by_office.get(office.id)
        if known is None:
            name = f"{office.name_zh}({_NAME})"
            known = await self._registry.source(self._connection, "demo", name, organisation_id=office.id)
            self._by_office[office.id] = known
        return known

    async def relate(self, ties: Iterable[Tie]) -> int:
        rows = [
            NewRelation(tie.kind, self._things[tie.from_type, tie.from_key], self._things[tie.to_type, tie.to_key])
            for tie in ties
            if (tie.from_type, tie.from_key) in self._things and (tie.to_type, tie.to_key) in self._things
        ]
        return await relate_many(
            self._connection, SYSTEM, rows, clock=self._registry.context.clock, valid_from=_true_from,
            source_id=self._source,
        )  # fmt: skip


async def _communities(geo: GeoService, wanted: DemoRecords) -> list[Community]:
    """The communities named, and the first one with a place of each street named."""
    found: list[Community] = []
    for code in wanted.areas:
        area = await geo.area(code)
        here = [area] if len(code) == 12 else await geo.areas(code, limit=20)
        street = await geo.area(code[:9])
        for each in here:
            if each.longitude is not None and each.latitude is not None and len(each.code) == 12:
                found.append(Community(each.code, each.name_zh, street.name_zh, each.longitude, each.latitude))
                break
    return found


def _area(geo: GeoService, longitude: float, latitude: float) -> str:
    location = geo.locator.locate(longitude, latitude)
    return location.area_code if location else ""


def _serving(entries: Iterable[OrganisationEntry]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        yield from ((kind, entry.names.zh) for kind in entry.serves)
        yield from _serving(entry.children)


def _batches(rows: Sequence[Made]) -> Iterator[list[Made]]:
    left = iter(rows)
    while batch := list(islice(left, _batch)):
        yield batch
