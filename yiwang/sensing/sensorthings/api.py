"""The SensorThings service at ``/api/sensorthings/v1.1``: thin; what an address means stands in ``odata`` and ``reading``.

Reading is open to everybody within their scope: whoever is not signed in sees the devices of profiles that the city
declares ``public``. Creating needs a device's key or the grant ``reading:send``.
"""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Request, Response

from yiwang.kernel.access import CurrentActor
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import REGISTRY
from yiwang.sensing.gateways.web.api import UnpackingRoute, most_rows
from yiwang.sensing.gateways.web.callers import caller_of
from yiwang.sensing.gateways.web.intake import WebIntake
from yiwang.sensing.sensorthings.creating import create_arrays, create_one, links
from yiwang.sensing.sensorthings.errors import EntityMissing, NotOffered, ObservationInvalid, QueryInvalid
from yiwang.sensing.sensorthings.model import SETS
from yiwang.sensing.sensorthings.odata import Segment, parse_options, parse_path
from yiwang.sensing.sensorthings.reading import PlainValue, read

ROOT = "/api/sensorthings/v1.1"
_longest_query = 16_000
CONFORMANCE = tuple(
    "http://www.opengis.net/spec/iot_sensing/1.1/req/" + name
    for name in (
        "datamodel", "resource-path/resource-path-to-entities", "request-data",
        "create-update-delete/create-entity", "data-array/data-array",
    )
)  # fmt: skip
_JSON = "application/json"
_READ: dict[int | str, dict[str, object]] = {
    200: {
        "description": "Entities, one entity or a property; the bare value at `$value` 实体、属性;$value 为纯文本",
        "content": {_JSON: {"schema": {"type": "object"}}, "text/plain": {"schema": {"type": "string"}}},
    },
    204: {"description": "The property has no value 属性为空"},
}
_CREATE: dict[str, object] = {
    "requestBody": {
        "required": True,
        "description": "One Observation, or a list of data arrays at CreateObservations 观测,或数据数组",
        "content": {
            _JSON: {
                "schema": {
                    "anyOf": [
                        {"type": "object"},
                        {"type": "array", "minItems": 1, "maxItems": most_rows, "items": {"type": "object"}},
                    ]
                },
                "example": {"result": 0.42, "phenomenonTime": "2026-06-18T00:30:00Z", "Datastream": {"@iot.id": 7}},
            }
        },
    }
}


def _problems(*codes: str) -> dict[int | str, dict[str, object]]:
    by_status: dict[int | str, list[str]] = {}
    for code in codes:
        by_status.setdefault(REGISTRY[code].status, []).append(code)
    return {
        status: {
            "description": "; ".join(f"`{code}` {REGISTRY[code].en}" for code in found),
            "content": {"application/problem+json": {"schema": {"type": "object", "required": ["code", "title"]}}},
        }
        for status, found in by_status.items()
    }


_REFUSALS = _problems(
    "sensorthings.query_invalid", "sensorthings.query_too_dear", "sensorthings.entity_missing",
    "sensorthings.not_offered", "sensorthings.observation_invalid", "input.unreadable", "input.invalid",
    "input.too_large", "input.too_many_requests", "identity.sign_in_needed", "identity.forbidden",
    "sensing.key_refused", "sensing.unavailable", "unavailable",
)  # fmt: skip

router = APIRouter(prefix=ROOT, tags=["SensorThings"], route_class=UnpackingRoute, responses=_REFUSALS)

Authorization = Annotated[str, Header(max_length=1024, description="Basic address:key, or Bearer yw_…")]


@router.get("", summary="Service root 服务根", operation_id="sensorthings-root")
@router.get("/", include_in_schema=False)
async def root(request: Request) -> Response:
    """The entity sets, and to which requirements of OGC 18-088 this service conforms."""
    base = _base(request)
    value: list[Json] = [{"name": name, "url": f"{base}/{name}"} for name in SETS]
    return _answer({"value": value, "serverSettings": {"conformance": list(CONFORMANCE)}})


@router.get("/{path:path}", summary="Read entities 读取实体", operation_id="sensorthings-read", responses=_READ)
async def read_entities(request: Request, path: str, actor: CurrentActor) -> Response:
    """An entity set, an entity, a property, its ``$value``, or ``$ref``, with ``$filter $expand $orderby $top $skip $count
    $select $resultFormat``."""
    intake: WebIntake = request.app.state.intake
    if len(request.scope["query_string"]) > _longest_query:
        raise QueryInvalid("?", f"longer than {_longest_query} characters", f"超过 {_longest_query} 个字符")
    options = parse_options(request.query_params.multi_items())
    found = await read(intake.services.context, actor, parse_path(path), options, _base(request))
    if isinstance(found, PlainValue):
        return Response(status_code=204) if found.text is None else Response(found.text, media_type="text/plain")
    return _answer(found)


@router.post(
    "/{path:path}", status_code=201, summary="Create Observations 新增观测", operation_id="sensorthings-create",
    openapi_extra=_CREATE,
)  # fmt: skip
async def create(request: Request, path: str, actor: CurrentActor, authorization: Authorization = "") -> Response:
    """``Observations``, ``Datastreams(id)/Observations``, or ``CreateObservations`` with data arrays."""
    intake: WebIntake = request.app.state.intake
    remote = request.client.host if request.client else ""
    segments = parse_path(path)
    arrays = segments == (Segment("CreateObservations"),)
    datastream = None if arrays else _datastream(segments)
    caller = caller_of(intake.services, intake.door, authorization, actor, remote)
    body = _body(await request.body())
    base = _base(request)
    if arrays:
        made = links(base, await create_arrays(intake, caller, body))
        return Response(orjson.dumps(made), 201, media_type=_JSON)
    made_one = await create_one(intake, caller, body, datastream)
    (location,) = links(base, [made_one])
    answer: JsonObject = {"@iot.id": made_one, "@iot.selfLink": location}
    return Response(orjson.dumps(answer), 201, {"location": location}, _JSON)


def _datastream(segments: tuple[Segment, ...]) -> int | None:
    """The Datastream in the address of a create; None where the body names it.

    Raises:
        NotOffered: something else than Observations. EntityMissing: nothing of ours.
    """
    match segments:
        case (Segment("Observations", None),):
            return None
        case (Segment("Datastreams", int(number)), Segment("Observations", None)):
            return number
        case (Segment(name, _), *_) if name in SETS:
            raise NotOffered(what=f"POST {name}")
        case _:
            raise EntityMissing(what="/".join(item.name for item in segments) or "/")


def _body(content: bytes) -> Json:
    try:
        found: Json = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        reason = " ".join(str(error).split())[:120]
        raise ObservationInvalid(f"it is not JSON ({reason})", "不是有效的 JSON") from error
    return found


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/") + ROOT


def _answer(found: JsonObject) -> Response:
    return Response(orjson.dumps(found), media_type=_JSON)
