"""Vector tiles of cases: the same scope as every list, clustered by the server below street level."""

from __future__ import annotations

from fastapi import APIRouter, Path, Request, Response

from yiwang.casework.api.bodies import service_of
from yiwang.casework.store.lists import case_scope, clock_condition
from yiwang.geo.tiles import MEDIA_TYPE, PointLayer, Tile, point_tile_query
from yiwang.kernel.access import SignedInActor, Sql
from yiwang.kernel.refusals import problems

router = APIRouter(prefix="/tiles/cases", tags=["tiles 地图瓦片"])


@router.get(
    "/{z}/{x}/{y}.mvt",
    summary="Open cases as a vector tile 在办案件瓦片",
    responses={
        200: {"content": {MEDIA_TYPE: {}}},
        **problems("identity.sign_in_needed", "identity.forbidden", "geo.tile_out_of_range"),
    },
    response_class=Response,
)
async def tile(
    request: Request,
    actor: SignedInActor,
    z: int = Path(ge=0, le=22),
    x: int = Path(ge=0, le=2**22),
    y: int = Path(ge=0, le=2**22),
) -> Response:
    """Layer `cases`: points with number, status, class and clock colour from zoom 14 on, clusters with counts below."""
    service = service_of(request)
    actor.require("case", "read")
    args = Sql()
    condition = f"c.closed_at is null and {case_scope(actor, 'read', args)}"
    now = args.bind(service.context.clock.now())
    colours = {colour: clock_condition(colour, now) for colour in ("red", "yellow", "green", "blue")}
    picked = " ".join(f"when {rule} then '{colour}'" for colour, rule in colours.items())
    layer = PointLayer(
        name="cases",
        source="case_file c",
        geometry="c.point",
        identifier="c.id",
        attributes={
            "number": "c.number",
            "status": "c.status",
            "class": "c.class_code",
            "clock": f"case {picked} else 'grey' end",
        },
        counts=colours,
    )
    query = point_tile_query(layer, Tile(z, x, y), args, condition)
    async with service.context.database.connection() as connection:
        content: bytes = await connection.fetchval(query, *args.values)
    return Response(content, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, max-age=2"})
