"""The journal over HTTP, for audit administrators: entries by page and filter, the seals, and a check of the whole
chain."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, JsonValue

from yiwang.casework.service import CaseService
from yiwang.http.journal_words import kind_words, said, verb_words
from yiwang.http.live import parse_cursor
from yiwang.http.words import Words, words
from yiwang.kernel import journal
from yiwang.kernel.access import SignedInActor, Sql
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection

router = APIRouter(prefix="/api/v1/journal", tags=["journal"])

_REFUSALS: dict[int | str, dict[str, object]] = {
    401: {"description": "identity.sign_in_needed"},
    403: {"description": "identity.forbidden"},
}


class JournalEntry(BaseModel):
    """One thing that happened; ``cursor`` pages on from it."""

    cursor: str
    at: datetime
    verb: str
    subject_kind: str
    subject_id: UUID | None
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    area: str
    data: dict[str, JsonValue]


class SaidView(BaseModel):
    """A member of the data in words; ``at`` where it is a moment."""

    name: Words
    value: Words
    at: datetime | None


class ToldEntry(JournalEntry):
    """An entry with its words: what happened, to what kind of thing, and what its data says."""

    verb_words: Words
    kind_words: Words
    said: list[SaidView]


class JournalPage(BaseModel):
    """Newest first; ``next`` is the value of ``before`` for the following page, null on the last."""

    entries: list[JournalEntry]
    next: str | None


class ToldPage(BaseModel):
    """Newest first; ``next`` is the value of ``before`` for the following page, null on the last."""

    entries: list[ToldEntry]
    next: str | None


class Seal(BaseModel):
    """A link of the hash chain: ``entries`` entries up to transaction ``tx_to`` (exclusive), digest in hex
    (SHA-256)."""

    number: int
    tx_from: int
    tx_to: int
    entries: int
    sealed_at: datetime
    previous: str
    digest: str


class Verification(BaseModel):
    """What recomputing the chain showed; ``broken`` is the first link that does not hold."""

    whole: bool
    links: int
    entries: int
    unsealed: int
    head: str
    broken: int | None
    reason: str


class JournalFilter(BaseModel):
    """What to show; every given condition must hold."""

    actor_id: UUID | None = None
    verb: Annotated[str, Query(max_length=60, description="Verbs that begin so, e.g. case. or account.locked")] = ""
    subject_kind: Annotated[str, Query(max_length=40)] = ""
    subject_id: UUID | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    before: Annotated[str | None, Query(max_length=40, description="Cursor of the last entry of the page before.")] = (
        None
    )
    limit: Annotated[int, Query(ge=1, le=200)] = 50


@router.get(
    "",
    summary="查阅日志 · Read the journal",
    description="审计员查阅全部操作记录,新的在前。\n\n"
    "Everything that happened, newest first; for audit administrators.",
    responses=_REFUSALS,
)
async def read_journal(request: Request, actor: SignedInActor, wanted: Annotated[JournalFilter, Query()]) -> ToldPage:
    actor.require("journal", "read")
    context: Context = request.app.state.context
    async with context.database.connection() as connection:
        found = await page(connection, wanted)
    service: CaseService = request.app.state.casework
    return ToldPage(entries=[_told(service, item) for item in found.entries], next=found.next)


@router.get(
    "/seals",
    summary="封存链 · Seals",
    description="日志按批封存成哈希链,新的在前。\n\nBatches of the journal sealed into a hash chain, newest first.",
    responses=_REFUSALS,
)
async def read_seals(
    request: Request,
    actor: SignedInActor,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[Seal]:
    actor.require("journal", "read")
    context: Context = request.app.state.context
    async with context.database.connection() as connection:
        rows = await connection.fetch(
            "select number, tx_from, tx_to, entries, sealed_at, encode(previous, 'hex') as previous,"
            " encode(digest, 'hex') as digest from journal_seal where number < $1 order by number desc limit $2",
            before or 2**62,
            limit,
        )
    return [Seal(**dict(row)) for row in rows]


@router.post(
    "/verify",
    summary="校验封存链 · Verify the chain",
    description="重新计算整条哈希链,指出被改动的第一批。\n\n"
    "Recompute the whole chain and name the first batch that was changed.",
    responses=_REFUSALS,
)
async def verify_journal(request: Request, actor: SignedInActor) -> Verification:
    actor.require("journal", "verify")
    context: Context = request.app.state.context
    async with context.database.connection() as connection, connection.transaction():
        await connection.execute("set local statement_timeout = '10min'")
        report = await journal.verify(connection)
    return Verification(
        whole=report.broken is None,
        links=report.links,
        entries=report.entries,
        unsealed=report.unsealed,
        head=report.head,
        broken=report.broken,
        reason=report.reason,
    )


def _told(service: CaseService, item: JournalEntry) -> ToldEntry:
    return ToldEntry(
        **item.model_dump(),
        verb_words=words(verb_words(item.verb)),
        kind_words=words(kind_words(item.subject_kind)),
        said=[
            SaidView(name=words(part.name), value=words(part.value), at=part.at) for part in said(service, item.data)
        ],
    )


async def page(connection: Connection, wanted: JournalFilter) -> JournalPage:
    """A page of entries, newest first, walking an index: of the subject, of the actor, or the primary key."""
    args = Sql()
    conditions = ["true"]
    if wanted.actor_id:
        conditions.append(f"actor_id = {args.bind(wanted.actor_id)}")
    if wanted.subject_id:
        conditions.append(f"subject_id = {args.bind(wanted.subject_id)}")
    if wanted.subject_kind:
        conditions.append(f"subject_kind = {args.bind(wanted.subject_kind)}")
    if wanted.verb:
        conditions.append(f"starts_with(verb, {args.bind(wanted.verb)})")
    if wanted.since:
        conditions.append(f"at >= {args.bind(wanted.since)}")
    if wanted.until:
        conditions.append(f"at < {args.bind(wanted.until)}")
    if wanted.before:
        tx, seq = parse_cursor(wanted.before)
        conditions.append(f"(tx, seq) < ({args.bind(tx)}, {args.bind(seq)})")
    rows = await connection.fetch(
        "select tx, seq, at, verb, subject_kind, subject_id, actor_kind, actor_id, actor_name, area, data from journal"
        f" where {' and '.join(conditions)} order by tx desc, seq desc limit {args.bind(wanted.limit + 1)}",
        *args.values,
    )
    entries = [
        JournalEntry(cursor=f"{row['tx']}.{row['seq']}", **{k: v for k, v in row.items() if k not in ("tx", "seq")})
        for row in rows[: wanted.limit]
    ]
    return JournalPage(entries=entries, next=entries[-1].cursor if len(rows) > wanted.limit else None)
