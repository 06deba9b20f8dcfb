"""The journal for audit administrators: entries by filter, the seals, and a check of the whole chain."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from yiwang.http.journal import JournalFilter, page
from yiwang.http.pages.rendering import actor_of, render
from yiwang.kernel.context import Context
from yiwang.kernel.errors import SignInNeeded

router = APIRouter()


@router.get("/desk/journal")
async def journal(
    request: Request,
    verb: Annotated[str, Query(max_length=60)] = "",
    subject: Annotated[str, Query(max_length=40)] = "",
    who: Annotated[str, Query(max_length=40)] = "",
    since: Annotated[str, Query(max_length=30)] = "",
    until: Annotated[str, Query(max_length=30)] = "",
    before: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Everything that happened, newest first."""
    actor = actor_of(request)
    if actor.kind == "anonymous":
        raise SignInNeeded()
    actor.require("journal", "read")
    context: Context = request.app.state.context
    wanted = JournalFilter(
        actor_id=_uuid(who),
        verb=verb,
        subject_id=_uuid(subject),
        since=_local(context, since),
        until=_local(context, until),
        before=before,
        limit=100,
    )
    async with context.database.connection() as connection:
        found = await page(connection, wanted)
        seal = await connection.fetchrow(
            "select number, entries, sealed_at, encode(digest, 'hex') as digest from journal_seal order by number desc limit 1"
        )
    chosen = {"verb": verb, "subject": subject, "who": who, "since": since, "until": until}
    return render(
        request,
        "journal.html",
        entries=[
            (row, orjson.dumps(row.data, option=orjson.OPT_INDENT_2).decode() if row.data else "")
            for row in found.entries
        ],
        next=found.next,
        chosen=chosen,
        seal=dict(seal) if seal else None,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip()) if text.strip() else None
    except ValueError:
        return UUID(int=0)  # nothing has this id: the list is empty rather than unfiltered


def _local(context: Context, text: str) -> datetime | None:
    """The value of a datetime-local field, in the city's zone."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=context.calendar.hours.timezone) if text else None
    except ValueError:
        return None
