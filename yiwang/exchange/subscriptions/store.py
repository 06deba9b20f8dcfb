"""All SQL of subscriptions, and of facts in the order in which they were committed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record as Row

from yiwang.exchange.subscriptions.model import NOWHERE, Position, Reach, Subscription
from yiwang.kernel.access import Sql
from yiwang.kernel.database import Connection
from yiwang.kernel.journal.store import FINAL
from yiwang.registry.model import Fact
from yiwang.registry.store.facts import FACT_COLUMNS, fact_of, reach

_COLUMNS = (
    "id, name, type, account_id, account_label, organisation_id, fields, filters, area, personal, geometry, url, secret,"
    " state, tx, fact, delivered, failures, last_error, last_at, next_at, created_at"
)
_SHOWN = f"{_COLUMNS}, (select g.area from share_grant g where g.id = data_subscription.id) as grant_area"
_lag_counted = 10_000


def _subscription(row: Row) -> Subscription:
    return Subscription(
        row["id"], row["name"], row["type"], row["account_id"], row["account_label"], row["organisation_id"],
        tuple(row["fields"]), row["filters"], row["area"], row["personal"], row["geometry"], row["url"], row["secret"],
        row["state"], Position(row["tx"], row["fact"]), row["delivered"], row["failures"], row["last_error"],
        row["last_at"], row["next_at"], row["created_at"], row["grant_area"],
    )  # fmt: skip


async def insert(connection: Connection, made: Subscription) -> None:
    await connection.execute(
        f"insert into data_subscription ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16, $17, $18, $19, $20, $21, $22)",
        made.id, made.name, made.type, made.account_id, made.account_label, made.organisation_id, list(made.fields),
        made.filters, made.area, made.personal, made.geometry, made.url, made.secret, made.state, made.position.tx,
        made.position.fact, made.delivered, made.failures, made.last_error, made.last_at, made.next_at, made.created_at,
    )  # fmt: skip


async def count_of(connection: Connection, account_id: UUID) -> int:
    found: int = await connection.fetchval("select count(*) from data_subscription where account_id = $1", account_id)
    return found


async def of_office(connection: Connection, account_id: UUID, organisation_id: int | None) -> list[Subscription]:
    """Those of an account and of its office, the newest first."""
    rows = await connection.fetch(
        f"select {_SHOWN} from data_subscription where account_id = $1 or organisation_id = $2"
        " order by created_at desc, id desc limit 200",
        account_id,
        organisation_id,
    )
    return [_subscription(row) for row in rows]


async def one(connection: Connection, id: UUID) -> Subscription | None:
    row = await connection.fetchrow(f"select {_SHOWN} from data_subscription where id = $1", id)
    return None if row is None else _subscription(row)


async def delete(connection: Connection, id: UUID) -> None:
    await connection.execute("delete from data_subscription where id = $1", id)


async def set_state(connection: Connection, id: UUID, state: str, error: str, next_at: datetime) -> None:
    await connection.execute(
        "update data_subscription set state = $2, last_error = $3, failures = 0, leased_until = null, next_at = $4"
        " where id = $1",
        id,
        state,
        error,
        next_at,
    )


async def confirm(connection: Connection, id: UUID, position: Position, at: datetime) -> None:
    """The consumer has everything up to here; a position does not go back."""
    await connection.execute(
        "update data_subscription set tx = $2, fact = $3, last_at = $4 where id = $1 and (tx, fact) < ($2, $3)",
        id,
        position.tx,
        position.fact,
        at,
    )


# -- pushing --------------------------------------------------------------------------------------------------------------


async def lease_due(connection: Connection, now: datetime, lease: timedelta, limit: int) -> list[Subscription]:
    """Take subscriptions whose turn it is; while the lease lasts nobody else pushes them."""
    rows = await connection.fetch(
        f"update data_subscription set leased_until = $2 where id in (select id from data_subscription"
        " where state = 'active' and url <> '' and next_at <= $1 and (leased_until is null or leased_until <= $1)"
        f" order by next_at limit $3 for update skip locked) returning {_SHOWN}",
        now,
        now + lease,
        limit,
    )
    return [_subscription(row) for row in rows]


async def delivered(
    connection: Connection, id: UUID, before: Position, after: Position, count: int, at: datetime, lease_until: datetime
) -> bool:
    """The consumer has taken a page; false where somebody else has pushed on meanwhile, or it was paused."""
    moved: UUID | None = await connection.fetchval(
        "update data_subscription set tx = $4, fact = $5, delivered = delivered + $6, failures = 0, last_error = '',"
        " last_at = $7, leased_until = $8 where id = $1 and (tx, fact) = ($2, $3) and state = 'active' returning id",
        id,
        before.tx,
        before.fact,
        after.tx,
        after.fact,
        count,
        at,
        lease_until,
    )
    return moved is not None


async def rest(connection: Connection, id: UUID, position: Position, next_at: datetime) -> None:
    """Nothing is left to deliver: the next look is at ``next_at``."""
    await connection.execute(
        "update data_subscription set tx = $2, fact = $3, next_at = $4, leased_until = null"
        " where id = $1 and (tx, fact) <= ($2, $3)",
        id,
        position.tx,
        position.fact,
        next_at,
    )


async def postpone(connection: Connection, id: UUID, error: str, next_at: datetime) -> None:
    """It goes on later, through no fault of the consumer's system."""
    await connection.execute(
        "update data_subscription set last_error = $2, next_at = $3, leased_until = null where id = $1 and state = 'active'",
        id,
        error,
        next_at,
    )


