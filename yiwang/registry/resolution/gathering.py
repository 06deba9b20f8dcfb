"""The records of a type as columns to be compared: equal numbers for equal values, texts only where likeness is asked for.

A million records take some hundred megabytes: of attributes compared exactly only a number is held. Of sealed attributes that
number is made of the blind; the opened value is not kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.registry.declarations import ResolutionDeclaration
from yiwang.registry.resolution import store
from yiwang.registry.resolution.addresses import parts_of
from yiwang.registry.resolution.pinyin import sound
from yiwang.registry.resolution.similarity import tidy
from yiwang.registry.sealing import Sealer
from yiwang.registry.types import CompiledType

Integers = NDArray[np.int64]
_at_once = 5_000


@dataclass(slots=True)
class Records:
    """Records side by side. ``codes``: per compared attribute a number that is equal for equal values, 0 where there is none;
    ``texts``: the values themselves, of attributes compared by likeness; ``exact`` and ``blocks``: per line of the declaration
    a number of all its values together, 0 where one is missing."""

    ids: list[UUID] = field(default_factory=list)
    codes: dict[str, Integers] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    exact: list[Integers] = field(default_factory=list)
    blocks: list[Integers] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)


async def gather(
    connection: Connection,
    kind: CompiledType,
    declared: ResolutionDeclaration,
    sealer: Sealer,
    at: datetime,
    progress: Callable[[int], None],
) -> Records:
    """All records of the type that are true at a moment, as believed now; in a transaction of the caller's."""
    reading = _Reading(kind, declared, sealer)
    async for rows in _chunks(connection, kind.id, at):
        for thing_id, version, attributes in rows:
            reading.add(thing_id, kind.as_now(attributes, version))
        progress(len(reading.records.ids))
    return reading.finished()


async def _chunks(
    connection: Connection, type_id: str, at: datetime
) -> AsyncIterator[list[tuple[UUID, int, JsonObject]]]:
    after = UUID(int=0)
    while rows := await store.facts_to_compare(connection, type_id, at, after, limit=_at_once):
        yield rows
        after = rows[-1][0]


class _Reading:
    """Takes records one by one and makes columns of them: numbers are hashes, 2⁻⁶⁴ apart for different values, 0 for none."""

    def __init__(self, kind: CompiledType, declared: ResolutionDeclaration, sealer: Sealer) -> None:
        self.records = Records()
        self._kind, self._sealer = kind, sealer
        self._compared = list(declared.compare)
        self._soft = [name for name, each in declared.compare.items() if each.how != "exact"]
        lines = [*declared.exact, *declared.block]
        views = list(dict.fromkeys(word for line in lines for word in line))
        self._views = [(word.partition(":")[0], _VIEWS[word.partition(":")[2]]) for word in views]
        self._lines = [tuple(views.index(word) for word in line) for line in lines]
        self._exact = len(declared.exact)
        needed = {*self._compared, *(name for name, _ in self._views)}
        self._needed = [name for name in kind.declaration.attributes if name in needed]
        self._codes: dict[str, list[int]] = {name: [] for name in self._compared}
        self._groups: list[list[int]] = [[] for _ in self._lines]
        self.records.texts = {name: [] for name in self._soft}

    def add(self, thing_id: UUID, attributes: JsonObject) -> None:
        values = {name: self._value(name, attributes[name]) for name in self._needed if name in attributes}
        self.records.ids.append(thing_id)
        for name in self._compared:
            self._codes[name].append(hash(values[name]) or 1 if values.get(name) else 0)
        for name in self._soft:
            self.records.texts[name].append(values.get(name, ""))
        words = [view(values[name]) if values.get(name) else "" for name, view in self._views]
        for group, line in zip(self._groups, self._lines, strict=True):
            parts = [words[place] for place in line]
            group.append(hash("\x1f".join(parts)) or 1 if all(parts) else 0)

    def _value(self, name: str, value: Json) -> str:
        if name in self._kind.sealed:
            return self._sealer.blind(self._kind.id, self._sealer.opened({name: value})[name])
        if value is None:
            return ""
        return value if isinstance(value, str) else str(value)

    def finished(self) -> Records:
        self.records.codes = {name: np.array(found, dtype=np.int64) for name, found in self._codes.items()}
        groups = [np.array(found, dtype=np.int64) for found in self._groups]
        self.records.exact, self.records.blocks = groups[: self._exact], groups[self._exact :]
        return self.records


def _year(value: str) -> str:
    return value[:4]


def _sound(value: str) -> str:
    return sound(tidy(value))


def _door(value: str) -> str:
    return parts_of(value).door


_VIEWS: dict[str, Callable[[str], str]] = {"": str, "pinyin": _sound, "year": _year, "door": _door}
