"""Nonces and daily counts of grants, written for many requests at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from yiwang.kernel.database import Connection


async def take_nonces(connection: Connection, asked: Sequence[tuple[str, str, datetime]]) -> set[tuple[str, str]]:
    """Note nonces (key, nonce, machine time) as used; those that were not used before. Written in one order, so that two who
    repeat each other's never wait for each other in a ring."""
    rows = await connection.fetch(
        "insert into share_nonce (key_id, nonce, at) select * from unnest($1::text[], $2::text[], $3::timestamptz[])"
        " on conflict do nothing returning key_id, nonce",
        *(list(column) for column in zip(*sorted(asked), strict=True)),
    )
    return {(row["key_id"], row["nonce"]) for row in rows}


@dataclass(slots=True)
class Count:
    """What was taken under a grant on a day, and what comes to it now: requests, refusals, rows, bytes."""

    requests: int
    more: int = 0
    refused: int = 0
    rows: int = 0
    size: int = 0

    def add(self, allowed: bool, rows: int, size: int) -> None:
        if not allowed:
            self.refused += 1
            return
        self.requests += 1
        self.more += 1
        self.rows += rows
        self.size += size


async def lock_counts(connection: Connection, wanted: set[tuple[UUID, date]]) -> dict[tuple[UUID, date], Count]:
    """The counts of grants and days, locked in one order, so that two who count never wait for each other in a ring."""
    ordered = sorted(wanted, key=lambda each: (each[0].bytes, each[1]))
    grants, days = [each[0] for each in ordered], [each[1] for each in ordered]
    rows = await connection.fetch(
        "insert into share_use as u (grant_id, day) select * from unnest($1::uuid[], $2::date[])"
        " on conflict (grant_id, day) do update set requests = u.requests returning grant_id, day, requests",
        grants,
        days,
    )
    return {(row["grant_id"], row["day"]): Count(row["requests"]) for row in rows}


async def revoked(connection: Connection, grants: set[UUID]) -> set[UUID]:
    """Which of these grants are revoked by now. Asked after their counts are locked, in a statement of its own: one that has
    waited for a lock still sees what was there before it waited."""
    rows = await connection.fetch(
        "select id from share_grant where id = any($1::uuid[]) and revoked_at is not null", list(grants)
    )
    return {row["id"] for row in rows}


async def write_counts(connection: Connection, counts: Mapping[tuple[UUID, date], Count]) -> None:
    """Add what came to each count."""
    await connection.execute(
        "update share_use u set requests = u.requests + more.requests, refused = u.refused + more.refused,"
        " rows = u.rows + more.rows, bytes = u.bytes + more.bytes"
        " from unnest($1::uuid[], $2::date[], $3::int[], $4::int[], $5::bigint[], $6::bigint[])"
        " as more (grant_id, day, requests, refused, rows, bytes) where u.grant_id = more.grant_id and u.day = more.day",
        [grant for grant, _ in counts],
        [day for _, day in counts],
        [count.more for count in counts.values()],
        [count.refused for count in counts.values()],
        [count.rows for count in counts.values()],
        [count.size for count in counts.values()],
    )
