"""SQL of lists and counts: always scoped in SQL, paged by key, bounded. Search: ``searching.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.casework.model import CaseFile
from yiwang.casework.store.cases import COLUMNS, case_of
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection

COUNT_CAP = 10_000


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list shows; every given condition must hold. ``before`` is the key of the last row of the page before."""

    state: str | None = None
    status: str | None = None
    stage: str | None = None
    type: str | None = None
    class_code: str | None = None
    area: str | None = None
    department_id: int | None = None
    channel: str | None = None
    urgency: str | None = None
    clock: str | None = None
    head_id: UUID | None = None
    number: str | None = None
    reported_from: datetime | None = None
    reported_to: datetime | None = None
    box: tuple[float, float, float, float] | None = None
    before: tuple[datetime, UUID] | None = None
    grid: str | None = None
    closed_from: datetime | None = None
    without: str | None = None

    def conditions(self, args: Sql, now: datetime) -> list[str]:
        """The SQL conditions on case_file ``c``."""
        found: list[str] = []
        for column in (
            "state",
            "status",
            "stage",
            "type",
            "channel",
            "urgency",
            "department_id",
            "head_id",
            "number",
            "grid",
        ):
            value = getattr(self, column)
            if value is not None:
                found.append(f"c.{column} = {args.bind(value)}")
        if self.state == "open":
            found.append("c.closed_at is null")  # lets the indexes of open cases serve
        if self.class_code:
            found.append(f"starts_with(c.class_code, {args.bind(self.class_code)})")
        if self.area:
            low, high = args.bind(self.area), args.bind(self.area + "\U0010ffff")
            found.append(f"(c.area >= {low} and c.area < {high})")
        if self.reported_from:
            found.append(f"c.reported_at >= {args.bind(self.reported_from)}")
        if self.reported_to:
            found.append(f"c.reported_at < {args.bind(self.reported_to)}")
        if self.without:
            found.append({"department": "c.department_id is null", "class": "c.class_code is null"}[self.without])
        if self.closed_from:
            found.append(f"c.closed_at >= {args.bind(self.closed_from)}")
        if self.clock:
            moment = "" if self.clock in ("blue", "grey") else args.bind(now)
            found.append(clock_condition(self.clock, moment))
        if self.box:
            west, south, east, north = (args.bind(value) for value in self.box)
            found.append(
                f"c.point && ST_Transform(ST_MakeEnvelope({west}::float8, {south}::float8, {east}::float8,"
                f" {north}::float8, 4326), 3857) and c.closed_at is null"
            )
        if self.before:
            found.append(f"(c.reported_at, c.id) < ({args.bind(self.before[0])}, {args.bind(self.before[1])})")
        return found


def clock_condition(colour: str, now: str) -> str:
    """SQL on case_file ``c``: its handling clock has this colour at ``now`` (a placeholder)."""
    running = "c.closed_at is null and c.due_at is not null and c.handled_at is null"
    return {
        "red": f"({running} and c.suspended_at is null and c.due_at < {now})",
        "yellow": f"({running} and c.suspended_at is null and c.due_at >= {now} and c.warn_at < {now})",
        "green": f"({running} and c.suspended_at is null and c.warn_at >= {now})",
        "blue": f"({running} and c.suspended_at is not null)",
        "grey": f"not ({running})",
    }[colour]


def case_scope(actor: Actor, verb: str, args: Sql) -> str:
    """The rows of case_file ``c`` on which ``actor`` may do ``verb``: the one condition of lists, counts and tiles."""
    return scope_condition(actor, "case", verb, args, area="c.area", organisation="c.organisation_id", grid="c.grid")


