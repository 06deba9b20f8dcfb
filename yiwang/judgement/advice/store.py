"""SQL of learned dispatch: turns of cases at departments and the outcomes counted from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.judgement.advice.model import DispatchFigures, Outcome
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection

Ending = Literal["closed", "refused", "moved"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A case at a department. ``first_department_id`` and ``first_at`` are those of the case's first turn."""

    case_id: UUID
    turn: int
    type: str
    class_code: str
    area: str
    department_id: int
    began_at: datetime
    first_department_id: int
    first_at: datetime


async def follower(connection: Connection, name: str) -> tuple[int, int] | None:
    """Where a follower of the journal stands, its row locked; None while another process reads for it."""
    await connection.execute("insert into journal_follower values ($1, 0, 0) on conflict (name) do nothing", name)
    row = await connection.fetchrow("select tx, seq from journal_follower where name = $1 for update skip locked", name)
    return (row["tx"], row["seq"]) if row else None


async def move_follower(connection: Connection, name: str, tx: int, seq: int) -> None:
    await connection.execute("update journal_follower set tx = $2, seq = $3 where name = $1", name, tx, seq)


async def open_turn(connection: Connection, case_id: UUID) -> Turn | None:
    """The turn that has not ended."""
    row = await connection.fetchrow(
        "select t.case_id, t.turn, t.type, t.class_code, t.area, t.department_id, t.began_at,"
        " f.department_id as first_department_id, f.began_at as first_at"
        " from dispatch_turn t join dispatch_turn f on f.case_id = t.case_id and f.turn = 1"
        " where t.case_id = $1 and t.ended_at is null order by t.turn desc limit 1",
        case_id,
    )
    return Turn(**dict(row)) if row else None


async def begin_turn(
    connection: Connection, case_id: UUID, type_key: str, class_code: str, area: str, department_id: int, at: datetime
) -> None:
    await connection.execute(
        "insert into dispatch_turn (case_id, turn, type, class_code, area, department_id, began_at)"
        " select $1, 1 + coalesce(max(turn), 0), $2, $3, $4, $5, $6 from dispatch_turn where case_id = $1",
        case_id,
        type_key,
        class_code,
        area,
        department_id,
        at,
    )


async def end_turn(
    connection: Connection,
    turn: Turn,
    ending: Ending,
    at: datetime,
    *,
    class_code: str | None = None,
    reason: str = "",
    detour_hours: float | None = None,
) -> None:
    """End a turn. One that closes tells its case's class as it is now, and the detour where the first turn was elsewhere."""
    await connection.execute(
        "update dispatch_turn set ended_at = $3, ending = $4, class_code = coalesce($5, class_code), reason = $6,"
        " wrong = $7, detour_hours = $8 where case_id = $1 and turn = $2",
        turn.case_id,
        turn.turn,
        at,
        ending,
        class_code,
        reason,
        ending == "closed" and turn.department_id != turn.first_department_id,
        detour_hours,
    )


async def count_outcome(
    connection: Connection,
    type_key: str,
    class_code: str,
    area: str,
    department_id: int,
    *,
    refused: bool,
    reason: str = "",
) -> None:
    await connection.execute(
        "insert into dispatch_outcome as o (type, class_code, area, department_id, closed, refused, last_reason)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (type, class_code, area, department_id) do update set"
        " closed = o.closed + excluded.closed, refused = o.refused + excluded.refused,"
        " last_reason = case when excluded.last_reason <> '' then excluded.last_reason else o.last_reason end",
        type_key,
        class_code,
        area[:9],
        department_id,
        0 if refused else 1,
        1 if refused else 0,
        reason[:200],
    )


async def outcomes(connection: Connection) -> list[Outcome]:
    """All outcomes: at most classes × streets × departments."""
    rows = await connection.fetch(
        "select type, class_code, area, department_id, closed, refused, last_reason from dispatch_outcome"
    )
    return [Outcome(**dict(row)) for row in rows]


async def newest_outcome(connection: Connection) -> tuple[int, int]:
    """Tells whether outcomes have changed: where the follower stands."""
    row = await connection.fetchrow("select tx, seq from journal_follower where name = 'dispatch'")
    return (row["tx"], row["seq"]) if row else (0, 0)


async def figures(
    connection: Connection, actor: Actor, since: datetime, until: datetime, *, type_key: str | None
) -> list[DispatchFigures]:
    """Wrong dispatch by class, of the cases closed in a period, within what the actor may read; most closed first."""
    args = Sql()
    scope = scope_condition(actor, "case", "read", args, area="t.area", organisation="t.department_id")
    low, high = args.bind(since), args.bind(until)
    of_type = f"and t.type = {args.bind(type_key)}" if type_key else ""
    rows = await connection.fetch(
        f"select class_code, count(*) filter (where ending = 'closed') as closed, count(*) filter (where wrong) as wrong,"
        f" count(*) filter (where ending = 'refused') as refused,"
        f" avg(detour_hours) filter (where wrong) as detour_hours from dispatch_turn t"
        f" where t.ended_at >= {low} and t.ended_at < {high} and {scope} {of_type}"
        f" group by class_code order by 2 desc, 1 limit 1000",
        *args.values,
    )
    return [
        DispatchFigures(row["class_code"], row["closed"], row["wrong"], row["refused"], row["detour_hours"])
        for row in rows
    ]
