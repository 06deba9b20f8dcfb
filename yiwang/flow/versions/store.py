"""SQL of migrations: whom they concern, what became of each, and the rows of an instance under another version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

from yiwang.flow.store.columns import INSTANCE, SCOPE, TASK, TIMER, TOKEN, WAIT, Columns, arrays, listed
from yiwang.flow.store.locking import scopes_of, tasks_of, timers_of, tokens_of, waits_of
from yiwang.flow.versions.whole import Whole
from yiwang.kernel.database import Connection, Json, JsonObject, Record

Verdict: TypeAlias = Literal["moved", "refused", "over"]
MigrationState: TypeAlias = Literal["waiting", "running", "done"]

_MIGRATION = (
    "id, key, old_id, new_id, old_version, new_version, mapping, dry_run, state, total, created_at, created_by,"
    " created_name, ended_at"
)
_CASE = "instance_id, subject_kind, subject_id, verdict, at_nodes, obstacles, notes, judged_at"
_OPEN = "definition_id = $1 and state in ('active', 'suspended')"


@dataclass(frozen=True, slots=True)
class MigrationRow:
    """A migration as asked for; ``total`` is counted as it begins."""

    id: UUID
    key: str
    old_id: UUID
    new_id: UUID
    old_version: int
    new_version: int
    mapping: JsonObject
    dry_run: bool
    state: MigrationState
    total: int
    created_at: datetime
    created_by: UUID | None
    created_name: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What became of one instance; ``at_nodes`` is where it stood, ``obstacles`` and ``notes`` are remarks as JSON."""

    instance_id: UUID
    subject_kind: str
    subject_id: UUID
    verdict: Verdict
    at_nodes: list[str]
    obstacles: list[Json]
    notes: list[Json]
    judged_at: datetime


class _Row(Protocol):
    @property
    def id(self) -> UUID: ...


# Migrations


async def add_migration(connection: Connection, row: MigrationRow) -> None:
    await connection.execute(
        f"insert into flow_migration ({_MIGRATION}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        row.id,
        row.key,
        row.old_id,
        row.new_id,
        row.old_version,
        row.new_version,
        row.mapping,
        row.dry_run,
        row.state,
        row.total,
        row.created_at,
        row.created_by,
        row.created_name,
        row.ended_at,
    )


async def find_migration(connection: Connection, migration_id: UUID, key: str | None = None) -> MigrationRow | None:
    """A migration, if it is of that definition."""
    row = await connection.fetchrow(
        f"select {_MIGRATION} from flow_migration where id = $1 and ($2::text is null or key = $2)", migration_id, key
    )
    return None if row is None else MigrationRow(*row)


async def list_migrations(
    connection: Connection, key: str, *, before: UUID | None = None, limit: int
) -> list[MigrationRow]:
    """Migrations of a definition, the newest first; ``before`` is the last of the page before."""
    rows = await connection.fetch(
        f"select {_MIGRATION} from flow_migration where key = $1 and ($2::uuid is null or id < $2)"
        " order by id desc limit $3",
        key,
        before,
        limit,
    )
    return [MigrationRow(*row) for row in rows]


async def begin_migration(connection: Connection, row: MigrationRow) -> int:
    """Count whom it concerns and set it running; the number, or the one counted before when it goes on after a stop."""
    total: int = await connection.fetchval(
        "update flow_migration m set state = 'running', total = case when m.state = 'waiting' then"
        f" (select count(*) from flow_instance where {_OPEN}) else m.total end"
        " where m.id = $2 and m.state <> 'done' returning total",
        row.old_id,
        row.id,
    )
    return total


async def end_migration(connection: Connection, migration_id: UUID, at: datetime) -> None:
    await connection.execute(
        "update flow_migration set state = 'done', ended_at = $2 where id = $1 and state <> 'done'", migration_id, at
    )


async def counts(connection: Connection, migration_ids: Sequence[UUID]) -> Mapping[UUID, dict[Verdict, int]]:
    """How many instances got which verdict so far, by migration."""
    found: dict[UUID, dict[Verdict, int]] = {name: {} for name in migration_ids}
    rows = await connection.fetch(
        "select migration_id, verdict, count(*) from flow_migration_case where migration_id = any($1) group by 1, 2",
        list(migration_ids),
    )
    for name, verdict, count in rows:
        found[name][verdict] = count
    return found


# Whom it concerns


async def not_judged(connection: Connection, row: MigrationRow, after: UUID | None, limit: int) -> list[UUID]:
    """Open instances of the old version that this migration has not judged yet, by id."""
    rows = await connection.fetch(
        f"select id from flow_instance i where {_OPEN} and ($3::uuid is null or id > $3)"
        " and not exists (select from flow_migration_case c where c.migration_id = $2 and c.instance_id = i.id)"
        " order by id limit $4",
        row.old_id,
        row.id,
        after,
        limit,
    )
    return [found["id"] for found in rows]


