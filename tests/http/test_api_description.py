"""The OpenAPI description: complete, in both languages, and shown without anything from outside."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from yiwang.http.api_docs import groups_of
from yiwang.http.app import create_app
from yiwang.http.trial import Trial
from yiwang.kernel.settings import Settings

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = create_app(Settings(_env_file=None)).openapi()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", item)
        for path, methods in document["paths"].items()
        for method, item in methods.items()
        if method in METHODS
    ]


def taken(document: dict[str, Any]) -> set[str]:
    """Names of the schemas that request bodies are made of."""
    names: set[str] = set()
    text = str([item.get("requestBody") for _, item in operations(document)])
    found = set(re.findall(r"#/components/schemas/([\w-]+)", text))
    while found - names:
        names |= found
        found = {
            ref
            for name in names
            for ref in re.findall(r"schemas/([\w-]+)", str(document["components"]["schemas"][name]))
        }
    return names


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")


def test_每个接口都有中英文摘要和标签(document: dict[str, Any]) -> None:
    for name, item in operations(document):
        assert item.get("tags"), name
        summary = item["summary"]
        assert re.search(r"[\u4e00-\u9fff]", summary), f"{name}: {summary}"
        assert re.search(r"[A-Za-z]", summary), f"{name}: {summary}"


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [item["operationId"] for _, item in operations(document)]
    assert len(ids) == len(set(ids))


def test_every_text_and_list_of_a_body_is_bounded(document: dict[str, Any]) -> None:
    for name in taken(document):
        schema = document["components"]["schemas"][name]
        for field, member in schema.get("properties", {}).items():
            for part in member.get("anyOf", [member]):
                if (
                    part.get("type") == "string"
                    and not {"enum", "const", "format", "pattern", "contentMediaType"} & part.keys()
                ):
                    assert "maxLength" in part, f"{name}.{field}"
                if part.get("type") == "array":
                    assert "maxItems" in part, f"{name}.{field}"


def test_pages_are_not_part_of_the_interface(document: dict[str, Any]) -> None:
    pages = {"/", "/desk", "/plain/", "/plain/report", "/plain/desk", "/plain/home/state", "/plain/sign-in"}
    assert not pages & document["paths"].keys()


async def test_the_page_lists_every_operation(
    document: dict[str, Any], city: Trial, visitor: httpx.AsyncClient
) -> None:
    shown = (await visitor.get("/api/docs")).text
    listed = [f"{item.method.upper()} {item.path}" for group in groups_of(document) for item in group.operations]
    assert sorted(listed) == sorted(name for name, _ in operations(document))
    for _, item in operations(document):
        assert f'id="{item["operationId"]}"' in shown
