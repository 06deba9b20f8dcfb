"""The nouns of open data: a dataset with its columns, and what is asked of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.database import JsonObject
from yiwang.registry.declarations import GeometryKind, Masking, Words

ColumnKind = Literal["text", "integer", "number", "boolean", "date", "datetime", "list", "object"]

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees; west above east where it crosses the 180th meridian."""


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute that goes out. ``stored``: the names under which it may stand in a record, the present one first;
    ``masking``: how its values are masked (only for readers who are signed in; open columns are never personal)."""

    name: str
    names: Words
    kind: ColumnKind
    stored: tuple[str, ...]
    unit: str = ""
    words: Mapping[str, Words] = field(default_factory=dict)
    filter: bool = False
    search: bool = False
    masking: Masking | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Things of one type as they go out.

    ``type``: the registry's type, "" for data that are kept elsewhere (an entry without rows). ``geometry``: ``none`` where
    the place stays inside. ``area``: only things of this area (a code prefix, "" everywhere). ``open``: False for a type
    that only its reader may see. ``changed``: when its entry changed last; ``cycle`` and ``theme``: keys of the catalogue's
    code tables; ``version``: changes with every change of what goes out.
    """

    id: str
    type: str
    names: Words
    about: Words
    code: str
    provider: int
    provider_code: str
    provider_zh: str
    provider_en: str
    theme: str
    keywords: tuple[str, ...]
    cycle: int
    conditions: str
    published: datetime | None
    changed: datetime | None
    columns: tuple[Column, ...]
    geometry: GeometryKind
    area: str
    version: str
    open: bool = True

    def column(self, name: str) -> Column | None:
        return next((each for each in self.columns if each.name == name), None)


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """Which rows. ``filters``: exact values by column, one of several; ``since``/``until``: true at some time between;
    both None: true now. ``after``: the row after which the page begins (newest first); ``sort``: columns, and whether
    downwards, instead of that order."""

    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: str = ""
    bbox: Box | None = None
    since: datetime | None = None
    until: datetime | None = None
    thing: UUID | None = None
    after: UUID | None = None
    limit: int = 100
    offset: int = 0
    sort: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One thing as it goes out; ``geometry`` is GeoJSON in CGCS2000 degrees, longitude first."""

    id: UUID
    values: JsonObject
    geometry: JsonObject | None


@dataclass(frozen=True, slots=True)
class Extent:
    """What a dataset holds now: how many rows (at most one more than is counted), the box around them (west, south, east,
    north; None where there is no place) and when one of them was recorded last."""

    rows: int
    box: Box | None
    recorded: datetime | None
