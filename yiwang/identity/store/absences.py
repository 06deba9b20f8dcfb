"""SQL of absences. Times are city time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.identity.model import AbsenceRow
from yiwang.identity.store.directory import absence as record
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection

_SHOWN = "x.id, x.account_id, x.deputy_id, x.starts_at, x.ends_at, x.kinds, x.reason, x.declared_at"


async def absence(connection: Connection, absence_id: UUID) -> AbsenceRow | None:
    """One absence, ended ones too."""
    row = await connection.fetchrow(f"select {_SHOWN} from identity_absence x where x.id = $1", absence_id)
    return record(row) if row else None


async def insert(connection: Connection, row: AbsenceRow, by: UUID | None) -> None:
    await connection.execute(
        "insert into identity_absence (id, account_id, deputy_id, starts_at, ends_at, kinds, reason, declared_at,"
        " declared_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        row.id,
        row.account_id,
        row.deputy_id,
        row.starts_at,
        row.ends_at,
        sorted(row.kinds),
        row.reason,
        row.declared_at,
        by,
    )


async def update(connection: Connection, row: AbsenceRow) -> None:
    """Write everything of it that may change."""
    await connection.execute(
        "update identity_absence set deputy_id = $2, starts_at = $3, ends_at = $4, kinds = $5, reason = $6 where id = $1",
        row.id,
        row.deputy_id,
        row.starts_at,
        row.ends_at,
        sorted(row.kinds),
        row.reason,
    )


async def overlapping(connection: Connection, row: AbsenceRow) -> AbsenceRow | None:
    """Another absence of the same person in that time for the same business: both for all, or with a kind in common."""
    found = await connection.fetchrow(
        f"select {_SHOWN} from identity_absence x where x.account_id = $1 and x.id <> $2 and x.starts_at < $4"
        " and x.ends_at > $3 and x.ends_at > x.starts_at"
        " and (x.kinds && $5::text[] or (x.kinds = '{}' and $5::text[] = '{}')) order by x.starts_at limit 1",
        row.account_id,
        row.id,
        row.starts_at,
        row.ends_at,
        sorted(row.kinds),
    )
    return record(found) if found else None


async def of_account(
    connection: Connection, account_id: UUID, ended_after: datetime | None, after: UUID | None, limit: int
) -> list[AbsenceRow]:
    """Absences of an account, and those in which it is the deputy, the newest first."""
    rows = await connection.fetch(
        f"select {_SHOWN} from identity_absence x where (x.account_id = $1 or x.deputy_id = $1)"
        " and ($2::timestamptz is null or x.ends_at > $2) and ($3::uuid is null or x.id < $3)"
        " order by x.id desc limit $4",
        account_id,
        ended_after,
        after,
        limit,
    )
    return [record(row) for row in rows]


async def page(
    connection: Connection, actor: Actor, ended_after: datetime | None, after: UUID | None, limit: int
) -> list[AbsenceRow]:
    """Absences of the accounts that ``actor`` may read, the newest first."""
    args = Sql()
    conditions = [
        scope_condition(actor, "account", "read", args, area="coalesce(o.area, '')", organisation="a.organisation_id")
    ]
    if ended_after is not None:
        conditions.append(f"x.ends_at > {args.bind(ended_after)}")
    if after is not None:
        conditions.append(f"x.id < {args.bind(after)}")
    rows = await connection.fetch(
        f"select {_SHOWN} from identity_absence x join account a on a.id = x.account_id"
        f" left join organisation o on o.id = a.organisation_id where {' and '.join(conditions)}"
        f" order by x.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [record(row) for row in rows]
