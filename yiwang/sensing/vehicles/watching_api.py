"""``/api/v1/live/vehicles``: vehicles as they move, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.sensing.vehicles.api import BOX, box_of, vehicle_now
from yiwang.sensing.vehicles.bodies import CODE
from yiwang.sensing.vehicles.watching import EVERY_SECONDS, VehicleWatch, Watcher

router = APIRouter(prefix="/api/v1", tags=["live"], responses=problems(*BEFORE_ANY_ROUTE))

HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 600.0
"""After this a watcher connects anew, as browsers do by themselves, with the rights that it then has."""


async def told(watch: VehicleWatch, watcher: Watcher) -> AsyncIterator[bytes]:
    """The bytes of one connection: ``whole`` with all that is in sight, then ``moved`` at most once a second."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_SECONDS
    async with watch.watching(watcher):
        yield b"retry: 2000\n\n" + _event(b"whole", watcher)
        while not watch.closing.is_set() and loop.time() < until:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await watcher.news.wait()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            yield _event(b"moved", watcher)


def _event(name: bytes, watcher: Watcher) -> bytes:
    items = [vehicle_now(row).model_dump(mode="json") for row in watcher.take()]
    return b"event: %s\ndata: %s\n\n" % (name, orjson.dumps({"items": items}))


@router.get(
    "/live/vehicles",
    summary="车辆实时位置流 · Vehicles as they move",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def live_vehicles(
    request: Request,
    actor: SignedInActor,
    bbox: Annotated[str | None, Query(pattern=BOX, max_length=80)] = None,
    profile: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{0,59}$")] = None,
    vehicle: Annotated[str | None, Query(pattern=CODE)] = None,
) -> StreamingResponse:
    """Server-sent events. First `whole`: the last positions of the vehicles within reach (at most 5,000) and within `bbox`
    (west,south,east,north); then, at most once a second, `moved`: those that have reported since, and once more each that has
    left `bbox`. The data of both is `{"items": […]}` with items as in `GET /api/v1/vehicles`. A stream ends after ten minutes;
    whoever connects anew begins with `whole`."""
    actor.require("device", "read")
    watch: VehicleWatch = request.app.state.vehicle_watch
    watcher = Watcher(actor, box_of(bbox), profile, vehicle)
    return StreamingResponse(
        told(watch, watcher),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )
