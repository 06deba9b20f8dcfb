"""The outbox of readings: each batch that was stored, in order, for followers that must see every reading exactly once.

A writer calls :func:`announce` in the transaction that stores the readings. A follower calls :func:`follow` in the
transaction that writes what it made of them: its mark moves there too, so a crash repeats both or neither.

Ids are given before commit, so a higher id may become visible before a lower one. A writer therefore holds, until its
transaction has ended, an advisory lock whose key is the highest id given before its own; a follower reads the sequence first,
then the keys that are held, and goes no further than the lowest of them. Nobody waits for anybody, and transactions of
others — long ones, or of other databases — do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from yiwang.kernel.database import Connection
from yiwang.sensing.model import READING, Rows

CHANNEL = "yiwang_arrival"
_LOCK = 0x59574152
_CYCLE = 2**31


@dataclass(frozen=True, slots=True)
class Arrival:
    """Readings that were stored together, none of them known before; ``at`` is city time of storing."""

    id: int
    at: datetime
    rows: Rows


async def announce(connection: Connection, at: datetime, rows: Rows) -> int:
    """Note ``rows`` as arrived, in the transaction that stored them; the arrival's id."""
    found: int = await connection.fetchval(
        "with held as materialized (select pg_advisory_xact_lock_shared($1, "
        "((case when is_called then last_value else 0 end) % 2147483648)::int) from arrival_id_seq) "
        "insert into arrival (at, count, rows) select $2, $3, $4 from held returning id",
        _LOCK,
        at,
        len(rows),
        rows.tobytes(),
    )
    return found


async def wake(connection: Connection) -> None:
    """Tell followers that something arrived (at the end of the transaction, if there is one)."""
    await connection.execute(f"notify {CHANNEL}")


async def follow(connection: Connection, follower: str, limit: int = 20, *, behind: str | None = None) -> list[Arrival]:
    """The next arrivals that ``follower`` has not seen, oldest first, at most ``limit``; its mark moves past them.

    ``behind``: only those that this other follower has seen already, so that what it made of them can be read.

    To be called in a read-committed transaction, in which the caller writes what it makes of them; a rollback brings them back.
    Empty also while another process follows under the same name. A new follower begins with what arrives from now on.
    """
    mark = await connection.fetchval("select id from arrival_mark where follower = $1 for update skip locked", follower)
    if mark is None:
        await _register(connection, follower)
        return []
    bound = await final_id(connection)
    if behind is not None:
        ahead = await connection.fetchval("select id from arrival_mark where follower = $1", behind)
        bound = min(bound, -1 if ahead is None else ahead)
    if bound <= mark:
        return []
    rows = await connection.fetch(
        "select id, at, rows from arrival where id > $1 and id <= $2 order by id limit $3", mark, bound, limit
    )
    if rows:
        await connection.execute("update arrival_mark set id = $2 where follower = $1", follower, rows[-1]["id"])
    return [Arrival(row["id"], row["at"], np.frombuffer(row["rows"], dtype=READING)) for row in rows]


async def _register(connection: Connection, follower: str) -> None:
    if await connection.fetchval("select true from arrival_mark where follower = $1", follower):
        return  # another process is following just now
    await connection.execute(
        "insert into arrival_mark (follower, id) values ($1, $2) on conflict do nothing",
        follower,
        await final_id(connection),
    )


async def final_id(connection: Connection) -> int:
    """The highest id up to which every arrival is visible or was rolled back."""
    last: int = await connection.fetchval("select case when is_called then last_value else 0 end from arrival_id_seq")
    held = await connection.fetch(
        "select objid::bigint as key from pg_locks where locktype = 'advisory' and classid::bigint = $1 and objsubid = 2 "
        "and mode = 'ShareLock' and granted and database = (select oid from pg_database where datname = current_database())",
        _LOCK,
    )
    return min([last - (last - row["key"]) % _CYCLE for row in held], default=last)


async def tidy(connection: Connection) -> int:
    """Delete the arrivals that every follower has seen; how many."""
    status = await connection.execute(
        "delete from arrival where id <= (select min(id) from arrival_mark)",
    )
    return int(status.rsplit(" ", 1)[-1])


async def forget(connection: Connection, follower: str) -> int | None:
    """Remove the mark of a follower that has been switched off for good, so that it holds nothing back; how many readings
    it had still to see. None: it has no mark. One that comes back begins with what arrives from then on."""
    left = (await waiting(connection)).get(follower)
    if left is not None:
        await connection.execute("delete from arrival_mark where follower = $1", follower)
    return left


async def waiting(connection: Connection) -> dict[str, int]:
    """For each follower the readings that it has still to see."""
    rows = await connection.fetch(
        "select m.follower, coalesce((select sum(a.count) from arrival a where a.id > m.id), 0)::bigint as readings "
        "from arrival_mark m"
    )
    return {row["follower"]: row["readings"] for row in rows}
