"""SQL of declarations, periods and planned tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, JsonObject
from yiwang.plans.model import KIND, PlanObject
from yiwang.plans.periods import Period

Room = Literal["plan", "breakdown", "sheet"]


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration as published; ``first_at``: when it was published for the first time."""

    room: Room
    id: str
    pack: str
    body: JsonObject
    first_at: datetime
    active: bool


async def declared(connection: Connection, room: Room, *, all_of_them: bool = False) -> list[Declared]:
    """The declarations of a room by id; those that no pack declares any more only if asked for."""
    rows = await connection.fetch(
        "select room, id, pack, body, first_at, active from plan_declaration where room = $1 and (active or $2) order by id",
        room,
        all_of_them,
    )
    return [Declared(*tuple(row)) for row in rows]


async def publish(connection: Connection, found: Sequence[tuple[Room, str, str, JsonObject, str]], at: datetime) -> int:
    """Take over all declarations, each (room, id, pack, body, digest); how many are new, changed or withdrawn."""
    before: dict[tuple[Room, str], str] = {
        (row["room"], row["id"]): row["digest"]
        for row in await connection.fetch("select room, id, digest from plan_declaration where active")
    }
    for room, id, pack, body, digest in found:
        if before.get((room, id)) != digest:
            await connection.execute(
                "insert into plan_declaration (room, id, pack, body, digest, first_at, published_at, active)"
                " values ($1, $2, $3, $4, $5, $6, $6, true) on conflict (room, id) do update set pack = excluded.pack,"
                " body = excluded.body, digest = excluded.digest, published_at = excluded.published_at, active = true",
                room, id, pack, body, digest, at,
            )  # fmt: skip
    kept = {(room, id) for room, id, *_ in found}
    gone = [key for key in before if key not in kept]
    for room, id in gone:
        await connection.execute("update plan_declaration set active = false where room = $1 and id = $2", room, id)
    return len(gone) + sum(before.get((room, id)) != digest for room, id, _, _, digest in found)


# -- periods --------------------------------------------------------------------------------------------------------------


async def lock_plan(connection: Connection, plan: str) -> bool:
    """Lock a plan that is in force; False when somebody else works at it."""
    row = await connection.fetchrow(
        "select from plan_declaration where room = 'plan' and id = $1 and active for update skip locked", plan
    )
    return row is not None


async def newest_first_day(connection: Connection, plan: str) -> date | None:
    """The first day of the newest period that has come."""
    found: date | None = await connection.fetchval("select max(first_day) from plan_period where plan = $1", plan)
    return found


async def add_period(
    connection: Connection, plan: str, period: Period, opens_at: datetime, now: datetime, *, passed: bool
) -> None:
    await connection.execute(
        "insert into plan_period (plan, key, first_day, last_day, opens_at, passed, opened_at)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        plan, period.key, period.first, period.last, opens_at, passed, now if passed else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unopened:
    """A period whose objects have not all been gone through."""

    key: str
    first_day: date
    mark: str


async def unopened(connection: Connection, plan: str) -> Unopened | None:
    """The oldest period that is not opened whole."""
    row = await connection.fetchrow(
        "select key, first_day, mark from plan_period where plan = $1 and opened_at is null order by first_day limit 1",
        plan,
    )
    return Unopened(*tuple(row)) if row else None


async def set_mark(connection: Connection, plan: str, key: str, mark: str, opened_at: datetime | None) -> None:
    await connection.execute(
        "update plan_period set mark = $3, opened_at = $4 where plan = $1 and key = $2", plan, key, mark, opened_at
    )


async def new_objects(connection: Connection, plan: str, key: str, objects: Sequence[PlanObject]) -> list[PlanObject]:
    """Those for which this period has nothing yet."""
    rows = await connection.fetch(
        "select object from plan_task where plan = $1 and period = $2 and object = any($3::text[])",
        plan, key, [item.key for item in objects],
    )  # fmt: skip
    known = {row["object"] for row in rows}
    return [item for item in objects if item.key not in known]


async def add_task(
    connection: Connection,
    plan: str,
    key: str,
    item: PlanObject,
    organisation_id: int | None,
    at: datetime,
    *,
    case_id: UUID | None = None,
    number: str = "",
    fault: str = "",
) -> None:
    await connection.execute(
        "insert into plan_task (plan, period, object, title, area, organisation_id, case_id, case_number, fault, opened_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        plan, key, item.key, item.title, item.area, organisation_id, case_id, number, fault[:500], at,
    )  # fmt: skip


# -- reading --------------------------------------------------------------------------------------------------------------

_LATE = "coalesce(c.handled_at, c.closed_at, {now}) > c.due_at"


@dataclass(frozen=True, slots=True)
class PeriodState:
    """What has come of a period, as far as the reader reaches."""

    key: str
    first_day: date
    last_day: date
    opens_at: datetime
    passed: bool
    tasks: int
    done: int
    late: int
    faults: int


@dataclass(frozen=True, slots=True)
class TaskState:
    """One object of a period and how its case stands."""

    object: str
    title: str
    organisation_id: int | None
    case_id: UUID | None
    case_number: str
    status: str
    due_at: datetime | None
    closed_at: datetime | None
    late: bool
    fault: str
    type: str


async def periods(
    connection: Connection, actor: Actor, plan: str, now: datetime, *, before: date | None, limit: int
) -> list[PeriodState]:
    """The periods of a plan, newest first."""
    args = Sql()
    scope = scope_condition(actor, KIND, "read", args, area="t.area", organisation="t.organisation_id")
    late = _LATE.format(now=args.bind(now))
    older = f" and p.first_day < {args.bind(before)}" if before is not None else ""
    rows = await connection.fetch(
        "select p.key, p.first_day, p.last_day, p.opens_at, p.passed, count(t.object)::int as tasks,"
        " count(*) filter (where c.closed_at is not null)::int as done,"
        f" count(*) filter (where {late})::int as late, count(*) filter (where t.fault <> '')::int as faults"
        f" from plan_period p left join plan_task t on t.plan = p.plan and t.period = p.key and {scope}"
        f" left join case_file c on c.id = t.case_id where p.plan = {args.bind(plan)}{older}"
        f" group by p.plan, p.key order by p.first_day desc limit {args.bind(limit)}",
        *args.values,
    )
    return [PeriodState(*tuple(row)) for row in rows]


async def tasks(
    connection: Connection, actor: Actor, plan: str, key: str, now: datetime, *, after: str, limit: int
) -> list[TaskState]:
    """The objects of a period by their keys."""
    args = Sql()
    scope = scope_condition(actor, KIND, "read", args, area="t.area", organisation="t.organisation_id")
    late = _LATE.format(now=args.bind(now))
    rows = await connection.fetch(
        "select t.object, t.title, t.organisation_id, t.case_id, t.case_number, coalesce(c.status, ''), c.due_at,"
        f" c.closed_at, coalesce({late}, false), t.fault, coalesce(c.type, '')"
        " from plan_task t left join case_file c on c.id = t.case_id"
        f" where t.plan = {args.bind(plan)} and t.period = {args.bind(key)} and t.object > {args.bind(after)} and {scope}"
        f" order by t.object limit {args.bind(limit)}",
        *args.values,
    )
    return [TaskState(*tuple(row)) for row in rows]
