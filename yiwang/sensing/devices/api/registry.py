"""Devices: list, one, enter, change, retire, notes, story. Thin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from yiwang.kernel import journal
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.refusals import problems
from yiwang.kernel.text import CleanLine
from yiwang.sensing.devices.addresses import Protocol
from yiwang.sensing.devices.api.bodies import (
    Before,
    CountPage,
    CountView,
    DeviceBody,
    DeviceEdit,
    DeviceId,
    DevicePage,
    DeviceView,
    EventPage,
    EventView,
    GatewayPage,
    GatewayView,
    KeyView,
    Limit,
    NoteBody,
    NotePage,
    NoteView,
    RetireBody,
    SignalsView,
    device_view,
    metric_view,
    names,
    note_view,
    profile_view,
    registry_of,
)
from yiwang.sensing.devices.api.paging import read_moment_cursor, written_cursor
from yiwang.sensing.devices.model import Device
from yiwang.sensing.devices.registry import Filter, Registered
from yiwang.sensing.devices.store import registry as store
from yiwang.sensing.devices.store import states

router = APIRouter(tags=["devices 设备"])
_FORM = (
    "device.profile_unknown", "device.address_impossible", "device.address_taken", "device.code_taken",
    "device.organisation_unknown", "device.place_outside", "device.attribute_unknown", "device.key_file_unreadable",
)  # fmt: skip
_Word = Annotated[CleanLine | None, Query(max_length=60)]


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = 1.0, 1.0, 0.0, 0.0
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        zh, en = "应为 西,南,东,北 四个经纬度", "west,south,east,north in degrees"
        raise InvalidInput(errors=[FieldError(where="/bbox", code="input.box", zh=zh, en=en)], count=1)
    return west, south, east, north


def _filter(
    request: Request,
    profile: _Word = None,
    pack: _Word = None,
    protocol: Annotated[Protocol | None, Query()] = None,
    area: Annotated[str | None, Query(pattern=r"^[0-9]{2,15}$", description="区划代码前缀")] = None,
    organisation: Annotated[str | None, Query(max_length=60, description="机构代码")] = None,
    online: bool | None = None,
    text: Annotated[CleanLine, Query(max_length=60, description="编号、地址或名称的一部分")] = "",
    bbox: Annotated[str | None, Query(max_length=120, description="west,south,east,north")] = None,
    retired: bool = False,
) -> Filter:
    office = None if organisation is None else registry_of(request).office_id(organisation)
    return Filter(profile, pack, protocol, area, office, online, text, _box(bbox), retired)


Wanted = Annotated[Filter, Depends(_filter)]


@router.get("/devices", summary="Devices 设备列表", responses=problems("device.organisation_unknown"))
async def devices(
    request: Request,
    actor: SignedInActor,
    wanted: Wanted,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Limit = 100,
) -> DevicePage:
    """Those that the caller may read (grant `device: read`), by id."""
    registry = registry_of(request)
    found = await registry.page(actor, wanted, after=after, limit=limit)
    following = found[-1].device.id if len(found) == limit else None
    return DevicePage(items=[device_view(registry, one) for one in found], next=following)


@router.get("/devices/counts", summary="Counts 设备数", responses=problems("device.organisation_unknown"))
async def counts(request: Request, actor: SignedInActor, wanted: Wanted) -> CountPage:
    """Per profile how many there are and how many are online, of those that the caller may read."""
    registry = registry_of(request)
    found = await registry.counts(actor, wanted)
    profiles = registry.directory.profiles
    return CountPage(
        items=[
            CountView(profile=key, names=names(profiles[key].declaration.names), devices=many, online=online)
            for key, (many, online) in found.items()
            if key in profiles
        ]
    )


@router.get("/devices/signals", summary="Metrics and profiles 指标量与设备型号", responses=problems())
async def signals(request: Request, actor: SignedInActor) -> SignalsView:
    """Everything that devices of this city may be and measure, for whoever reads devices or alarms (grant `device: read` or
    `alarm: read`): alarms name metrics."""
    if not actor.may("alarm", "read"):
        actor.require("device", "read")
    directory = registry_of(request).directory
    return SignalsView(
        metrics=[metric_view(one) for one in directory.metrics.values()],
        profiles=[profile_view(one) for one in directory.profiles.values()],
    )


@router.get("/devices/gateways", summary="Gateways 接入网关", responses=problems())
async def gateways(request: Request, actor: SignedInActor) -> GatewayPage:
    """What each gateway process last told of itself. Grant `device: read`."""
    actor.require("device", "read")
    async with registry_of(request).context.database.connection() as connection:
        found = await states.gateways(connection)
    return GatewayPage(items=[GatewayView.model_validate(one) for one in found])


@router.post("/devices", status_code=201, summary="Register a device 登记设备", responses=problems(*_FORM))
async def register(request: Request, body: DeviceBody, actor: SignedInActor) -> DeviceView:
    """Grant `device: register` for where it stands."""
    registry = registry_of(request)
    async with registry.context.database.transaction() as connection:
        device = await registry.register(connection, actor, body.form(body.address))
    return await _shown(request, device)


@router.get("/devices/{device_id}", summary="A device 设备", responses=problems("not_found"))
async def device(request: Request, device_id: DeviceId, actor: SignedInActor) -> DeviceView:
    """One that the caller may read; retired ones too."""
    registry = registry_of(request)
    return device_view(registry, await registry.get(actor, device_id))


@router.put(
    "/devices/{device_id}", summary="Change a device 修改设备",
    responses=problems("not_found", "device.changed", "device.profile_fixed", "device.retired", *_FORM),
)  # fmt: skip
async def edit(request: Request, device_id: DeviceId, body: DeviceEdit, actor: SignedInActor) -> DeviceView:
    """Grant `device: edit`. Refused when somebody changed it since the caller looked (`revision`)."""
    registry = registry_of(request)
    async with registry.context.database.transaction() as connection:
        changed = await registry.edit(connection, actor, device_id, body.revision, body.form(body.address))
    return await _shown(request, changed)


@router.post(
    "/devices/{device_id}/retire", summary="Retire a device 停用设备", responses=problems("not_found", "device.retired")
)
async def retire(request: Request, device_id: DeviceId, body: RetireBody, actor: SignedInActor) -> DeviceView:
    """Its address becomes free, its readings stay. Grant `device: retire`."""
    registry = registry_of(request)
    async with registry.context.database.transaction() as connection:
        retired = await registry.retire(connection, actor, device_id, body.reason)
    return await _shown(request, retired)


@router.post(
    "/devices/{device_id}/key", summary="New key 换发密钥",
    responses=problems("not_found", "device.retired", "device.key_file_unreadable"),
)  # fmt: skip
async def key(request: Request, device_id: DeviceId, actor: SignedInActor) -> KeyView:
    """A fresh random secret, told this once; the one before no longer counts. Grant `device: edit`."""
    registry = registry_of(request)
    async with registry.context.database.transaction() as connection:
        found, plain = await registry.issue_key(connection, actor, device_id)
    return KeyView(device=await _shown(request, found), key=plain)


@router.get("/devices/{device_id}/notes", summary="Notes 维护记录", responses=problems("not_found"))
async def notes(
    request: Request, device_id: DeviceId, actor: SignedInActor, before: Before = None, limit: Limit = 50
) -> NotePage:
    """What was written down about a device, the newest first."""
    cursor = read_moment_cursor(before)
    found = await registry_of(request).notes(actor, device_id, before=cursor, limit=limit)
    following = written_cursor(found[-1].at.isoformat(), str(found[-1].id)) if len(found) == limit else None
    return NotePage(items=[note_view(one) for one in found], next=following)


@router.post(
    "/devices/{device_id}/notes", status_code=201, summary="Write a note 记维护", responses=problems("not_found")
)
async def note(request: Request, device_id: DeviceId, body: NoteBody, actor: SignedInActor) -> NoteView:
    """A calibration, a firmware, a repair … Grant `device: edit`."""
    registry = registry_of(request)
    async with registry.context.database.transaction() as connection:
        return note_view(await registry.note(connection, actor, device_id, body.kind, body.text))


@router.get("/devices/{device_id}/story", summary="Story 设备经历", responses=problems("not_found"))
async def story(
    request: Request,
    device_id: DeviceId,
    actor: SignedInActor,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Limit = 100,
) -> EventPage:
    """What happened to it, from the journal, the oldest first. ``next``: give it as ``after``."""
    registry = registry_of(request)
    actor.require("device", "read")
    async with registry.context.database.connection() as connection:
        found = await registry.readable(connection, actor, device_id)
        rows = await journal.story(connection, found.uid, after=after, limit=limit)
    return EventPage(
        items=[
            EventView.model_validate(
                {
                    "seq": row.seq, "at": row.entry.at, "verb": row.entry.verb, "by": row.entry.actor_name,
                    "kind": row.entry.actor_kind, "data": row.entry.data,
                }
            )
            for row in rows
        ],
        next=rows[-1].seq if len(rows) == limit else None,
    )  # fmt: skip


async def _shown(request: Request, changed: Device) -> DeviceView:
    """The device as it stands after a change; shown to whoever made it, even beyond what they may read."""
    registry = registry_of(request)
    async with registry.context.database.connection() as connection:
        state = await store.state(connection, changed.id)
    return device_view(registry, Registered(changed, state))
