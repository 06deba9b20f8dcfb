"""Which datasets are open: what the resource catalogue says, with what the registry's types say of their attributes.

A resource decides whether its data go out and which of its items; the type decides, whatever the resource says, that
personal and sealed attributes stay. The place of a thing goes out unless the thing is a person.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import asyncpg

from yiwang.exchange.catalogue import store
from yiwang.exchange.catalogue.model import Resource
from yiwang.exchange.open import rows
from yiwang.exchange.open.errors import DatasetUnknown
from yiwang.exchange.open.model import Column, ColumnKind, Dataset, Extent
from yiwang.identity.directory import Directory
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json
from yiwang.registry.declarations import AttributeDeclaration, ThingType, Words
from yiwang.registry.errors import TypeUnknown
from yiwang.registry.model import kinds_of
from yiwang.registry.service import RegistryService
from yiwang.registry.types import CompiledType

OWN_TYPE = "type."
"""Before the id of a type that is not open but that its reader may see."""

_kept_seconds = 300.0
_most_kept = 500
_KINDS: Mapping[str, ColumnKind] = {
    "integer": "integer", "number": "number", "boolean": "boolean", "array": "list", "object": "object",
}  # fmt: skip


class OpenCatalogue:
    """The open datasets. One per process; nothing of the catalogue is kept, so that a withdrawal holds at once."""

    def __init__(self, registry: RegistryService, directory: Directory) -> None:
        self.registry, self._directory = registry, directory
        self._extents: dict[tuple[str, str], tuple[float, Extent]] = {}
        self._counting = asyncio.Lock()

    async def datasets(self, connection: Connection) -> list[Dataset]:
        """All of them, by code."""
        found = await store.published(connection, open_only=True)
        return [dataset for each in found if (dataset := self._dataset(each)) is not None]

    async def dataset(self, connection: Connection, id: str) -> Dataset:
        """Raises DatasetUnknown: there is none, it is not open, or not any more."""
        head, dash, serial = id.rpartition("-")
        found = await store.by_code(connection, f"{head}/{serial}") if dash else None
        dataset = self._dataset(found) if found is not None else None
        if dataset is None:
            raise DatasetUnknown(id=id[:80])
        return dataset

    async def readable(self, connection: Connection, actor: Actor, id: str) -> tuple[CompiledType, Dataset]:
        """A dataset with rows: an open one, or ``type.<id>`` of a type that the actor may read.

        Raises:
            DatasetUnknown: neither, or its data are kept elsewhere.
        """
        if id.startswith(OWN_TYPE):
            own = {dataset.id: (kind, dataset) for kind, dataset in self.own(actor)}
            if id not in own:
                raise DatasetUnknown(id=id[:80])
            return own[id]
        dataset = await self.dataset(connection, id)
        if not dataset.type:
            raise DatasetUnknown(id=id[:80])
        return self.registry.types.type(dataset.type), dataset

    def kind(self, dataset: Dataset) -> CompiledType:
        """The type of a dataset that has rows."""
        return self.registry.types.type(dataset.type)

    def own(self, actor: Actor) -> list[tuple[CompiledType, Dataset]]:
        """The types that a signed-in reader may read, as datasets: within their reach, personal values masked."""
        if actor.kind == "anonymous":
            return []
        return [
            (kind, _own(kind))
            for kind in self.registry.types.all()
            if any(actor.may(name, "read") for name in kinds_of(kind.id))
        ]

    async def extent(self, connection: Connection, dataset: Dataset, now: datetime) -> Extent:
        """What the dataset holds, as counted within the last five minutes."""
        if not dataset.type:
            return Extent(0, None, None)
        key = (dataset.id, dataset.version)
        async with self._counting:
            kept = self._extents.get(key)
            if kept is None or time.monotonic() - kept[0] > _kept_seconds:
                kept = (time.monotonic(), await self._counted(connection, dataset, now))
                self._extents.pop(key, None)
                self._extents[key] = kept
                while len(self._extents) > _most_kept:
                    self._extents.pop(next(iter(self._extents)))
        return kept[1]

    async def _counted(self, connection: Connection, dataset: Dataset, now: datetime) -> Extent:
        """Of what is too much to be counted in time it is known only that it is much."""
        try:
            async with connection.transaction():
                return await rows.extent(connection, self.kind(dataset), dataset, now)
        except asyncpg.QueryCanceledError:
            return Extent(rows.MOST_COUNTED + 1, None, None)

    def _dataset(self, resource: Resource) -> Dataset | None:
        """None: not open, or of a type that is no more."""
        if not resource.open or resource.state != "published" or resource.level != "general":
            return None
        kind: CompiledType | None = None
        if resource.type is not None:
            try:
                kind = self.registry.types.type(resource.type)
            except TypeUnknown:
                return None
        provider = self._directory.organisation(resource.provider_id)  # None: the office is no more
        dataset = Dataset(
            id=resource.code.replace("/", "-"),
            type=resource.type or "",
            names=Words(zh=resource.name_zh, en=resource.name_en or resource.name_zh),
            about=Words(zh=resource.abstract_zh or resource.name_zh, en=resource.abstract_en or resource.name_zh),
            code=resource.code,
            provider=resource.provider_id,
            provider_code=resource.provider_code,
            provider_zh=provider.name_zh if provider is not None else resource.provider_name,
            provider_en=(provider.name_en if provider is not None else "") or resource.provider_name,
            theme=resource.class_code,
            keywords=resource.keywords,
            cycle=resource.cycle,
            conditions=resource.open_condition,
            published=resource.published_at,
            changed=resource.updated_at,
            columns=(),
            geometry="none",
            area=resource.area,
            version=str(resource.revision),
        )
        if kind is None:
            return dataset
        declared = kind.declaration
        named = [item.attribute for item in resource.items if item.attribute and not (item.personal or item.sealed)]
        columns = open_columns(declared, named)
        if not columns:
            return None
        return replace(
            dataset,
            columns=columns,
            geometry="none" if is_person(declared) else declared.geometry,
            version=f"{resource.revision}.{declared.version}",
        )


def open_columns(declared: ThingType, named: Iterable[str]) -> tuple[Column, ...]:
    """The attributes of these that may go out: neither personal nor sealed."""
    return tuple(
        _column(declared, name)
        for name in dict.fromkeys(named)
        if (each := declared.attributes.get(name)) is not None and each.personal is None and not each.sealed
    )


def is_person(declared: ThingType) -> bool:
    """Whether the thing itself is a person: what names it or what it is known by is personal, or it is erased in time."""
    names = {*declared.presentation.title, *(part for parts in declared.keys.values() for part in parts)}
    return declared.keep_years is not None or any(name in declared.personal for name in names)


def _own(kind: CompiledType) -> Dataset:
    declared = kind.declaration
    columns = tuple(
        replace(_column(declared, name), masking=each.personal, filter=each.filter and each.personal is None)
        for name, each in declared.attributes.items()
        if not each.sealed
    )
    return Dataset(
        id=OWN_TYPE + kind.id,
        type=kind.id,
        names=declared.names,
        about=declared.about or declared.names,
        code="", provider=0, provider_code="", provider_zh="", provider_en="", theme="", keywords=(), cycle=7, conditions="",
        published=None, changed=None,
        columns=columns,
        geometry=declared.geometry,
        area="",
        version=str(declared.version),
        open=False,
    )  # fmt: skip


def _column(declared: ThingType, name: str) -> Column:
    each = declared.attributes[name]
    return Column(
        name=name,
        names=each.names,
        kind=_kind(each),
        stored=_stored(declared, name),
        unit=each.unit,
        words=each.words,
        filter=each.filter,
        search=each.search,
    )


def _kind(attribute: AttributeDeclaration) -> ColumnKind:
    schema = attribute.json_schema
    type_ = schema.get("type")
    if isinstance(type_, str) and type_ in _KINDS:
        return _KINDS[type_]
    form = schema.get("format")
    if form == "date":
        return "date"
    if form == "date-time":
        return "datetime"
    return _of_options(schema.get("enum"))


def _of_options(options: Json) -> ColumnKind:
    if isinstance(options, list) and options:
        if all(isinstance(each, bool) for each in options):
            return "boolean"
        if all(isinstance(each, int | float) and not isinstance(each, bool) for each in options):
            return "number"
    return "text"


def _stored(declared: ThingType, name: str) -> tuple[str, ...]:
    """The names that the attribute has had, the present one first."""
    found = [name]
    for older in sorted(declared.older, key=lambda each: -each.version):
        found += [old for old, new in older.renamed.items() if new == found[-1]][:1]
    return tuple(found)
