"""导入:识别列、试运行、逐行报告、改正后重新提交、断点续传 — a department's table comes into the registry."""

from __future__ import annotations

import asyncio
import csv
import json
import random
import shutil
import sqlite3
import struct
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
import shapefile
import shapely
import xlsxwriter
from registry.conftest import Registry, actor

from yiwang.geo.coordinates import wgs84_to_bd09
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.sheets import SheetUnreadable
from yiwang.registry.errors import PurposeNeeded
from yiwang.registry.exporting import export_things
from yiwang.registry.importing import runner
from yiwang.registry.importing.errors import ImportLost, MappingUnfit
from yiwang.registry.importing.mapping import ImportMapping, guess
from yiwang.registry.importing.pulling import Pull, keep_key, pull
from yiwang.registry.importing.runner import Wanted, import_things, propose
from yiwang.registry.importing.sources import open_table
from yiwang.registry.importing.store import ImportRun
from yiwang.registry.model import Asked

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def citizen(chance: random.Random) -> str:
    born = f"{chance.randrange(1940, 2020)}{chance.randrange(1, 13):02}{chance.randrange(1, 28):02}"
    body = f"120111{born}{chance.randrange(999):03}"
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]


def people(count: int, seed: int = 1) -> list[list[str]]:
    chance = random.Random(seed)
    numbers = list(dict.fromkeys(citizen(chance) for _ in range(count * 2)))[:count]
    return [["王" + chance.choice("伟芳娜敏"), number, "13812345678", "男", "120111001"] for number in numbers]


