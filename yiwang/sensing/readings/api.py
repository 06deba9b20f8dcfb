"""Readings over HTTP: last values for maps, curves, raw history around a moment, exports. Within the reader's scope.

Devices and metrics are named by their codes; times are ISO 8601 with zone; coordinates are degrees, longitude first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

import yiwang.identity.errors
import yiwang.sensing.errors  # noqa: F401  # registers the codes that descriptions name, as does identity's
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.errors import FieldError, InvalidInput
from yiwang.kernel.refusals import problems
from yiwang.sensing.devices.model import Device, Metric
from yiwang.sensing.errors import UnknownDevice, UnknownMetric
from yiwang.sensing.model import Grain, Rows, moment
from yiwang.sensing.readings.latest import MOST, Which
from yiwang.sensing.readings.series import MOST_POINTS
from yiwang.sensing.readings.service import Export
from yiwang.sensing.service import Sensing

router = APIRouter(prefix="/api/v1/readings", tags=["readings 监测数据"])

MOST_DEVICES = 200
GrainName = Literal["real", "minute", "hour", "day"]
_CODE = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
Code = Annotated[str, Query(pattern=_CODE, description="Code of the device 设备编号")]
MetricCode = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_.-]{0,63}$", description="Code of the metric 监测项")]
AnyMetric = Annotated[list[MetricCode] | None, Query(alias="metric", max_length=50)]
Since = Annotated[AwareDatetime, Query(description="From this time on, with zone 起")]
Until = Annotated[AwareDatetime, Query(description="Before this time, with zone 止")]
GrainOf = Annotated[
    GrainName, Query(description="`real`: as measured; else means that the device itself reports 设备上报的均值")
]


class Answer(BaseModel):
    """Complete: no member comes that is not described."""

    model_config = ConfigDict(extra="forbid")


class MetricAnswer(Answer):
    """What is measured 监测项."""

    id: int
    code: str
    unit: str
    zh: str
    en: str
    decimals: int


class MetricsAnswer(Answer):
    items: list[MetricAnswer]


class LatestAnswer(Answer):
    """Last values by column, one entry each for every value; `at` in milliseconds since 1970, places null where a device has
    none. `next` is the `after` of the following page, null on the last."""

    device: list[str]
    metric: list[str]
    at: list[int]
    value: list[float]
    quality: list[int] = Field(description="0 is good; else the sum of marks, see the reference of readings.")
    longitude: list[float | None]
    latitude: list[float | None]
    next: int | None


class PointAnswer(Answer):
    """A point of a curve: values are null where nothing valid came."""

    at: datetime
    count: int
    low: float | None
    high: float | None
    mean: float | None
    last: float | None
    valid_share: float


class SeriesAnswer(Answer):
    """A curve. `source`: from which grain; `step` seconds from one point to the next, 0: each is one reading."""

    device: str
    metric: str
    unit: str
    source: Literal["raw", "minute", "hour", "day"]
    step: int
    points: list[PointAnswer]


class RawAnswer(Answer):
    at: datetime
    value: float
    quality: int


class HistoryAnswer(Answer):
    device: str
    metric: str
    unit: str
    items: list[RawAnswer]


def _answers(model: object, *codes: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model}, **problems("identity.forbidden", "unavailable", *codes)}


_ONE = ("sensing.unknown_device", "sensing.unknown_metric", "sensing.lake_damaged")


@router.get("/metrics", summary="What is measured 监测项", responses=_answers(MetricsAnswer))
async def metrics(request: Request, actor: SignedInActor) -> Response:
    """All metrics that the packs of the city declare."""
    actor.require("reading", "read")
    found = sensing_of(request).directory.metrics.values()
    return _json(
        {
            "items": [
                {
                    "id": item.id,
                    "code": item.code,
                    "unit": item.unit,
                    "zh": item.declaration.names.zh,
                    "en": item.declaration.names.en,
                    "decimals": item.declaration.decimals,
                }
                for item in found
            ]
        }
    )


@router.get("/latest", summary="Last values 最新值", responses=_answers(LatestAnswer, "sensing.unknown_metric"))
async def latest(
    request: Request,
    actor: SignedInActor,
    area: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{1,20}$", description="Area code 区划")] = None,
    bbox: Annotated[
        str | None, Query(max_length=100, description="West,south,east,north in degrees 西,南,东,北")
    ] = None,
    profile: Annotated[list[str] | None, Query(max_length=50)] = None,
    metric: AnyMetric = None,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="`next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 2_000,
) -> Response:
    """The last real-time value of each device and metric that the reader may see, by device."""
    sensing = sensing_of(request)
    wanted = None if metric is None else [_metric(sensing, code).id for code in metric]
    which = Which(area=area, box=_box(bbox), profiles=profile, metrics=wanted, after=after)
    found = await sensing.readings.latest(actor, which, limit=limit + 1)
    following = None
    if len(found) > limit:  # a device is never cut in two, unless it fills the page alone
        last = int(found["device"][limit])
        whole = found[:limit][found["device"][:limit] < last]
        found = whole if len(whole) else found[:limit]
        following = int(found["device"][-1])
    return _json(
        {
            "device": _device_codes(sensing, found["device"]),
            "metric": _metric_codes(sensing, found["metric"]),
            "at": found["at"] // 1000,
            "value": np.ascontiguousarray(found["value"]),
            "quality": np.ascontiguousarray(found["quality"]),
            "longitude": np.ascontiguousarray(found["longitude"]),
            "latitude": np.ascontiguousarray(found["latitude"]),
            "next": following,
        }
    )


@router.get("/series", summary="A curve 曲线", responses=_answers(SeriesAnswer, "sensing.span_not_usable", *_ONE))
async def series(
    request: Request,
    actor: SignedInActor,
    device: Code,
    metric: MetricCode,
    since: Since,
    until: Until,
    points: Annotated[int, Query(ge=2, le=MOST_POINTS, description="At most so many points 最多点数")] = 500,
    grain: GrainOf = "real",
) -> Response:
    """A metric of a device over any span, from the readings or from roll-ups by minute, hour or day as fits the points."""
    actor.require("reading", "read")  # before the device is looked up: who may read nothing learns of no device
    sensing = sensing_of(request)
    one, what = _device(sensing, device), _metric(sensing, metric)
    found = await sensing.readings.series(
        actor, one.id, what.id, since, until, points=points, grain=Grain[grain.upper()]
    )
    buckets, mean = found.buckets, found.mean().tolist()
    return _json(
        {
            "device": one.code,
            "metric": what.code,
            "unit": what.unit,
            "source": found.source,
            "step": found.step,
            "points": [
                {
                    "at": moment(at),
                    "count": count,
                    "low": low,
                    "high": high,
                    "mean": mean[place],
                    "last": last,
                    "valid_share": round(valid / count, 4),
                }
                for place, (at, count, valid, low, high, _, last, _) in enumerate(buckets.tolist())
            ],
        }
    )


@router.get(
    "/history",
    summary="Readings around a moment 前后读数",
    responses=_answers(HistoryAnswer, "sensing.span_not_usable", "sensing.too_many_readings", *_ONE),
)
async def history(
    request: Request,
    actor: SignedInActor,
    device: Code,
    metric: MetricCode,
    around: Annotated[AwareDatetime, Query(description="The moment, with zone 时刻")],
    minutes: Annotated[float, Query(gt=0, le=2880, description="So long before and after 前后分钟数")] = 30,
    grain: GrainOf = "real",
) -> Response:
    """The readings themselves, by time; what lies in the lake is read from there."""
    actor.require("reading", "read")  # before the device is looked up: who may read nothing learns of no device
    sensing = sensing_of(request)
    one, what = _device(sensing, device), _metric(sensing, metric)
    rows = await sensing.readings.history(actor, one.id, what.id, around, minutes, grain=Grain[grain.upper()])
    return _json(
        {
            "device": one.code,
            "metric": what.code,
            "unit": what.unit,
            "items": [
                {"at": moment(at), "value": value, "quality": quality}
                for _, _, _, _, at, value, quality in rows.tolist()
            ],
        }
    )


@router.get(
    "/export.csv",
    summary="Readings as a file 导出",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/csv": {}},
            "description": "UTF-8 with a first row of names; the header `X-Total-Count` says how many readings follow.",
        },
        **problems("identity.forbidden", "unavailable", "sensing.span_not_usable", "sensing.too_many_readings", *_ONE),
    },
)
async def export(
    request: Request,
    actor: SignedInActor,
    device: Annotated[list[Code], Query(min_length=1, max_length=MOST_DEVICES)],
    since: Since,
    until: Until,
    metric: MetricCode | None = None,
    grain: GrainOf = "real",
) -> StreamingResponse:
    """At most half a million readings; needs `reading:export`."""
    sensing = sensing_of(request)
    actor.require("reading", "export")
    ids = [_device(sensing, code).id for code in device]
    what = None if metric is None else _metric(sensing, metric).id
    found = await sensing.readings.export(actor, ids, what, since, until, grain=Grain[grain.upper()])
    return StreamingResponse(
        _lines(sensing, found),
        media_type="text/csv; charset=utf-8",
        headers={
            "X-Total-Count": str(found.count),
            "Content-Disposition": 'attachment; filename="readings.csv"',
        },
    )


async def _lines(sensing: Sensing, found: Export) -> AsyncIterator[bytes]:
    yield b"device,metric,grain,at,value,unit,quality\n"
    for rows in found.parts():
        yield await asyncio.to_thread(_part, sensing, rows, found.codes)


def _part(sensing: Sensing, rows: Rows, codes: dict[int, str]) -> bytes:
    names = {int(number): _named(sensing, int(number)) for number in np.unique(rows["metric"])}
    at = np.datetime_as_string(np.ascontiguousarray(rows["at"]).view("M8[us]"), unit="ms").tolist()
    return "".join(
        f"{codes[device]},{names[metric][0]},{_GRAINS[grain]},{time}Z,{value!r},{names[metric][1]},{quality}\n"
        for (device, metric, grain, _, _, value, quality), time in zip(rows.tolist(), at, strict=True)
    ).encode()


_GRAINS = {int(grain): grain.name.lower() for grain in Grain}


def _named(sensing: Sensing, metric: int) -> tuple[str, str]:
    found = sensing.directory.metric_by_id(metric)
    return (found.code, found.unit) if found else (str(metric), "")


def sensing_of(request: Request) -> Sensing:
    """The senses of this process."""
    found: Sensing = request.app.state.sensing
    return found


def _device(sensing: Sensing, code: str) -> Device:
    found = sensing.directory.by_code(code)
    if found is None:
        raise UnknownDevice(device=code)
    return found


def _metric(sensing: Sensing, code: str) -> Metric:
    found = sensing.directory.metric(code)
    if found is None:
        raise UnknownMetric(metric=code)
    return found


def _device_codes(sensing: Sensing, ids: np.ndarray[tuple[int], np.dtype[np.int32]]) -> list[str]:
    found = (sensing.directory.device(number) for number in ids.tolist())
    return [item.code if item else str(number) for item, number in zip(found, ids.tolist(), strict=True)]


def _metric_codes(sensing: Sensing, ids: np.ndarray[tuple[int], np.dtype[np.int16]]) -> list[str]:
    return [_named(sensing, number)[0] for number in ids.tolist()]


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise _wrong_box() from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _wrong_box()
    return west, south, east, north


def _wrong_box() -> InvalidInput:
    return InvalidInput(
        errors=[
            FieldError(
                where="/query/bbox",
                code="input.invalid",
                zh="应为四个数:西,南,东,北,单位度,如 116.8,38.9,117.2,39.2。",
                en="Give four numbers: west,south,east,north in degrees, as in 116.8,38.9,117.2,39.2.",
            )
        ],
        count=1,
    )


def _json(content: dict[str, object]) -> Response:
    """NaN becomes null."""
    return Response(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
