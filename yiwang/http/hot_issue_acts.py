"""What people do about hot issues (热点问题): take note of an alarm (预警确认), and merge two that are one matter (合并)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

import yiwang.judgement.hot_issues.errors  # noqa: F401  # registers the code that descriptions name
from yiwang.casework.service import CaseService
from yiwang.judgement.hot_issues import living
from yiwang.judgement.hot_issues import store as issues
from yiwang.kernel import journal
from yiwang.kernel.access import Actor, SignedInActor, Sql
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanText

router = APIRouter(prefix="/api/v1", tags=["hot issues 热点问题"], responses=problems(*BEFORE_ANY_ROUTE))

_alarms_of = timedelta(days=30)
_most_alarms = 50


class HotIssueAlarm(BaseModel):
    """An issue that was sudden; ``acknowledged_at`` is null while nobody has taken note of its newest alarm."""

    id: UUID
    title: str
    sudden_at: datetime
    letters: int
    people: int
    lon: float | None
    lat: float | None
    acknowledged_at: datetime | None
    acknowledged_name: str | None
    acknowledged_note: str | None


class AcknowledgeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Annotated[CleanText, Field(max_length=500, description="What is being done about it.")] = ""


class MergeBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    other: UUID = Field(description="The issue whose reports go over and which is then gone.")
    reason: Annotated[CleanText, Field(min_length=1, max_length=500)]


class MergedView(BaseModel):
    id: UUID
    moved: int = Field(description="Reports that went over.")


@router.get("/desk/hot-issue-alarms", summary="Sudden issues 突发热点", responses=problems())
async def alarms(request: Request, actor: SignedInActor) -> list[HotIssueAlarm]:
    """Issues told as sudden in the last thirty days, those that nobody has taken note of first."""
    service: CaseService = request.app.state.casework
    args = Sql()
    scope = issues.issue_scope(actor, args)
    since = args.bind(service.context.clock.now() - _alarms_of)
    async with service.context.database.connection() as connection:
        rows = await connection.fetch(
            "select i.id, i.title, i.alarmed_at as sudden_at, i.letters, i.people, i.lon, i.lat,"
            f" {_SEEN.format('at')}, {_SEEN.format('name')}, {_SEEN.format('note')}"
            f" from hot_issue i where i.alarmed_at >= {since} and {scope}"
            f" order by (i.acknowledged_at >= i.alarmed_at) nulls first, i.alarmed_at desc, i.id limit {_most_alarms}",
            *args.values,
        )
    return [HotIssueAlarm(**dict(row)) for row in rows]


_SEEN = "case when i.acknowledged_at >= i.alarmed_at then i.acknowledged_{0} end as acknowledged_{0}"


@router.post(
    "/hot-issues/{issue_id}/acknowledge",
    status_code=204,
    summary="Take note of an alarm 预警确认",
    responses=problems("hot_issue.unknown"),
)
async def acknowledge(request: Request, issue_id: UUID, body: AcknowledgeBody, actor: SignedInActor) -> None:
    """Says to everybody that somebody looks after it. Grant `case: supervise` or `case: urge`."""
    service: CaseService = request.app.state.casework
    _require_watch(actor)
    issue = await service.topics.one(actor, issue_id)
    now = service.context.clock.now()
    async with service.context.database.transaction() as connection:
        await connection.execute(
            "update hot_issue set acknowledged_at = $2, acknowledged_name = $3, acknowledged_note = $4 where id = $1",
            issue_id,
            now,
            actor.label,
            body.note,
        )
        data: JsonObject = {"title": issue.title, "letters": issue.letters, "note": body.note}
        entry = journal.entry(actor, now, "hot_issue.acknowledged", "hot_issue", issue_id, area=issue.area, data=data)
        await journal.append(connection, entry)


@router.post(
    "/hot-issues/{issue_id}/merge", summary="Merge two issues 合并热点", responses=problems("hot_issue.unknown")
)
async def merge(request: Request, issue_id: UUID, body: MergeBody, actor: SignedInActor) -> MergedView:
    """The reports of the other issue become this one's, which is then described anew. The journal keeps both titles."""
    service: CaseService = request.app.state.casework
    _require_watch(actor)
    if body.other == issue_id:
        fault = FieldError(
            where="/other",
            code="hot_issue.same",
            zh="这是同一个热点,请选另一个",
            en="this is the same issue; choose another",
        )
        raise InvalidInput(errors=[fault], count=1)
    kept, gone = await service.topics.one(actor, issue_id), await service.topics.one(actor, body.other)
    context = service.context
    now = context.clock.now()
    async with context.database.transaction() as connection:
        moved = await living.merge(connection, kept.id, gone.id, context.calendar.hours.timezone, now)
        data: JsonObject = {"title": gone.title, "into": kept.title, "letters": moved, "reason": body.reason}
        entry = journal.entry(actor, now, "hot_issue.merged", "hot_issue", kept.id, area=kept.area, data=data)
        await journal.append(connection, entry)
    return MergedView(id=kept.id, moved=moved)


def _require_watch(actor: Actor) -> None:
    if not actor.may("case", "urge"):
        actor.require("case", "supervise")
