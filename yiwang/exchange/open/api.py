"""``/opendata``: the open catalogue for the portal's pages, previews, downloads, and the catalogue as DCAT. Thin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field, JsonValue

from yiwang.exchange.open import dcat, rows
from yiwang.exchange.open.answers import NOT_MODIFIED, PUBLIC, answered, base_of, content, json_answer
from yiwang.exchange.open.ckan.packages import forms_of, group_name
from yiwang.exchange.open.downloads import FORMS, download_path
from yiwang.exchange.open.errors import DatasetUnknown
from yiwang.exchange.open.graph import json_ld, turtle
from yiwang.exchange.open.model import Dataset, RowsAsked
from yiwang.exchange.open.service import OpenData
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import half_width

router = APIRouter(
    prefix="/opendata", tags=["open data 数据开放"], responses=problems(*BEFORE_ANY_ROUTE, "open.too_dear")
)

DatasetId = Annotated[str, Path(min_length=1, max_length=80, description="Dataset 数据集")]
_GRAPHS = {"jsonld": ("application/ld+json", json_ld), "ttl": ("text/turtle", turtle)}
_UNKNOWN = problems("open.dataset_unknown")
_preview_rows = 20


class WordsView(BaseModel):
    zh: str
    en: str


class DatasetView(BaseModel):
    """A dataset in a list. ``theme``: the class that it belongs to; ``cycle``: how often it is updated (1 实时 … 7 其他)."""

    id: str
    code: str
    names: WordsView
    about: WordsView
    provider: WordsView
    theme: str
    keywords: list[str]
    cycle: int
    published: datetime | None
    changed: datetime | None
    forms: list[str]


class DatasetList(BaseModel):
    """``total``: how many there are in all; ``themes``: of those that the words find, how many in each class."""

    items: list[DatasetView]
    total: int
    themes: dict[str, int]


class ColumnView(BaseModel):
    name: str
    names: WordsView
    kind: str
    unit: str
    words: dict[str, WordsView]
    filter: bool


class DownloadView(BaseModel):
    form: str
    name: str
    path: str


class DatasetDetail(DatasetView):
    """A dataset with its columns and downloads. ``rows``: how many records (at most one more than ``counted`` says)."""

    conditions: str
    columns: list[ColumnView]
    geometry: str
    rows: int
    box: list[float] | None
    recorded: datetime | None
    downloads: list[DownloadView]
    features: str | None = Field(description="Address of the same data as OGC API Features.")


class PreviewRow(BaseModel):
    id: str
    values: dict[str, JsonValue]
    geometry: dict[str, JsonValue] | None


class Preview(BaseModel):
    """The first records, the newest first."""

    items: list[PreviewRow]


def _open(request: Request) -> OpenData:
    service: OpenData = request.app.state.open_data
    return service


def _view(dataset: Dataset) -> DatasetView:
    return DatasetView(
        id=dataset.id,
        code=dataset.code,
        names=WordsView(**dataset.names.model_dump()),
        about=WordsView(**dataset.about.model_dump()),
        provider=WordsView(zh=dataset.provider_zh, en=dataset.provider_en),
        theme=group_name(dataset),
        keywords=list(dataset.keywords),
        cycle=dataset.cycle,
        published=dataset.published,
        changed=dataset.changed,
        forms=forms_of(dataset),
    )


@router.get("/datasets", response_model=DatasetList, summary="Open datasets 开放数据集", responses=NOT_MODIFIED)
async def datasets(
    request: Request,
    q: Annotated[str, Query(max_length=100, description="Words 关键词")] = "",
    theme: Annotated[str, Query(max_length=20, description="Only of this class 分类")] = "",
    start: Annotated[int, Query(ge=0, le=10_000, description="How many to pass over 起始")] = 0,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most 条数")] = 20,
) -> Response:
    """The newest change first; words are looked for in names, abstracts, providers, keywords and columns."""
    service = _open(request)
    async with rows.bounded(service.context.database) as connection:
        found = await service.catalogue.datasets(connection)
    words = half_width(q).lower().split()
    hits = [each for each in found if all(word in _text(each) for word in words)]
    themes: dict[str, int] = {}
    for each in hits:
        themes[group_name(each)] = themes.get(group_name(each), 0) + 1
    shown = [each for each in hits if not theme or group_name(each) == theme]
    shown.sort(key=lambda each: each.changed.timestamp() if each.changed else 0.0, reverse=True)
    body = DatasetList(items=[_view(each) for each in shown[start : start + limit]], total=len(shown), themes=themes)
    return json_answer(request, body.model_dump(mode="json"))


def _text(dataset: Dataset) -> str:
    names = [each.names.zh + each.names.en for each in dataset.columns]
    parts = [
        dataset.code,
        dataset.names.zh,
        dataset.names.en,
        dataset.about.zh,
        dataset.about.en,
        dataset.provider_zh,
        dataset.provider_en,
    ]
    return half_width("\n".join([*parts, *dataset.keywords, *names])).lower()


@router.get(
    "/datasets/{dataset}",
    response_model=DatasetDetail,
    summary="One dataset 数据集详情",
    responses={**NOT_MODIFIED, **_UNKNOWN},
)
async def one(request: Request, dataset: DatasetId) -> Response:
    """What it is about, its columns, how much it holds, and where to take it."""
    service = _open(request)
    async with rows.bounded(service.context.database) as connection:
        found = await service.catalogue.dataset(connection, dataset)
        extent = await service.catalogue.extent(connection, found, service.now())
    body = DatasetDetail(
        **_view(found).model_dump(),
        conditions=found.conditions,
        columns=[
            ColumnView(
                name=each.name,
                names=WordsView(**each.names.model_dump()),
                kind=each.kind,
                unit=each.unit,
                words={value: WordsView(**words.model_dump()) for value, words in each.words.items()},
                filter=each.filter,
            )
            for each in found.columns
        ],
        geometry=found.geometry,
        rows=extent.rows,
        box=list(extent.box) if extent.box else None,
        recorded=extent.recorded,
        downloads=[
            DownloadView(form=form, name=FORMS[form][0], path=download_path(found.id, form)) for form in forms_of(found)
        ],
        features=f"/ogc/features/collections/{found.id}" if found.type else None,
    )
    return json_answer(request, body.model_dump(mode="json"))


@router.get(
    "/datasets/{dataset}/preview",
    response_model=Preview,
    summary="First records 数据预览",
    responses={**NOT_MODIFIED, **_UNKNOWN},
)
async def preview(request: Request, dataset: DatasetId) -> Response:
    """Twenty records."""
    service = _open(request)
    async with rows.bounded(service.context.database) as connection:
        found = await service.catalogue.dataset(connection, dataset)
        listed = []
        if found.type:
            kind = service.catalogue.kind(found)
            listed = await rows.page(connection, kind, found, SYSTEM, RowsAsked(limit=_preview_rows), service.now())
    shown = [PreviewRow(id=str(row.id), values=row.values, geometry=row.geometry) for row in listed[:_preview_rows]]
    return json_answer(request, Preview(items=shown).model_dump(mode="json"))


@router.get(
    "/datasets/{dataset}/data.{form}", summary="The whole file 下载",
    responses={**content(*(media_type for _, media_type, _ in FORMS.values())), **_UNKNOWN}, response_class=Response,
)  # fmt: skip
async def download(
    request: Request, dataset: DatasetId, form: Annotated[Literal["csv", "json", "geojson"], Path(description="格式")]
) -> Response:
    """All records as a file of at most ten minutes' age. ``X-File-Rows`` counts them, ``X-File-SHA256`` is its digest."""
    service = _open(request)
    async with rows.bounded(service.context.database) as connection:
        found = await service.catalogue.dataset(connection, dataset)
    if form not in forms_of(found):
        raise DatasetUnknown(id=f"{dataset[:80]}.{form}")
    made = await service.downloads.file(service.catalogue.kind(found), found, form)
    headers = {
        **PUBLIC,
        "etag": f'"{made.sha256[:32]}"',
        "cache-control": "public, max-age=60",
        "x-file-rows": str(made.rows),
        "x-file-sha256": made.sha256,
    }
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(made.path, media_type=FORMS[form][1], headers=headers, filename=f"{found.id}.{form}")


