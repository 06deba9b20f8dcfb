"""Commands to devices: give one, list, one with its answer. Thin."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import FieldError, InvalidInput, NotFound
from yiwang.kernel.refusals import problems
from yiwang.sensing.devices.api.bodies import (
    Before,
    CommandBody,
    CommandPage,
    CommandView,
    DeviceId,
    Limit,
    command_view,
    registry_of,
)
from yiwang.sensing.devices.api.paging import read_moment_cursor, written_cursor
from yiwang.sensing.devices.store import commands as store
from yiwang.sensing.service import Sensing

router = APIRouter(tags=["commands 设备指令"])


def _sensing(request: Request) -> Sensing:
    found: Sensing = request.app.state.sensing
    return found


@router.post(
    "/devices/{device_id}/commands", status_code=202, summary="Command a device 下发指令",
    responses=problems(
        "not_found", "device.verb_not_offered", "device.retired", "device.too_many_commands", "device.key_file_unreadable"
    ),
)  # fmt: skip
async def give(request: Request, device_id: DeviceId, body: CommandBody, actor: SignedInActor) -> CommandView:
    """Queued for the gateway that holds the device; ask again for what it answered. Grant `device: command`."""
    sensing = _sensing(request)
    if body.expires is not None and body.expires.tzinfo is None:
        fault = FieldError(where="/expires", code="input.zone", zh="时刻须带时区", en="give the time with its zone")
        raise InvalidInput(errors=[fault], count=1)
    async with sensing.context.database.transaction() as connection:
        command = await sensing.commands.give(
            connection, actor, device_id, body.verb, dict(body.parameters), body.expires
        )
    return command_view(command)


@router.get("/devices/{device_id}/commands", summary="Commands 指令记录", responses=problems("not_found"))
async def commands(
    request: Request, device_id: DeviceId, actor: SignedInActor, before: Before = None, limit: Limit = 50
) -> CommandPage:
    """What the device was told and answered, the newest first. Grant `device: read`."""
    registry = registry_of(request)
    actor.require("device", "read")
    cursor = read_moment_cursor(before)
    async with registry.context.database.connection() as connection:
        await registry.readable(connection, actor, device_id)
        found = await store.of_device(connection, device_id, before=cursor, limit=limit)
    following = written_cursor(found[-1].given_at.isoformat(), str(found[-1].id)) if len(found) == limit else None
    return CommandPage(items=[command_view(one) for one in found], next=following)


@router.get("/devices/{device_id}/commands/{command_id}", summary="A command 指令", responses=problems("not_found"))
async def command(
    request: Request,
    device_id: DeviceId,
    command_id: Annotated[UUID, Path(description="指令编号 id of the command")],
    actor: SignedInActor,
) -> CommandView:
    """How far it has come. Grant `device: read`."""
    registry = registry_of(request)
    actor.require("device", "read")
    async with registry.context.database.connection() as connection:
        await registry.readable(connection, actor, device_id)
        found = await store.get(connection, device_id, command_id)
    if found is None:
        raise NotFound(what="指令")
    return command_view(found)
