"""Some attributes of all things of a type, as they were recorded, for engines that reckon with them.

Nothing of this is shown to anybody: what a page shows comes from :mod:`yiwang.registry.reading`, masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Sql
from yiwang.kernel.database import Connection, JsonObject
from yiwang.registry import store
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.model import Fact
from yiwang.registry.reading import Reading

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True, slots=True)
class PlainThing:
    """A thing with the attributes that were asked for, where it has them; ``lon``, ``lat`` where it stands on the map (of
    what is no point: of a point on it)."""

    id: UUID
    area: str
    organisation_id: int | None
    lon: float | None
    lat: float | None
    values: JsonObject


class Values:
    """One per process."""

    def __init__(self, catalogue: TypeCatalogue, reading: Reading) -> None:
        self._catalogue = catalogue
        self._reading = reading

    async def of_type(
        self,
        connection: Connection,
        type_id: str,
        names: Sequence[str],
        now: datetime,
        *,
        where: Mapping[str, str] | None = None,
        boxes: Sequence[Box] = (),
        ids: Sequence[UUID] | None = None,
    ) -> list[PlainThing]:
        """Things of a type that are now, the newest first: all, those that fit exact filters, that touch one of the boxes, or
        these. Sealed attributes are not given.

        Raises:
            TypeUnknown, FilterUnknown.
        """
        kind = self._catalogue.type(type_id)
        wanted = [name for name in names if name not in kind.sealed]
        args = Sql()
        parts = [f"f.type = {args.bind(type_id)}", "upper_inf(f.recorded)", f"f.valid @> {args.bind(now)}::timestamptz"]
        filters = self._reading.filter_query(kind, where or {})
        if filters:
            parts.append(f"f.terms @@ {args.bind(filters)}::tsquery")
        if boxes:
            touched = (
                f"f.geometry && ST_MakeEnvelope({', '.join(args.bind(each) for each in box)}, 4326)" for box in boxes
            )
            parts.append(f"({' or '.join(touched)})")
        if ids is not None:
            parts.append(f"f.thing_id = any({args.bind(list(ids))}::uuid[])")
        rows = await connection.fetch(
            "select f.thing_id, f.area, f.organisation_id, ST_X(p) as lon, ST_Y(p) as lat, f.attributes, f.type_version"
            " from (select g.*, case when ST_GeometryType(g.geometry) = 'ST_Point' then g.geometry"
            " else ST_PointOnSurface(g.geometry) end as p from thing_fact g) f"
            f" where {' and '.join(parts)} order by f.thing_id desc",
            *args.values,
        )
        found = []
        for row in rows:
            attributes = kind.as_now(row["attributes"], row["type_version"])
            values: JsonObject = {name: attributes[name] for name in wanted if name in attributes}
            found.append(
                PlainThing(row["thing_id"], row["area"], row["organisation_id"], row["lon"], row["lat"], values)
            )
        return found

    async def newest(self, connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Fact]:
        """What is believed of the latest time of each of these, as recorded; to be shown by :meth:`Reading.shown` only."""
        return await store.newest_facts(connection, ids)
