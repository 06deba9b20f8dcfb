"""All SQL of requests and grants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from yiwang.exchange.sharing.model import (
    KIND,
    RequestState,
    ShareGrant,
    ShareRequest,
    StatementLine,
    Use,
    Wanted,
)
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, Record

_WANTED = "purpose, items, plain, filters, within, delivery, quota, until"
_REQUEST = (
    "id, resource_id, provider_id, consumer_id, consumer_name, area, state, case_id, case_number, asked_by, asked_label,"
    f" asked_at, decided_at, note, {_WANTED}"
)
_GRANT = (
    "id, request_id, resource_id, type, provider_id, consumer_id, consumer_name, area, since, key_id, key_seal,"
    f" key_sealed, public_key, key_made_at, view_name, revoked_at, revoked_label, revoked_why, {_WANTED}"
)


def _wanted(row: Record) -> Wanted:
    return Wanted(
        purpose=row["purpose"],
        items=tuple(row["items"]),
        until=row["until"],
        plain=tuple(row["plain"]),
        filters=row["filters"],
        within=row["within"],
        delivery=row["delivery"],
        quota=row["quota"],
    )


def _request(row: Record) -> ShareRequest:
    return ShareRequest(
        row["id"],
        row["resource_id"],
        row["provider_id"],
        row["consumer_id"],
        row["consumer_name"],
        row["area"],
        _wanted(row),
        row["state"],
        row["case_id"],
        row["case_number"],
        row["asked_by"],
        row["asked_label"],
        row["asked_at"],
        row["decided_at"],
        row["note"],
    )


def _grant(row: Record) -> ShareGrant:
    return ShareGrant(
        row["id"],
        row["request_id"],
        row["resource_id"],
        row["type"],
        row["provider_id"],
        row["consumer_id"],
        row["consumer_name"],
        row["area"],
        _wanted(row),
        row["since"],
        row["key_id"],
        row["key_seal"],
        row["key_sealed"],
        row["public_key"],
        row["key_made_at"],
        row["view_name"],
        row["revoked_at"],
        row["revoked_label"],
        row["revoked_why"],
    )


def of_consumer(actor: Actor, verb: str, args: Sql) -> str:
    """The condition that leaves what offices within the actor's reach have asked for."""
    return scope_condition(actor, KIND, verb, args, area="s.area", organisation="s.consumer_id")


def of_provider(actor: Actor, verb: str, args: Sql) -> str:
    """The condition that leaves what was asked of offices within the actor's reach."""
    return scope_condition(actor, KIND, verb, args, area="s.area", organisation="s.provider_id")


def _sides(actor: Actor, side: str, args: Sql) -> str:
    if side == "asked":
        return of_consumer(actor, "read", args)
    if side == "provided":
        return of_provider(actor, "read", args)
    return f"({of_consumer(actor, 'read', args)} or {of_provider(actor, 'read', args)})"


async def insert_request(connection: Connection, request: ShareRequest) -> None:
    wanted = request.wanted
    await connection.execute(
        f"insert into share_request ({_REQUEST}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16, $17, $18, $19, $20, $21, $22)",
        request.id,
        request.resource_id,
        request.provider_id,
        request.consumer_id,
        request.consumer_name,
        request.area,
        request.state,
        request.case_id,
        request.case_number,
        request.asked_by,
        request.asked_label,
        request.asked_at,
        request.decided_at,
        request.note,
        *_columns(wanted),
    )


def _columns(wanted: Wanted) -> tuple[object, ...]:
    return (
        wanted.purpose,
        list(wanted.items),
        list(wanted.plain),
        dict(wanted.filters),
        wanted.within,
        wanted.delivery,
        wanted.quota,
        wanted.until,
    )


async def request(connection: Connection, id: UUID, *, lock: bool = False) -> ShareRequest | None:
    row = await connection.fetchrow(
        f"select {_REQUEST} from share_request where id = $1" + (" for update" if lock else ""), id
    )
    return None if row is None else _request(row)


