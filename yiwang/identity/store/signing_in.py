"""SQL of sign-in: failures, sessions, API tokens. Times here are machine time, not city time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.identity.grants import limits_from_json, limits_json
from yiwang.identity.model import AccountState, SessionRow, TokenGrant, TokenRow
from yiwang.kernel.database import Connection, Record


@dataclass(frozen=True, slots=True)
class Candidate:
    """What sign-in needs to know about a login: the account behind it, if any, and until when it is locked out."""

    account_id: UUID | None
    name: str
    organisation_id: int | None
    area: str
    password: str | None
    state: AccountState
    must_change: bool
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever presents a good session or token."""

    id: UUID
    account_id: UUID
    name: str
    organisation_id: int | None
    must_change: bool
    seen_at: datetime | None
    created_at: datetime
    expires_at: datetime
    limits: tuple[TokenGrant, ...] = ()
    in_posts: bool = True


async def candidate(connection: Connection, login: str) -> Candidate:
    """One query, the same whether the login exists or not."""
    row = await connection.fetchrow(
        "select a.id, a.name, a.organisation_id, o.area, a.password, a.state, a.must_change, f.locked_until"
        " from (select $1::text as login) asked left join account a on a.login = asked.login"
        " left join organisation o on o.id = a.organisation_id left join sign_in_failure f on f.login = asked.login",
        login,
    )
    if row is None:
        raise LookupError("the query always returns a row")
    return Candidate(
        account_id=row["id"],
        name=row["name"] or "",
        organisation_id=row["organisation_id"],
        area=row["area"] or "",
        password=row["password"],
        state=row["state"] or "active",
        must_change=bool(row["must_change"]),
        locked_until=row["locked_until"],
    )


_NEXT_FAILURES = "(case when f.locked_until <= $2 or f.last_at < $2 - interval '1 day' then 1 else f.failures + 1 end)"


async def count_failure(connection: Connection, login: str, at: datetime, limit: int, locked_until: datetime) -> int:
    """Count one more failure and lock at the ``limit``; failures before an expired lock or a day ago are forgotten."""
    count: int = await connection.fetchval(
        "insert into sign_in_failure as f (login, failures, last_at) values ($1, 1, $2)"
        " on conflict (login) do update set last_at = $2,"
        f" failures = {_NEXT_FAILURES}, locked_until = case when {_NEXT_FAILURES} >= $3 then $4::timestamptz end"
        " returning failures",
        login,
        at,
        limit,
        locked_until,
    )
    return count


async def forget_failures(connection: Connection, login: str) -> None:
    await connection.execute("delete from sign_in_failure where login = $1", login)


async def tidy(connection: Connection, now: datetime, failures_before: datetime) -> int:
    """Delete expired sessions and old failures; returns how many rows."""
    sessions = await connection.fetch("delete from session where expires_at <= $1 returning 1", now)
    failures = await connection.fetch(
        "delete from sign_in_failure where last_at < $1 and (locked_until is null or locked_until <= $2) returning 1",
        failures_before,
        now,
    )
    return len(sessions) + len(failures)


async def insert_session(connection: Connection, row: SessionRow, hashed: bytes, address: str, agent: str) -> None:
    await connection.execute(
        "insert into session (id, hash, account_id, created_at, seen_at, expires_at, address, agent)"
        " values ($1, $2, $3, $4, $4, $5, $6, $7)",
        row.id,
        hashed,
        row.account_id,
        row.created_at,
        row.expires_at,
        address,
        agent,
    )


async def drop_oldest_sessions(connection: Connection, account_id: UUID, keep: int) -> int:
    """Delete an account's sessions beyond the newest ``keep``; returns how many."""
    dropped = await connection.fetch(
        "delete from session where account_id = $1 and id in"
        " (select id from session where account_id = $1 order by created_at desc, id desc offset $2) returning 1",
        account_id,
        keep,
    )
    return len(dropped)


async def end_session(connection: Connection, session_id: UUID) -> bool:
    return bool(await connection.fetchval("delete from session where id = $1 returning true", session_id))


async def end_sessions(connection: Connection, account_id: UUID, except_id: UUID | None = None) -> int:
    """Delete an account's sessions, all but one where given; returns how many."""
    ended = await connection.fetch(
        "delete from session where account_id = $1 and id is distinct from $2 returning 1", account_id, except_id
    )
    return len(ended)


async def session_bearer(connection: Connection, hashed: bytes, now: datetime) -> Bearer | None:
    """Whoever holds a session that has not ended and an account that is active."""
    row = await connection.fetchrow(
        "select s.id, s.account_id, a.name, a.organisation_id, a.must_change, s.seen_at, s.created_at, s.expires_at"
        " from session s join account a on a.id = s.account_id"
        " where s.hash = $1 and s.expires_at > $2 and a.state = 'active'",
        hashed,
        now,
    )
    return Bearer(*row) if row else None


