"""The open catalogue as pages and DCAT, and its files."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from support.http_city import refused
from support.open_city import COUNT, OpenCity

MISSING = "pyshacl and rdflib are development dependencies; install requirements/dev.txt"


async def test_目录_检索与详情(opened: OpenCity) -> None:
    everything = (await opened.get("/opendata/datasets")).json()
    assert everything["total"] == 3
    assert everything["themes"] == {"class-2": 3}
    hits = (await opened.get("/opendata/datasets", q="功率 路灯")).json()["items"]
    assert [each["id"] for each in hits] == [opened.id("路灯")]
    one = (await opened.get(f"/opendata/datasets/{opened.id('路灯')}")).json()
    assert [each["name"] for each in one["columns"]] == ["code", "street", "kind", "power", "since", "lit"]
    assert one["provider"] == {"zh": "区城市运行管理中心", "en": "District City Operations Centre"}
    assert (one["rows"], [each["form"] for each in one["downloads"]]) == (COUNT, ["csv", "json", "geojson"])
    assert one["box"][0] == pytest.approx(117.001)
    shown = (await opened.get(f"/opendata/datasets/{opened.id('路灯')}/preview")).json()["items"]
    assert len(shown) == 20
    assert "keeper" not in shown[0]["values"]
    elsewhere = (await opened.get(f"/opendata/datasets/{opened.id('文件资料')}")).json()
    assert elsewhere["downloads"] == []
    assert (await opened.get(f"/opendata/datasets/{opened.id('文件资料')}/preview")).json()["items"] == []
    for name in ("未开放的路灯", "未发布的路灯"):
        refused(await opened.get(f"/opendata/datasets/{opened.id(name)}"), 404, "open.dataset_unknown")
    refused(await opened.get("/opendata/datasets/type.lamp"), 404, "open.dataset_unknown")


async def test_下载_行数与摘要相符_公式不会执行(opened: OpenCity) -> None:
    await opened.record("lamp", {"code": "=1+1", "street": "@下载路"}, (117.01, 39.004))
    for form, media_type in (("csv", "text/csv"), ("json", "application/json"), ("geojson", "application/geo+json")):
        answer = await opened.get(f"/opendata/datasets/{opened.id('路灯')}/data.{form}")
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.headers["x-file-rows"] == str(COUNT + 1)
        assert answer.headers["x-file-sha256"] == hashlib.sha256(answer.content).hexdigest()
        assert "欧阳" not in answer.text
        assert "芝麻" not in answer.text
        if form == "csv":
            rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
            assert rows[0] == ["编号", "道路", "光源", "功率(W)", "启用日期", "亮灯", "经度", "纬度"]
            assert rows[1][:2] == ["'=1+1", "'@下载路"]
            assert rows[-1][2] == "钠灯"
        elif form == "json":
            assert len(answer.json()) == COUNT + 1
        else:
            assert answer.json()["features"][0]["geometry"]["coordinates"] == [117.01, 39.004]
        again = await opened.public.get(answer.request.url, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
    refused(await opened.get(f"/opendata/datasets/{opened.id('养护工')}/data.geojson"), 404, "open.dataset_unknown")
    refused(await opened.get(f"/opendata/datasets/{opened.id('文件资料')}/data.csv"), 404, "open.dataset_unknown")


async def test_DCAT_两种写法说的是同一件事(opened: OpenCity) -> None:
    rdflib = pytest.importorskip("rdflib", reason=MISSING)
    compare = pytest.importorskip("rdflib.compare", reason=MISSING)
    ttl = await opened.get("/opendata/catalog.ttl")
    jsonld = await opened.get("/opendata/catalog.jsonld")
    assert ttl.headers["content-type"].startswith("text/turtle")
    assert jsonld.headers["content-type"] == "application/ld+json"
    one = rdflib.Graph().parse(data=ttl.content, format="turtle")
    other = rdflib.Graph().parse(data=jsonld.content, format="json-ld")
    assert compare.isomorphic(one, other)
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    assert len(list(one.subjects(rdflib.RDF.type, dcat.Dataset))) == 3
    assert len(list(one.subjects(rdflib.RDF.type, dcat.Distribution))) == 5
    for address in one.objects(None, dcat.downloadURL):
        assert (await opened.public.get(str(address))).status_code == 200
    assert "keeper" not in ttl.text


@pytest.mark.parametrize("shapes", ["dcat-ap_2.1.1_shacl_shapes.ttl", "dcat-ap_3_shacl_shapes.ttl"])
async def test_DCAT_符合SHACL形状(opened: OpenCity, shared_dir: Path, shapes: str) -> None:
    rdflib = pytest.importorskip("rdflib", reason=MISSING)
    pyshacl = pytest.importorskip("pyshacl", reason=MISSING)
    folder = shared_dir / "data" / "government" / "dcat"
    if not (folder / shapes).is_file():
        pytest.skip(f"no {shapes} in {folder}")
    form = rdflib.Graph().parse(folder / shapes, format="turtle")
    for path in ("/opendata/catalog.ttl", f"/opendata/datasets/{opened.id('路灯')}/dcat.ttl"):
        data = rdflib.Graph().parse(data=(await opened.get(path)).content, format="turtle")
        conforms, _, told = pyshacl.validate(data, shacl_graph=form, inference="none", advanced=False)
        assert conforms, told[:3000]
