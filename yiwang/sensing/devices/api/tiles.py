"""Vector tiles of devices: the same scope as every list, clustered by the server below street level, with the last value of a
metric where one is asked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from yiwang.geo.tiles import MEDIA_TYPE, PointLayer, Tile, point_tile_query, tile_envelope
from yiwang.kernel.access import Actor, SignedInActor, Sql, scope_condition
from yiwang.kernel.refusals import problems
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.errors import UnknownMetric
from yiwang.sensing.model import INVALID
from yiwang.sensing.service import Sensing

router = APIRouter(prefix="/tiles/devices", tags=["tiles 地图瓦片"])


@router.get(
    "/{z}/{x}/{y}.mvt",
    summary="Devices as a vector tile 设备瓦片",
    responses={
        200: {"content": {MEDIA_TYPE: {}}},
        **problems("identity.sign_in_needed", "identity.forbidden", "geo.tile_out_of_range", "sensing.unknown_metric"),
    },
    response_class=Response,
)
async def tile(
    request: Request,
    actor: SignedInActor,
    z: int = Path(ge=0, le=22),
    x: int = Path(ge=0, le=2**22),
    y: int = Path(ge=0, le=2**22),
    metric: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_.-]{0,63}$", description="监测项")] = None,
) -> Response:
    """Layer `devices`: points with `id` (the device's code), `profile`, `online` and the last good `value` of `metric` from zoom
    14 on; below, clusters with `n` and how many are `online` (one device by itself keeps its `id`). With `metric` only devices
    that have such a value."""
    sensing: Sensing = request.app.state.sensing
    actor.require("device", "read")
    args = Sql()
    # The envelope of the tile in degrees, so that the index of the devices' places is used.
    source, condition = _devices(actor, args, sensing.directory, metric, Tile(z, x, y))
    layer = PointLayer(
        name="devices",
        source=source,
        geometry="d.mercator",
        identifier="d.code",
        attributes={"profile": "d.profile", "online": "d.online", "value": "d.value"},
        counts={"online": "d.online"},
    )
    query = point_tile_query(layer, Tile(z, x, y), args, condition)
    async with sensing.context.database.connection() as connection:
        content: bytes = await connection.fetchval(query, *args.values)
    return Response(content, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, max-age=2"})


def _devices(actor: Actor, args: Sql, directory: DeviceDirectory, metric: str | None, at: Tile) -> tuple[str, str]:
    """What stands after ``from``, and the condition of the reader's scope."""
    edges = ", ".join(f"{args.bind(edge)}::float8" for edge in tile_envelope(at.z, at.x, at.y))
    columns = "d.code, d.profile, d.area, d.organisation_id, st_transform(d.position, 3857) as mercator"
    tables = "device d left join device_state s on s.device_id = d.id"
    where = f"d.retired_at is null and d.position && st_transform(st_makeenvelope({edges}, 3857), 4326)"
    value = "null::float8"
    if metric is not None:
        found = directory.metric(metric)
        if found is None:
            raise UnknownMetric(metric=metric)
        reach = scope_condition(actor, "reading", "read", args, area="d.area", organisation="d.organisation_id")
        tables += f" join latest l on l.device_id = d.id and l.metric_id = {args.bind(found.id)}::smallint"
        where += f" and l.quality & {int(INVALID)} = 0 and {reach}"
        value = "l.value"
    source = f"(select {columns}, coalesce(s.online, false) as online, {value} as value from {tables} where {where}) d"
    condition = scope_condition(actor, "device", "read", args, area="d.area", organisation="d.organisation_id")
    return source, condition
