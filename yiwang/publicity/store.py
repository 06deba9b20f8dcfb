"""SQL of declarations, issues, their rows and the questions about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import SearchQuery
from yiwang.publicity.declarations import PublicationDeclaration
from yiwang.publicity.errors import PublicationUnknown
from yiwang.publicity.model import PUBLICATION, Issue, IssueState, NewRow, PublicRow

Room = Literal["publication", "anomaly"]

_ISSUE = (
    "i.id, i.publication, i.state, i.title, i.note, i.area, i.organisation_id, i.columns, i.row_count, i.proposed_at,"
    " i.proposed_by, i.proposed_label, i.decided_at, i.decided_label, i.reason, i.starts_at, i.ends_at"
)
_ROW = "r.id, r.issue_id, r.nth, r.thing_id, r.case_id, r.area, r.at, r.shown"
_RUNNING = "i.state = 'running' and (i.ends_at is null or i.ends_at > {now})"


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration as published."""

    id: str
    pack: str
    body: JsonObject
    active: bool


async def declared(connection: Connection, room: Room, *, all_of_them: bool = False) -> list[Declared]:
    """The declarations of a room by id; those that no pack declares any more only if asked for."""
    rows = await connection.fetch(
        "select id, pack, body, active from publicity_declaration where room = $1 and (active or $2) order by id",
        room, all_of_them,
    )  # fmt: skip
    return [Declared(*tuple(row)) for row in rows]


async def publication(connection: Connection, id: str) -> PublicationDeclaration:
    """A publication in force. Raises PublicationUnknown."""
    body = await connection.fetchval(
        "select body from publicity_declaration where room = 'publication' and id = $1 and active", id
    )
    if body is None:
        raise PublicationUnknown(publication=id[:60])
    return PublicationDeclaration.model_validate(body)


async def publish(connection: Connection, found: Sequence[tuple[Room, str, str, JsonObject, str]], at: datetime) -> int:
    """Take over all declarations, each (room, id, pack, body, digest); how many are new, changed or withdrawn."""
    before: dict[tuple[Room, str], str] = {
        (row["room"], row["id"]): row["digest"]
        for row in await connection.fetch("select room, id, digest from publicity_declaration where active")
    }
    changed = 0
    for room, id, pack, body, digest in found:
        if before.pop((room, id), None) != digest:
            changed += 1
            await connection.execute(
                "insert into publicity_declaration (room, id, pack, body, digest, published_at, active)"
                " values ($1, $2, $3, $4, $5, $6, true) on conflict (room, id) do update set pack = excluded.pack,"
                " body = excluded.body, digest = excluded.digest, published_at = excluded.published_at, active = true",
                room, id, pack, body, digest, at,
            )  # fmt: skip
    for room, id in before:
        await connection.execute(
            "update publicity_declaration set active = false where room = $1 and id = $2", room, id
        )
    return changed + len(before)


# -- issues ---------------------------------------------------------------------------------------------------------------


async def insert_issue(connection: Connection, issue: Issue, rows: Sequence[NewRow]) -> None:
    await connection.execute(
        "insert into publicity_issue (id, publication, state, title, note, area, organisation_id, columns, row_count,"
        " proposed_at, proposed_by, proposed_label) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        issue.id, issue.publication, issue.state, issue.title, issue.note, issue.area, issue.organisation_id, issue.columns,
        issue.row_count, issue.proposed_at, issue.proposed_by, issue.proposed_label,
    )  # fmt: skip
    await connection.executemany(
        "insert into publicity_row (id, issue_id, nth, thing_id, case_id, area, at, shown, terms, own)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, array_to_tsvector($9::text[]), $10)",
        [
            (new_id(), issue.id, nth, row.thing_id, row.case_id, row.area, row.at, row.shown, list(row.terms), row.own)
            for nth, row in enumerate(rows, start=1)
        ],
    )


async def issue(connection: Connection, id: UUID, *, lock: bool = False) -> Issue | None:
    row = await connection.fetchrow(
        f"select {_ISSUE} from publicity_issue i where i.id = $1" + (" for update" if lock else ""), id
    )
    return Issue(*tuple(row)) if row else None


async def running_issue(connection: Connection, id: UUID, now: datetime) -> Issue | None:
    row = await connection.fetchrow(
        f"select {_ISSUE} from publicity_issue i where i.id = $1 and {_RUNNING.format(now='$2')}", id, now
    )
    return Issue(*tuple(row)) if row else None


async def running(connection: Connection, now: datetime, *, publication: str, area: str, limit: int) -> list[Issue]:
    """Issues that are public now, the newest first; ``area``: those of it, above it or below it."""
    rows = await connection.fetch(
        f"select {_ISSUE} from publicity_issue i where {_RUNNING.format(now='$1')} and ($2 = '' or i.publication = $2)"
        " and ($3 = '' or starts_with($3, i.area) or starts_with(i.area, $3)) order by i.starts_at desc, i.id limit $4",
        now, publication, area, limit,
    )  # fmt: skip
    return [Issue(*tuple(row)) for row in rows]


