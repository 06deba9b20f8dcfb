"""SQL of accounts and appointments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.identity.model import AccountRow, AccountState, Appointment
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, Record

_COLUMNS = (
    "a.id, a.login, a.name, a.organisation_id, a.state, a.must_change, a.created_at, coalesce(o.area, '') as area"
)
_FROM = "from account a left join organisation o on o.id = a.organisation_id"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to insert; ``password`` is a hash or None."""

    id: UUID
    login: str
    name: str
    organisation_id: int | None
    password: str | None
    must_change: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What an account list asks for: ``after`` is the last id of the page before."""

    after: UUID | None = None
    limit: int = 50
    words: str = ""
    organisation_ids: tuple[int, ...] | None = None
    state: AccountState | None = None


def _account(row: Record) -> AccountRow:
    return AccountRow(*row)


async def insert_many(connection: Connection, rows: Sequence[NewAccount], at: datetime) -> set[UUID]:
    """Insert accounts whose logins are free; returns the ids that were inserted."""
    inserted = await connection.fetch(
        "insert into account (id, login, name, organisation_id, password, must_change, created_at, password_changed_at)"
        " select id, login, name, organisation_id, password, must_change, $7, $7"
        " from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::boolean[])"
        " as new (id, login, name, organisation_id, password, must_change) on conflict (login) do nothing returning id",
        [row.id for row in rows],
        [row.login for row in rows],
        [row.name for row in rows],
        [row.organisation_id for row in rows],
        [row.password for row in rows],
        [row.must_change for row in rows],
        at,
    )
    return {row["id"] for row in inserted}


async def by_logins(connection: Connection, logins: Sequence[str]) -> dict[str, AccountRow]:
    """Accounts by login."""
    rows = await connection.fetch(f"select {_COLUMNS} {_FROM} where a.login = any($1::text[])", logins)
    return {row["login"]: _account(row) for row in rows}


async def account(connection: Connection, account_id: UUID, *, lock: bool = False) -> AccountRow | None:
    """One account, locked against other changes until the transaction ends if so asked."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} {_FROM} where a.id = $1" + (" for no key update of a" if lock else ""), account_id
    )
    return _account(row) if row else None


async def page(connection: Connection, actor: Actor, asked: Page) -> list[AccountRow]:
    """Accounts that ``actor`` may read, by id (the order in which they were made)."""
    args = Sql()
    conditions = [
        scope_condition(actor, "account", "read", args, area="coalesce(o.area, '')", organisation="a.organisation_id")
    ]
    if asked.after is not None:
        conditions.append(f"a.id > {args.bind(asked.after)}")
    if asked.words:
        text = args.bind(asked.words.lower())
        conditions.append(f"(starts_with(a.login, {text}) or starts_with(lower(a.name), {text}))")
    if asked.organisation_ids is not None:
        conditions.append(f"a.organisation_id = any({args.bind(list(asked.organisation_ids))}::int[])")
    if asked.state is not None:
        conditions.append(f"a.state = {args.bind(asked.state)}")
    rows = await connection.fetch(
        f"select {_COLUMNS} {_FROM} where {' and '.join(conditions)} order by a.id limit {args.bind(asked.limit)}",
        *args.values,
    )
    return [_account(row) for row in rows]


async def organisation_area(connection: Connection, organisation_id: int) -> str | None:
    """The area of an active organisation; None where there is none."""
    area: str | None = await connection.fetchval(
        "select area from organisation where id = $1 and active", organisation_id
    )
    return area


async def is_open(connection: Connection, organisation_id: int) -> bool:
    """Whether there is such an organisation and it is active."""
    return await organisation_area(connection, organisation_id) is not None


async def set_state(connection: Connection, account_id: UUID, state: AccountState) -> None:
    await connection.execute("update account set state = $2 where id = $1", account_id, state)


async def set_person(connection: Connection, account_id: UUID, name: str, organisation_id: int | None) -> None:
    """Write the name and the organisation that somebody belongs to."""
    await connection.execute(
        "update account set name = $2, organisation_id = $3 where id = $1", account_id, name, organisation_id
    )


async def set_persons(connection: Connection, changes: Sequence[tuple[UUID, str, int | None]]) -> None:
    """As :func:`set_person`, for many."""
    await connection.executemany("update account set name = $2, organisation_id = $3 where id = $1", changes)


async def password(connection: Connection, account_id: UUID) -> str | None:
    """The stored hash."""
    found: str | None = await connection.fetchval("select password from account where id = $1", account_id)
    return found


async def set_password(
    connection: Connection, account_id: UUID, hashed: str, at: datetime, *, must_change: bool
) -> None:
    await connection.execute(
        "update account set password = $2, password_changed_at = $3, must_change = $4 where id = $1",
        account_id,
        hashed,
        at,
        must_change,
    )


async def appointments(connection: Connection, account_id: UUID, at: datetime) -> list[Appointment]:
    """Appointments of one account that hold at ``at`` or begin later."""
    rows = await connection.fetch(
        "select account_id, post_id, starts_at, ends_at from appointment"
        " where account_id = $1 and (ends_at is null or ends_at > $2) order by starts_at, post_id",
        account_id,
        at,
    )
    return [Appointment(*row) for row in rows]


async def held_pairs(connection: Connection, account_ids: Sequence[UUID], at: datetime) -> set[tuple[UUID, int]]:
    """Account and post of every appointment that holds at ``at`` or begins later."""
    rows = await connection.fetch(
        "select account_id, post_id from appointment where account_id = any($1::uuid[])"
        " and (ends_at is null or ends_at > $2)",
        account_ids,
        at,
    )
    return {(row["account_id"], row["post_id"]) for row in rows}


async def dismissed_pairs(connection: Connection, account_ids: Sequence[UUID], at: datetime) -> set[tuple[UUID, int]]:
    """Account and post of every appointment that was ended by ``at``."""
    rows = await connection.fetch(
        "select account_id, post_id from appointment where account_id = any($1::uuid[]) and ends_at <= $2",
        account_ids,
        at,
    )
    return {(row["account_id"], row["post_id"]) for row in rows}


async def insert_appointments(connection: Connection, rows: Sequence[Appointment]) -> None:
    """Appoint; the caller has made sure that no period overlaps another of the same account and post."""
    await connection.execute(
        "insert into appointment (account_id, post_id, starts_at, ends_at)"
        " select * from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::timestamptz[])"
        " on conflict (account_id, post_id, starts_at) do update set ends_at = excluded.ends_at",
        [row.account_id for row in rows],
        [row.post_id for row in rows],
        [row.starts_at for row in rows],
        [row.ends_at for row in rows],
    )


async def end_appointment(connection: Connection, account_id: UUID, post_id: int, at: datetime) -> int:
    """End what holds and cancel what begins later; returns how many appointments that were."""
    ended = await connection.fetch(
        "update appointment set ends_at = greatest(starts_at, $3) where account_id = $1 and post_id = $2"
        " and (ends_at is null or ends_at > $3) returning 1",
        account_id,
        post_id,
        at,
    )
    return len(ended)
