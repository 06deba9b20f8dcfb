"""HTTP route of extraction. Thin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from yiwang.judgement.extraction.errors import TextEmpty
from yiwang.judgement.extraction.service import Extraction, Mention
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine, CleanText

router = APIRouter(prefix="/api/v1", tags=["extraction 要素提取"])


class ExtractBody(BaseModel):
    """A report's text, and its address line if it has one 上报文字与地址."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": "昨晚八点精武镇学府路有人占道烧烤,联系13800001234", "address": "精武镇学府路12号"}]
        },
    )

    text: Annotated[CleanText, Field(max_length=4000)] = ""
    address: Annotated[CleanLine, Field(max_length=300)] = ""


class PlaceMention(BaseModel):
    """A place in the text. ``source``: the city's gazetteer, the form of the name, or the learned reader of addresses."""

    start: int
    end: int
    name: str
    kind: str
    source: Literal["gazetteer", "form", "learned"]
    lon: float | None = Field(description="Degrees, CGCS2000, where the city knows the place.")
    lat: float | None


class TimeMention(BaseModel):
    """A time in the text: the half-open period that it means."""

    start: int
    end: int
    text: str
    begin: datetime
    finish: datetime
    precision: str


class NumberMention(BaseModel):
    """A telephone, plate or identity number, masked."""

    start: int
    end: int
    kind: Literal["phone", "plate", "identity"]
    shown: str


class Suggestion(BaseModel):
    """A place on the map that the words suggest; a person decides."""

    lon: float
    lat: float
    name: str
    id: str
    start: int
    end: int
    zh: str
    en: str


class ExtractAnswer(BaseModel):
    """Everything found; offsets are characters of ``text``, a line end, ``address``."""

    text: str = Field(description="What the offsets count in.")
    places: list[PlaceMention]
    times: list[TimeMention]
    numbers: list[NumberMention]
    suggestion: Suggestion | None


@router.post(
    "/extract", summary="What a text names 要素提取", responses=problems("extraction.text_empty", *BEFORE_ANY_ROUTE)
)
async def extract(request: Request, body: ExtractBody, _actor: SignedInActor) -> ExtractAnswer:
    """Places, times, telephones and plates of a report's words, each with its stretch of text, and a place on the map."""
    if not body.text and not body.address:
        raise TextEmpty()
    service: Extraction = request.app.state.services.extraction
    found = await service.read(body.text, address=body.address)
    whole = f"{body.text}\n{body.address}" if body.address else body.text
    masked = whole
    for number in reversed(found.numbers):
        masked = masked[: number.start] + "*" * (number.end - number.start) + masked[number.end :]
    return ExtractAnswer(
        text=masked,
        places=[_place(mention) for mention in found.places],
        times=[
            TimeMention(
                start=t.start,
                end=t.end,
                text=whole[t.start : t.end],
                begin=t.begin,
                finish=t.finish,
                precision=t.precision,
            )
            for t in found.times
        ],
        numbers=[NumberMention(start=n.start, end=n.end, kind=n.kind, shown=n.shown) for n in found.numbers],
        suggestion=_suggestion(found.suggested),
    )


def _place(mention: Mention) -> PlaceMention:
    return PlaceMention(
        start=mention.start,
        end=mention.end,
        name=mention.name,
        kind=mention.kind,
        source=mention.source,
        lon=mention.place.longitude if mention.place else None,
        lat=mention.place.latitude if mention.place else None,
    )


def _suggestion(mention: Mention | None) -> Suggestion | None:
    if mention is None or mention.place is None:
        return None
    place = mention.place
    return Suggestion(
        lon=place.longitude,
        lat=place.latitude,
        name=place.name,
        id=place.id,
        start=mention.start,
        end=mention.end,
        zh=f"按文中“{mention.name}”在地名库中找到:{place.name}",
        en=f"“{mention.name}” in the text, found in the gazetteer: {place.name}",
    )