async def issues(connection: Connection, actor: Actor, publication: str, *, limit: int) -> list[Issue]:
    """Issues in any state within the reader's reach, the newest first."""
    args = Sql()
    reach = scope_condition(actor, PUBLICATION, "read", args, area="i.area", organisation="i.organisation_id")
    rows = await connection.fetch(
        f"select {_ISSUE} from publicity_issue i where i.publication = {args.bind(publication)} and {reach}"
        f" order by i.proposed_at desc, i.id limit {args.bind(limit)}",
        *args.values,
    )
    return [Issue(*tuple(row)) for row in rows]


async def decide(
    connection: Connection,
    id: UUID,
    state: IssueState,
    at: datetime,
    label: str,
    reason: str,
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> None:
    await connection.execute(
        "update publicity_issue set state = $2, decided_at = $3, decided_label = $4, reason = $5,"
        " starts_at = coalesce($6, starts_at), ends_at = coalesce($7, ends_at) where id = $1",
        id, state, at, label, reason, starts_at, ends_at,
    )  # fmt: skip


async def end_others(connection: Connection, issue: Issue, at: datetime) -> None:
    """An issue without an end takes the place of the one before it of the same publication and area."""
    await connection.execute(
        "update publicity_issue set state = 'ended', ends_at = $4 where publication = $1 and area = $2 and id <> $3"
        " and state = 'running' and ends_at is null",
        issue.publication, issue.area, issue.id, at,
    )  # fmt: skip


async def end_due(connection: Connection, now: datetime) -> list[Issue]:
    """Those whose time is over, now ended."""
    rows = await connection.fetch(
        "update publicity_issue i set state = 'ended' where i.state = 'running' and i.ends_at <= $1"
        f" returning {_ISSUE}",
        now,
    )
    return [Issue(*tuple(row)) for row in rows]


# -- rows -----------------------------------------------------------------------------------------------------------------


async def rows_of(
    connection: Connection,
    issue_id: UUID,
    *,
    area: str,
    words: SearchQuery | None,
    since: datetime | None,
    until: datetime | None,
    after: int,
    limit: int,
) -> list[PublicRow]:
    """Rows in their order, at most one more than the limit."""
    args = Sql()
    parts = [f"r.issue_id = {args.bind(issue_id)}", f"r.nth > {args.bind(after)}"]
    if area:
        parts.append(f"starts_with(r.area, {args.bind(area)})")
    if words is not None:
        parts.append("false" if words.empty else f"r.terms @@ {args.bind(words.tsquery)}::tsquery")
    if since is not None:
        parts.append(f"r.at >= {args.bind(since)}")
    if until is not None:
        parts.append(f"r.at < {args.bind(until)}")
    found = await connection.fetch(
        f"select {_ROW} from publicity_row r where {' and '.join(parts)} order by r.nth limit {args.bind(limit + 1)}",
        *args.values,
    )
    return [PublicRow(*tuple(row)) for row in found]


async def own_rows(connection: Connection, own: Sequence[str], now: datetime, *, limit: int) -> list[PublicRow]:
    """Rows of one person in all that is public now, the newest issues first."""
    found = await connection.fetch(
        f"select {_ROW} from publicity_row r join publicity_issue i on i.id = r.issue_id"
        f" where r.own = any($1::text[]) and {_RUNNING.format(now='$2')} order by i.starts_at desc, r.nth limit $3",
        list(own), now, limit,
    )  # fmt: skip
    return [PublicRow(*tuple(row)) for row in found]


async def row(connection: Connection, id: UUID) -> PublicRow | None:
    found = await connection.fetchrow(f"select {_ROW} from publicity_row r where r.id = $1", id)
    return PublicRow(*tuple(found)) if found else None


async def add_question(connection: Connection, case_id: UUID, row_id: UUID, at: datetime) -> None:
    await connection.execute(
        "insert into publicity_question (case_id, row_id, asked_at) values ($1, $2, $3)", case_id, row_id, at
    )


async def row_of_question(connection: Connection, case_id: UUID) -> PublicRow | None:
    found = await connection.fetchrow(
        f"select {_ROW} from publicity_question q join publicity_row r on r.id = q.row_id where q.case_id = $1", case_id
    )
    return PublicRow(*tuple(found)) if found else None


async def area_names(connection: Connection, codes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Chinese and English names of areas by code, for those that there are."""
    rows = await connection.fetch(
        "select code, name_zh, name_en from area where code = any($1::text[])", sorted({code for code in codes if code})
    )
    return {row["code"]: (row["name_zh"], row["name_en"] or row["name_zh"]) for row in rows}
