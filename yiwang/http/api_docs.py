"""``/api/docs``: the OpenAPI description as a page that needs nothing from outside and no scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from yiwang.http.pages.rendering import render

router = APIRouter(include_in_schema=False)

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter or a member of a body."""

    name: str
    place: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, ready to be shown."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: tuple[Parameter, ...]
    answers: tuple[tuple[str, str], ...]
    example: str


@dataclass(slots=True)
class Group:
    """Operations with the same tag."""

    name: str
    operations: list[Operation] = field(default_factory=list)


@router.get("/api/docs")
async def docs(request: Request) -> Response:
    """The page."""
    return render(
        request, "api_docs.html", groups=groups_of(request.app.openapi()), description=request.app.description
    )


def groups_of(document: dict[str, Any]) -> list[Group]:
    """All operations of an OpenAPI document by tag, in the order in which they were declared."""
    groups: dict[str, Group] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = _operation(document, path, method, item[method])
                tag = (item[method].get("tags") or ["other"])[0]
                groups.setdefault(tag, Group(tag)).operations.append(operation)
    return list(groups.values())


def _operation(document: dict[str, Any], path: str, method: str, found: dict[str, Any]) -> Operation:
    parameters = [
        Parameter(
            item["name"],
            item["in"],
            _kind(document, item.get("schema", {})),
            item.get("required", False),
            item.get("description", ""),
        )
        for item in found.get("parameters", [])
    ]
    content: dict[str, dict[str, Any]] = found.get("requestBody", {}).get("content", {})
    schema: dict[str, Any] = next(iter(content.values()), {"schema": {}}).get("schema", {})
    example = _example(document, schema) if "application/json" in content else None
    return Operation(
        method,
        path,
        found.get("operationId", f"{method}-{path}"),
        found.get("summary", ""),
        found.get("description", ""),
        tuple(parameters),
        tuple(_members(document, schema)),
        tuple((status, answer.get("description", "")) for status, answer in found.get("responses", {}).items()),
        orjson.dumps(example, option=orjson.OPT_INDENT_2).decode() if example is not None else "",
    )


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _members(document: dict[str, Any], schema: dict[str, Any]) -> list[Parameter]:
    schema = _resolved(document, schema)
    required = set(schema.get("required", []))
    return [
        Parameter(name, "body", _kind(document, member), name in required, member.get("description", ""))
        for name, member in schema.get("properties", {}).items()
    ]


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """A schema in a few words: ``text ≤ 4000``, ``one of open, closed``, ``list of Photo``."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    for combined in ("anyOf", "oneOf", "allOf"):
        if combined in schema:
            kinds = [_kind(document, part) for part in schema[combined] if part.get("type") != "null"]
            return " | ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    name = str(schema.get("type", "any"))
    if name == "array":
        return f"[{_kind(document, schema.get('items', {}))}]"
    limits = [
        f"{sign} {schema[key]}"
        for key, sign in (("minLength", "≥"), ("maxLength", "≤"), ("minimum", "≥"), ("maximum", "≤"))
        if key in schema
    ]
    return " ".join([str(schema.get("format", name)), *limits])


def _example(document: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Any:
    """A body with every required member and every member that has a default worth showing."""
    schema = _resolved(document, schema)
    for key in ("default", "example", "const"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _example(document, schema["anyOf"][0], depth)
    kind = schema.get("type")
    if kind == "object" and depth < 4:
        required = set(schema.get("required", []))
        return {
            name: _example(document, member, depth + 1)
            for name, member in schema.get("properties", {}).items()
            if name in required or "default" not in member
        }
    if kind == "array":
        return [_example(document, schema.get("items", {}), depth + 1)] if depth < 3 else []
    return {"integer": schema.get("minimum", 0), "number": 0.0, "boolean": False}.get(
        str(kind), schema.get("format", "…")
    )
