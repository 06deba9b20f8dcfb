"""``/ogc/features``: thin; what an address means stands in ``parameters``, what is answered in ``documents``.

Everybody sees the open datasets; who is signed in also sees every type that they may read, within their reach and with
personal values masked.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from yiwang.exchange.open import rows
from yiwang.exchange.open.answers import base_of, content, json_answer
from yiwang.exchange.open.errors import RowUnknown
from yiwang.exchange.open.features import documents
from yiwang.exchange.open.features.crs import CRS84, LATITUDE_FIRST
from yiwang.exchange.open.features.documents import CONFORMANCE, GEOJSON, OPENAPI, ROOT, SCHEMA
from yiwang.exchange.open.features.parameters import MOST, USUAL, crs_of, items_asked, taken
from yiwang.exchange.open.model import Dataset, RowsAsked
from yiwang.exchange.open.service import OpenData
from yiwang.kernel.access import Actor, CurrentActor
from yiwang.kernel.database import Connection
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems

router = APIRouter(
    prefix=ROOT, tags=["OGC API Features"], responses=problems(*BEFORE_ANY_ROUTE, "open.query_invalid", "open.too_dear")
)

CollectionId = Annotated[str, Path(min_length=1, max_length=80, description="Dataset or `type.<id>` 数据集")]
FeatureId = Annotated[str, Path(min_length=1, max_length=80, description="The record's id 记录编号")]
_JSON = content("application/json")
_NONE = problems("open.dataset_unknown", "open.row_unknown")


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


_CRS = {"type": "string", "maxLength": 200, "default": CRS84}
_ITEMS = {
    "parameters": [
        _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "每页条数"),
        _query("bbox", {"type": "string", "maxLength": 200}, "west,south,east,north 范围"),
        _query("bbox-crs", _CRS, "Coordinate reference of bbox 范围的坐标参照"),
        _query("crs", _CRS, "Coordinate reference of the answer 返回的坐标参照"),
        _query("datetime", {"type": "string", "maxLength": 100}, "Moment or from/to 时刻或时段"),
        _query("after", {"type": "string", "maxLength": 40}, "Key of the page before 上一页的末条"),
    ]
}


def _open(request: Request) -> OpenData:
    service: OpenData = request.app.state.open_data
    return service


@router.get("", summary="Landing page 首页", operation_id="features-landing", responses=_JSON, response_class=Response)
@router.get("/", include_in_schema=False)
async def landing(request: Request) -> Response:
    """Links to all that there is."""
    service = _open(request)
    taken(request.query_params.multi_items(), ("f",))
    language = service.language(request)
    return json_answer(request, documents.landing(base_of(request), service.title(language), language))


@router.get(
    "/conformance", summary="Conformance 符合性", operation_id="features-conformance", responses=_JSON,
    response_class=Response,
)  # fmt: skip
async def conformance(request: Request) -> Response:
    """The requirements that this service fulfils."""
    taken(request.query_params.multi_items(), ("f",))
    return json_answer(request, {"conformsTo": list(CONFORMANCE)})


@router.get(
    "/api", summary="The interface as OpenAPI 接口描述", operation_id="features-api", responses=content(OPENAPI),
    response_class=Response,
)  # fmt: skip
async def api(request: Request, actor: CurrentActor) -> Response:
    """A path for each collection, with the columns by which it can be filtered."""
    service = _open(request)
    taken(request.query_params.multi_items(), ("f",))
    language = service.language(request)
    async with rows.bounded(service.context.database) as connection:
        found = await _collections(service, connection, actor)
    described = documents.description(base_of(request), service.title(language), found, language)
    return json_answer(request, described, media_type=OPENAPI, actor=actor)


@router.get(
    "/collections", summary="Collections 数据集", operation_id="features-collections", responses=_JSON,
    response_class=Response,
)  # fmt: skip
async def collections(request: Request, actor: CurrentActor) -> Response:
    """Open datasets that have rows; for who is signed in, the types that they may read as well."""
    service = _open(request)
    taken(request.query_params.multi_items(), ("f",))
    base, language = base_of(request), service.language(request)
    async with rows.bounded(service.context.database) as connection:
        found = await _collections(service, connection, actor)
    root = base + ROOT
    body = {
        "links": [documents.link(f"{root}/collections", "self"), documents.link(root, "root")],
        "crs": list(LATITUDE_FIRST),
        "collections": [documents.collection(base, each, None, language) for each in found],
    }
    return json_answer(request, body, actor=actor)


@router.get(
    "/collections/{collection}", summary="One collection 数据集", operation_id="features-collection",
    responses={**_JSON, **_NONE}, response_class=Response,
)  # fmt: skip
async def collection(request: Request, collection: CollectionId, actor: CurrentActor) -> Response:
    """What it is about, and the box around what is open of it."""
    service = _open(request)
    taken(request.query_params.multi_items(), ("f",))
    async with rows.bounded(service.context.database) as connection:
        _, dataset = await service.catalogue.readable(connection, actor, collection)
        known = await service.catalogue.extent(connection, dataset, service.now()) if dataset.open else None
    body = documents.collection(base_of(request), dataset, known, service.language(request))
    return json_answer(request, body, actor=actor)


@router.get(
    "/collections/{collection}/queryables", summary="Columns to filter by 可筛选字段",
    operation_id="features-queryables", responses={**content(SCHEMA), **_NONE}, response_class=Response,
)  # fmt: skip
async def queryables(request: Request, collection: CollectionId, actor: CurrentActor) -> Response:
    """JSON Schema of the columns that are parameters of the items."""
    service = _open(request)
    taken(request.query_params.multi_items(), ("f",))
    async with rows.bounded(service.context.database) as connection:
        _, dataset = await service.catalogue.readable(connection, actor, collection)
    body = documents.queryables(base_of(request), dataset, service.language(request))
    return json_answer(request, body, media_type=SCHEMA, actor=actor)


@router.get(
    "/collections/{collection}/items", summary="Features 要素", operation_id="features-items",
    responses={**content(GEOJSON), **_NONE}, openapi_extra=_ITEMS, response_class=Response,
)  # fmt: skip
async def items(request: Request, collection: CollectionId, actor: CurrentActor) -> Response:
    """Newest first, page by page: follow the link `next`. Columns that can be filtered by are parameters, too."""
    service = _open(request)
    given = request.query_params.multi_items()
    now = service.now()
    async with rows.bounded(service.context.database) as connection:
        kind, dataset = await service.catalogue.readable(connection, actor, collection)
        asked = items_asked(given, dataset)
        matched: int | None = None
        found = await rows.page(connection, kind, dataset, actor, asked.rows, now)
        if asked.rows.after is None:
            counted = await rows.count(connection, kind, dataset, actor, asked.rows, now)
            matched = counted if counted <= rows.MOST_COUNTED else None
    body = documents.items(
        base_of(request), dataset, found, given=given, limit=asked.rows.limit, crs=asked.crs, matched=matched,
        at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )  # fmt: skip
    return json_answer(request, body, media_type=GEOJSON, actor=actor, headers={"content-crs": f"<{asked.crs}>"})


@router.get(
    "/collections/{collection}/items/{feature}", summary="One feature 要素", operation_id="features-item",
    responses={**content(GEOJSON), **_NONE}, response_class=Response,
    openapi_extra={"parameters": [_query("crs", _CRS, "Coordinate reference of the answer 返回的坐标参照")]},
)  # fmt: skip
async def item(request: Request, collection: CollectionId, feature: FeatureId, actor: CurrentActor) -> Response:
    """As it is true now."""
    service = _open(request)
    crs = crs_of("crs", taken(request.query_params.multi_items(), ("f", "crs")))
    async with rows.bounded(service.context.database) as connection:
        kind, dataset = await service.catalogue.readable(connection, actor, collection)
        try:
            asked = RowsAsked(thing=UUID(feature), limit=1)
        except ValueError as error:
            raise RowUnknown(dataset=collection[:80], id=feature[:80]) from error
        found = await rows.page(connection, kind, dataset, actor, asked, service.now())
    if not found:
        raise RowUnknown(dataset=collection[:80], id=feature[:80])
    here = f"{base_of(request)}{ROOT}/collections/{dataset.id}"
    body = {
        **documents.feature(found[0], crs),
        "links": [
            documents.link(f"{here}/items/{found[0].id}", "self", GEOJSON),
            documents.link(here, "collection"),
        ],
    }
    return json_answer(request, body, media_type=GEOJSON, actor=actor, headers={"content-crs": f"<{crs}>"})


async def _collections(service: OpenData, connection: Connection, actor: Actor) -> list[Dataset]:
    found = [each for each in await service.catalogue.datasets(connection) if each.type]
    return found + [dataset for _, dataset in service.catalogue.own(actor)]
