"""``/api/3/action/…`` and ``/api/action/…`` as CKAN answers them: thin. By GET or POST; nothing can be changed here."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response

from yiwang.exchange.open import rows
from yiwang.exchange.open.answers import JSON, base_of, json_answer
from yiwang.exchange.open.ckan.actions import OFFERED, Actions
from yiwang.exchange.open.ckan.arguments import ActionRefused, Arguments
from yiwang.exchange.open.errors import TooDear
from yiwang.exchange.open.service import OpenData
from yiwang.kernel.database import Json
from yiwang.kernel.errors import UnreadableBody
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, MEDIA_TYPE, problems

router = APIRouter(tags=["CKAN"], responses=problems(*BEFORE_ANY_ROUTE))

Name = Annotated[str, Path(max_length=60, pattern="^[a-z_]+$", description="Action, as CKAN calls it 动作")]
_OBJECT: dict[str, Any] = {"schema": {"type": "object"}}
_REFUSED = {JSON: {"schema": {}}, MEDIA_TYPE: _OBJECT}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "help, success, result", "content": {JSON: _OBJECT}},
    304: {"description": "As the caller has it already 未改变"},
    400: {"description": "There is no such action, or the body cannot be read", "content": _REFUSED},
    404: {"description": "Not Found Error", "content": _REFUSED},
    409: {"description": "Validation Error, Search Error", "content": _REFUSED},
}
_BODY = {
    "requestBody": {
        "required": False,
        "description": "Arguments by name 参数",
        "content": {JSON: {"schema": {"type": "object"}, "example": {"id": "206001-000001"}}},
    }
}


@router.get("/api/3/action/{action}", summary="Ask 查询", operation_id="ckan-get", responses=_ANSWERS,
            response_class=Response)  # fmt: skip
@router.get("/api/action/{action}", include_in_schema=False)
async def by_address(request: Request, action: Name) -> Response:
    """An action with its arguments in the address."""
    given: dict[str, Json] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, value)
    return await _answer(request, action, given)


@router.post("/api/3/action/{action}", summary="Ask 查询", operation_id="ckan-post", responses=_ANSWERS,
             response_class=Response, openapi_extra=_BODY)  # fmt: skip
@router.post("/api/action/{action}", include_in_schema=False)
async def by_body(request: Request, action: Name) -> Response:
    """An action with its arguments as JSON, or as a form."""
    body = await request.body()
    given: Json = {}
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    elif body:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise UnreadableBody(reason="JSON") from error
    if not isinstance(given, dict):
        raise UnreadableBody(reason="it is no object")
    return await _answer(request, action, given)


async def _answer(request: Request, action: str, given: dict[str, Json]) -> Response:
    asked = OFFERED.get(action)
    if asked is None:
        return _bare(f"Bad request - Action name not known: {action}")
    service: OpenData = request.app.state.open_data
    base = base_of(request)
    told = f"{base}/api/3/action/help_show?name={action}"
    try:
        async with rows.bounded(service.context.database) as connection:
            result = await asked(Actions(service, connection, base, service.language(request)), Arguments(given))
    except TooDear as dear:
        refused = ActionRefused(409, "Search Error", message=f"Search error: {dear.message('en')}")
        return _refusal(told, refused)
    except ActionRefused as refused:
        return _refusal(told, refused)
    return json_answer(request, {"help": told, "success": True, "result": result})


def _refusal(told: str, refused: ActionRefused) -> Response:
    body = orjson.dumps({"help": told, "success": False, "error": refused.error})
    return Response(body, refused.status, media_type=JSON)


def _bare(text: str) -> Response:
    """What CKAN says of a request that it cannot place: a text."""
    return Response(orjson.dumps(text), 400, media_type=JSON)