async def requests(
    connection: Connection, actor: Actor, *, side: str, state: str, after: UUID | None, limit: int
) -> list[ShareRequest]:
    """Requests that concern the actor, the newest first; at most one more than the limit."""
    args = Sql()
    parts = [_sides(actor, side, args)]
    if state:
        parts.append(f"s.state = {args.bind(state)}")
    if after is not None:
        parts.append(f"s.id < {args.bind(after)}")
    rows = await connection.fetch(
        f"select {_REQUEST} from share_request s where {' and '.join(parts)} order by s.id desc"
        f" limit {args.bind(limit + 1)}",
        *args.values,
    )
    return [_request(row) for row in rows]


async def decided_elsewhere(connection: Connection, limit: int) -> list[tuple[UUID, str]]:
    """Requests that wait still although their case has ended: (request, what it ended as: granted, refused, cancelled).

    The case is casework's; what became of it is read only.
    """
    rows = await connection.fetch(
        "select s.id, case when c.state = 'closed' and not c.forced then 'granted'"
        " when c.state = 'void' then 'cancelled' else 'refused' end as became"
        " from share_request s join case_file c on c.id = s.case_id"
        " where s.state = 'asked' and c.closed_at is not null order by s.id limit $1",
        limit,
    )
    return [(row["id"], row["became"]) for row in rows]


async def settle(connection: Connection, id: UUID, state: RequestState, note: str, at: datetime) -> None:
    await connection.execute(
        "update share_request set state = $2, note = $3, decided_at = $4 where id = $1", id, state, note, at
    )


async def insert_grant(connection: Connection, id: UUID, asked: ShareRequest, type_id: str, at: datetime) -> None:
    await connection.execute(
        "insert into share_grant (id, request_id, resource_id, type, provider_id, consumer_id, consumer_name, area,"
        f" since, {_WANTED}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        id,
        asked.id,
        asked.resource_id,
        type_id,
        asked.provider_id,
        asked.consumer_id,
        asked.consumer_name,
        asked.area,
        at,
        *_columns(asked.wanted),
    )


async def grant(connection: Connection, id: UUID, *, lock: bool = False) -> ShareGrant | None:
    row = await connection.fetchrow(
        f"select {_GRANT} from share_grant where id = $1" + (" for update" if lock else ""), id
    )
    return None if row is None else _grant(row)


