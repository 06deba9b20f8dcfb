"""The resident's report: a form that works without scripts, a receipt with number and code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile

from yiwang.casework.api.bodies import opened_json
from yiwang.casework.model import PhotoClaim, Report, Reporter
from yiwang.casework.service import CaseService
from yiwang.geo.errors import UnknownArea
from yiwang.geo.service import GeoService
from yiwang.http.language import language_of
from yiwang.http.pages.maps import Outline
from yiwang.http.pages.rendering import actor_of, render
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import NotFound, Problem
from yiwang.kernel.text import clean, clean_line

router = APIRouter()

channel = "resident"
_most_photos = 5
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Given:
    """What was filled in, to be shown again when it is refused."""

    text: str = ""
    address: str = ""
    lon: str = ""
    lat: str = ""
    area: str = ""
    name: str = ""
    phone: str = ""


@router.get("/report")
async def form(request: Request) -> Response:
    """The empty form."""
    return await _form(request, Given())


@router.post("/report")
async def send(
    request: Request,
    text: Annotated[str, Form(max_length=8000)] = "",
    address: Annotated[str, Form(max_length=600)] = "",
    lon: Annotated[str, Form(max_length=30)] = "",
    lat: Annotated[str, Form(max_length=30)] = "",
    area: Annotated[str, Form(max_length=20)] = "",
    name: Annotated[str, Form(max_length=120)] = "",
    phone: Annotated[str, Form(max_length=40)] = "",
    photos: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """The form as a browser without scripts sends it."""
    given = Given(
        clean(text)[:4000], clean_line(address)[:300], lon, lat, area, clean_line(name)[:60], clean_line(phone)[:20]
    )
    service: CaseService = request.app.state.casework
    actor = actor_of(request)
    try:
        place = await _place(request, given)
        claims = await _store(service, actor, photos or [])
        receipt = await service.report(
            Report(
                type=type_key(service),
                channel=channel,
                text=given.text,
                lon=place[0] if place else None,
                lat=place[1] if place else None,
                address=given.address,
                reporter=Reporter(given.name, given.phone),
                photos=tuple(claims),
            ),
            actor,
        )
    except Problem as problem:
        return await _form(request, given, problem)
    return render(request, "receipt.html", receipt=opened_json(service, receipt, type_key(service)))


@router.get("/report/places")
async def places(
    request: Request, q: Annotated[str, Query(min_length=1, max_length=100)]
) -> list[dict[str, str | float]]:
    """Named places while typing."""
    geo: GeoService = request.app.state.geo
    outline: Outline = await request.app.state.maps.outline()
    language = language_of(request.scope)
    return [
        {
            "name": place.name,
            "lon": place.longitude,
            "lat": place.latitude,
            "area_name": outline.area_name(place.area[:9], language) if place.area else "",
        }
        for place in await geo.search_places(clean_line(q), limit=8)
    ]


def type_key(service: CaseService) -> str:
    """The case type for residents' reports: of those with their channel the one that the city ranks first."""
    for item in service.catalogue.offered():
        if channel in item.declaration.channels:
            return item.declaration.id
    raise NotFound(what="居民上报渠道 a case type for residents")


async def _form(request: Request, given: Given, problem: Problem | None = None) -> Response:
    service: CaseService = request.app.state.casework
    settings = service.context.settings
    words = None
    if problem is not None:
        language = language_of(request.scope)
        details = [item.zh if language == "zh" else item.en for item in problem.errors]
        words = "; ".join([problem.message(language), *details])
    return render(
        request,
        "report.html",
        status=problem.status if problem else 200,
        given=given,
        problem=words,
        outline=await request.app.state.maps.outline(),
        type_key=type_key(service),
        channel=channel,
        upload_mb=settings.upload_limit // 2**20,
        receipt=None,
    )


async def _place(request: Request, given: Given) -> tuple[float, float] | None:
    """The place given: coordinates, else the named place, else a point inside the chosen street."""
    try:
        return (float(given.lon), float(given.lat)) if given.lon and given.lat else await _named(request, given)
    except ValueError:
        return await _named(request, given)


async def _named(request: Request, given: Given) -> tuple[float, float] | None:
    geo: GeoService = request.app.state.geo
    if given.address:
        found = await geo.search_places(given.address, limit=1)
        if found:
            return found[0].longitude, found[0].latitude
    if given.area:
        try:
            area = await geo.area(given.area)
        except UnknownArea:
            return None
        if area.longitude is not None and area.latitude is not None:
            return area.longitude, area.latitude
    return None


async def _store(service: CaseService, actor: Actor, photos: list[UploadFile]) -> list[PhotoClaim]:
    claims = []
    for photo in [item for item in photos if item.filename][:_most_photos]:

        async def pieces(file: UploadFile = photo) -> AsyncIterator[bytes]:
            while piece := await file.read(_PIECE):
                yield piece

        stored = await service.attachments.receive(
            pieces(), photo.filename or "", "report", actor, service.context.clock.now()
        )
        claims.append(PhotoClaim(stored.id, stored.claim))
    return claims