def table(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows(rows)
    return path


PEOPLE = ["姓名", "身份证号", "联系电话", "性别", "区划代码"]
HOUSES = ["房屋地址", "层数", "区划", "经度", "纬度"]


@pytest.fixture
def steward() -> Actor:
    return actor("read", "record", "import", "export", name="数据管理员")


async def bring(registry: Registry, by: Actor, kind: str, path: Path, **wanted: object) -> ImportRun:
    return await import_things(registry.service, by, kind, path, Wanted(**wanted))  # type: ignore[arg-type]  # tests name fields


def told(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_由表头识别字段_单位与必填标记不碍事(registry: Registry) -> None:
    kind = registry.service.types.type("house")
    found = guess(kind, ["*房屋地址", "层数(层)", "行政区划", "经度(百度)", "纬度(百度)", "备注"])
    assert found.mapping.columns == {"*房屋地址": "address", "层数(层)": "floors", "行政区划": "division"}
    assert (found.mapping.lon, found.mapping.crs) == ("经度(百度)", "BD-09")
    assert found.unread == ["备注"]


async def test_导入后再导入_相同不写_改动留历史(registry: Registry, steward: Actor, tmp_path: Path) -> None:
    rows = [[f"友谊路{n}号", str(n), "120111001", "117.05", "39.1"] for n in range(1, 6)]
    path = table(tmp_path / "houses.csv", HOUSES, rows)
    assert (await bring(registry, steward, "house", path)).counts == {"new": 5, "changed": 0, "refused": 0}
    registry.later(days=1)
    rows[0][1] = "30"
    path = table(tmp_path / "houses2.csv", HOUSES, rows)
    tried = await bring(registry, steward, "house", path, dry_run=True)
    changes = tried.shown["changes"]
    assert isinstance(changes, dict)
    assert changes["fields"] == {"floors": 1}
    assert changes["samples"][0]["attributes"] == {"floors": [1, 30]}  # type: ignore[index,call-overload]  # JSON
    assert (tried.counts["same"], tried.counts["changed"]) == (4, 1)
    made = await bring(registry, steward, "house", path)
    assert (made.counts["same"], made.counts["changed"]) == (4, 1)
    async with registry.database.connection() as connection:
        page = await registry.service.reading.things(connection, steward, "house", Asked(words="友谊路1号"))
        one = next(fact for fact in page.items if fact.title == "友谊路1号")
        history = await registry.service.reading.history(connection, steward, "house", one.thing_id)
    assert (one.attributes["floors"], one.source_row) == (30, 2)
    assert {fact.attributes["floors"] for fact in history} == {1, 30}


async def test_逐行报告_脱敏并说明改法_改正后重新提交(registry: Registry, steward: Actor, tmp_path: Path) -> None:
    rows = people(4, seed=2)
    rows[1][1] = "120111199001011234"
    rows[2][3] = "男性"
    rows[3][1] = rows[0][1]
    path = table(tmp_path / "people.csv", PEOPLE, rows)
    report, refused = tmp_path / "report.csv", tmp_path / "refused.csv"
    made = await bring(registry, steward, "person", path, report=report, refused=refused)
    assert (made.counts["new"], made.counts["refused"]) == (1, 3)
    by_row = {int(row["行 row"]): row for row in told(report)}
    assert by_row[3]["值 value"] == "120111**********34"
    assert "男" in by_row[4]["如何改正 how to correct"]
    assert "第 2 行" in by_row[5]["问题 problem"]
    fixed = told(refused)
    fresh = people(8, seed=3)
    for row, good in zip(fixed, fresh, strict=False):
        row["身份证号"], row["性别"] = good[1], "男"
    again = table(tmp_path / "again.csv", list(fixed[0]), [list(row.values()) for row in fixed])
    assert (await bring(registry, steward, "person", again)).counts == {"new": 3, "changed": 0, "refused": 0}


async def test_必填的列整列没有_用中文名称说明并说怎么改文件(
    registry: Registry, steward: Actor, tmp_path: Path
) -> None:
    rows = [row[:-1] for row in people(2, seed=4)]
    rows[1][0] = ""
    path, report = table(tmp_path / "people.csv", PEOPLE[:-1], rows), tmp_path / "report.csv"
    await bring(registry, steward, "person", path, report=report)
    lines = told(report)
    assert [(row["行 row"], row["列 column"]) for row in lines] == [("2", "区划"), ("3", "姓名"), ("3", "区划")]
    assert "文件里没有这一列" in lines[0]["如何改正 how to correct"]
    assert lines[1]["如何改正 how to correct"] == "补填这一项"


async def test_对应关系记住_同一部门下次沿用(registry: Registry, steward: Actor, tmp_path: Path) -> None:
    header = ["甲栏", "乙栏"]
    path = table(tmp_path / "odd.csv", header, [["迎水道1号", "120111001"]])
    with pytest.raises(MappingUnfit):
        await bring(registry, steward, "house", path)
    own = ImportMapping(columns={"甲栏": "address", "乙栏": "division"})
    await bring(registry, steward, "house", path, mapping=own)
    kind = registry.service.types.type("house")
    found = await propose(registry.service, kind, open_table(path), steward.organisation_id)
    assert found.remembered
    assert found.mapping == own


@pytest.mark.parametrize("apart", [False, True])
async def test_中途被打断_再次提交_不重不漏(
    registry: Registry, steward: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    monkeypatch.setattr(runner, "BATCH", 50)
    monkeypatch.setattr(runner, "ROWS_FOR_A_PROCESS", 1 if apart else 10**9)
    rows = people(300, seed=10 + apart)
    rows[20][3] = rows[120][3] = "未知"
    path = table(tmp_path / "people.csv", PEOPLE, rows)
    report = tmp_path / "report.csv"
    batches = 0

    def stop(run: ImportRun) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise asyncio.CancelledError

    wanted = Wanted(report=report)
    with pytest.raises(asyncio.CancelledError):
        await import_things(registry.service, steward, "person", path, wanted, progress=stop)
    with report.open("a", encoding="utf-8") as file:
        file.write("half a li")  # what was written after the last commit is not believed
    made = await import_things(registry.service, steward, "person", path, wanted)
    assert made.counts == {"new": 298, "changed": 0, "refused": 2}
    assert [row["行 row"] for row in told(report)] == ["22", "122"]
    async with registry.database.connection() as connection:
        facts, journalled = await connection.fetchrow(
            "select (select count(*) from thing_fact where source_id = $1),"
            " (select sum((data->>'new')::int) from journal where verb = 'thing.imported' and (data->>'source')::int = $1)",
            made.source_id,
        )
    assert (facts, journalled) == (298, 298)


async def test_坐标按声明换算_几何错误逐行说明(registry: Registry, steward: Actor, tmp_path: Path) -> None:
    lon, lat = wgs84_to_bd09(117.05, 39.1)
    rows = [
        ["宾水道1号", "3", "120111001", f"{lon:.9f}", f"{lat:.9f}"],
        ["宾水道2号", "3", "120111001", "39.1", "117.05"],
    ]
    path = table(tmp_path / "bd.csv", ["房屋地址", "层数", "区划", "经度(bd09)", "纬度(bd09)"], rows)
    report = tmp_path / "report.csv"
    made = await bring(registry, steward, "house", path, report=report)
    assert (made.counts["new"], made.counts["refused"]) == (1, 1)
    async with registry.database.connection() as connection:
        page = await registry.service.reading.things(connection, steward, "house", Asked(words="宾水道1号"))
    geometry = page.items[0].geometry
    assert geometry is not None
    assert geometry["coordinates"] == pytest.approx([117.05, 39.1], abs=1e-6)


def _geopackage(path: Path) -> Path:
    with sqlite3.connect(path) as package:
        package.executescript(
            "create table gpkg_contents (table_name, data_type); create table gpkg_geometry_columns (table_name, column_name);"
            "insert into gpkg_contents values ('h', 'features'); insert into gpkg_geometry_columns values ('h', 'geom');"
            "create table h (address, division, geom)"
        )
        blob = b"GP\0\1" + struct.pack("<i", 4490) + shapely.to_wkb(shapely.Point(117.05, 39.1))
        package.execute("insert into h values ('卫津南路1号', '120111001', ?)", (blob,))
    return path


def _shapefile(path: Path) -> Path:
    with shapefile.Writer(str(path.with_suffix("")), encoding="gb18030") as writer:
        writer.field("ADDRESS", "C", 60)
        writer.field("DIVISION", "C", 12)
        writer.point(117.05, 39.1)
        writer.record("卫津南路2号", "120111001")
    folder = path.parent / "zipped"
    folder.mkdir()
    for suffix in (".shp", ".dbf", ".shx"):
        path.with_suffix(suffix).rename(folder / f"h{suffix}")
    return Path(shutil.make_archive(str(path.with_suffix("")), "zip", folder))


def _geojson(path: Path) -> Path:
    feature = {
        "type": "Feature",
        "properties": {"address": "卫津南路3号", "division": "120111001", "floors": 7},
        "geometry": {"type": "Point", "coordinates": [117.05, 39.1]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}, indent=1), encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "make"), [("g.gpkg", _geopackage), ("s.shp", _shapefile), ("j.geojson", _geojson)])
async def test_地理数据_带图形导入(registry: Registry, steward: Actor, tmp_path: Path, name: str, make: object) -> None:
    assert callable(make)
    made = await bring(registry, steward, "house", make(tmp_path / name))
    assert made.counts == {"new": 1, "changed": 0, "refused": 0}
    async with registry.database.connection() as connection:
        page = await registry.service.reading.things(connection, steward, "house", Asked(words="卫津南路"))
    assert page.items[0].geometry == {"type": "Point", "coordinates": [117.05, 39.1]}


def test_很长的GeoJSON逐项读取_残缺的说明位置(tmp_path: Path) -> None:
    feature = '{"type":"Feature","properties":{"address":"%s"},"geometry":null}'
    path = tmp_path / "long.geojson"
    body = ",\n".join(feature % ("路" * 200_000) for _ in range(6))
    path.write_text('{"type":"FeatureCollection","name":"x","features":[' + body + "]}", encoding="utf-8")
    assert sum(1 for _ in open_table(path).rows()) == 6
    path.write_text('{"type":"FeatureCollection","features":[' + body, encoding="utf-8")
    with pytest.raises(SheetUnreadable):
        open_table(path)
    lines = tmp_path / "lines.geojsonl"
    lines.write_text("\n".join([feature % "a", feature % "b"]) + "\n", encoding="utf-8")
    assert [cells for _, cells in open_table(lines).rows()] == [["a", ""], ["b", ""]]


async def test_库表抽取_只读_按增量键(registry: Registry, steward: Actor, tmp_path: Path) -> None:
    url = registry.database.url
    connection = await asyncpg.connect(url)
    await connection.execute("create table other (id int, address text, division text)")
    await connection.execute("insert into other values (1, '外库路1号', '120111001'), (10, '外库路10号', '120111001')")
    wanted = Pull("other", url, "other", "id")
    rows, key = await pull(registry.service, wanted, tmp_path / "a.csv")
    assert (rows, key) == (2, "10")
    made = await bring(registry, steward, "house", tmp_path / "a.csv", name="other", source_kind="pull")
    assert made.counts["new"] == 2
    await keep_key(registry.service, wanted, key)
    assert await pull(registry.service, wanted, tmp_path / "b.csv") == (0, None)
    await connection.execute("insert into other values (9, '晚到', 'x'), (11, '外库路11号', '120111001')")
    assert await pull(registry.service, wanted, tmp_path / "c.csv") == (1, "11")
    await connection.execute("drop table other")
    await connection.close()


async def test_导出默认脱敏_公式无害_可再导入(registry: Registry, steward: Actor, tmp_path: Path) -> None:
    await registry.record("house", steward, address="=HYPERLINK(1)号", division="120111001")
    made = await export_things(registry.service, steward, "house", "csv", tmp_path / "h.csv", Asked())
    text = (tmp_path / "h.csv").read_text(encoding="utf-8-sig")
    assert made.rows == len(told(tmp_path / "h.csv")) > 0
    assert "'=HYPERLINK" in text
    again = await bring(registry, steward, "house", tmp_path / "h.csv", dry_run=True)
    assert again.counts["new"] == 0
    await registry.person(steward, number="11010519491231002X")
    hidden = await export_things(registry.service, steward, "person", "xlsx", tmp_path / "p.xlsx", Asked())
    assert hidden.masked == hidden.rows
    back = await bring(registry, steward, "person", tmp_path / "p.xlsx", dry_run=True)
    assert back.counts["refused"] == hidden.rows  # a masked value is never taken for a fact
    with pytest.raises(Forbidden):
        await export_things(registry.service, steward, "person", "csv", tmp_path / "q.csv", Asked(), "核对人口底数")
    trusted = actor("read", "export", "unmask")
    with pytest.raises(PurposeNeeded):
        await export_things(registry.service, trusted, "person", "csv", tmp_path / "q.csv", Asked(), "看")
    full = await export_things(registry.service, trusted, "person", "csv", tmp_path / "q.csv", Asked(), "核对人口底数")
    assert full.masked == 0
    assert "11010519491231002X" in (tmp_path / "q.csv").read_text(encoding="utf-8-sig")


async def test_辖区之外的行拒收_无权者不能导入(registry: Registry, tmp_path: Path) -> None:
    path = table(
        tmp_path / "h.csv", HOUSES, [["越区路1号", "1", "120112001", "", ""], ["本区路1号", "1", "120111001", "", ""]]
    )
    local = actor("import", area="120111")
    made = await bring(registry, local, "house", path, report=tmp_path / "r.csv")
    assert (made.counts["new"], made.counts["refused"]) == (1, 1)
    assert told(tmp_path / "r.csv")[0]["代码 code"] == "thing.out_of_reach"
    with pytest.raises(Forbidden):
        await bring(registry, actor("read"), "house", path)


async def test_判读进程被杀_说明_再次提交接着导入(
    registry: Registry, steward: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 50)
    monkeypatch.setattr(runner, "ROWS_FOR_A_PROCESS", 1)
    path = table(tmp_path / "p.csv", PEOPLE, people(200, seed=77))
    killed = []

    def kill(run: ImportRun) -> None:
        import multiprocessing

        if not killed:
            for child in multiprocessing.active_children():
                child.kill()
                killed.append(child)

    monkeypatch.setattr("yiwang.kernel.apart.PIPE_BYTES", 4096)
    try:
        made = await import_things(registry.service, steward, "person", path, Wanted(), progress=kill)
    except ImportLost:
        made = await import_things(registry.service, steward, "person", path, Wanted())
    assert made.counts["new"] == 200
    registry.clock.at += timedelta(0)


async def test_Excel_标题行_合并单元格(registry: Registry, steward: Actor, tmp_path: Path) -> None:
    path = tmp_path / "h.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("房屋")
    sheet.merge_range(0, 0, 0, 2, "房屋登记表")
    sheet.write_row(1, 0, ["区划代码", "房屋地址", "层数"])
    sheet.merge_range(2, 0, 3, 0, "120111001")
    sheet.write_row(2, 1, ["合并路1号", 3])
    sheet.write_row(3, 1, ["合并路2号", 4])
    book.close()
    made = await bring(registry, steward, "house", path)
    assert made.counts["new"] == 2
    remarks = made.shown["remarks"]
    assert isinstance(remarks, list)
    assert len(remarks) == 2  # the title above the header, the merged cells