@router.get(
    "/catalog.{form}", summary="The catalogue as DCAT-AP 目录", response_class=Response,
    responses=content("application/ld+json", "text/turtle"),
)  # fmt: skip
async def catalog(
    request: Request, form: Annotated[Literal["jsonld", "ttl"], Path(description="JSON-LD or Turtle")]
) -> Response:
    """All open datasets with their distributions."""
    service = _open(request)
    async with rows.bounded(service.context.database) as connection:
        found = await service.catalogue.datasets(connection)
    media_type, write = _GRAPHS[form]
    nodes = dcat.catalogue(base_of(request), (service.title("zh"), service.title("en")), found)
    return answered(request, write(nodes), media_type)


@router.get(
    "/datasets/{dataset}/dcat.{form}", summary="A dataset as DCAT-AP 数据集描述", response_class=Response,
    responses={**content("application/ld+json", "text/turtle"), **_UNKNOWN},
)  # fmt: skip
async def described(
    request: Request,
    dataset: DatasetId,
    form: Annotated[Literal["jsonld", "ttl"], Path(description="JSON-LD or Turtle")],
) -> Response:
    """The dataset with the box around its data and its distributions."""
    service = _open(request)
    async with rows.bounded(service.context.database) as connection:
        found = await service.catalogue.dataset(connection, dataset)
        extent = await service.catalogue.extent(connection, found, service.now())
    media_type, write = _GRAPHS[form]
    return answered(request, write([dcat.dataset(base_of(request), found, extent)]), media_type)
