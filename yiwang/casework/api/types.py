"""Published case types: classes, standards, channels. Public: residents look up handling standards and limits here."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from yiwang.casework.api.answers import answers, json_response
from yiwang.casework.api.bodies import service_of
from yiwang.casework.api.schemas import CaseTypeItem, ClassItem
from yiwang.casework.api.values import Key

router = APIRouter(prefix="/case-types", tags=["case types 案件类型"])


@router.get("", summary="Case types 案件类型", responses={200: {"model": list[CaseTypeItem]}})
async def case_types(request: Request) -> Response:
    """All case types that reports may name, by (rank, id), with their channels; `asks` names the fields each form asks for."""
    return json_response(
        [
            {
                "id": item.declaration.id,
                "names": item.declaration.names.model_dump(),
                "version": item.version,
                "system": item.tree.system,
                "tree": item.tree.id,
                "channels": {key: channel.names.model_dump() for key, channel in item.declaration.channels.items()},
                "needs": {key: channel.needs for key, channel in item.declaration.channels.items()},
                "asks": {
                    key: [
                        name
                        for name in (item.declaration.fields if channel.asks is None else channel.asks)
                        if name not in item.formulas.by_name
                    ]
                    for key, channel in item.declaration.channels.items()
                },
                "fields": {
                    key: {
                        "names": field.names.model_dump(),
                        "schema": field.json_schema,
                        "required": field.required,
                        "show_if": field.show_if,
                        "require_if": field.require_if,
                        "calculated": bool(field.calculated),
                    }
                    for key, field in item.declaration.fields.items()
                },
            }
            for item in service_of(request).catalogue.offered()
        ]
    )


@router.get(
    "/{key}/classes",
    summary="Classes and standards 分类与标准",
    responses=answers(list[ClassItem], "case.type_unknown"),
)
async def classes(request: Request, key: Key) -> Response:
    """The class tree with filing and closing standards and limits."""
    case_type = service_of(request).catalogue.latest(key)
    return json_response(
        [
            {
                "code": item.code,
                "names": item.names.model_dump(),
                "kind": item.kind,
                "group": item.group.model_dump(),
                "older": item.older,
                "department": item.department,
                "standards": [standard.model_dump() for standard in item.standards],
            }
            for item in case_type.tree.classes
        ]
    )
