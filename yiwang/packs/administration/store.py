"""SQL of what administrators have set, and of its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection, JsonObject, Record
from yiwang.packs.administration.documents import Kind


@dataclass(frozen=True, slots=True)
class Setting:
    """How one thing stands; ``document`` None: as the files have it."""

    kind: Kind
    key: str
    version: int
    document: JsonObject | None
    changed_at: datetime
    changed_name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change with who, when and why; ``newest``: nothing of this key was changed after it."""

    id: UUID
    kind: Kind
    key: str
    version: int
    before: JsonObject | None
    document: JsonObject | None
    why: str
    at: datetime
    by_name: str
    undoes: UUID | None
    newest: bool


_CHANGE = """select c.id, c.kind, c.key, c.version, c.before, c.document, c.why, c.at, c.by_name, c.undoes,
    c.version = a.version as newest from administered_change c join administered a using (kind, key)"""


def _change(row: Record) -> Change:
    return Change(*tuple(row))


async def lock(connection: Connection) -> None:
    """One change at a time, until the end of the transaction."""
    await connection.execute("select version from administered_state for update")


async def version(connection: Connection) -> int:
    found: int = await connection.fetchval("select version from administered_state")
    return found


async def settings(connection: Connection, kind: Kind | None = None) -> list[Setting]:
    """All that is or was set, by kind and key."""
    rows = await connection.fetch(
        "select kind, key, version, document, changed_at, changed_name from administered"
        " where $1::text is null or kind = $1 order by kind, key",
        kind,
    )
    return [Setting(*tuple(row)) for row in rows]


async def write(connection: Connection, change: Change, by_id: UUID | None) -> None:
    """Keep a change and make it how things stand."""
    await connection.execute(
        "insert into administered (kind, key, version, document, changed_at, changed_by, changed_name)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (kind, key) do update set version = excluded.version,"
        " document = excluded.document, changed_at = excluded.changed_at, changed_by = excluded.changed_by,"
        " changed_name = excluded.changed_name",
        change.kind, change.key, change.version, change.document, change.at, by_id, change.by_name,
    )  # fmt: skip
    await connection.execute(
        "insert into administered_change (id, kind, key, version, before, document, why, at, by_id, by_name, undoes)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        change.id, change.kind, change.key, change.version, change.before, change.document, change.why, change.at, by_id,
        change.by_name, change.undoes,
    )  # fmt: skip
    await connection.execute("update administered_state set version = version + 1")


async def change(connection: Connection, change_id: UUID) -> Change | None:
    row = await connection.fetchrow(f"{_CHANGE} where c.id = $1", change_id)
    return None if row is None else _change(row)


async def newest(connection: Connection, kind: Kind, key: str) -> Change | None:
    """The latest change of one thing."""
    row = await connection.fetchrow(f"{_CHANGE} where c.kind = $1 and c.key = $2 and c.version = a.version", kind, key)
    return None if row is None else _change(row)


async def changes(
    connection: Connection, kind: Kind | None, key: str | None, after: UUID | None, limit: int
) -> list[Change]:
    """Changes, the newest first; ids are in the order of time."""
    rows = await connection.fetch(
        f"{_CHANGE} where ($1::text is null or c.kind = $1) and ($2::text is null or c.key = $2)"
        " and ($3::uuid is null or c.id < $3) order by c.id desc limit $4",
        kind,
        key,
        after,
        limit,
    )
    return [_change(row) for row in rows]


async def open_tasks(connection: Connection, organisation: str) -> int:
    """How many open tasks wait at the posts of an office, or are in the hands of its people's posts."""
    found: int = await connection.fetchval(
        "select count(*) from flow_task t join post p on p.id in (t.post_id, t.home_post_id)"
        " join organisation o on o.id = p.organisation_id where o.code = $1",
        organisation,
    )
    return found
