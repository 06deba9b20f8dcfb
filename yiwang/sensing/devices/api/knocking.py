"""Who is knocking: list, adopt, dismiss. Thin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems
from yiwang.sensing.devices.api.bodies import (
    AdoptBody,
    Before,
    DeviceView,
    DismissBody,
    KnockPage,
    Limit,
    device_view,
    knock_view,
    registry_of,
)
from yiwang.sensing.devices.api.paging import aware, bad_cursor, read_cursor, written_cursor
from yiwang.sensing.devices.model import NEVER_SEEN, Knock
from yiwang.sensing.devices.registry import Registered
from yiwang.sensing.devices.store.knocks import Cursor

router = APIRouter(tags=["knocking 敲门者"])


@router.get("/devices/knocking", summary="Who is knocking 谁在敲门", responses=problems())
async def knocking(
    request: Request,
    actor: SignedInActor,
    protocol: Annotated[str | None, Query(max_length=20, pattern=r"^[a-z0-9]+$")] = None,
    dismissed: bool = False,
    before: Before = None,
    limit: Limit = 100,
) -> KnockPage:
    """Addresses that spoke and belong to no device, or spoke badly; heard last first. Grant `device: adopt` everywhere."""
    registry = registry_of(request)
    found = await registry.knocks(actor, protocol=protocol, dismissed=dismissed, before=_cursor(before), limit=limit)
    profiles = registry.directory.profiles
    return KnockPage(
        items=[
            knock_view(one, sorted(key for key, profile in profiles.items() if profile.protocol == one.protocol))
            for one in found
        ],
        next=_written(found[-1]) if len(found) == limit else None,
    )


@router.post(
    "/devices/knocking/adopt", status_code=201, summary="Adopt 收养",
    responses=problems(
        "not_found", "device.profile_unknown", "device.address_impossible", "device.address_taken", "device.code_taken",
        "device.organisation_unknown", "device.place_outside", "device.attribute_unknown", "device.key_file_unreadable",
    ),
)  # fmt: skip
async def adopt(request: Request, body: AdoptBody, actor: SignedInActor) -> DeviceView:
    """Make a device of whoever knocks; its next frame is taken. Grant `device: adopt`."""
    registry = registry_of(request)
    async with registry.context.database.transaction() as connection:
        device = await registry.adopt(connection, actor, body.protocol, body.address, body.form(body.address))
    return device_view(registry, Registered(device, NEVER_SEEN))


@router.post(
    "/devices/knocking/dismiss", status_code=204, summary="Dismiss 搁置", responses=problems("not_found"),
    response_class=Response,
)  # fmt: skip
async def dismiss(request: Request, body: DismissBody, actor: SignedInActor) -> Response:
    """Show it no more; it goes on being counted. Grant `device: adopt`."""
    registry = registry_of(request)
    async with registry.context.database.transaction() as connection:
        await registry.dismiss(connection, actor, body.protocol, body.address)
    return Response(status_code=204)


def _written(one: Knock) -> str:
    return written_cursor(one.last_at.isoformat(), one.protocol, one.address, one.reason)


def _cursor(text: str | None) -> Cursor | None:
    parts = read_cursor(text, 4)
    if parts is None:
        return None
    try:
        return aware(parts[0]), parts[1], parts[2], parts[3]
    except ValueError as error:
        raise bad_cursor() from error
