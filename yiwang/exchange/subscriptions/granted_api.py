"""HTTP routes of the subscription that a share grant has. Thin; it is read on, paused and ended like any other."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from yiwang.exchange.subscriptions.api import SubscriptionMade, SubscriptionView, made_view, service_of, view_of
from yiwang.exchange.subscriptions.model import WantedOfGrant
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine

router = APIRouter(
    prefix="/api/v1/exchange/grants", tags=["subscriptions 数据订阅"], responses=problems(*BEFORE_ANY_ROUTE)
)

GrantId = Annotated[UUID, Path(description="Id of the share grant")]


class SubscribeGrantBody(BaseModel):
    """What a consumer chooses; fields, rows, masking and period are the grant's. ``url`` empty: it asks by itself."""

    model_config = ConfigDict(extra="forbid")

    name: CleanLine = Field(min_length=2, max_length=100)
    url: str = Field("", max_length=500, pattern=r"^(https?://[\x21-\x7e]+)?$")
    beginning: bool = Field(False, description="First what stands in the register now; else only changes from now on.")


class SubscriptionOfGrant(BaseModel):
    subscription: SubscriptionView | None


@router.post(
    "/{grant_id}/subscription",
    status_code=201,
    summary="Subscribe under a grant 按授权订阅",
    responses=problems(
        "share.unknown", "share.ended", "share.delivery_other", "identity.forbidden", "subscription.exists",
        "subscription.invalid", "exchange.host_not_allowed",
    ),
)  # fmt: skip
async def subscribe(
    request: Request, grant_id: GrantId, actor: SignedInActor, body: SubscribeGrantBody
) -> SubscriptionMade:
    """In the name of the consuming office. Revocation and expiry stop it at once; a page of changes counts as one request."""
    service = service_of(request)
    wanted = WantedOfGrant(body.name, body.url, body.beginning)
    made, secret = await service.subscribe_grant(actor, grant_id, wanted)
    return made_view(await service.shown(made), secret)


@router.get(
    "/{grant_id}/subscription", summary="Subscription of a grant 授权的订阅", responses=problems("share.unknown")
)
async def of_grant(request: Request, grant_id: GrantId, actor: SignedInActor) -> SubscriptionOfGrant:
    """Both sides of the grant see where changes go and how far they have come."""
    found = await service_of(request).of_grant(actor, grant_id)
    return SubscriptionOfGrant(subscription=None if found is None else view_of(found))
