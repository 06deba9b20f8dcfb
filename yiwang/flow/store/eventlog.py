"""Whole cases with their finished steps, page by page, for event logs: bounded memory, and no long transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.flow.model.rows import How, InstanceState, TaskKind
from yiwang.flow.store.heat import within_area
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """What a log tells of a finished step; ``actor_id`` and ``actor_name`` say who acted."""

    id: UUID
    node: str
    definition_id: UUID
    how: How
    kind: TaskKind
    stage: str
    post_id: int | None
    organisation_id: int | None
    actor_id: UUID | None
    actor_name: str
    outcome: str | None
    created_at: datetime
    done_at: datetime
    due_at: datetime | None
    used_seconds: float
    overdue: bool


@dataclass(frozen=True, slots=True)
class LoggedCase:
    """An instance with its finished steps, the first to end first."""

    id: UUID
    subject_kind: str
    subject_id: UUID
    area: str
    state: InstanceState
    started_at: datetime
    ended_at: datetime | None
    steps: tuple[LoggedStep, ...]


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of cases; ``after`` is where the next one begins, None after the last."""

    cases: tuple[LoggedCase, ...]
    after: tuple[datetime, UUID] | None


_STEP = [
    "id",
    "node",
    "definition_id",
    "how",
    "kind",
    "stage",
    "post_id",
    "organisation_id",
    "actor_id",
    "actor_name",
    "outcome",
    "created_at",
    "done_at",
    "due_at",
    "used_seconds",
    "overdue",
]


def visible(actor: Actor, args: Sql) -> str:
    """SQL that is true for the instances ``i`` that the actor may see whole: those in areas whose subjects they read,
    whosever they are; to auditors, who read the journal of everything, all."""
    if actor.may("journal", "read"):
        return "true"
    parts = [scope_condition(actor, "instance", "read", args, area="i.area", grid="i.grid")]
    for kind in sorted({grant.kind for grant in actor.grants if grant.covers(grant.kind, "read")} - {"*", "instance"}):
        within = scope_condition(actor, kind, "read", args, area="i.area", grid="i.grid")
        parts.append(f"(i.subject_kind = {args.bind(kind)} and {within})")
    return "true" if "true" in parts else "(" + " or ".join(parts) + ")"


async def log_page(
    connection: Connection,
    actor: Actor,
    definition_id: UUID,
    since: datetime,
    until: datetime,
    *,
    area: str,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> LogPage:
    """The next cases of a definition that started in the period, in the order of their start, with all their steps."""
    args = Sql()
    definition, end = args.bind(definition_id), args.bind(until)
    conditions = [f"i.definition_id = {definition}", f"i.started_at < {end}"]
    if after is None:
        conditions.append(f"i.started_at >= {args.bind(since)}")
    else:
        conditions.append(f"(i.started_at, i.id) > ({args.bind(after[0])}::timestamptz, {args.bind(after[1])}::uuid)")
    conditions += [within_area(args, area, "i"), visible(actor, args)]
    size = args.bind(limit)
    columns = ", ".join(
        "coalesce(s.definition_id, p.definition_id)" if c == "definition_id" else f"s.{c}" for c in _STEP
    )
    rows = await connection.fetch(
        f"""
        with page as materialized (
            select id, definition_id, subject_kind, subject_id, area, state, started_at, ended_at from flow_instance i
            where {" and ".join(conditions)} order by i.started_at, i.id limit {size}
        )
        select p.id, p.subject_kind, p.subject_id, p.area, p.state, p.started_at, p.ended_at, {columns}
        from page p left join flow_step s on s.instance_id = p.id order by p.started_at, p.id, s.done_at, s.id
        """,
        *args.values,
    )
    cases: list[LoggedCase] = []
    steps: list[LoggedStep] = []
    for place, row in enumerate(rows):
        values = tuple(row)
        if values[7] is not None:
            steps.append(LoggedStep(*values[7:]))
        if place + 1 == len(rows) or rows[place + 1][0] != values[0]:
            case_id, subject_kind, subject_id, own_area, state, started_at, ended_at = values[:7]
            cases.append(
                LoggedCase(case_id, subject_kind, subject_id, own_area, state, started_at, ended_at, tuple(steps))
            )
            steps = []
    last = cases[-1] if len(cases) == limit else None
    return LogPage(tuple(cases), (last.started_at, last.id) if last else None)


async def definitions_of(connection: Connection, key: str, version: int | None) -> Sequence[tuple[UUID, int]]:
    """The published and retired versions of a key, the oldest first, or the one that is asked for."""
    rows = await connection.fetch(
        "select id, version from flow_definition where key = $1 and state <> 'draft'"
        " and ($2::int is null or version = $2) order by version",
        key,
        version,
    )
    return [(row["id"], row["version"]) for row in rows]