async def list_cases(
    connection: Connection, actor: Actor, wanted: CaseFilter, now: datetime, *, limit: int
) -> list[CaseFile]:
    """Newest first."""
    args = Sql()
    where = [case_scope(actor, "read", args), *wanted.conditions(args, now)]
    rows = await connection.fetch(
        f"select {COLUMNS} from case_file c where {' and '.join(where)}"
        f" order by c.reported_at desc, c.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [case_of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class TaskItem:
    """A task in somebody's list with the case it belongs to."""

    id: UUID
    node: str
    stage: str
    status: str
    post_id: int | None
    assignee_id: UUID | None
    created_at: datetime
    due_at: datetime | None
    warn_at: datetime | None
    paused_at: datetime | None
    urged: int
    case: CaseFile


_TASK = (
    "t.id, t.node, t.stage, t.status, t.post_id, t.assignee_id, t.created_at, t.due_at, t.warn_at, t.paused_at, t.urged"
)


async def my_tasks(
    connection: Connection,
    posts: Sequence[int],
    account_id: UUID | None,
    *,
    stage: str | None,
    after: tuple[datetime | None, UUID] | None,
    limit: int,
) -> list[TaskItem]:
    """The live tasks of these posts' queues and of this person, the most pressing first (no deadline last).

    One index range per queue, merged: the cost is the page, however many tasks are open.
    """
    args = Sql()
    beyond = _beyond(args, after)
    only = f"and t.stage = {args.bind(stage)}" if stage else ""
    page = args.bind(limit)
    columns = f"{_TASK}, t.subject_id, t.sort_due"
    queues = (
        f"select l.* from unnest({args.bind(list(posts))}::int[]) as q (post) cross join lateral ("
        f"select {columns} from flow_task t where t.post_id = q.post and t.assignee_id is null {only} {beyond}"
        f" order by t.sort_due, t.id limit {page}) l"
    )
    own = (
        f"(select {columns} from flow_task t where t.assignee_id = {args.bind(account_id)} {only} {beyond}"
        f" order by t.sort_due, t.id limit {page})"
    )
    rows = await connection.fetch(
        f"with t as (select * from ({queues} union all {own}) u order by sort_due, id limit {page})"
        f" select {_TASK}, {COLUMNS} from t join case_file c on c.id = t.subject_id order by t.sort_due, t.id",
        *args.values,
    )
    return [TaskItem(*(*tuple(row)[:11], CaseFile(*tuple(row)[11:]))) for row in rows]


def _beyond(args: Sql, after: tuple[datetime | None, UUID] | None) -> str:
    if after is None:
        return ""
    due, task_id = after
    moment = f"{args.bind(due)}::timestamptz" if due is not None else "'infinity'::timestamptz"
    return f"and (t.sort_due, t.id) > ({moment}, {args.bind(task_id)})"


async def near_duplicates(
    connection: Connection,
    *,
    type_key: str,
    class_code: str | None,
    x: float,
    y: float,
    metres: float,
    since: datetime,
    limit: int = 10,
) -> list[tuple[CaseFile, float]]:
    """Open head cases near a place with their distance in EPSG:3857 metres, the same class first, then the nearest."""
    rows = await connection.fetch(
        f"select {COLUMNS}, ST_Distance(c.point, p) as distance"
        " from case_file c, ST_SetSRID(ST_MakePoint($1, $2), 3857) p"
        " where c.closed_at is null and c.head_id is null and c.state = 'open' and c.type = $3 and c.reported_at >= $4"
        " and ST_DWithin(c.point, p, $5) order by (c.class_code = $6) is true desc, distance limit $7",
        x,
        y,
        type_key,
        since,
        metres,
        class_code,
        limit,
    )
    return [(case_of(row), row["distance"]) for row in rows]


async def summary(connection: Connection, actor: Actor, now: datetime, day_start: datetime) -> dict[str, int]:
    """Counts within the actor's scope, each capped at :data:`COUNT_CAP` (a cap reads as "or more")."""
    args = Sql()
    scope = case_scope(actor, "read", args)
    moment, start = args.bind(now), args.bind(day_start)
    parts = {
        "open": "c.closed_at is null and c.state = 'open'",
        "overdue": f"{clock_condition('red', moment)}",
        "due_soon": f"{clock_condition('yellow', moment)}",
        "suspended": "c.closed_at is null and c.suspended_at is not null",
        "reported_today": f"c.reported_at >= {start}",
        "closed_today": f"c.closed_at >= {start}",
    }
    counts = ", ".join(
        f"(select count(*) from (select from case_file c where {scope} and {condition} limit {COUNT_CAP}) x) as {name}"
        for name, condition in parts.items()
    )
    row = await connection.fetchrow(f"select {counts}", *args.values)
    return dict(row) if row else {}
