"""CKAN's action API: its own client ckanapi, unchanged, over a real socket; and what a hostile caller tries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from support.http_city import refused
from support.open_city import COUNT, OpenCity

ckanapi = pytest.importorskip("ckanapi", reason="ckanapi is a development dependency; install requirements/dev.txt")
ACTION = "/api/3/action/"


async def apart(work: Callable[[], Any]) -> Any:
    """The client waits for its answers, so it has a thread of its own."""
    return await asyncio.to_thread(work)


async def _asked(opened: OpenCity, action: str, **given: object) -> Any:
    answer = await opened.public.post(ACTION + action, json=given)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["success"] is True
    assert body["help"].endswith(f"help_show?name={action}")
    return body["result"]


@pytest.mark.parametrize("get_only", [False, True])
async def test_ckanapi_原样可用(opened: OpenCity, address: str, get_only: bool) -> None:
    site = ckanapi.RemoteCKAN(address, get_only=get_only)
    id = opened.id("路灯")
    assert await apart(site.action.site_read) is True
    assert (await apart(site.action.status_show))["ckan_version"].startswith("2.")
    assert set(await apart(site.action.package_list)) == {id, opened.id("养护工"), opened.id("文件资料")}
    package = await apart(lambda: site.action.package_show(id=id))
    assert package["title"] == "路灯目录"
    assert [each["format"] for each in package["resources"]] == ["CSV", "JSON", "GeoJSON"]
    found = await apart(lambda: site.action.package_search(q="路灯", rows=1))
    assert (found["count"], len(found["results"])) == (1, 1)
    table = package["resources"][0]["id"]
    assert (await apart(lambda: site.action.resource_show(id=table)))["package_id"] == id
    rows = await apart(lambda: site.action.datastore_search(resource_id=table, limit=3, sort="power desc"))
    assert rows["total"] == COUNT
    assert [each["code"] for each in rows["records"]] == ["L024", "L023", "L022"]
    with pytest.raises(ckanapi.NotFound):
        await apart(lambda: site.action.package_show(id="nothing"))
    with pytest.raises(ckanapi.ValidationError):
        await apart(lambda: site.action.datastore_search(resource_id=table, limit="many"))
    with pytest.raises(ckanapi.SearchError):
        await apart(lambda: site.action.package_search(q='"unfinished'))


async def test_检索_条件_分面(opened: OpenCity) -> None:
    found = await _asked(
        opened,
        "package_search",
        fq='tags:"市政" AND res_format:GeoJSON',
        **{"facet.field": ["organization", "res_format"]},
    )
    assert [each["name"] for each in found["results"]] == [opened.id("路灯")]
    formats = {each["name"]: each["count"] for each in found["search_facets"]["res_format"]["items"]}
    assert formats == {"CSV": 1, "JSON": 1, "GeoJSON": 1}
    assert found["facets"]["res_format"] == formats
    assert (await _asked(opened, "package_search", fq="-res_format:CSV"))["count"] == 1
    assert (await _asked(opened, "package_search", q="name:(206001-000001 OR 206001-000002)"))["count"] == 2
    assert (await _asked(opened, "package_search", q="*:*", rows=0))["count"] == 3
    by_title = await _asked(opened, "package_search", sort="title asc", start=1, rows=1)
    assert len(by_title["results"]) == 1


async def test_机构_分组_标签(opened: OpenCity) -> None:
    (organization,) = await _asked(opened, "organization_list", all_fields=True)
    assert organization["package_count"] == 3
    shown = await _asked(opened, "organization_show", id=organization["name"], include_datasets=True)
    assert len(shown["packages"]) == 3
    assert await _asked(opened, "group_list") == ["class-2"]
    assert "市政" in await _asked(opened, "tag_list")
    assert (await _asked(opened, "tag_show", id="路灯"))["display_name"] == "路灯"
    assert len(await _asked(opened, "current_package_list_with_resources", limit=2)) == 2


async def test_逐行检索_条件_排序_翻页_字段(opened: OpenCity) -> None:
    table = f"{opened.id('路灯')}.csv"
    found = await _asked(
        opened, "datastore_search", resource_id=table, filters={"kind": "sodium", "lit": True}, fields="code,power"
    )
    assert [each["id"] for each in found["fields"]] == ["code", "power"]
    assert {each["code"] for each in found["records"]} == {"L000", "L015"}
    many = await _asked(opened, "datastore_search", resource_id=table, filters={"power": [70.5, "71.5"]})
    assert many["total"] == 2
    words = await _asked(opened, "datastore_search", resource_id=table, q="建设路")
    assert words["total"] == 12
    second = await _asked(opened, "datastore_search", resource_id=table, sort="code", limit=10, offset=10)
    assert [each["code"] for each in second["records"]][:2] == ["L010", "L011"]
    assert "offset=20" in second["_links"]["next"]
    lists = await _asked(
        opened, "datastore_search", resource_id=table, records_format="lists", fields=["code"], limit=1
    )
    assert len(lists["records"][0]) == 1
    info = await _asked(opened, "datastore_info", id=table)
    assert info["meta"]["count"] == COUNT


async def test_未开放的字段_不能看也不能用来试探(opened: OpenCity) -> None:
    """Neither a filter nor words nor an order tells whether a hidden value is there."""
    table = f"{opened.id('路灯')}.csv"
    assert (await _asked(opened, "datastore_search", resource_id=table, q="欧阳守夜"))["total"] == 0
    assert (await _asked(opened, "datastore_search", resource_id=table, q="内部专用"))["total"] == 0
    for given in (
        {"filters": {"keeper": "欧阳守夜"}},
        {"sort": "note desc"},
        {"fields": ["secret"]},
        {"q": {"note": "x"}},
    ):
        answer = await opened.public.post(ACTION + "datastore_search", json={"resource_id": table, **given})
        assert (answer.status_code, answer.json()["error"]["__type"]) == (409, "Validation Error")
    everything = (await opened.get(ACTION + "datastore_search", resource_id=table)).text
    assert "keeper" not in everything
    assert "欧阳" not in everything


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("datastore_search", {"filters": {"code": {"a": 1}}}),
        ("datastore_search", {"filters": {f"c{n}": 1 for n in range(500)}}),
        ("datastore_search", {"filters": "[1,2]"}),
        ("datastore_search", {"filters": "{broken"}),
        ("datastore_search", {"filters": {"code": "a\x00b"}}),
        ("datastore_search", {"filters": {"code": ["x"] * 500}}),
        ("datastore_search", {"offset": 10**12}),
        ("datastore_search", {"limit": -1}),
        ("datastore_search", {"sort": "code; drop table resource"}),
        ("datastore_search", {"sort": "code sideways"}),
        ("datastore_search", {"q": "x" * 5000}),
        ("datastore_search", {"q": "x " * 100}),
        ("datastore_search", {"fields": 7}),
        ("datastore_search", {"distinct": True}),
        ("datastore_search", {"records_format": "xml"}),
        ("package_search", {"q": "(" * 300}),
        ("package_search", {"q": "a " * 300}),
        ("package_search", {"fq": "unknown:1"}),
        ("package_search", {"sort": "secret asc"}),
        ("package_search", {"rows": "ten"}),
        ("package_show", {}),
    ],
)
async def test_恶意或错误的参数_按CKAN的样子拒绝(opened: OpenCity, action: str, given: dict[str, object]) -> None:
    body = {"resource_id": f"{opened.id('路灯')}.csv", **given} if action == "datastore_search" else given
    answer = await opened.public.post(ACTION + action, json=body)
    assert answer.status_code == 409, answer.text
    body_of_refusal = answer.json()
    assert body_of_refusal["success"] is False
    assert body_of_refusal["error"]["__type"] in ("Validation Error", "Search Error")


async def test_不认识的动作与读不懂的内容(opened: OpenCity) -> None:
    assert (await opened.public.post(ACTION + "package_create", json={})).status_code == 400
    answer = await opened.public.post(ACTION + "package_show", data={"id": opened.id("路灯")})
    assert answer.json()["result"]["id"] == opened.id("路灯"), "a form does as well"


async def test_数值条件不因写法不同而落空(opened: OpenCity) -> None:
    table = f"{opened.id('路灯')}.csv"
    assert (await _asked(opened, "datastore_search", resource_id=table, filters={"power": "nan"}))["total"] == 0
    assert (await _asked(opened, "datastore_search", resource_id=table, filters={"power": "70.50"}))["total"] == 1
    assert (await _asked(opened, "datastore_search", resource_id=table, filters={"power": "much"}))["total"] == 0
    assert (await _asked(opened, "datastore_search", resource_id=table, q="100%_建设"))["total"] == 0


@pytest.mark.parametrize(
    "content",
    [b"{", b"[1]", b"7", b'"x"', b"[" * 100_000, b'{"id":' + b"9" * 100_000 + b"}", b'{"id":"\xe9\xff"}', b"{} {}"],
)
async def test_读不懂的内容_都是400(opened: OpenCity, content: bytes) -> None:
    answer = await opened.public.post(
        ACTION + "package_list", content=content, headers={"content-type": "application/json"}
    )
    refused(answer, 400, "input.unreadable")
