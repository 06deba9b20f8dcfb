"""Patrols (巡查): the way that a worker's telephone sends while the worker is on patrol, and how far a grid was walked that day.

Promises: nothing is taken outside of what the worker switched on; what the shift leader sees is how much of a grid was
walked, not who was where at which minute; ways are removed after ``patrol_kept_days``. Sending the same again changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from yiwang.http import patrol_rows as rows
from yiwang.http.words import Words
from yiwang.kernel.access import Actor, SignedInActor, Sql, scope_condition
from yiwang.kernel.context import Context
from yiwang.kernel.errors import FieldError, Forbidden, InvalidInput, NotFound, Problem
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems

router = APIRouter(prefix="/api/v1/patrols", tags=["patrols 巡查"], responses=problems(*BEFORE_ANY_ROUTE))

longest_patrol = timedelta(hours=24)
most_points = 20_000
_slack = timedelta(minutes=5)
"""How far a telephone's clock may be ahead."""


class PatrolTooOld(Problem):
    code = "patrol.too_old"
    status = 422
    zh = "这次巡查始于 {began},已超过保存期 {days} 天,不再接收;手机上的记录还在。"
    en = (
        "This patrol began on {began}, longer ago than the {days} days for which ways are kept; the phone still has it."
    )


class PatrolFull(Problem):
    code = "patrol.full"
    status = 422
    zh = "一次巡查最多 {limit} 个点,请结束这次巡查再开始新的。"
    en = "A patrol has at most {limit} points; end this one and begin another."


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PointBody(_Body):
    """Where the telephone was, CGCS2000 degrees."""

    at: AwareDatetime
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)


class WayBody(_Body):
    """A part of the way, in any order; ``ended_at`` once the worker has ended the patrol."""

    began_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    points: list[PointBody] = Field(max_length=500)


class WayView(BaseModel):
    """How many points of the patrol the server has now."""

    points: int


class WalkedView(BaseModel):
    """What one worker walked of one grid on a day. ``walked``: share of the grid within 50 m of the way; null where the grid's
    ground is unknown."""

    account: UUID
    name: str
    area: str
    area_names: Words | None
    patrols: int
    on_patrol: bool
    first_at: datetime
    last_at: datetime
    metres: float
    walked: float | None


class WalkedList(BaseModel):
    """``kept_days``: after how many days ways are removed."""

    day: date
    kept_days: int
    items: list[WalkedView]


@router.post(
    "/{id}/points",
    summary="Send a part of one's own way 上传巡查轨迹",
    responses=problems("not_found", "patrol.too_old", "patrol.full", "identity.forbidden"),
)
async def send(
    request: Request,
    actor: SignedInActor,
    id: Annotated[UUID, Path(description="The patrol's id, made by the telephone.")],
    body: WayBody,
) -> WayView:
    """For the worker on patrol (``patrol:record``). Points outside of the patrol's time are refused."""
    actor.require("patrol", "record")
    if actor.account_id is None:
        raise Forbidden(verb="patrol:record")
    context: Context = request.app.state.context
    now = context.clock.now()
    _require_times(context, body, now)
    patrol = rows.Patrol(
        id, actor.account_id, actor.grants_for("patrol", "record")[0].area, body.began_at, body.ended_at, now
    )
    async with context.database.transaction() as connection:
        if not await rows.write(connection, patrol):
            raise NotFound(what="这次巡查")
        await rows.write_points(connection, id, [(point.at, point.lon, point.lat) for point in body.points])
        count = await rows.count_points(connection, id)
        if count > most_points:
            raise PatrolFull(limit=most_points)
    return WayView(points=count)


@router.get("", summary="How far grids were walked 巡查覆盖", responses=problems("identity.forbidden"))
async def walked(
    request: Request,
    actor: SignedInActor,
    day: Annotated[date | None, Query(description="A day of the city's calendar; today if left out.")] = None,
    mine: Annotated[bool, Query(description="Only one's own.")] = False,
) -> WalkedList:
    """One's own patrols of a day (``patrol:record``), or those within one's scope (``patrol:read``)."""
    context: Context = request.app.state.context
    args = Sql()
    if mine:
        actor.require("patrol", "record")
        condition = f"p.account_id = {args.bind(actor.account_id)}"
    else:
        actor.require("patrol", "read")
        condition = scope_condition(actor, "patrol", "read", args, area="p.area")
    zone = context.calendar.hours.timezone
    wanted = day or context.clock.now().astimezone(zone).date()
    if not date(2000, 1, 1) <= wanted <= date(2100, 1, 1):
        raise _wrong("/day", "请选 2000 年到 2100 年之间的一天", "choose a day from 2000 to 2100")
    begin = datetime.combine(wanted, time.min, tzinfo=zone)
    async with context.database.connection() as connection:
        found = await rows.walked(connection, condition, args, begin, begin + timedelta(days=1))
    items = [_view(request, actor, one) for one in found]
    return WalkedList(day=wanted, kept_days=context.settings.patrol_kept_days, items=items)


async def remove_old(context: Context) -> int:
    """Remove ways that are older than they may be kept; returns how many patrols."""
    before = context.clock.now() - timedelta(days=context.settings.patrol_kept_days)
    async with context.database.transaction() as connection:
        return await rows.remove_before(connection, before)


def _require_times(context: Context, body: WayBody, now: datetime) -> None:
    days = context.settings.patrol_kept_days
    if body.began_at < now - timedelta(days=days):
        raise PatrolTooOld(began=body.began_at.date().isoformat(), days=days)
    if body.began_at > now + _slack:
        raise _wrong("/began_at", "开始时间在将来,请核对手机时间", "it begins in the future; check the phone's clock")
    end = body.ended_at or min(now + _slack, body.began_at + longest_patrol)
    if not body.began_at <= end <= body.began_at + longest_patrol:
        raise _wrong(
            "/ended_at", "一次巡查不超过 24 小时,结束不早于开始", "a patrol ends after it began, within 24 hours"
        )
    for index, point in enumerate(body.points):
        if not body.began_at - _slack <= point.at <= end + _slack:
            raise _wrong(f"/points/{index}/at", "这个点不在巡查时间内,不接收", "this point lies outside of the patrol")


def _wrong(where: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError(where=where, code="input.field", zh=zh, en=en)], count=1)


def _view(request: Request, actor: Actor, one: rows.Walked) -> WalkedView:
    person = request.app.state.identity.directory.person(one.account_id)
    name = person.name if person is not None else (actor.name if actor.account_id == one.account_id else "")
    return WalkedView(
        account=one.account_id,
        name=name,
        area=one.area,
        area_names=Words(zh=one.name_zh, en=one.name_en or one.name_zh) if one.name_zh else None,
        patrols=one.patrols,
        on_patrol=one.on_patrol,
        first_at=one.first_at,
        last_at=one.last_at,
        metres=round(one.metres),
        walked=None if one.walked is None else round(min(1.0, one.walked), 3),
    )
