"""SQL of breakdowns: parts, reports of progress, cards, figures by office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection
from yiwang.plans.model import KIND, Breakdown, Part

_PART = (
    "p.child_id, c.number, p.parent_id, p.nth, p.title, p.organisation_id, p.area, p.weight, p.percent, p.card, p.missed,"
    " p.created_at, p.ended_at, c.state, c.status, c.due_at, c.handled_at, c.closed_at, c.reported_at,"
    " coalesce((select max(t.urged) from flow_task t where t.instance_id = p.child_id), 0)::int, c.type"
)


async def add(
    connection: Connection, parent_id: UUID, declared: str, parts: Sequence[Part], at: datetime, by: str
) -> None:
    """Note that a case was broken down into these."""
    await connection.execute(
        "insert into case_breakdown (parent_id, declared, divided_at, divided_by) values ($1, $2, $3, $4)",
        parent_id, declared, at, by,
    )  # fmt: skip
    await connection.executemany(
        "insert into case_part (child_id, parent_id, nth, title, organisation_id, area, weight, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (part.child_id, parent_id, part.nth, part.title, part.organisation_id, part.area, part.weight, at)
            for part in parts
        ],
    )


async def breakdown(connection: Connection, parent_id: UUID) -> Breakdown | None:
    row = await connection.fetchrow(
        "select b.parent_id, c.number, b.declared, c.status, b.divided_at, b.divided_by, b.percent, b.settled_at"
        " from case_breakdown b join case_file c on c.id = b.parent_id where b.parent_id = $1",
        parent_id,
    )
    if row is None:
        return None
    return Breakdown(
        row["parent_id"], row["number"], row["declared"], row["status"], row["divided_at"], row["divided_by"],
        row["percent"], row["settled_at"], await parts(connection, parent_id),
    )  # fmt: skip


async def parts(connection: Connection, parent_id: UUID) -> tuple[Part, ...]:
    rows = await connection.fetch(
        f"select {_PART} from case_part p join case_file c on c.id = p.child_id where p.parent_id = $1 order by p.nth",
        parent_id,
    )
    return tuple(Part(*tuple(row)) for row in rows)


async def part(connection: Connection, child_id: UUID, *, lock: bool = False) -> Part | None:
    row = await connection.fetchrow(
        f"select {_PART} from case_part p join case_file c on c.id = p.child_id where p.child_id = $1"
        + (" for update of p" if lock else ""),
        child_id,
    )
    return Part(*tuple(row)) if row else None


async def declared_of(connection: Connection, parent_id: UUID) -> str:
    found: str = await connection.fetchval("select declared from case_breakdown where parent_id = $1", parent_id)
    return found


async def running(connection: Connection) -> list[UUID]:
    """Cases whose parts have not all ended."""
    rows = await connection.fetch("select parent_id from case_breakdown where settled_at is null order by divided_at")
    return [row["parent_id"] for row in rows]


async def lock_running(connection: Connection, parent_id: UUID) -> str | None:
    """What a running breakdown was declared as, locked; None when it has been settled or somebody else works at it."""
    found: str | None = await connection.fetchval(
        "select declared from case_breakdown where parent_id = $1 and settled_at is null for update skip locked",
        parent_id,
    )
    return found


async def set_percent(connection: Connection, parent_id: UUID, percent: float, settled_at: datetime | None) -> None:
    await connection.execute(
        "update case_breakdown set percent = $2, settled_at = $3 where parent_id = $1", parent_id, percent, settled_at
    )


async def change_part(
    connection: Connection, child_id: UUID, *, percent: int | None, card: str, missed: int, ended_at: datetime | None
) -> None:
    """``percent`` None leaves what the office reported, perhaps just now."""
    await connection.execute(
        "update case_part set percent = coalesce($2, percent), card = $3, missed = $4, ended_at = $5 where child_id = $1",
        child_id, percent, card, missed, ended_at,
    )  # fmt: skip


async def show_card(connection: Connection, child_id: UUID, card: str, at: datetime) -> None:
    """End the card that is shown and show this one; "" shows none."""
    await connection.execute(
        "update case_card set ended_at = $2 where child_id = $1 and ended_at is null", child_id, at
    )
    if card:
        await connection.execute(
            "insert into case_card (child_id, card, shown_at) values ($1, $2, $3)", child_id, card, at
        )


# -- reports of progress --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """A report that was given."""

    period: str
    percent: int
    text: str
    given_at: datetime
    given_by: str


async def give(connection: Connection, child_id: UUID, report: Given) -> None:
    """Keep a report; a second one for its period takes the place of the first. The part follows."""
    await connection.execute(
        "insert into case_progress (child_id, period, percent, text, given_at, given_by) values ($1, $2, $3, $4, $5, $6)"
        " on conflict (child_id, period) do update set percent = excluded.percent, text = excluded.text,"
        " given_at = excluded.given_at, given_by = excluded.given_by",
        child_id, report.period, report.percent, report.text, report.given_at, report.given_by,
    )  # fmt: skip
    await connection.execute("update case_part set percent = $2 where child_id = $1", child_id, report.percent)


async def given(connection: Connection, child_ids: Sequence[UUID]) -> dict[UUID, dict[str, Given]]:
    """The reports of these parts by period."""
    rows = await connection.fetch(
        "select child_id, period, percent, text, given_at, given_by from case_progress where child_id = any($1::uuid[])",
        child_ids,
    )
    found: dict[UUID, dict[str, Given]] = {child_id: {} for child_id in child_ids}
    for row in rows:
        found[row["child_id"]][row["period"]] = Given(*tuple(row)[1:])
    return found


# -- figures --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """Plain counts of an office."""

    organisation_id: int
    tasks: int
    done: int
    in_time: int
    late: int
    missed: int
    percent: float


async def counted(
    connection: Connection, actor: Actor, declared: str, since: datetime, until: datetime, now: datetime
) -> tuple[list[Counted], dict[int, dict[str, int]]]:
    """Tasks given out in the time, by office, and the cards that were shown for them; within the reader's reach."""
    args = Sql()
    scope = scope_condition(actor, KIND, "read", args, area="p.area", organisation="p.organisation_id")
    of = (
        "from case_part p join case_breakdown b on b.parent_id = p.parent_id join case_file c on c.id = p.child_id"
        f" {{more}} where b.declared = {args.bind(declared)} and p.created_at >= {args.bind(since)}"
        f" and p.created_at < {args.bind(until)} and c.state <> 'void' and {scope}"
    )
    cards = await connection.fetch(
        "select p.organisation_id, k.card, count(*)::int as shown "
        + of.format(more="join case_card k on k.child_id = p.child_id")
        + " group by 1, 2",
        *args.values,
    )
    late = f"coalesce(c.handled_at, c.closed_at, {args.bind(now)}) > c.due_at"
    rows = await connection.fetch(
        "select p.organisation_id, count(*)::int, count(c.closed_at)::int,"
        f" count(*) filter (where c.closed_at is not null and not coalesce({late}, false))::int,"
        f" count(*) filter (where {late})::int, sum(p.missed)::int, avg(p.percent)::float8 "
        + of.format(more="")
        + " group by 1 order by 1",
        *args.values,
    )
    shown: dict[int, dict[str, int]] = {}
    for row in cards:
        shown.setdefault(row["organisation_id"], {})[row["card"]] = row["shown"]
    return [Counted(*tuple(row)) for row in rows], shown
