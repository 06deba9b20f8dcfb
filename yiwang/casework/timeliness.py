"""On-time rate (按期处置率): of the cases whose limit fell in the period, how many were handled within it.

A case counts when it has a deadline that has passed by ``as_of``, or was handled; it is on time when handled (or closed,
where handling is not recorded) no later than its deadline. Void and not accepted cases do not count (GB/T 30428.4 practice).
Suspended cases (挂账) are left out of the denominator while they are suspended.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from yiwang.casework.store.lists import case_scope
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection

GroupBy = Literal["agency", "class", "channel", "area"]


@dataclass(frozen=True, slots=True)
class Timeliness:
    """``due``: the denominator; ``on_time``: the numerator; ``late``: handled late; ``overdue``: not handled yet.

    ``undated`` cases have no deadline and are in none of the other counts. ``rate`` is None on an empty denominator.
    """

    name: str
    cases: int
    due: int
    on_time: int
    late: int
    overdue: int
    undated: int

    @property
    def rate(self) -> float | None:
        return self.on_time / self.due if self.due else None

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "rate": self.rate}


_GROUP: dict[GroupBy, str] = {
    "agency": "coalesce(c.fields ->> 'agency', o.name_zh, '未派遣 not dispatched')",
    "class": "coalesce(c.class_code, '—')",
    "channel": "c.channel",
    "area": "left(c.area, 9)",
}


async def timeliness(
    connection: Connection,
    actor: Actor,
    *,
    as_of: datetime,
    group_by: GroupBy = "agency",
    reported_from: datetime | None = None,
    reported_to: datetime | None = None,
    type_key: str | None = None,
) -> tuple[Timeliness, list[Timeliness]]:
    """(in total, by group: most cases first) of the cases that the actor may read."""
    args = Sql()
    where = [case_scope(actor, "read", args), "c.state in ('open', 'closed')"]
    if reported_from:
        where.append(f"c.reported_at >= {args.bind(reported_from)}")
    if reported_to:
        where.append(f"c.reported_at < {args.bind(reported_to)}")
    if type_key:
        where.append(f"c.type = {args.bind(type_key)}")
    moment = args.bind(as_of)
    rows = await connection.fetch(
        f"""
        with judged as (
            select {_GROUP[group_by]} as name, c.due_at, coalesce(c.handled_at, c.closed_at) as done
            from case_file c left join organisation o on o.id = c.department_id
            where {" and ".join(where)} and c.suspended_at is null and c.reported_at <= {moment}
        )
        select name, count(*) as cases,
            count(*) filter (where due_at is not null and (due_at <= {moment} or done <= {moment})) as due,
            count(*) filter (where done <= due_at and done <= {moment}) as on_time,
            count(*) filter (where done > due_at and done <= {moment}) as late,
            count(*) filter (where due_at <= {moment} and (done is null or done > {moment})) as overdue,
            count(*) filter (where due_at is null) as undated
        from judged group by grouping sets ((name), ()) order by cases desc, name nulls first
        """,
        *args.values,
    )
    found = [Timeliness(row["name"] or "", *tuple(row)[1:]) for row in rows]
    total = next((item for item, row in zip(found, rows, strict=True) if row["name"] is None), None)
    groups = [item for item, row in zip(found, rows, strict=True) if row["name"] is not None]
    return total or Timeliness("", 0, 0, 0, 0, 0, 0), groups
