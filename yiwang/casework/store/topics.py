"""SQL that reads cases for hot issues: what was reported, and which cases of an issue a reader may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.casework.model import CaseFile
from yiwang.casework.store.cases import COLUMNS, case_of
from yiwang.casework.store.lists import case_scope
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as it came in; ``person`` tells callers apart ("" for an unknown one). Coordinates in degrees, CGCS2000."""

    case_id: UUID
    at: datetime
    text: str
    area: str
    class_code: str | None
    lon: float | None
    lat: float | None
    person: str


async def reports(connection: Connection, case_ids: Collection[UUID], since: datetime) -> list[ReportRow]:
    """The reports of these cases that came in since a time, oldest first."""
    rows = await connection.fetch(
        "select c.id, c.reported_at, c.text, c.address, c.area, c.class_code, c.lon, c.lat,"
        " coalesce(nullif(r.phone, ''), r.account_id::text, '') as person"
        " from case_file c left join case_reporter r on r.case_id = c.id"
        " where c.id = any($1::uuid[]) and c.reported_at >= $2 and c.state <> 'void' order by c.reported_at, c.id",
        list(case_ids),
        since,
    )
    return [
        ReportRow(
            row["id"],
            row["reported_at"],
            f"{row['text']}\n{row['address']}" if row["address"] else row["text"],
            row["area"],
            row["class_code"],
            row["lon"],
            row["lat"],
            row["person"],
        )
        for row in rows
    ]


async def cases_of_issue(
    connection: Connection, actor: Actor, issue_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[CaseFile]:
    """Cases of an issue that the actor may read, newest first; ``before`` is the key of the last row of the page before."""
    args = Sql()
    where = [f"t.issue_id = {args.bind(issue_id)}", case_scope(actor, "read", args)]
    if before:
        where.append(f"(c.reported_at, c.id) < ({args.bind(before[0])}, {args.bind(before[1])})")
    rows = await connection.fetch(
        f"select {COLUMNS} from hot_issue_text t join case_file c on c.id = t.case_id where {' and '.join(where)}"
        f" order by c.reported_at desc, c.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [case_of(row) for row in rows]


async def issue_of_case(connection: Connection, case_id: UUID) -> UUID | None:
    """The issue that a case belongs to."""
    found: UUID | None = await connection.fetchval("select issue_id from hot_issue_text where case_id = $1", case_id)
    return found
