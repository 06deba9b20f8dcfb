"""All SQL about pictures, sounds and waybills of vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection


@dataclass(frozen=True, slots=True)
class KeptMedia:
    """A picture, sound or film of a vehicle; ``path`` is below the folder of such files."""

    id: UUID
    device: int
    number: int
    kind: int
    format: int
    event: int
    channel: int
    at: datetime
    received_at: datetime
    lon: float | None
    lat: float | None
    bytes: int
    digest: str
    path: str


async def write_waybill(connection: Connection, device: int, digest: str, text: str, at: datetime) -> None:
    await connection.execute(
        "insert into waybill (device_id, digest, received_at, text) values ($1, $2, $3, $4) on conflict do nothing",
        device,
        digest,
        at,
        text,
    )


async def waybills_of(connection: Connection, device: int, limit: int) -> list[tuple[datetime, str]]:
    """When received, and the text; the newest first."""
    rows = await connection.fetch(
        "select received_at, text from waybill where device_id = $1 order by received_at desc limit $2", device, limit
    )
    return [(row["received_at"], row["text"]) for row in rows]


async def media_since(connection: Connection, device: int, since: datetime) -> tuple[int, int]:
    """Files and bytes of a vehicle received since then."""
    row = await connection.fetchrow(
        "select count(*) as files, coalesce(sum(bytes), 0)::bigint as bytes from vehicle_media "
        "where device_id = $1 and received_at >= $2",
        device,
        since,
    )
    return (row["files"], row["bytes"]) if row else (0, 0)


async def write_media(connection: Connection, media: KeptMedia) -> None:
    """Note a file, once per content."""
    await connection.execute(
        "insert into vehicle_media (id, device_id, number, kind, format, event, channel, at, received_at, lon, lat, bytes, "
        "digest, path) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing",
        media.id,
        media.device,
        media.number,
        media.kind,
        media.format,
        media.event,
        media.channel,
        media.at,
        media.received_at,
        media.lon,
        media.lat,
        media.bytes,
        media.digest,
        media.path,
    )
