"""OGC API Features: what is open, page by page, with GDAL's own driver as a reader from outside."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess

import pytest
from support.http_city import refused, running
from support.open_city import COUNT, OpenCity

from yiwang.exchange.open import rows
from yiwang.exchange.open.errors import DatasetUnknown
from yiwang.exchange.open.model import RowsAsked
from yiwang.kernel.access import ANONYMOUS, Actor, Grant
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import mask_name

ROOT = "/ogc/features"
GEOJSON = "application/geo+json"


async def _items(opened: OpenCity, **params: object) -> dict[str, object]:
    answer = await opened.get(f"{ROOT}/collections/{opened.id('路灯')}/items", **params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == GEOJSON
    found: dict[str, object] = answer.json()
    return found


async def test_首页与符合性_链接都能打开(opened: OpenCity) -> None:
    page = (await opened.get(ROOT)).json()
    assert {"self", "service-desc", "conformance", "data"} <= {each["rel"] for each in page["links"]}
    for each in page["links"]:
        if each["rel"] != "service-doc":
            answer = await opened.public.get(each["href"])
            assert answer.status_code == 200
            assert answer.headers["content-type"] == each["type"]
    classes = (await opened.get(f"{ROOT}/conformance")).json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes


async def test_公众只看到开放且已发布的数据集(opened: OpenCity) -> None:
    found = (await opened.get(f"{ROOT}/collections")).json()["collections"]
    assert {each["id"] for each in found} == {opened.id("路灯"), opened.id("养护工")}
    for name in ("未开放的路灯", "未发布的路灯", "文件资料"):
        refused(await opened.get(f"{ROOT}/collections/{opened.id(name)}/items"), 404, "open.dataset_unknown")
    refused(await opened.get(f"{ROOT}/collections/type.lamp/items"), 404, "open.dataset_unknown")


async def test_个人信息与加密字段不出去_无论目录怎么写(opened: OpenCity) -> None:
    features = (await _items(opened, limit=100))["features"]
    assert isinstance(features, list)
    assert set(features[0]["properties"]) == {"code", "street", "kind", "power", "since", "lit"}
    for path in (f"{ROOT}/collections", f"{ROOT}/api", f"{ROOT}/collections/{opened.id('路灯')}/queryables"):
        assert "keeper" not in (await opened.get(path)).text
    people = (await opened.get(f"{ROOT}/collections/{opened.id('养护工')}/items")).json()["features"]
    assert [each["properties"] for each in people] == [{"skill": "电工"}]
    assert people[0]["geometry"] is None, "where a person is stays inside"
    assert "欧阳" not in json.dumps(features, ensure_ascii=False)
    refused(
        await opened.get(f"{ROOT}/collections/{opened.id('路灯')}/items", keeper="欧阳守夜"), 400, "open.query_invalid"
    )


async def test_逐页翻完_不重不漏(opened: OpenCity) -> None:
    page = await _items(opened, limit=7)
    assert page["numberMatched"] == COUNT
    seen: list[str] = []
    while True:
        features, links = page["features"], page["links"]
        assert isinstance(features, list)
        assert isinstance(links, list)
        assert page["numberReturned"] == len(features)
        seen += [each["id"] for each in features]
        onward = [each["href"] for each in links if each["rel"] == "next"]
        if not onward:
            break
        page = (await opened.public.get(onward[0])).json()
    assert len(seen) == len(set(seen)) == COUNT
    one = await opened.get(f"{ROOT}/collections/{opened.id('路灯')}/items/{seen[3]}")
    assert one.json()["id"] == seen[3]


async def test_范围_条件_时间(opened: OpenCity) -> None:
    assert (await _items(opened, bbox="117.0,39.0,117.0031,39.1"))["numberMatched"] == 6
    assert (await _items(opened, bbox="170,-10,-170,10"))["numberMatched"] == 0
    turned = {"bbox": "39.0,117.0,39.1,117.0031", "bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/4490"}
    assert (await _items(opened, **turned))["numberMatched"] == 6
    assert (await _items(opened, kind="sodium"))["numberMatched"] == 5
    assert (await _items(opened, kind="sodium", lit="true"))["numberMatched"] == 2
    assert (await _items(opened, datetime="2000-01-01T00:00:00Z"))["numberMatched"] == 0
    assert (await _items(opened, datetime="2000-01-01/.."))["numberMatched"] == COUNT
    latitude_first = await _items(opened, crs="http://www.opengis.net/def/crs/EPSG/0/4326", limit=1)
    features = latitude_first["features"]
    assert isinstance(features, list)
    assert features[0]["geometry"]["coordinates"][0] < 40


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=x", "limit=1e9", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=0,10,1,5", "bbox=nan,0,1,1",
        "bbox=0,0,999,1", "datetime=gestern", "datetime=2026-06-18", "datetime=../..", "datetime=2027-01-01/2026-01-01",
        "datetime=0001-01-01T00:00:00%2B14:00", "after=x", "crs=EPSG:4326", "unknown=1", "limit=1&limit=2", "f=html",
        "kind=a%00b", "note=1", "kind=" + "x" * 300, "street=x", "bbox-crs=x",
    ],
)  # fmt: skip
async def test_坏参数_都是400_并说明怎么写(opened: OpenCity, query: str) -> None:
    path = f"{ROOT}/collections/{opened.id('路灯')}/items?{query}"
    if query == "datetime=2026-06-18":
        assert (await opened.public.get(path)).status_code == 200, "a day is a time, too"
    else:
        refused(await opened.public.get(path), 400, "open.query_invalid")


async def test_超过上限的条数按上限给_而不是报错(opened: OpenCity) -> None:
    assert (await _items(opened, limit=99999999))["numberReturned"] == COUNT


async def test_不存在的记录(opened: OpenCity) -> None:
    path = f"{ROOT}/collections/{opened.id('路灯')}/items"
    refused(await opened.get(f"{path}/x"), 404, "open.row_unknown")
    refused(await opened.get(f"{path}/01a20017-bedc-7000-ba52-b099b45a4dea"), 404, "open.row_unknown")


async def test_没有变化就不再传(opened: OpenCity) -> None:
    path = f"{ROOT}/collections/{opened.id('路灯')}"
    first = await opened.get(path)
    assert first.headers["access-control-allow-origin"] == "*"
    again = await opened.public.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_撤回之后_下一次请求就没有了(opened: OpenCity) -> None:
    await opened.resource("临时开放", "lamp", "code")
    path = f"{ROOT}/collections/{opened.id('临时开放')}/items"
    assert (await opened.get(path)).status_code == 200
    await opened.move("临时开放", "withdrawn")
    refused(await opened.get(path), 404, "open.dataset_unknown")


async def test_旧版本记录按新名字读和筛(opened: OpenCity) -> None:
    """Records of version 1 call the street ``road``."""
    async with opened.city.services.context.database.transaction() as connection:
        await connection.execute(
            "update thing_fact set type_version = 1, attributes = (attributes - 'street') ||"
            " jsonb_build_object('road', attributes->>'street') where type = 'lamp' and title = 'L001'"
        )
    features = (await _items(opened, code="L001"))["features"]
    assert isinstance(features, list)
    assert features[0]["properties"]["street"] == "建设路"


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="ogrinfo (Debian: gdal-bin) is not here: scripts/gdal.sh")
async def test_GDAL_读出全部要素(opened: OpenCity, address: str) -> None:
    told = await _ogrinfo("-oo", "PAGE_SIZE=7", f"OAPIF:{address}{ROOT}", opened.id("路灯"))
    assert told.count("OGRFeature(") == COUNT, told[-2000:]
    assert f"Feature Count: {COUNT}" in told
    assert "POINT (117.0" in told
    near = await _ogrinfo(
        "-so", "-spat", "117.0", "39.0", "117.0031", "39.1", f"OAPIF:{address}{ROOT}", opened.id("路灯")
    )
    assert "Feature Count: 6" in near


async def _ogrinfo(*arguments: str) -> str:
    """What GDAL's client makes of it; it waits for its answers, so it runs apart."""
    command = ["ogrinfo", "-ro", "-al", *arguments]
    told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=240, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout


