"""Vehicles and fences over HTTP, within the reader's scope. Vehicles are named by the codes of their devices; times are
ISO 8601 with zone; coordinates are degrees, longitude first, CGCS2000."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime

import yiwang.identity.errors
import yiwang.sensing.devices.errors
import yiwang.sensing.vehicles.errors  # noqa: F401  # registers the codes that descriptions name, as do the others
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.database import Record
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.sensing.vehicles.bodies import (
    CODE,
    CrossingList,
    CrossingView,
    DriverList,
    DriverView,
    FenceBody,
    FenceEdit,
    FenceHours,
    FencePage,
    FenceView,
    SendBody,
    SentView,
    TrackAnswer,
    TrackSegment,
    TripPage,
    TripView,
    VehicleNow,
    VehiclesNow,
    WaybillList,
    WaybillView,
)
from yiwang.sensing.vehicles.model import Fence
from yiwang.sensing.vehicles.service import Vehicles, new_fence_id
from yiwang.sensing.vehicles.words import ALARM_NAMES, STATUS_NAMES, bits

router = APIRouter(prefix="/api/v1", tags=["vehicles 车辆"], responses=problems(*BEFORE_ANY_ROUTE))

Vehicle = Annotated[str, Path(pattern=CODE, description="Code of the device 设备编号")]
Since = Annotated[AwareDatetime, Query(description="From this time on, with zone 起")]
Until = Annotated[AwareDatetime, Query(description="Before this time, with zone 止")]
Limit = Annotated[int, Query(ge=1, le=500)]
FenceId = Annotated[UUID, Path(description="id of the fence")]
_NUMBER = r"-?[0-9]{1,3}(\.[0-9]{1,9})?"
BOX = rf"^{_NUMBER}(,{_NUMBER}){{3}}$"


def _vehicles(request: Request) -> Vehicles:
    return Vehicles(request.app.state.sensing)


def box_of(text: str | None) -> tuple[float, float, float, float] | None:
    """West, south, east, north as a request names them, degrees. Raises InvalidInput."""
    if text is None:
        return None
    west, south, east, north = (float(part) for part in text.split(","))
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        wrong = FieldError(
            where="bbox", code="input.invalid", zh="应为 西,南,东,北", en="must be west,south,east,north in degrees"
        )
        raise InvalidInput(errors=[wrong], count=1)
    return west, south, east, north


def vehicle_now(row: Record) -> VehicleNow:
    """A row of the last positions as the map gets it."""
    return VehicleNow(
        id=row["device_id"], vehicle=row["code"], profile=row["profile"], zh=row["names"]["zh"], en=row["names"]["en"],
        plate=row["plate"], online=row["online"], at=row["at"], lon=row["lon"], lat=row["lat"], altitude=row["altitude"],
        speed=round(row["speed"], 1), direction=row["direction"], mileage=row["mileage"], fuel=row["fuel"],
        alarms=bits(row["alarm"], ALARM_NAMES), status=bits(row["status"], STATUS_NAMES),
    )  # fmt: skip


@router.get("/vehicles", summary="Where vehicles are now 车辆实时位置")
async def vehicles_now(
    request: Request,
    actor: SignedInActor,
    bbox: Annotated[str | None, Query(pattern=BOX, max_length=80)] = None,
    profile: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{0,59}$")] = None,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> VehiclesNow:
    """The last position of each vehicle within reach, for the map. `bbox`: west,south,east,north."""
    rows = await _vehicles(request).now(actor, box=box_of(bbox), profile=profile, after=after, limit=limit)
    return VehiclesNow(
        items=[vehicle_now(row) for row in rows], next=rows[-1]["device_id"] if len(rows) == limit else None
    )


@router.get("/vehicles/{vehicle}/track", summary="Track 轨迹", responses=problems("not_found", "vehicle.span_too_long"))
async def track(
    request: Request,
    actor: SignedInActor,
    vehicle: Vehicle,
    since: Since,
    until: Until,
    points: Annotated[int, Query(ge=2, le=5000, description="Points that the screen can show.")] = 1000,
) -> TrackAnswer:
    """Where it went, cut at gaps and thinned to what a screen shows. That you looked is told in the journal."""
    found = await _vehicles(request).track(actor, vehicle, since, until, points)
    return TrackAnswer(
        vehicle=vehicle,
        positions=found.positions,
        segments=[
            TrackSegment(
                points=[(point.lon, point.lat) for point in part],
                at=[point.at for point in part],
                speed=[round(point.speed, 1) for point in part],
            )
            for part in found.segments
        ],
    )


@router.get("/vehicles/{vehicle}/trips", summary="Trips 行程", responses=problems("not_found"))
async def trips(
    request: Request,
    actor: SignedInActor,
    vehicle: Vehicle,
    since: Since,
    until: Until,
    before: Annotated[AwareDatetime | None, Query()] = None,
    limit: Limit = 50,
) -> TripPage:
    """From setting out to a long stop, the newest first."""
    found = await _vehicles(request).trips(actor, vehicle, since, until, before, limit)
    items = [
        TripView(
            started_at=trip.started_at, ended_at=trip.ended_at, open=trip.open,
            from_place=(trip.from_lon, trip.from_lat), to_place=(trip.to_lon, trip.to_lat), kilometres=trip.kilometres,
            driving_seconds=trip.driving_seconds, standing_seconds=trip.standing_seconds,
            greatest_speed=round(trip.greatest_speed, 1), positions=trip.positions, driver=trip.driver,
        )
        for trip in found
    ]  # fmt: skip
    return TripPage(items=items, next=found[-1].started_at if len(found) == limit else None)


@router.get("/vehicles/{vehicle}/drivers", summary="Drivers 驾驶员", responses=problems("not_found"))
async def drivers(
    request: Request, actor: SignedInActor, vehicle: Vehicle, since: Since, until: Until, limit: Limit = 50
) -> DriverList:
    """Whose card was in the reader, the newest first."""
    found = await _vehicles(request).drivers(actor, vehicle, since, until, limit)
    return DriverList(
        items=[
            DriverView(
                began_at=each.began_at, ended_at=each.ended_at, name=each.name, licence=each.licence, agency=each.agency,
                valid_until=each.valid_until, card_result=each.card_result,
            )
            for each in found
        ]
    )  # fmt: skip


@router.get("/vehicles/{vehicle}/crossings", summary="Fences crossed 进出围栏", responses=problems("not_found"))
async def crossings(
    request: Request, actor: SignedInActor, vehicle: Vehicle, since: Since, until: Until, limit: Limit = 50
) -> CrossingList:
    """Fences entered and left, the newest first."""
    found = await _vehicles(request).crossings(actor, vehicle, since, until, limit)
    return CrossingList(
        items=[CrossingView(fence=code, entered_at=each.entered_at, left_at=each.left_at) for each, code in found]
    )


@router.get("/vehicles/{vehicle}/waybills", summary="Waybills 电子运单", responses=problems("not_found"))
async def waybills(request: Request, actor: SignedInActor, vehicle: Vehicle, limit: Limit = 50) -> WaybillList:
    """What it said it carries, the newest first."""
    found = await _vehicles(request).waybills(actor, vehicle, limit)
    return WaybillList(items=[WaybillView(received_at=at, text=text) for at, text in found])


def _fence(request: Request, fence: Fence) -> FenceView:
    devices = [request.app.state.sensing.directory.device(each) for each in sorted(fence.members)]
    return FenceView(
        id=fence.id, number=fence.number, code=fence.code, zh=fence.name_zh, en=fence.name_en, kind=fence.shape.kind,
        points=list(fence.shape.points), size=fence.shape.size, keep=fence.keep, speed_limit=fence.speed_limit,
        hours=FenceHours(
            start=fence.hours.start, end=fence.hours.end, since=fence.hours.since, until=fence.hours.until
        ),
        area=fence.area, organisation=fence.organisation_id, everyone=fence.everyone,
        vehicles=[device.code for device in devices if device is not None], revision=fence.revision,
    )  # fmt: skip


@router.get("/fences", summary="Fences 电子围栏", responses=problems("not_found"))
async def fences(
    request: Request,
    actor: SignedInActor,
    vehicle: Annotated[str | None, Query(pattern=CODE)] = None,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Limit = 100,
) -> FencePage:
    """Fences within reach, by number; those that bind one vehicle, where asked."""
    found = await _vehicles(request).fences(actor, vehicle, after, limit)
    return FencePage(
        items=[_fence(request, each) for each in found], next=found[-1].number if len(found) == limit else None
    )


_FENCE_PROBLEMS = problems("not_found", "fence.impossible", "fence.code_taken", "fence.vehicles_out_of_reach")


@router.post("/fences", summary="Draw a fence 新建围栏", status_code=201, responses=_FENCE_PROBLEMS)
async def draw_fence(request: Request, actor: SignedInActor, body: FenceBody) -> FenceView:
    """Draw a fence; it holds from the next position on."""
    drawn = await _vehicles(request).put_fence(actor, body.fence(new_fence_id(), 1), body.vehicles, new=True)
    return _fence(request, drawn)


@router.put(
    "/fences/{fence_id}", summary="Change a fence 修改围栏", responses=_FENCE_PROBLEMS | problems("fence.changed")
)
async def change_fence(request: Request, actor: SignedInActor, fence_id: FenceId, body: FenceEdit) -> FenceView:
    """Change a fence as a whole."""
    fence = body.fence(fence_id, body.revision)
    return _fence(request, await _vehicles(request).put_fence(actor, fence, body.vehicles, new=False))


@router.delete(
    "/fences/{fence_id}", summary="Retire a fence 停用围栏", status_code=204, responses=problems("not_found")
)
async def retire_fence(request: Request, actor: SignedInActor, fence_id: FenceId) -> None:
    """Take a fence out of force; what was recorded of it stays."""
    await _vehicles(request).retire_fence(actor, fence_id)


@router.post(
    "/fences/{fence_id}/terminals",
    summary="Send a fence to terminals 下发围栏",
    status_code=201,
    responses=problems("not_found", "device.verb_not_offered", "device.retired", "device.too_many_commands"),
)
async def send_fence(request: Request, actor: SignedInActor, fence_id: FenceId, body: SendBody) -> SentView:
    """Let terminals watch the fence themselves (JT/T 808 8600–8606), or take it from them (8601–8607)."""
    sent = await _vehicles(request).send_fence(actor, fence_id, body.vehicles, drop=body.action == "drop")
    return SentView(commands=sent)
