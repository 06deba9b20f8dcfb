"""What the service says of itself and of its collections, as JSON of the standard. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from yiwang.exchange.open.features.crs import CRS84, LATITUDE_FIRST, turned
from yiwang.exchange.open.features.parameters import MOST, USUAL
from yiwang.exchange.open.model import Column, Dataset, Extent, Row

ROOT = "/ogc/features"
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA = "application/schema+json"
_JSON = "application/json"
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)
_SCHEMAS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "list": {"type": "array", "items": {}},
    "object": {"type": "object"},
}


def link(href: str, rel: str, media_type: str = _JSON, title: str = "") -> dict[str, str]:
    return {"href": href, "rel": rel, "type": media_type, **({"title": title} if title else {})}


def landing(base: str, title: str, language: str) -> dict[str, Any]:
    """The page at the root, from which everything is found."""
    zh = language == "zh"
    root = base + ROOT
    return {
        "title": title,
        "description": "向社会开放的空间数据与表格数据" if zh else "Layers and tables that are open to the public",
        "links": [
            link(root, "self", title="本页" if zh else "This document"),
            link(f"{root}/api", "service-desc", OPENAPI, "接口描述" if zh else "The interface"),
            link(f"{base}/open-data", "service-doc", "text/html", "开放数据" if zh else "Open data"),
            link(f"{root}/conformance", "conformance", title="符合性" if zh else "Conformance"),
            link(f"{root}/collections", "data", title="数据集" if zh else "Collections"),
        ],
    }


def collection(base: str, dataset: Dataset, extent: Extent | None, language: str) -> dict[str, Any]:
    """A collection with its links; ``extent`` as far as it is known."""
    zh = language == "zh"
    here = f"{base}{ROOT}/collections/{quote(dataset.id)}"
    links = [
        link(here, "self"),
        link(f"{here}/items", "items", GEOJSON),
        link(f"{here}/queryables", "http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA),
    ]
    if dataset.open:
        links.append(link(f"{base}/open-data/{quote(dataset.id)}", "alternate", "text/html"))
    found: dict[str, Any] = {
        "id": dataset.id,
        "title": dataset.names.zh if zh else dataset.names.en,
        "description": dataset.about.zh if zh else dataset.about.en,
        "itemType": "feature",
        "links": links,
    }
    if dataset.keywords:
        found["keywords"] = list(dataset.keywords)
    if dataset.geometry != "none":
        found["crs"] = list(LATITUDE_FIRST)
        found["storageCrs"] = CRS84
        if extent is not None and extent.box is not None:
            found["extent"] = {"spatial": {"bbox": [list(extent.box)], "crs": CRS84}}
    return found


def items(
    base: str,
    dataset: Dataset,
    rows: Sequence[Row],
    *,
    given: Sequence[tuple[str, str]],
    limit: int,
    crs: str,
    matched: int | None,
    at: str,
) -> dict[str, Any]:
    """A page of features; ``rows`` holds one more than the page where there are more. ``matched``: how many there are in
    all, where it is known; ``at``: when this was so."""  # fmt: skip
    here = f"{base}{ROOT}/collections/{quote(dataset.id)}"
    shown = rows[:limit]
    links = [link(_address(f"{here}/items", given), "self", GEOJSON), link(here, "collection")]
    if len(rows) > limit:
        onward = [*((name, value) for name, value in given if name != "after"), ("after", str(shown[-1].id))]
        links.append(link(_address(f"{here}/items", onward), "next", GEOJSON))
    return {
        "type": "FeatureCollection",
        "features": [feature(row, crs) for row in shown],
        "links": links,
        "timeStamp": at,
        **({} if matched is None else {"numberMatched": matched}),
        "numberReturned": len(shown),
    }


def feature(row: Row, crs: str = CRS84) -> dict[str, Any]:
    """A GeoJSON feature (RFC 7946)."""
    return {"type": "Feature", "id": str(row.id), "geometry": turned(row.geometry, crs), "properties": row.values}


def _address(path: str, given: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(given)}" if given else path


def queryables(base: str, dataset: Dataset, language: str) -> dict[str, Any]:
    """The columns by which items can be filtered, as JSON Schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base}{ROOT}/collections/{quote(dataset.id)}/queryables",
        "type": "object",
        "title": dataset.names.zh if language == "zh" else dataset.names.en,
        "properties": {column.name: column_schema(column, language) for column in dataset.columns if column.filter},
        "additionalProperties": False,
    }


def column_schema(column: Column, language: str) -> dict[str, Any]:
    """A column as JSON Schema."""
    found = {"title": column.names.zh if language == "zh" else column.names.en, **_SCHEMAS[column.kind]}
    if column.words and column.kind == "text":
        found["enum"] = list(column.words)
    return found


def description(base: str, title: str, datasets: Sequence[Dataset], language: str) -> dict[str, Any]:
    """The interface as OpenAPI 3.0, with a path for each collection."""
    paths: dict[str, Any] = {
        "/": _operation("landing", "Landing page 首页", _JSON),
        "/conformance": _operation("conformance", "Conformance 符合性", _JSON),
        "/collections": _operation("collections", "Collections 数据集", _JSON),
    }
    for dataset in datasets:
        name = dataset.id.replace("-", "_").replace(".", "_")
        path = f"/collections/{dataset.id}"
        words = dataset.names.zh if language == "zh" else dataset.names.en
        filters = [
            {
                "name": column.name, "in": "query", "required": False,
                "description": column.names.zh if language == "zh" else column.names.en,
                "schema": _SCHEMAS[column.kind], "style": "form", "explode": False,
            }
            for column in dataset.columns
            if column.filter
        ]  # fmt: skip
        paths[path] = _operation(f"collection_{name}", words, _JSON)
        paths[f"{path}/items"] = _operation(f"items_{name}", words, GEOJSON, [*_parameters(), *filters])
        paths[f"{path}/items/{{featureId}}"] = _operation(
            f"item_{name}", words, GEOJSON,
            [{"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}],
        )  # fmt: skip
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": "1.0"},
        "servers": [{"url": base + ROOT}],
        "paths": paths,
    }


def _operation(
    id: str, summary: str, media_type: str, parameters: Sequence[dict[str, Any]] = ()
) -> dict[str, dict[str, Any]]:
    schema = {"type": "object"}
    answers: dict[str, Any] = {
        "200": {"description": "OK", "content": {media_type: {"schema": schema}}},
        "400": {"description": "A parameter is wrong", "content": {"application/problem+json": {"schema": schema}}},
        "404": {"description": "There is none", "content": {"application/problem+json": {"schema": schema}}},
    }
    return {"get": {"operationId": id, "summary": summary, "parameters": list(parameters), "responses": answers}}


def _parameters() -> list[dict[str, Any]]:
    references = {"type": "string", "enum": list(LATITUDE_FIRST), "default": CRS84}
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    return [
        _parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}),
        {**_parameter("bbox", numbers), "style": "form", "explode": False},
        _parameter("datetime", {"type": "string"}),
        _parameter("bbox-crs", references),
        _parameter("crs", references),
    ]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}
