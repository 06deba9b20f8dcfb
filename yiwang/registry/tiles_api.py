"""``/api/v1/things/{type}/tiles/{z}/{x}/{y}.mvt``: the map layer of a type."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from yiwang.geo.tiles import MEDIA_TYPE, Tile
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.registry.service import RegistryService
from yiwang.registry.views import KnownAt, TypeId, ValidAt, filter_of

router = APIRouter(prefix="/api/v1", tags=["tiles 地图瓦片"], responses=problems(*BEFORE_ANY_ROUTE))


@router.get(
    "/things/{type}/tiles/{z}/{x}/{y}.mvt",
    summary="Things as a vector tile 登记数据瓦片",
    responses={
        200: {"content": {MEDIA_TYPE: {}}},
        **problems("thing.type_unknown", "thing.filter_unknown", "geo.tile_out_of_range"),
    },
    response_class=Response,
)
async def tile(
    request: Request,
    type: TypeId,
    actor: SignedInActor,
    z: int = Path(ge=0, le=22),
    x: int = Path(ge=0, le=2**22),
    y: int = Path(ge=0, le=2**22),
    where: Annotated[
        list[Annotated[str, Field(max_length=200)]] | None,
        Query(max_length=10, description="Exact filters `attribute:value` 筛选"),
    ] = None,
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
) -> Response:
    """Layer `things`: clusters with `n` and the commonest `colour` below zoom 15, from there each thing by itself."""
    service: RegistryService = request.app.state.registry
    filters = dict(filter_of(each) for each in where or [])
    async with service.context.database.connection() as connection:
        content = await service.tiles.draw(
            connection, actor, type, Tile(z, x, y), filters=filters, valid_at=valid_at, known_at=known_at
        )
    return Response(content, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, max-age=5"})
