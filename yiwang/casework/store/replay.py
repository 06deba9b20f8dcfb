"""SQL of looking back: how the open cases stood at a past moment, and what then happened to them, from the journal.

The same scope as every list; bounded in rows, whatever the size of the tables: what was open then is either open now or was
closed after it, and both are ranges of an index.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.casework.store.lists import case_scope
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection, JsonObject

MOST_STANDING = 5000
"""Cases of one picture; beyond that the newest are shown and the picture says so."""

_WITHOUT = "('case.viewed', 'case.archived', 'case.imported')"
"""Who read personal data is the auditors' concern; archiving and importing are no events of the city."""

_CLOSING = "('case.closed', 'case.voided', 'case.force_closed')"


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A case that was open at the moment: its status, the deadline that then held, whether its clock stood still."""

    id: UUID
    number: str
    type: str
    class_code: str | None
    lon: float | None
    lat: float | None
    area: str
    grid: str
    department_id: int | None
    reported_at: datetime
    status: str
    due: str | None
    warn_at: datetime | None
    suspended: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """What the journal tells of a case within the period; ``seq`` with ``at`` is the page key."""

    seq: int
    at: datetime
    verb: str
    id: UUID
    number: str
    type: str
    class_code: str | None
    area: str
    grid: str
    lon: float | None
    lat: float | None
    department_id: int | None
    closed: bool
    data: JsonObject


async def standing(connection: Connection, actor: Actor, at: datetime) -> list[StandingRow]:
    """The cases within the actor's scope that were open at ``at``; at most ``MOST_STANDING + 1``, the newest first."""
    args = Sql()
    scope, moment, most = case_scope(actor, "read", args), args.bind(at), args.bind(MOST_STANDING + 1)
    columns = (
        "c.id, c.number, c.type, c.class_code, c.lon, c.lat, c.area, c.grid, c.department_id, c.reported_at, c.due_at,"
        " c.warn_at"
    )
    rows = await connection.fetch(
        f"with seen as (select * from ("
        f"(select {columns} from case_file c where {scope} and c.closed_at is null and c.reported_at <= {moment}"
        f" order by c.reported_at desc, c.id desc limit {most}) union all"
        f" (select {columns} from case_file c where {scope} and c.closed_at > {moment} and c.reported_at <= {moment}"
        f" order by c.closed_at limit {most})) u order by reported_at desc, id desc limit {most})"
        f" select seen.*, s.status, d.due, coalesce(p.verb = 'case.suspended', false) as suspended from seen"
        f" left join lateral (select j.data->>'status' as status from journal j where j.subject_id = seen.id"
        f" and j.at <= {moment} and j.data ? 'status' order by j.seq desc limit 1) s on true"
        f" left join lateral (select j.data->>'due' as due from journal j where j.subject_id = seen.id"
        f" and j.at <= {moment} and j.data ? 'due' order by j.seq desc limit 1) d on true"
        f" left join lateral (select j.verb from journal j where j.subject_id = seen.id and j.at <= {moment}"
        f" and j.verb in ('case.suspended', 'case.resumed') order by j.seq desc limit 1) p on true"
        f" order by seen.reported_at desc, seen.id desc",
        *args.values,
    )
    return [
        StandingRow(
            row["id"], row["number"], row["type"], row["class_code"], row["lon"], row["lat"], row["area"], row["grid"],
            row["department_id"], row["reported_at"], row["status"] or "", row["due"],
            row["warn_at"] if _same(row["due"], row["due_at"]) else None, row["suspended"],
        )
        for row in rows
    ]  # fmt: skip


def _same(text: str | None, due: datetime | None) -> bool:
    """Whether the deadline of then is still the case's, so that its warning is known too."""
    return text is not None and due is not None and datetime.fromisoformat(text) == due


async def events(
    connection: Connection,
    actor: Actor,
    since: datetime,
    until: datetime,
    *,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[EventRow]:
    """What happened to cases within the actor's scope from ``since`` until before ``until``, in order of city time."""
    args = Sql()
    scope = case_scope(actor, "read", args)
    begin, end, page = args.bind(since), args.bind(until), args.bind(limit)
    beyond = f"and (j.at, j.seq) > ({args.bind(after[0])}, {args.bind(after[1])})" if after else ""
    rows = await connection.fetch(
        f"select j.seq, j.at, j.verb, c.id, c.number, c.type, c.class_code, c.area, c.grid, c.lon, c.lat, c.department_id,"
        f" (coalesce(c.closed_at < j.at, false) or j.verb in {_CLOSING}) as closed, j.data"
        f" from journal j join case_file c on c.id = j.subject_id"
        f" where j.subject_kind = 'case' and j.at >= {begin} and j.at < {end} and j.verb not in {_WITHOUT}"
        f" and {scope} {beyond} order by j.at, j.seq limit {page}",
        *args.values,
    )
    return [EventRow(*tuple(row)) for row in rows]
