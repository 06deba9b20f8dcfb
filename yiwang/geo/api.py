"""HTTP routes of geo: areas, locating, places, tiles. Thin; open to everybody, since divisions are public knowledge.

Coordinates come in as ``crs`` says (EPSG:4490, GCJ-02 or BD-09) and go out in CGCS2000 degrees, longitude first.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from yiwang.geo.coordinates import Crs, to_cgcs2000
from yiwang.geo.errors import OutsideEveryArea
from yiwang.geo.locator import Location
from yiwang.geo.model import Area, Place
from yiwang.geo.service import GeoService
from yiwang.geo.tiles import MEDIA_TYPE, MOST_ZOOM, Tile
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine

BATCH_LIMIT = 10_000
_LAST_TILE = 2**MOST_ZOOM - 1


router = APIRouter(prefix="/api/v1", tags=["geo"], responses=problems(*BEFORE_ANY_ROUTE))


Longitude = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, description="Degrees east 经度")]
Latitude = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, description="Degrees north 纬度")]
CrsName = Annotated[Crs, Query(description="Coordinate system of the given coordinates 坐标系")]
AreaCodePath = Annotated[
    str, Path(min_length=2, max_length=15, pattern="^[0-9]+$", description="Division code 区划代码")
]
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[str, Query(max_length=16, pattern="^[0-9A-Z]*$", description="Last code of the page before")]


class AreaBody(BaseModel):
    """An area 区域; ``survey`` is ``示意`` where the geometry is only schematic, null where there is none."""

    code: str
    national_code: str = Field(description="With the trailing zeros of GB/T 2260")
    parent: str | None
    level: str
    kind: str
    name_zh: str
    name_en: str
    longitude: float | None = Field(description="Of a point inside, CGCS2000")
    latitude: float | None
    survey: str | None
    source: str
    crs_source: str
    code_system: str
    children: int


class AreaPage(BaseModel):
    """Areas by code; ``next`` is the value of ``after`` for the following page, null on the last."""

    areas: list[AreaBody]
    next: str | None


class ResponsibilityGridBody(BaseModel):
    """A responsibility grid 责任网格; ``unit_grids`` is how many unit grids it holds."""

    code: str
    community: str
    name_zh: str
    name_en: str
    unit_grids: int
    survey: str


class LocationBody(BaseModel):
    """Where a point lies; ``area_code`` is the finest area."""

    area_code: str
    unit_grid: str | None
    community: str | None
    street: str | None
    district: str | None
    responsibility_grid: str | None


class PointLocation(BaseModel):
    """The answer for one point: where it lies, its CGCS2000 degrees, and words for the place where a name is near."""

    location: LocationBody
    longitude: float
    latitude: float
    near_zh: str | None
    near_en: str | None


class LocateMany(BaseModel):
    """Up to 10,000 points."""

    model_config = ConfigDict(extra="forbid")

    crs: Crs = Crs.CGCS2000
    points: Annotated[
        list[
            tuple[
                Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)],
                Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)],
            ]
        ],
        Field(min_length=1, max_length=BATCH_LIMIT, description="[longitude, latitude] each"),
    ]


class ManyLocations(BaseModel):
    """One entry for each point in order, null outside every area."""

    locations: list[LocationBody | None]


class PlaceBody(BaseModel):
    """A named place or area; ``area`` is the finest area that holds it."""

    id: str
    name: str
    kind: str
    longitude: float
    latitude: float
    area: str


def _service(request: Request) -> GeoService:
    service: GeoService = request.app.state.geo
    return service


def _area(area: Area) -> AreaBody:
    return AreaBody(
        code=area.code,
        national_code=area.code.ljust(6, "0"),
        parent=area.parent,
        level=area.level.value,
        kind=area.kind,
        name_zh=area.name_zh,
        name_en=area.name_en,
        longitude=area.longitude,
        latitude=area.latitude,
        survey=area.survey.value if area.survey else None,
        source=area.source,
        crs_source=area.crs_source,
        code_system=area.code_system,
        children=area.children,
    )


def _location(location: Location) -> LocationBody:
    return LocationBody(
        area_code=location.area_code,
        unit_grid=location.unit_grid,
        community=location.community,
        street=location.street,
        district=location.district,
        responsibility_grid=location.responsibility_grid,
    )


def _place(place: Place) -> PlaceBody:
    return PlaceBody(
        id=place.id,
        name=place.name,
        kind=place.kind,
        longitude=place.longitude,
        latitude=place.latitude,
        area=place.area,
    )


async def _page(request: Request, above: str | None, after: str, limit: int) -> AreaPage:
    found = await _service(request).areas(above, after=after, limit=limit + 1)
    more = len(found) > limit
    return AreaPage(areas=[_area(area) for area in found[:limit]], next=found[limit - 1].code if more else None)


@router.get("/areas", summary="Top areas 顶层区域", responses=problems())
async def top_areas(request: Request, after: After = "", limit: Limit = 200) -> AreaPage:
    """The areas that stand on top of the division tree (行政区划)."""
    return await _page(request, None, after, limit)


@router.get("/areas/{code}", summary="One area 区域", responses=problems("geo.unknown_area"))
async def one_area(request: Request, code: AreaCodePath) -> AreaBody:
    """An area by its code; 6-digit codes with trailing zeros are understood."""
    return _area(await _service(request).area(code))


@router.get("/areas/{code}/children", summary="Areas below 下级区域", responses=problems("geo.unknown_area"))
async def children(request: Request, code: AreaCodePath, after: After = "", limit: Limit = 200) -> AreaPage:
    """The areas directly below, by code."""
    area = await _service(request).area(code)
    return await _page(request, area.code, after, limit)


@router.get(
    "/areas/{code}/geometry",
    summary="Boundary 边界",
    response_class=Response,
    responses={200: {"content": {"application/geo+json": {}}}, **problems("geo.unknown_area")},
)
async def geometry(request: Request, code: AreaCodePath) -> Response:
    """The boundary as a GeoJSON feature (RFC 7946); its geometry is null where none is known."""
    service = _service(request)
    area = await service.area(code)
    shape = await service.geojson(area.code)
    head = orjson.dumps({"code": area.code, "name_zh": area.name_zh, "name_en": area.name_en, "survey": area.survey})
    body = b'{"type":"Feature","properties":' + head + b',"geometry":' + (shape or "null").encode() + b"}"
    return Response(body, media_type="application/geo+json")


@router.get(
    "/areas/{code}/responsibility-grids",
    summary="Responsibility grids 责任网格",
    responses=problems("geo.unknown_area"),
)
async def responsibility_grids(
    request: Request, code: AreaCodePath, after: After = "", limit: Limit = 200
) -> list[ResponsibilityGridBody]:
    """The responsibility grids of a community, by code; page on with the last code."""
    service = _service(request)
    area = await service.area(code)
    return [
        ResponsibilityGridBody(
            code=grid.code,
            community=grid.community,
            name_zh=grid.name_zh,
            name_en=grid.name_en,
            unit_grids=grid.unit_grids,
            survey=grid.survey.value,
        )
        for grid in await service.responsibility_grids(area.code, after=after, limit=limit)
    ]


@router.get("/locate", summary="Locate a point 定位", responses=problems("geo.outside_every_area"))
async def locate(request: Request, lon: Longitude, lat: Latitude, crs: CrsName = Crs.CGCS2000) -> PointLocation:
    """Unit grid, community, street, district and responsibility grid of a point, and the nearest named place."""
    service = _service(request)
    longitude, latitude = to_cgcs2000(lon, lat, crs)
    location = service.locator.locate(longitude, latitude)
    if location is None:
        raise OutsideEveryArea(longitude=longitude, latitude=latitude)
    near = await service.nearest_place(longitude, latitude)
    return PointLocation(
        location=_location(location),
        longitude=longitude,
        latitude=latitude,
        near_zh=near.text("zh") if near else None,
        near_en=near.text("en") if near else None,
    )


@router.post(
    "/locate",
    summary="Locate many points 批量定位",
    response_class=Response,
    responses={200: {"model": ManyLocations}, **problems()},
)
async def locate_many(request: Request, body: LocateMany) -> Response:
    """The same for up to 10,000 points at once, without the names."""
    points = np.array(body.points, dtype=np.float64)
    x, y = to_cgcs2000(points[:, 0], points[:, 1], body.crs)
    found = _service(request).locator.locate_many(x, y)
    # Straight to JSON: a second validation of ten thousand rows would hold up everybody else.
    return Response(orjson.dumps({"locations": list(found)}), media_type="application/json")


@router.get("/places", summary="Search places 地名搜索", responses=problems())
async def places(
    request: Request,
    q: Annotated[CleanLine, Query(min_length=1, max_length=50, description="Part of the name 地名")],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> list[PlaceBody]:
    """Named places and areas whose name holds the text, the best first."""
    return [_place(place) for place in await _service(request).search_places(q, limit=limit)]


@router.get(
    "/tiles/areas/{z}/{x}/{y}.mvt",
    summary="Vector tile of areas 区域矢量瓦片",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {}}},
        304: {"description": "Not changed"},
        **problems("geo.tile_out_of_range"),
    },
)
async def area_tile(
    request: Request,
    z: Annotated[int, Path(ge=0, le=MOST_ZOOM)],
    x: Annotated[int, Path(ge=0, le=_LAST_TILE)],
    y: Annotated[int, Path(ge=0, le=_LAST_TILE)],
) -> Response:
    """Layers province, city, district, street, community, responsibility_grid, unit_grid, each from its zoom on."""
    service = _service(request)
    headers = {"ETag": f'"areas-{service.locator.version}"', "Cache-Control": "no-cache"}
    tile = Tile(z, x, y)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(await service.area_tile(tile), media_type=MEDIA_TYPE, headers=headers)