async def add_case(connection: Connection, migration_id: UUID, row: CaseRow) -> None:
    """Keep what became of an instance; the first verdict stays."""
    await connection.execute(
        f"insert into flow_migration_case (migration_id, {_CASE}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict do nothing",
        migration_id,
        row.instance_id,
        row.subject_kind,
        row.subject_id,
        row.verdict,
        row.at_nodes,
        row.obstacles,
        row.notes,
        row.judged_at,
    )


async def cases(
    connection: Connection, migration_id: UUID, verdict: Verdict, *, after: UUID | None = None, limit: int
) -> list[CaseRow]:
    """Instances with that verdict by id."""
    rows = await connection.fetch(
        f"select {_CASE} from flow_migration_case where migration_id = $1 and verdict = $2"
        " and ($3::uuid is null or instance_id > $3) order by instance_id limit $4",
        migration_id,
        verdict,
        after,
        limit,
    )
    return [CaseRow(*row) for row in rows]


async def reasons(connection: Connection, migration_id: UUID, limit: int = 100) -> list[Record]:
    """Why instances cannot go over, by reason: code, element, words (zh, en), how many; the commonest first."""
    return await connection.fetch(
        "select o ->> 'code' as code, o ->> 'element' as element, min(o ->> 'zh') as zh, min(o ->> 'en') as en,"
        " count(*) as count from flow_migration_case c, jsonb_array_elements(c.obstacles) o"
        " where c.migration_id = $1 and c.verdict = 'refused' group by 1, 2 order by count(*) desc, 1, 2 limit $2",
        migration_id,
        limit,
    )


# One instance


async def whole_of(connection: Connection, whole: Whole) -> Whole:
    """The locked instance of ``whole`` with everything that belongs to it."""
    instance = whole.instance
    return Whole(
        instance,
        await tasks_of(connection, instance.id),
        await tokens_of(connection, instance.id),
        await scopes_of(connection, instance.id),
        await timers_of(connection, instance.id),
        await waits_of(connection, instance.id),
    )


async def last_handlers(connection: Connection, instance_id: UUID) -> dict[str, str]:
    """Who finished each step of the instance's own last: step → account."""
    rows = await connection.fetch(
        "select distinct on (node) coalesce(became, node) as node, actor_id from flow_step where instance_id = $1"
        " and kind = 'step' and how = 'done' and actor_id is not null and (definition_id is null or became is not null)"
        " order by node, done_at desc, id desc",
        instance_id,
    )
    return {row["node"]: str(row["actor_id"]) for row in rows}


_TASK = (
    *("id", "node", "stage", "status", "post_id", "organisation_id", "assignee_id", "home_post_id"),
    *("due_at", "warn_at", "clock", "paused_at", "held", "origin"),
)
_UPDATED: Mapping[str, tuple[Columns, Sequence[str]]] = {
    "flow_instance": (INSTANCE, ("id", "definition_id", "variables", "clocks")),
    "flow_task": (TASK, _TASK),
    "flow_token": (TOKEN, ("id", "node", "sequence_flow")),
    "flow_scope": (SCOPE, ("id", "node", "rest", "variables")),
    "flow_timer": (TIMER, ("id", "node", "wake_at", "clock", "left_count")),
    "flow_wait": (WAIT, ("id", "node", "kind", "name", "key")),
}


async def write_moved(connection: Connection, before: Whole, after: Whole, steps: Mapping[str, str]) -> None:
    """Store what differs. ``steps``: what the steps walked so far are in the new version, old → new."""
    await _write(connection, "flow_instance", [before.instance], [after.instance])
    await _write(connection, "flow_task", before.tasks, after.tasks)
    await _write(connection, "flow_token", before.tokens, after.tokens)
    await _write(connection, "flow_scope", before.scopes, after.scopes)
    await _write(connection, "flow_timer", before.timers, after.timers)
    await _write(connection, "flow_wait", before.waits, after.waits)
    await connection.execute(
        "update flow_step s set definition_id = coalesce(s.definition_id, $2), became ="
        " (select m.new from unnest($3::text[], $4::text[]) as m (old, new) where m.old = coalesce(s.became, s.node))"
        " where s.instance_id = $1 and (s.definition_id is null or s.became is not null)",
        before.instance.id,
        before.instance.definition_id,
        list(steps),
        list(steps.values()),
    )


async def _write(connection: Connection, table: str, before: Sequence[_Row], after: Sequence[_Row]) -> None:
    known = {row.id: row for row in before}
    left = {row.id for row in after}
    gone = [name for name in known if name not in left]
    fresh = [row for row in after if row.id not in known]
    changed = [row for row in after if row.id in known and known[row.id] != row]
    columns, names = _UPDATED[table]
    if gone:
        await connection.execute(f"delete from {table} where id = any($1)", gone)
    if changed:
        picked = {name: columns[name] for name in names}
        places = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(picked.values(), 1))
        sets = ", ".join(f"{name} = r.{name}" for name in names if name != "id")
        await connection.execute(
            f"update {table} x set {sets} from unnest({places}) as r ({listed(picked)}) where x.id = r.id",
            *arrays(picked, changed),
        )
    if fresh:
        places = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(columns.values(), 1))
        await connection.execute(
            f"insert into {table} ({listed(columns)}) select * from unnest({places}) as r", *arrays(columns, fresh)
        )