async def failed(connection: Connection, id: UUID, state: str, error: str, at: datetime, next_at: datetime) -> None:
    await connection.execute(
        "update data_subscription set failures = failures + 1, state = $2, last_error = $3, last_at = $4, next_at = $5,"
        " leased_until = null where id = $1 and state = 'active'",
        id,
        state,
        error,
        at,
        next_at,
    )


# -- changes --------------------------------------------------------------------------------------------------------------


async def newest(connection: Connection) -> Position:
    """Behind everything that is final now."""
    tx: int = await connection.fetchval(f"select {FINAL}")
    return Position(tx, NOWHERE)


def _conditions(asked: Reach, position: Position, args: Sql) -> str:
    tx, fact = args.bind(position.tx), args.bind(position.fact)
    parts = [
        f"f.type = {args.bind(asked.type)}",
        f"f.tx >= {tx} and (f.tx, f.id) > ({tx}, {fact}::uuid)",
        reach(asked.actor, asked.type, asked.verb, args),
        f"f.tx < ({FINAL})",
    ]
    if asked.area:
        low, high = args.bind(asked.area), args.bind(asked.area + "\U0010ffff")
        parts.append(f"f.area >= {low} and f.area < {high}")
    if asked.query:
        parts.append(f"f.terms @@ {args.bind(asked.query)}::tsquery")
    if asked.since is not None:
        since = args.bind(asked.since)
        parts.append(f"(upper_inf(f.recorded) or upper(f.recorded) >= {since})")
        parts.append(f"(upper_inf(f.valid) or upper(f.valid) > {since})")
    return " and ".join(parts)


async def changes(
    connection: Connection, asked: Reach, position: Position, limit: int
) -> tuple[list[tuple[Position, Fact]], Position]:
    """Facts behind a position, in order, and the position behind the last; where fewer than ``limit`` are there, that is
    behind everything final."""
    args = Sql()
    condition = _conditions(asked, position, args)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        end = await newest(connection)
        rows: Sequence[Row] = await connection.fetch(
            f"select {FACT_COLUMNS}, f.tx from thing_fact f where {condition} order by f.tx, f.id"
            f" limit {args.bind(limit)}",
            *args.values,
        )
    found = [(Position(row["tx"], row["id"]), fact_of(row)) for row in rows]
    return found, (found[-1][0] if len(found) == limit else max(position, end))


async def lag(connection: Connection, asked: Reach, position: Position) -> int:
    """How many changes wait; counted up to ten thousand."""
    args = Sql()
    condition = _conditions(asked, position, args)
    found: int = await connection.fetchval(
        f"select count(*) from (select from thing_fact f where {condition} limit {_lag_counted}) waiting", *args.values
    )
    return found
