"""坏表格进不了登记:两种编码、解压炸弹、一千万个顶点、自相交、循环关系 — tables that would do harm, at the door of imports."""

from __future__ import annotations

import io
import sqlite3
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from registry.conftest import Registry, actor
from registry.test_importing import HOUSES, bring, told

from yiwang.kernel.access import Actor
from yiwang.kernel.sheets import SheetUnreadable
from yiwang.registry.declarations import ThingType

YARD = """
id: yard
names: {zh: 院落, en: Yard}
geometry: polygon
area: division
attributes:
  name: {names: {zh: 名称, en: Name}, schema: {type: string, maxLength: 50}, required: true, search: true}
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {name: [name]}
presentation: {title: [name]}
"""


@pytest.fixture
def steward() -> Actor:
    return actor("read", "record", "import", "export", name="数据管理员")


@pytest.fixture(scope="module")
async def yards(registry: Registry) -> Registry:
    """The registry with a type of areas."""
    import yaml

    declared = ThingType.model_validate(yaml.safe_load(YARD))
    async with registry.database.transaction() as connection:
        await registry.service.publish(connection, [("estates", declared)], registry.clock.now())
    await registry.service.refresh()
    return registry


async def test_两种编码混在一个文件_逐行识别_一字不错(registry: Registry, steward: Actor, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    head = "\ufeff" + ",".join(HOUSES) + "\n"
    path.write_bytes(
        head.encode() + "混编路1号,3,120111001,,\n".encode("gb18030") + "混编路2号—甲,4,120111001,,\n".encode()
    )
    made = await bring(registry, steward, "house", path)
    assert (made.counts["new"], made.counts["refused"]) == (2, 0)
    remarks = made.shown["remarks"]
    assert isinstance(remarks, list)
    assert any(isinstance(remark, dict) and "编码不一致" in str(remark["zh"]) for remark in remarks)
    async with registry.database.connection() as connection:
        titles = await connection.fetch("select title from thing_fact where title like '混编路%' order by title")
    assert [row["title"] for row in titles] == ["混编路1号", "混编路2号—甲"]


@pytest.mark.parametrize("name", ["bomb.xlsx", "bomb.zip", "bomb.ods"])
async def test_解压炸弹_导入前就拒绝(registry: Registry, steward: Actor, tmp_path: Path, name: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml" if name.endswith("xlsx") else "a.shp", bytes(64 * 2**20))
    path = tmp_path / name
    path.write_bytes(content.getvalue())
    with pytest.raises(SheetUnreadable, match="unfolds"):
        await bring(registry, steward, "house", path)


def geopackage(path: Path, shapes: Sequence[tuple[str, shapely.Geometry]]) -> Path:
    with sqlite3.connect(path) as package:
        package.executescript(
            "create table gpkg_contents (table_name, data_type); create table gpkg_geometry_columns (table_name, column_name);"
            "insert into gpkg_contents values ('y', 'features'); insert into gpkg_geometry_columns values ('y', 'geom');"
            "create table y (name, division, geom)"
        )
        for name, shape in shapes:
            blob = b"GP\0\1" + struct.pack("<i", 4490) + shapely.to_wkb(shape)
            package.execute("insert into y values (?, '120111001', ?)", (name, blob))
    return path


async def test_一千万个顶点_自相交_只拒收那一行(yards: Registry, steward: Actor, tmp_path: Path) -> None:
    angles = np.linspace(0, 2 * np.pi, 10_000_000, endpoint=False)
    ring = np.column_stack((117.05 + 0.01 * np.cos(angles), 39.1 + 0.01 * np.sin(angles)))
    bow_tie = shapely.Polygon([(117.05, 39.1), (117.06, 39.11), (117.06, 39.1), (117.05, 39.11)])
    path = geopackage(
        tmp_path / "y.gpkg",
        [("无边院", shapely.Polygon(ring)), ("蝴蝶院", bow_tie), ("方正院", shapely.box(117.05, 39.1, 117.06, 39.11))],
    )
    made = await bring(yards, steward, "yard", path, report=tmp_path / "r.csv")
    assert (made.counts["new"], made.counts["refused"]) == (1, 2)
    huge, crossed = told(tmp_path / "r.csv")
    assert "10000001 > 100000" in huge["问题 problem"]
    assert "简化" in huge["如何改正 how to correct"]
    assert "自相交" in crossed["问题 problem"]
    assert max(len(value) for value in huge.values()) < 300


async def test_GeoJSON_坐标颠倒_空图形_不是图形(yards: Registry, steward: Actor, tmp_path: Path) -> None:
    shapes = {
        "颠倒院": '{"type":"Polygon","coordinates":[[[39,117],[39.1,117],[39.1,117.1],[39,117]]]}',
        "空院": '{"type":"Polygon","coordinates":[]}',
        "点院": '{"type":"Point","coordinates":[117,39]}',
        "怪院": '{"type":"Polygon","coordinates":"here"}',
    }
    body = ",".join(
        f'{{"type":"Feature","properties":{{"name":"{name}","division":"120111001"}},"geometry":{shape}}}'
        for name, shape in shapes.items()
    )
    path = tmp_path / "y.geojson"
    path.write_text(f'{{"type":"FeatureCollection","features":[{body}]}}', "utf-8")
    made = await bring(yards, steward, "yard", path, report=tmp_path / "r.csv")
    assert made.counts["refused"] == 4
    assert {row["代码 code"] for row in told(tmp_path / "r.csv")} <= {"thing.geometry_invalid"}
