"""Rows as SensorThings entities in JSON: control information, properties, links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from yiwang.kernel.database import Json, JsonObject, Record
from yiwang.sensing.model import Quality
from yiwang.sensing.sensorthings.errors import QueryInvalid
from yiwang.sensing.sensorthings.model import EntityType, Property
from yiwang.sensing.sensorthings.odata import Kind, Options

DATA_ARRAY = ("id", "phenomenonTime", "resultTime", "result", "resultQuality")


def iso(at: datetime) -> str:
    """A time as SensorThings writes it: UTC, milliseconds, or microseconds where there are any."""
    at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds" if at.microsecond % 1000 else "milliseconds").replace("+00:00", "Z")


def id_text(value: int | str) -> str:
    """An id as it stands in brackets in an address."""
    return str(value) if isinstance(value, int) else "'" + quote(value.replace("'", "''"), safe="'-._~") + "'"


def self_link(base: str, kind: EntityType, row: Record) -> str:
    return f"{base}/{kind.plural}({id_text(row['id'])})"


def wanted(kind: EntityType, options: Options) -> list[Property]:
    """The properties to be read: the id always, others as ``$select`` says.

    Raises:
        QueryInvalid: ``$select`` names something that the set does not have.
    """
    for name in options.select:
        if name not in kind.properties and name not in kind.navigations and name != "@iot.selfLink":
            known = ", ".join([*kind.properties, *kind.navigations])
            raise QueryInvalid(
                "$select", f"{kind.name} has no {name}; it has {known}", f"{kind.name} 没有 {name};可用的有 {known}"
            )
    return [item for item in kind.properties.values() if not options.select or item.name in (*options.select, "id")]


def output_sql(item: Property, alias: str) -> str:
    """A property as a column of the answer."""
    sql = item.sql.replace("{t}", alias)
    return f'st_asgeojson({sql})::jsonb as "{item.name}"' if item.kind is Kind.PLACE else f'{sql} as "{item.name}"'


def entity(base: str, kind: EntityType, row: Record, options: Options) -> JsonObject:
    """The JSON of one entity, without what is expanded inside it."""
    chosen = options.select
    link = self_link(base, kind, row)
    found: JsonObject = {}
    if not chosen or "id" in chosen:
        found["@iot.id"] = row["id"]
    if not chosen or "@iot.selfLink" in chosen:
        found["@iot.selfLink"] = link
    for item in wanted(kind, options):
        if item.name != "id":
            value = written(item, row[item.name])
            if value is not None:
                found[item.name] = value
    for name in kind.navigations:
        if not chosen or name in chosen:
            found[f"{name}@iot.navigationLink"] = f"{link}/{name}"
    return found


def written(item: Property, value: object) -> Json:
    """One property's value in JSON."""
    if isinstance(value, datetime):
        return iso(value)
    if item.name == "phenomenonTime" and isinstance(value, list):
        return _span(value)
    if item.name == "resultQuality" and isinstance(value, dict):
        code = value.get("code")
        flags = Quality(code) if isinstance(code, int) else Quality.GOOD
        return {"code": code, "flags": [flag.name for flag in Quality if flag and flag in flags]}
    found: Json = value  # type: ignore[assignment]  # what the JSON codec and the numbers of asyncpg give
    return found


def _span(value: Sequence[object]) -> str | None:
    """``first/last`` of a Datastream; None before anything was measured."""
    times = [datetime.fromisoformat(item) for item in value if isinstance(item, str)]
    return f"{iso(min(times))}/{iso(max(times))}" if times else None


def data_arrays(base: str, rows: Sequence[Record], options: Options) -> list[Json]:
    """Observations in the data array form (OGC 18-088, 14.1): one member for each Datastream, in the order of rows."""
    chosen = [name for name in DATA_ARRAY if not options.select or name in options.select]
    groups: dict[tuple[int, int], list[Json]] = {}
    kinds = {name: Property(name, "", Kind.JSON) for name in chosen}
    for row in rows:
        line: list[Json] = [written(kinds[name], row[name]) for name in chosen]
        groups.setdefault((row["k_device"], row["k_metric"]), []).append(line)
    return [
        {
            "Datastream@iot.navigationLink": f"{base}/Datastreams({device * 32768 + metric})",
            "components": list(chosen),
            "dataArray@iot.count": len(lines),
            "dataArray": lines,
        }
        for (device, metric), lines in groups.items()
    ]
