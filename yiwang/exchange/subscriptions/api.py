"""HTTP routes of subscriptions. Thin. A cursor is opaque; changes come in the order in which they were committed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from yiwang.exchange.subscriptions.model import Position, Shown, Subscription, Wanted
from yiwang.exchange.subscriptions.service import SubscriptionService
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine

router = APIRouter(
    prefix="/api/v1/exchange/subscriptions", tags=["subscriptions 数据订阅"], responses=problems(*BEFORE_ANY_ROUTE)
)

SubscriptionId = Annotated[UUID, Path(description="The subscription's id")]
Cursor = Annotated[str, Field(max_length=60, pattern=r"^([0-9]{1,18}\.[0-9a-f]{32})?$")]
AttributeName = Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]


class SubscribeBody(BaseModel):
    """What a consumer asks for. ``fields`` empty: all that may leave; ``url`` empty: the consumer asks by itself."""

    model_config = ConfigDict(extra="forbid")

    name: CleanLine = Field(min_length=2, max_length=100)
    type: str = Field(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")
    fields: list[AttributeName] = Field([], max_length=200)
    where: dict[AttributeName, Annotated[str, Field(max_length=200)]] = Field({}, max_length=10)
    area: str = Field("", max_length=20, pattern="^[0-9]*$")
    personal: Literal["masked", "left-out"] = "masked"
    geometry: bool = True
    url: str = Field("", max_length=500, pattern=r"^(https?://[\x21-\x7e]+)?$")
    beginning: bool = Field(False, description="From the first fact on; else from now on.")


class PositionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: str = Field(max_length=60, pattern=r"^[0-9]{1,18}\.[0-9a-f]{32}$")


class SubscriptionView(BaseModel):
    """A subscription. ``lag``: changes that wait, counted up to ten thousand; ``failures``: deliveries that failed in a row;
    ``state``: active, paused, or isolated after too many failures. Under a share grant ``fields``, ``where`` and ``area`` are
    the grant's."""

    id: UUID
    name: str
    type: str
    fields: list[str]
    where: dict[str, str]
    area: str
    personal: str
    geometry: bool
    url: str
    state: str
    cursor: str
    lag: int
    delivered: int
    failures: int
    last_error: str
    last_at: datetime | None
    next_at: datetime
    created_at: datetime
    by: str
    grant_id: UUID | None = Field(description="The share grant that it hangs on")


class SubscriptionMade(SubscriptionView):
    """With the secret of the signatures: shown once, kept sealed."""

    secret: str


class SubscriptionList(BaseModel):
    items: list[SubscriptionView]


class ChangeList(BaseModel):
    """Changes in order; ``cursor`` is the position behind them, ``more``: others wait already."""

    items: list[dict[str, JsonValue]]
    cursor: str
    more: bool


@router.post(
    "",
    status_code=201,
    summary="Subscribe to changes 订阅",
    responses=problems(
        "thing.type_unknown", "thing.filter_unknown", "subscription.invalid", "subscription.too_many",
        "exchange.host_not_allowed", "identity.forbidden",
    ),
)  # fmt: skip
async def subscribe(request: Request, actor: SignedInActor, body: SubscribeBody) -> SubscriptionMade:
    """Needs the grant ``export`` on the type; what is delivered is what the account may export at that moment."""
    service = service_of(request)
    wanted = Wanted(
        body.name, body.type, tuple(dict.fromkeys(body.fields)), body.where, body.area, body.personal, body.geometry,
        body.url, body.beginning,
    )  # fmt: skip
    made, secret = await service.subscribe(actor, wanted)
    return made_view(await service.shown(made), secret)


@router.get("", summary="Own subscriptions 我的订阅")
async def own(request: Request, actor: SignedInActor) -> SubscriptionList:
    """Those of the account and of its office, with state, lag and the last error."""
    return SubscriptionList(items=[view_of(each) for each in await service_of(request).own(actor)])


@router.get("/{subscription_id}", summary="One subscription 订阅详情", responses=problems("subscription.unknown"))
async def one(request: Request, subscription_id: SubscriptionId, actor: SignedInActor) -> SubscriptionView:
    service = service_of(request)
    return await _view(service, await service.one(actor, subscription_id))


@router.get(
    "/{subscription_id}/changes",
    summary="Changes in order 读取变更",
    responses=problems(
        "subscription.unknown", "subscription.cursor_invalid", "thing.type_unknown", "thing.filter_unknown",
        "share.revoked", "share.quota_spent",
    ),
)  # fmt: skip
async def changes(
    request: Request,
    subscription_id: SubscriptionId,
    actor: SignedInActor,
    after: Annotated[Cursor, Query(description="Behind this cursor; left out: behind what was confirmed")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ChangeList:
    """Read on, as often as you like; nothing is lost until you confirm a position. Under a share grant a page that holds
    changes is one request of its daily quota."""
    service = service_of(request)
    found = await service.one(actor, subscription_id)
    page = await service.changes(actor, found, Position.of(after) if after else found.position, limit)
    return ChangeList(items=[change.body for change in page.items], cursor=str(page.position), more=page.more)


@router.post(
    "/{subscription_id}/position",
    summary="Confirm 确认已收到",
    responses=problems("subscription.unknown", "subscription.cursor_invalid", "subscription.invalid"),
)
async def confirm(
    request: Request, subscription_id: SubscriptionId, actor: SignedInActor, body: PositionBody
) -> SubscriptionView:
    """Everything up to this cursor has arrived; it does not go back."""
    service = service_of(request)
    return await _view(service, await service.confirm(actor, subscription_id, Position.of(body.cursor)))


@router.post("/{subscription_id}/pause", summary="Pause 暂停", responses=problems("subscription.unknown"))
async def pause(request: Request, subscription_id: SubscriptionId, actor: SignedInActor) -> SubscriptionView:
    """Nothing is pushed until it is resumed; what waits is kept."""
    service = service_of(request)
    return await _view(service, await service.pause(actor, subscription_id))


@router.post(
    "/{subscription_id}/resume",
    summary="Resume 恢复",
    responses=problems("subscription.unknown", "exchange.host_not_allowed", "share.ended"),
)
async def resume(request: Request, subscription_id: SubscriptionId, actor: SignedInActor) -> SubscriptionView:
    """Go on where it stopped, also after it was set aside."""
    service = service_of(request)
    return await _view(service, await service.resume(actor, subscription_id))


@router.delete(
    "/{subscription_id}", status_code=204, summary="End 取消订阅", responses=problems("subscription.unknown")
)
async def end(request: Request, subscription_id: SubscriptionId, actor: SignedInActor) -> None:
    await service_of(request).end(actor, subscription_id)


def service_of(request: Request) -> SubscriptionService:
    service: SubscriptionService = request.app.state.subscriptions
    return service


async def _view(service: SubscriptionService, found: Subscription) -> SubscriptionView:
    return view_of(await service.shown(found))


def made_view(made: Shown, secret: str) -> SubscriptionMade:
    return SubscriptionMade(**view_of(made).model_dump(), secret=secret)


def view_of(shown: Shown) -> SubscriptionView:
    found, lag = shown.subscription, shown.lag
    return SubscriptionView(
        id=found.id, name=found.name, type=found.type, fields=list(found.fields), where=found.filters, area=found.area,
        personal=found.personal, geometry=found.geometry, url=found.url, state=found.state, cursor=str(found.position),
        lag=lag, delivered=found.delivered, failures=found.failures, last_error=found.last_error, last_at=found.last_at,
        next_at=found.next_at, created_at=found.created_at, by=found.account_label,
        grant_id=found.grant_id,
    )  # fmt: skip
