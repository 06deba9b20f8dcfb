"""SQL that reads metrics, profiles and devices for the directory, and the version by which it knows what is new.

Whoever writes device data first takes the next version (:func:`next_version`), which orders those writers: a copy that has seen
version n has seen every row of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.database import Connection, Record
from yiwang.sensing.devices.compiling import compiled
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.model import Device, Metric, Profile

channel = "yiwang_devices"

COLUMNS = (
    "d.id, d.uid, d.code, d.profile, d.protocol, d.address, d.names, d.area, d.organisation_id,"
    " st_x(d.position) as lon, st_y(d.position) as lat, d.attributes, d.secret, d.revision, d.created_at, d.updated_at,"
    " d.retired_at"
)


async def version(connection: Connection) -> int:
    """The version of all device data of the city."""
    found: int = await connection.fetchval("select version from device_version")
    return found


async def next_version(connection: Connection) -> int:
    """Take the next version in the caller's transaction; others who write device data wait until it ends."""
    found: int = await connection.fetchval("update device_version set version = version + 1 returning version")
    await connection.execute("select pg_notify($1, '')", channel)
    return found


async def metrics(connection: Connection) -> list[Metric]:
    """All metrics."""
    found = []
    for row in await connection.fetch("select id, code, declaration from metric order by id"):
        declaration = MetricDeclaration.model_validate(row["declaration"])
        low, high = declaration.bounds or (float("-inf"), float("inf"))
        found.append(Metric(row["id"], row["code"], declaration, low, high))
    return found


async def profiles(connection: Connection, known: Mapping[str, Metric]) -> list[Profile]:
    """All profiles, with their measures ready for a gateway."""
    rows = await connection.fetch("select id, pack, declaration from device_profile order by id")
    return [
        compiled(row["id"], row["pack"], ProfileDeclaration.model_validate(row["declaration"]), known) for row in rows
    ]


async def devices(connection: Connection, *, after: int) -> list[Device]:
    """Devices that changed since the version ``after``, retired ones too, by id; all of them for ``after`` below 0."""
    rows = await connection.fetch(f"select {COLUMNS} from device d where d.version > $1 order by d.id", after)
    return [device_of(row) for row in rows]


def device_of(row: Record) -> Device:
    """The device of a row of :data:`COLUMNS`."""
    return Device(
        id=row["id"],
        uid=row["uid"],
        code=row["code"],
        profile=row["profile"],
        protocol=row["protocol"],
        address=row["address"],
        name_zh=row["names"]["zh"],
        name_en=row["names"].get("en") or row["names"]["zh"],
        area=row["area"],
        organisation_id=row["organisation_id"],
        lon=row["lon"],
        lat=row["lat"],
        attributes=row["attributes"],
        secret=row["secret"],
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        retired_at=row["retired_at"],
    )