async def test_登录者另可读有权的类型_个人信息脱敏_加密字段不出(opened: OpenCity) -> None:
    """Within the reach of the grant, and what is personal cannot be asked by."""
    services = opened.city.services
    catalogue, now = services.open_data.catalogue, opened.city.now()
    reader = Actor("person", new_id(), "管灯的", 1, grants=(Grant("thing-lamp", frozenset({"read"})),))
    elsewhere = Actor("person", new_id(), "外地的", 1, grants=(Grant("thing-lamp", frozenset({"read"}), "999999"),))
    async with services.context.database.connection() as connection:
        kind, dataset = await catalogue.readable(connection, reader, "type.lamp")
        assert dataset.column("secret") is None
        assert "keeper" not in {each.name for each in dataset.columns if each.filter}
        found = await rows.page(connection, kind, dataset, reader, RowsAsked(limit=1), now)
        assert found[0].values["keeper"] == mask_name("欧阳守夜")
        assert await rows.page(connection, kind, dataset, elsewhere, RowsAsked(), now) == []
        with pytest.raises(DatasetUnknown):
            await catalogue.readable(connection, reader, "type.lamp-keeper")
        with pytest.raises(DatasetUnknown):
            await catalogue.readable(connection, ANONYMOUS, "type.lamp")


async def test_每个地址有自己的上限(opened: OpenCity) -> None:
    settings = opened.city.settings.model_copy(update={"open_data_per_minute": 3})
    async with running(settings, opened.city.database_url) as app:
        client = opened.city.new_client(app=app)
        answers = [await client.get(ROOT) for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert (await opened.city.new_client(app=app, address="203.0.113.9").get(ROOT)).status_code == 200
        posted = await client.post("/api/3/action/site_read", json={})
        refused(posted, 429, "input.too_many_requests")
