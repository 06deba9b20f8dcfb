"""All SQL of pulls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from asyncpg import Record as Row

from yiwang.exchange.pulls.errors import PullNameTaken
from yiwang.exchange.pulls.model import Origin, Pull, PullRun, QuarantinedRow
from yiwang.kernel.database import Connection, JsonObject

_PULL = (
    "id, name, type, kind, settings, secret, mapping, account_id, account_label, organisation_id, every_minutes, state,"
    " last_key, failures, next_at, created_at"
)
_RUN = "id, pull_id, import_id, file, digest, state, rows, counts, error, began_at, finished_at"
_ROW = "id, pull_id, run_id, row, digest, sealed, problems, state, at"


async def insert(connection: Connection, made: Pull) -> None:
    """Raises PullNameTaken."""
    try:
        await connection.execute(
            f"insert into data_pull ({_PULL}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            made.id, made.name, made.type, made.kind, made.settings, made.secret, made.mapping, made.account_id,
            made.account_label, made.organisation_id, made.every_minutes, made.state, made.last_key, made.failures,
            made.next_at, made.created_at,
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise PullNameTaken(name=made.name) from error


async def one(connection: Connection, id: UUID) -> Pull | None:
    row = await connection.fetchrow(f"select {_PULL} from data_pull where id = $1", id)
    return None if row is None else Pull(*row.values())


async def of_office(connection: Connection, account_id: UUID, organisation_id: int | None) -> list[Pull]:
    """Those of an account and of its office, by name."""
    rows = await connection.fetch(
        f"select {_PULL} from data_pull where account_id = $1 or organisation_id = $2 order by name limit 500",
        account_id,
        organisation_id,
    )
    return [Pull(*row.values()) for row in rows]


async def delete(connection: Connection, id: UUID) -> None:
    await connection.execute("delete from data_pull where id = $1", id)


async def set_state(connection: Connection, id: UUID, state: str, next_at: datetime | None) -> None:
    await connection.execute(
        "update data_pull set state = $2, next_at = $3, failures = 0 where id = $1", id, state, next_at
    )


async def lease_due(connection: Connection, now: datetime, lease: timedelta, id: UUID | None = None) -> Pull | None:
    """Take the pull whose turn it is (or this one); while the lease lasts nobody else runs it."""
    row = await connection.fetchrow(
        "update data_pull set leased_until = $2 where id = (select id from data_pull where state = 'active'"
        " and ($3::uuid is null and next_at <= $1 or id = $3) and (leased_until is null or leased_until <= $1)"
        f" order by next_at limit 1 for update skip locked) returning {_PULL}",
        now,
        now + lease,
        id,
    )
    return None if row is None else Pull(*row.values())


async def extend_lease(connection: Connection, id: UUID, until: datetime) -> None:
    await connection.execute("update data_pull set leased_until = $2 where id = $1", id, until)


async def keep_key(connection: Connection, id: UUID, key: str) -> None:
    await connection.execute("update data_pull set last_key = $2 where id = $1", id, key)


async def rest(connection: Connection, id: UUID, failures: int, next_at: datetime | None) -> None:
    await connection.execute(
        "update data_pull set failures = $2, next_at = $3, leased_until = null where id = $1", id, failures, next_at
    )


# -- runs -----------------------------------------------------------------------------------------------------------------


async def insert_run(connection: Connection, run: PullRun) -> None:
    await connection.execute(
        f"insert into data_pull_run ({_RUN}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        run.id, run.pull_id, run.import_id, run.file, run.digest, run.state, run.rows, run.counts, run.error,
        run.began_at, run.finished_at,
    )  # fmt: skip


async def end_run(
    connection: Connection,
    id: UUID,
    state: str,
    at: datetime,
    *,
    import_id: UUID | None = None,
    rows: int = 0,
    counts: JsonObject | None = None,
    error: JsonObject | None = None,
) -> None:
    await connection.execute(
        "update data_pull_run set state = $2, finished_at = $3, import_id = $4, rows = $5, counts = $6, error = $7"
        " where id = $1",
        id,
        state,
        at,
        import_id,
        rows,
        counts or {},
        error,
    )


async def runs_of(connection: Connection, pulls: Sequence[UUID], each: int) -> dict[UUID, list[PullRun]]:
    """The last runs of each pull, the newest first."""
    rows = await connection.fetch(
        f"select r.* from unnest($1::uuid[]) as w (id) cross join lateral (select {_RUN} from data_pull_run q"
        " where q.pull_id = w.id order by q.began_at desc, q.id desc limit $2) r",
        list(pulls),
        each,
    )
    found: dict[UUID, list[PullRun]] = {id: [] for id in pulls}
    for row in rows:
        found[row["pull_id"]].append(PullRun(*row.values()))
    return found


async def taken_before(connection: Connection, pull_id: UUID, digest: str) -> bool:
    """Whether a file of this content was taken by this pull."""
    found: bool = await connection.fetchval(
        "select exists (select from data_pull_run where pull_id = $1 and digest = $2 and state = 'finished')",
        pull_id,
        digest,
    )
    return found


# -- quarantine -----------------------------------------------------------------------------------------------------------


async def quarantine(connection: Connection, rows: Sequence[QuarantinedRow]) -> None:
    """Put rows aside; one that waits already waits on, one that was settled stays so."""
    await connection.executemany(
        f"insert into data_quarantine ({_ROW}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (pull_id, digest) do update set run_id = excluded.run_id, row = excluded.row,"
        " problems = excluded.problems where data_quarantine.state = 'waiting'",
        [
            (row.id, row.pull_id, row.run_id, row.row, row.digest, row.sealed, row.problems, row.state, row.at)
            for row in rows
        ],
    )


async def settle_others(connection: Connection, pull_id: UUID, run_id: UUID, at: datetime, label: str) -> None:
    """Rows that the source sends no more need no correction."""
    await connection.execute(
        "update data_quarantine set state = 'dismissed', settled_at = $3, settled_label = $4"
        " where pull_id = $1 and state = 'waiting' and run_id <> $2",
        pull_id,
        run_id,
        at,
        label,
    )


async def waiting(connection: Connection, pull_id: UUID, after: UUID | None, limit: int) -> list[QuarantinedRow]:
    rows = await connection.fetch(
        f"select {_ROW} from data_quarantine where pull_id = $1 and state = 'waiting' and ($2::uuid is null or id > $2)"
        " order by id limit $3",
        pull_id,
        after,
        limit,
    )
    return [QuarantinedRow(*row.values()) for row in rows]


async def waiting_counts(connection: Connection, pulls: Sequence[UUID]) -> dict[UUID, int]:
    rows = await connection.fetch(
        "select pull_id, count(*)::int as n from data_quarantine where pull_id = any($1) and state = 'waiting'"
        " group by pull_id",
        list(pulls),
    )
    return {row["pull_id"]: row["n"] for row in rows}


async def waiting_row(connection: Connection, pull_id: UUID, id: UUID) -> QuarantinedRow | None:
    row = await connection.fetchrow(
        f"select {_ROW} from data_quarantine where id = $1 and pull_id = $2 and state = 'waiting'", id, pull_id
    )
    return None if row is None else QuarantinedRow(*row.values())


async def settle(connection: Connection, id: UUID, state: str, at: datetime, label: str) -> None:
    await connection.execute(
        "update data_quarantine set state = $2, settled_at = $3, settled_label = $4 where id = $1 and state = 'waiting'",
        id,
        state,
        at,
        label,
    )


async def set_problems(connection: Connection, id: UUID, sealed: str, problems: Sequence[JsonObject]) -> None:
    await connection.execute(
        "update data_quarantine set sealed = $2, problems = $3 where id = $1 and state = 'waiting'",
        id,
        sealed,
        list(problems),
    )


async def mapping_of(connection: Connection, import_id: UUID) -> JsonObject | None:
    found: JsonObject | None = await connection.fetchval("select mapping from thing_import where id = $1", import_id)
    return found


async def import_of_run(connection: Connection, run_id: UUID) -> UUID | None:
    found: UUID | None = await connection.fetchval("select import_id from data_pull_run where id = $1", run_id)
    return found


# -- where facts come from ------------------------------------------------------------------------------------------------


async def origins(connection: Connection, facts: Sequence[UUID]) -> list[Origin]:
    """Of each of these facts: source, row, day, and the pull that fetched it."""
    rows: list[Row] = await connection.fetch(
        "select f.id, f.source_id, coalesce(s.kind, '') as kind, coalesce(s.name, '') as name, s.at, f.source_row,"
        " s.organisation_id, coalesce(p.name, '') as pull, coalesce(r.file, '') as file from thing_fact f"
        " left join thing_source s on s.id = f.source_id"
        " left join lateral (select i.id from thing_import i where i.source_id = s.id limit 1) i on true"
        " left join lateral (select q.file, q.pull_id from data_pull_run q where q.import_id = i.id limit 1) r on true"
        " left join data_pull p on p.id = r.pull_id where f.id = any($1)",
        list(facts),
    )
    return [Origin(*row.values()) for row in rows]
