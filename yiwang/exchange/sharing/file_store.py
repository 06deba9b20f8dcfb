"""All SQL of files that were put down for consumers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.exchange.sharing.model import DroppedFile
from yiwang.kernel.database import Connection

_FILE = "id, grant_id, name, format, rows, bytes, sha256, sm3, by_label, at"


async def insert_file(connection: Connection, file: DroppedFile) -> None:
    await connection.execute(
        f"insert into share_file ({_FILE}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        file.id,
        file.grant_id,
        file.name,
        file.format,
        file.rows,
        file.bytes,
        file.sha256,
        file.sm3,
        file.by,
        file.at,
    )


async def file(connection: Connection, id: UUID) -> DroppedFile | None:
    row = await connection.fetchrow(f"select {_FILE} from share_file where id = $1", id)
    return None if row is None else DroppedFile(*row)


async def files(connection: Connection, grant_id: UUID, limit: int) -> list[DroppedFile]:
    """The files of a grant, the newest first."""
    rows = await connection.fetch(
        f"select {_FILE} from share_file where grant_id = $1 order by id desc limit $2", grant_id, limit
    )
    return [DroppedFile(*row) for row in rows]


async def files_over(
    connection: Connection, now: datetime, dropped_before: datetime, limit: int
) -> list[tuple[DroppedFile, int]]:
    """Files that nobody may fetch any more, each with its consumer, locked: too old, or their grant has ended."""
    columns = ", ".join(f"f.{column}" for column in _FILE.split(", "))
    rows = await connection.fetch(
        f"select {columns}, g.consumer_id from share_file f join share_grant g on g.id = f.grant_id"
        " where f.at <= $1 or g.revoked_at is not null or g.until <= $2 order by f.id limit $3"
        " for update of f skip locked",
        dropped_before,
        now,
        limit,
    )
    return [(DroppedFile(*list(row)[:-1]), row["consumer_id"]) for row in rows]


async def forget_file(connection: Connection, id: UUID) -> None:
    await connection.execute("delete from share_file where id = $1", id)
