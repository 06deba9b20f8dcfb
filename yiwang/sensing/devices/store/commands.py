"""SQL of commands to devices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject, Record
from yiwang.sensing.devices.model import Command

channel = "yiwang_command"

_COLUMNS = "id, device_id, verb, parameters, state, given_label, given_at, expires_at, sent_at, answered_at, answer"


async def insert(
    connection: Connection,
    command_id: UUID,
    device_id: int,
    verb: str,
    parameters: JsonObject,
    actor: Actor,
    at: datetime,
    expires_at: datetime,
) -> Command:
    """Queue a command and wake the gateway that holds its device."""
    row = await connection.fetchrow(
        "insert into device_command (id, device_id, verb, parameters, given_by, given_label, given_at, expires_at)"
        f" values ($1, $2, $3, $4, $5, $6, $7, $8) returning {_COLUMNS}",
        command_id, device_id, verb, parameters, actor.account_id, actor.label, at, expires_at,
    )  # fmt: skip
    await connection.execute("select pg_notify($1, $2)", channel, str(device_id))
    assert row is not None  # noqa: S101 - an insert returns its row
    return _command(row)


async def waiting(connection: Connection, device_id: int, now: datetime) -> list[Command]:
    """Commands that are queued and not expired, oldest first."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from device_command where device_id = $1 and state = 'queued' and expires_at > $2"
        " order by given_at, id limit 100",
        device_id,
        now,
    )
    return [_command(row) for row in rows]


async def waiting_devices(connection: Connection, device_ids: Sequence[int], now: datetime) -> list[int]:
    """Which of these devices have a queued command."""
    rows = await connection.fetch(
        "select distinct device_id from device_command where device_id = any($1::int[]) and state = 'queued'"
        " and expires_at > $2",
        list(device_ids),
        now,
    )
    return [row["device_id"] for row in rows]


async def count_open(connection: Connection, device_id: int, now: datetime) -> int:
    """How many commands are queued or sent and not yet expired."""
    found: int = await connection.fetchval(
        "select count(*) from device_command where device_id = $1 and state in ('queued', 'sent') and expires_at > $2",
        device_id,
        now,
    )
    return found


async def sent(connection: Connection, command_id: UUID, at: datetime, holder: str | None = None) -> Command | None:
    """Mark a queued command as sent; None where it was sent, answered or expired meanwhile, or where ``holder`` does not hold
    the device: then it must not go out."""
    row = await connection.fetchrow(
        "update device_command c set state = 'sent', sent_at = $2 where id = $1 and state = 'queued' and expires_at > $2"
        " and ($3::text is null"
        " or exists (select from device_session s where s.device_id = c.device_id and s.gateway = $3 for share))"
        f" returning {_COLUMNS}",
        command_id,
        at,
        holder,
    )
    return _command(row) if row else None


async def answered(
    connection: Connection, command_id: UUID, at: datetime, ok: bool, answer: JsonObject
) -> Command | None:
    """Note the answer to a command that was sent; None where it has one already."""
    row = await connection.fetchrow(
        "update device_command set state = case when $3 then 'confirmed' else 'refused' end, answered_at = $2, answer = $4"
        f" where id = $1 and state in ('queued', 'sent', 'expired') returning {_COLUMNS}",
        command_id,
        at,
        ok,
        answer,
    )
    return _command(row) if row else None


async def expire(connection: Connection, now: datetime) -> list[Command]:
    """Mark as expired what was not answered in time."""
    rows = await connection.fetch(
        "update device_command set state = 'expired' where id in (select id from device_command"
        " where state in ('queued', 'sent') and expires_at <= $1 order by given_at limit 1000 for update skip locked)"
        f" returning {_COLUMNS}",
        now,
    )
    return [_command(row) for row in rows]


async def of_device(
    connection: Connection, device_id: int, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Command]:
    """The commands of a device, the newest first; page on with ``before`` = (given_at, id) of the last."""
    at, command_id = before or (None, None)
    rows = await connection.fetch(
        f"select {_COLUMNS} from device_command where device_id = $1"
        " and ($2::timestamptz is null or given_at < $2 or (given_at = $2 and id > $3))"
        " order by given_at desc, id limit $4",
        device_id,
        at,
        command_id,
        limit,
    )
    return [_command(row) for row in rows]


async def get(connection: Connection, device_id: int, command_id: UUID) -> Command | None:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from device_command where id = $1 and device_id = $2", command_id, device_id
    )
    return _command(row) if row else None


def _command(row: Record) -> Command:
    return Command(**dict(row))
