"""Importing past cases: dry run, row-level report, resume, placeholders; and the on-time rate of what was imported."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import datetimes
from support.small_city import ROOT, SmallCity

from yiwang.casework.errors import ImportFileInvalid, ImportMappingInvalid
from yiwang.casework.importing import import_cases, read_mapping
from yiwang.casework.importing import runner as import_runner
from yiwang.casework.importing.times import plain_reader
from yiwang.casework.timeliness import timeliness
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Database

MAPPING = """
type: urban-case
system: 旧平台
time_format: "%Y-%m-%d %H:%M"
columns: {number: 编号, text: 内容, class: 类别, reported_at: 上报, due_at: 期限, closed_at: 办结, status: 状态,
          department: 部门, address: 地址, lon: 经度, lat: 纬度}
open_statuses: [在办]
outside: refuse
"""
HEADER = ["编号", "内容", "类别", "上报", "期限", "办结", "状态", "部门", "地址", "经度", "纬度"]
GOOD = [
    "A1",
    "路灯不亮",
    "照明",
    "2025-03-01 09:00",
    "2025-03-02 09:00",
    "2025-03-01 18:00",
    "办结",
    "路灯所",
    "一号路",
    "117.0042",
    "39.0061",
]


def _with(**cells: str) -> list[str]:
    return [cells.get(name, value) for name, value in zip(HEADER, GOOD, strict=True)]


def _file(folder: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    path = folder / "history.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def _mapping(folder: Path, text: str = MAPPING) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return path


async def _count(city: SmallCity) -> int:
    async with city.services.context.database.connection() as connection:
        found: int = await connection.fetchval("select count(*) from case_file where class_source = 'import'")
        return found


async def test_坏行被拒绝并说明行号_字段_原因_好行照收(city: SmallCity, tmp_path: Path) -> None:
    rows = [
        GOOD,
        _with(编号=""),
        _with(编号="A3", 内容=""),
        _with(编号="A4", 上报="昨天"),
        _with(编号="A1"),
        _with(编号="A6", 经度="2.35", 纬度="48.85"),
        _with(编号="A7", 经度="", 纬度=""),
        _with(编号="A8", 期限=""),
        _with(编号="A9", 状态="在办", 办结=""),
        ["A10"],
    ]
    report = tmp_path / "report.csv"
    result = await import_cases(city.cases, _file(tmp_path, rows), read_mapping(_mapping(tmp_path)), report=report)
    assert (result.rows, result.taken, result.refused) == (10, 4, 6)
    with report.open(encoding="utf-8-sig") as file:
        said = {(int(line["row"]), line["level"], line["code"]) for line in csv.DictReader(file)}
    assert said == {
        (3, "refused", "import.number_missing"),
        (4, "refused", "import.text_missing"),
        (5, "refused", "import.time_unreadable"),
        (6, "refused", "import.number_twice"),
        (7, "refused", "import.place_outside"),
        (8, "warning", "import.place_missing"),
        (9, "warning", "import.due_missing"),
        (11, "refused", "import.row_short"),
    }
    again = await import_cases(
        city.cases, _file(tmp_path, [*rows, _with(编号="A11")]), read_mapping(_mapping(tmp_path))
    )
    assert again.taken == 1
    assert again.notes["refused import.already_there"] == 4


async def test_未办结的历史案件有任务_日志有真实时间(city: SmallCity, tmp_path: Path) -> None:
    rows = [_with(编号="B1", 状态="在办", 办结=""), _with(编号="B2")]
    await import_cases(city.cases, _file(tmp_path, rows), read_mapping(_mapping(tmp_path)))
    async with city.services.context.database.connection() as connection:
        found = {
            row["source_number"]: row["id"]
            for row in await connection.fetch("select id, source_number from case_file where source_number like 'B%'")
        }
        assert len(await city.services.flow.open_tasks(connection, found["B1"])) == 1
        assert await city.services.flow.open_tasks(connection, found["B2"]) == []
        story = await journal.story(connection, found["B2"])
    assert [(row.entry.verb, row.entry.at) for row in story] == [
        ("case.imported", datetime(2025, 3, 1, 1, 0, tzinfo=UTC)),
        ("case.closed", datetime(2025, 3, 1, 10, 0, tzinfo=UTC)),
    ]


async def test_没有坐标的历史案件属于全区_范围有限的人也看得到(city: SmallCity, tmp_path: Path) -> None:
    rows = [_with(编号="P1", 经度="", 纬度=""), _with(编号="P2")]
    await import_cases(city.cases, _file(tmp_path, rows), read_mapping(_mapping(tmp_path)))
    async with city.services.context.database.connection() as connection:
        found = {
            row["source_number"]: (row["area"], row["lon"])
            for row in await connection.fetch("select * from case_file where source_number in ('P1', 'P2')")
        }
    assert found["P1"] == ("120199", None)
    assert found["P2"][0].startswith("120199")
    assert len(found["P2"][0]) > 6


async def test_试运行什么也不写(city: SmallCity, tmp_path: Path) -> None:
    before = await _count(city)
    rows = [_with(编号=f"C{n}") for n in range(10)]
    result = await import_cases(city.cases, _file(tmp_path, rows), read_mapping(_mapping(tmp_path)), dry_run=True)
    assert (result.taken, result.dry_run) == (10, True)
    assert await _count(city) == before


async def test_中断后再次运行_接着导入_不重不漏(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_runner, "BATCH", 10)
    path = _file(tmp_path, [_with(编号=f"D{n}", 经度="", 纬度="") for n in range(35)])
    mapping = read_mapping(_mapping(tmp_path))
    before = await _count(city)

    class PowerCut(Exception):
        pass

    def cut(done: int, _: int) -> None:
        if done >= 20:
            raise PowerCut

    with pytest.raises(PowerCut):
        await import_cases(city.cases, path, mapping, progress=cut)
    assert await _count(city) - before == 20
    result = await import_cases(city.cases, path, mapping)
    assert (result.resumed_at, result.taken) == (20, 35)
    assert await _count(city) - before == 35


async def test_国标编码的文件也能读(city: SmallCity, tmp_path: Path) -> None:
    path = _file(tmp_path, [_with(编号="E1", 内容="井盖丢失")], encoding="gb18030")
    assert (await import_cases(city.cases, path, read_mapping(_mapping(tmp_path)))).taken == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("type: urban-case", "tipe: urban-case"), "tipe"),
        (("columns: {number: 编号,", "columns: {"), "number"),
        (('time_format: "%Y-%m-%d %H:%M"', "timezone: Asia/Atlantis"), "Asia/Atlantis"),
        (("outside: refuse", "crs: MARS-1"), "crs"),
        (("outside: refuse", "outside: [refuse"), "line"),
    ],
)
def test_映射文件的错误说明在哪里(tmp_path: Path, change: tuple[str, str], word: str) -> None:
    with pytest.raises(ImportMappingInvalid) as refused:
        read_mapping(_mapping(tmp_path, MAPPING.replace(*change)))
    assert word in str(refused.value.data["why"])


async def test_缺列的文件被拒绝_并列出有哪些列(city: SmallCity, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("编号,内容\n1,2\n", encoding="utf-8")
    with pytest.raises(ImportFileInvalid, match="上报"):
        await import_cases(city.cases, path, read_mapping(_mapping(tmp_path)))


async def test_巴尔的摩一万件_占位坐标被发现_按时率与源数据一致(
    city: SmallCity, tmp_path: Path, shared_dir: Path
) -> None:
    path = shared_dir / "data" / "requests_311" / "baltimore_311_sample_10000.csv"
    mapping = read_mapping(ROOT / "examples" / "import" / "baltimore-311.yaml")
    result = await import_cases(city.cases, path, mapping, report=tmp_path / "report.csv")
    assert (result.rows, result.taken, result.refused) == (10_000, 10_000, 0)
    assert ("-77", "39", 885) in result.placeholders
    assert result.notes["warning import.place_missing"] == 590
    assert result.notes["warning import.due_missing"] == 286
    expected, as_of = _rates_from_the_file(path)
    database: Database = city.services.context.database
    async with database.connection() as connection:
        total, groups = await timeliness(
            connection, SYSTEM, as_of=as_of, reported_to=as_of + timedelta(days=1), type_key="urban-case"
        )
    by_agency = {item.name: (item.due, item.on_time) for item in groups}
    for agency, counts in expected.items():
        assert by_agency[agency] == counts
    assert total.due >= sum(due for due, _ in expected.values())


def _rates_from_the_file(path: Path) -> tuple[dict[str, tuple[int, int]], datetime]:
    """The same counts, straight from the rows: (due, on time) by agency, as of the newest time in the file."""
    form, still_open = (
        "%m/%d/%Y %I:%M:%S %p",
        {"Open", "New", "Pending", "In Progress", "Open (Duplicate)", "New (Duplicate)"},
    )
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    newest = max(datetime.strptime(row["CreatedDate"], form) for row in rows)
    due: Counter[str] = Counter()
    on_time: Counter[str] = Counter()
    for row in rows:
        created = datetime.strptime(row["CreatedDate"], form)
        limit = datetime.strptime(row["DueDate"], form) if row["DueDate"] else None
        closed = datetime.strptime(row["CloseDate"], form) if row["CloseDate"] else created
        done = None if row["SRStatus"] in still_open or closed > newest else closed
        if limit is None or (limit > newest and done is None):
            continue
        due[row["Agency"]] += 1
        on_time[row["Agency"]] += done is not None and done <= limit
    from zoneinfo import ZoneInfo

    return {agency: (due[agency], on_time[agency]) for agency in due}, newest.replace(
        tzinfo=ZoneInfo("America/New_York")
    )


@pytest.mark.parametrize("form", ["%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M", "%Y年%m月%d日", "%d.%m.%Y %H:%M:%S"])
@given(at=datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2100, 1, 1)))
def test_快速读时间与标准库一致(form: str, at: datetime) -> None:
    text = at.strftime(form)
    fast = plain_reader(form)
    assert fast is not None
    assert fast(text) == datetime.strptime(text, form)


@pytest.mark.parametrize(
    "text", ["13/45/2020 09:00:00 AM", "01/02/2020 13:00:00 PM", "01/02/2020", "", "01/02/2020 09:00:00 AM x"]
)
def test_读不懂的时间被拒绝(text: str) -> None:
    fast = plain_reader("%m/%d/%Y %I:%M:%S %p")
    assert fast is not None
    with pytest.raises(ValueError, match=r".+"):
        fast(text)