async def grants_of_requests(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Which grant followed each request."""
    rows = await connection.fetch("select request_id, id from share_grant where request_id = any($1)", list(ids))
    return {row["request_id"]: row["id"] for row in rows}


async def grants(
    connection: Connection, actor: Actor, *, side: str, after: UUID | None, limit: int
) -> list[ShareGrant]:
    """Grants that concern the actor, the newest first; at most one more than the limit."""
    args = Sql()
    parts = [_sides(actor, side, args)]
    if after is not None:
        parts.append(f"s.id < {args.bind(after)}")
    rows = await connection.fetch(
        f"select {_GRANT} from share_grant s where {' and '.join(parts)} order by s.id desc"
        f" limit {args.bind(limit + 1)}",
        *args.values,
    )
    return [_grant(row) for row in rows]


async def grants_of(connection: Connection, resource_id: UUID) -> list[ShareGrant]:
    """The unrevoked grants of a resource, locked."""
    rows = await connection.fetch(
        f"select {_GRANT} from share_grant where resource_id = $1 and revoked_at is null order by id for update",
        resource_id,
    )
    return [_grant(row) for row in rows]


async def revoke(connection: Connection, id: UUID, by: str, why: str, at: datetime) -> None:
    await connection.execute(
        "update share_grant set revoked_at = $2, revoked_label = $3, revoked_why = $4 where id = $1", id, at, by, why
    )


async def set_key(
    connection: Connection, id: UUID, key_id: str, seal: str, sealed: str, public_key: str, at: datetime
) -> None:
    """The key of a grant; one that it had before does not hold any more."""
    await connection.execute(
        "update share_grant set key_id = $2, key_seal = $3, key_sealed = $4, public_key = $5, key_made_at = $6"
        " where id = $1",
        id,
        key_id,
        seal,
        sealed,
        public_key,
        at,
    )


async def set_view(connection: Connection, id: UUID, name: str) -> None:
    await connection.execute("update share_grant set view_name = $2 where id = $1", id, name)


async def expired_views(connection: Connection, now: datetime, limit: int) -> list[ShareGrant]:
    """Grants whose time is over while their view is still there, locked."""
    rows = await connection.fetch(
        f"select {_GRANT} from share_grant where view_name <> '' and until <= $1 order by until limit $2"
        " for update skip locked",
        now,
        limit,
    )
    return [_grant(row) for row in rows]


async def grant_of_key(connection: Connection, key_id: str) -> ShareGrant | None:
    row = await connection.fetchrow(f"select {_GRANT} from share_grant where key_id = $1", key_id)
    return None if row is None else _grant(row)


async def spend(connection: Connection, grant: ShareGrant, nonce: str, day: date, at: datetime) -> tuple[bool, bool]:
    """(nonce is new, quota allows): takes both in one statement, or neither. ``at`` is machine time, ``day`` the city's."""
    row = await connection.fetchrow(
        "with fresh as (insert into share_nonce (key_id, nonce, at) values ($1, $2, $3) on conflict do nothing"
        " returning 1), taken as (insert into share_use as u (grant_id, day, requests)"
        " select $4, $5, 1 from fresh on conflict (grant_id, day) do update set requests = u.requests + 1"
        " where u.requests < $6 returning 1)"
        " select exists (select from fresh) as fresh, exists (select from taken) as taken",
        grant.key_id or grant.id.hex,  # a file drop has no key
        nonce,
        at,
        grant.id,
        day,
        grant.wanted.quota,
    )
    return (False, False) if row is None else (row["fresh"], row["taken"])


async def meter(
    connection: Connection, id: UUID, day: date, *, requests: int = 0, refused: int = 0, rows: int = 0, size: int = 0
) -> None:
    """Count what was taken or refused on a day."""
    await connection.execute(
        "insert into share_use as u (grant_id, day, requests, refused, rows, bytes) values ($1, $2, $3, $4, $5, $6)"
        " on conflict (grant_id, day) do update set requests = u.requests + excluded.requests,"
        " refused = u.refused + excluded.refused, rows = u.rows + excluded.rows, bytes = u.bytes + excluded.bytes",
        id,
        day,
        requests,
        refused,
        rows,
        size,
    )


async def forget_nonces(connection: Connection, before: datetime) -> None:
    await connection.execute("delete from share_nonce where at < $1", before)


async def uses(connection: Connection, id: UUID, limit: int = 62) -> list[Use]:
    """What was taken under a grant by day, the latest first."""
    rows = await connection.fetch(
        "select day, requests, refused, rows, bytes from share_use where grant_id = $1 order by day desc limit $2",
        id,
        limit,
    )
    return [Use(row["day"], row["requests"], row["refused"], row["rows"], row["bytes"]) for row in rows]


async def statement(
    connection: Connection, actor: Actor, since: date, until: date, *, side: str, limit: int
) -> list[StatementLine]:
    """What was taken from ``since`` until before ``until``, by provider, consumer and resource."""
    args = Sql()
    condition = _sides(actor, side, args)
    first, last = args.bind(since), args.bind(until)
    rows = await connection.fetch(
        "select s.provider_id, s.consumer_id, s.consumer_name, s.resource_id, r.code, r.name_zh, s.id, s.delivery,"
        " count(*)::int as days, sum(u.requests)::bigint as requests, sum(u.refused)::bigint as refused,"
        " sum(u.rows)::bigint as rows, sum(u.bytes)::bigint as bytes"
        " from share_use u join share_grant s on s.id = u.grant_id join resource r on r.id = s.resource_id"
        f" where u.day >= {first} and u.day < {last} and {condition}"
        " group by s.id, r.id order by s.provider_id, s.consumer_id, r.code, s.id"
        f" limit {args.bind(limit)}",
        *args.values,
    )
    return [
        StatementLine(
            row["provider_id"],
            row["consumer_id"],
            row["consumer_name"],
            row["resource_id"],
            row["code"],
            row["name_zh"],
            row["id"],
            row["delivery"],
            row["days"],
            row["requests"],
            row["refused"],
            row["rows"],
            row["bytes"],
        )
        for row in rows
    ]