async def is_password(connection: Connection, account_id: UUID, hashed: str) -> bool:
    """Whether the stored hash is still this one and the account active; keeps both so until the transaction ends."""
    row = await connection.fetchrow(
        "select 1 from account where id = $1 and password = $2 and state = 'active' for share", account_id, hashed
    )
    return row is not None


async def replace_hash(connection: Connection, account_id: UUID, before: str, hashed: str) -> None:
    """Store a hash of the same password with newer parameters."""
    await connection.execute(
        "update account set password = $3 where id = $1 and password = $2", account_id, before, hashed
    )


async def slide(connection: Connection, session_id: UUID, now: datetime, expires_at: datetime) -> None:
    await connection.execute(
        "update session set seen_at = $2, expires_at = $3 where id = $1", session_id, now, expires_at
    )


async def session(connection: Connection, session_id: UUID) -> SessionRow | None:
    row = await connection.fetchrow(
        "select s.id, s.account_id, s.created_at, s.expires_at, a.must_change from session s"
        " join account a on a.id = s.account_id where s.id = $1",
        session_id,
    )
    return SessionRow(*row) if row else None


_SHOWN = "id, name, grants, in_posts, created_at, expires_at, last_used_at"


def _token(row: Record) -> TokenRow:
    return TokenRow(
        id=row["id"],
        name=row["name"],
        grants=limits_from_json(row["grants"]),
        in_posts=row["in_posts"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
    )


async def lock_account(connection: Connection, account_id: UUID) -> None:
    """Let no other transaction do the same for this account until this one ends."""
    await connection.execute("select 1 from account where id = $1 for no key update", account_id)


async def insert_token(connection: Connection, account_id: UUID, row: TokenRow, hashed: bytes) -> None:
    await connection.execute(
        "insert into api_token (id, hash, account_id, name, grants, in_posts, created_at, expires_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        row.id,
        hashed,
        account_id,
        row.name,
        limits_json(row.grants),
        row.in_posts,
        row.created_at,
        row.expires_at,
    )


async def tokens(
    connection: Connection, account_id: UUID, now: datetime, after: UUID | None = None, limit: int = 200
) -> list[TokenRow]:
    """An account's tokens that still work, by id."""
    rows = await connection.fetch(
        f"select {_SHOWN} from api_token where account_id = $1 and revoked_at is null and expires_at > $2"
        " and ($3::uuid is null or id > $3) order by id limit $4",
        account_id,
        now,
        after,
        limit,
    )
    return [_token(row) for row in rows]


async def token(connection: Connection, token_id: UUID) -> tuple[UUID, TokenRow] | None:
    """The owner's account id and the token, if it is not revoked."""
    row = await connection.fetchrow(
        f"select account_id, {_SHOWN} from api_token where id = $1 and revoked_at is null", token_id
    )
    return (row["account_id"], _token(row)) if row else None


async def token_bearer(connection: Connection, hashed: bytes, now: datetime) -> Bearer | None:
    """Whoever owns a token that works and an account that is active."""
    row = await connection.fetchrow(
        "select t.id, t.account_id, a.name, a.organisation_id, a.must_change, t.last_used_at, t.created_at,"
        " t.expires_at, t.grants, t.in_posts from api_token t join account a on a.id = t.account_id"
        " where t.hash = $1 and t.revoked_at is null and t.expires_at > $2 and a.state = 'active'",
        hashed,
        now,
    )
    if row is None:
        return None
    return Bearer(
        id=row["id"],
        account_id=row["account_id"],
        name=row["name"],
        organisation_id=row["organisation_id"],
        must_change=row["must_change"],
        seen_at=row["last_used_at"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        limits=limits_from_json(row["grants"]),
        in_posts=row["in_posts"],
    )


async def touch_token(connection: Connection, token_id: UUID, now: datetime) -> None:
    await connection.execute("update api_token set last_used_at = $2 where id = $1", token_id, now)


async def revoke_token(connection: Connection, token_id: UUID, now: datetime) -> bool:
    return bool(
        await connection.fetchval(
            "update api_token set revoked_at = $2 where id = $1 and revoked_at is null returning true", token_id, now
        )
    )


async def revoke_tokens(connection: Connection, account_id: UUID, now: datetime) -> int:
    """Revoke all tokens of an account; returns how many."""
    revoked = await connection.fetch(
        "update api_token set revoked_at = $2 where account_id = $1 and revoked_at is null returning 1", account_id, now
    )
    return len(revoked)
