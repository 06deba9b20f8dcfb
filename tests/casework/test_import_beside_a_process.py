"""Larger files are judged in a process of their own: nothing else changes, whoever of the two is interrupted or killed."""

from __future__ import annotations

import asyncio
import csv
import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.small_city import SmallCity

from yiwang.casework.errors import ImportFileInvalid, ImportJudgeLost
from yiwang.casework.importing import ImportResult, import_cases, read_mapping, runner, workers
from yiwang.casework.importing.mapping import ImportMapping
from yiwang.casework.search import stored_lexemes
from yiwang.kernel import journal
from yiwang.kernel.text import search_terms

MAPPING = """
type: urban-case
system: 旧平台
columns: {number: 编号, text: 内容, class: 类别, channel: 来源, reported_at: 上报, due_at: 期限, closed_at: 办结, status: 状态,
          department: 部门, address: 地址, lon: 经度, lat: 纬度}
channels: {电话: hotline}
open_statuses: [在办]
fields: {note: 备注}
"""
HEADER = ["编号", "内容", "类别", "来源", "上报", "期限", "办结", "状态", "部门", "地址", "经度", "纬度", "备注"]
FIRST = datetime(2025, 3, 1, 1, 0, tzinfo=UTC)


def _row(number: str, at: datetime, **cells: str) -> list[str]:
    usual = {
        "编号": number,
        "内容": "路灯不亮",
        "类别": "照明",
        "来源": "电话",
        "上报": at.isoformat(),
        "期限": (at + timedelta(days=2)).isoformat(),
        "办结": (at + timedelta(hours=9)).isoformat(),
        "状态": "办结",
        "部门": "路灯所",
        "地址": "一号路",
        "经度": f"{117.0005 + at.timestamp() % 3_600_000 / 1e9:.6f}",
        "纬度": "39.0061",
        "备注": "",
    }
    return [{**usual, **cells}[name] for name in HEADER]


def _history(folder: Path, prefix: str, rows: int = 300) -> Path:
    """Every fault an import knows of, among good rows."""
    path = folder / f"{prefix}.csv"
    faults: list[dict[str, str]] = [
        {"编号": ""}, {"内容": ""}, {"上报": "昨天"}, {"编号": f"{prefix}1"}, {"经度": "2."},
        {"经度": ""}, {"期限": ""}, {"状态": "在办", "办结": ""}, {"办结": ""}, {"备注": "“引号”, 和 '\""},
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for number in range(rows):
            fault = dict(faults[number // 7 % len(faults)]) if number % 7 == 3 else {}
            if fault.get("经度"):
                fault["经度"] += str(number)  # another place abroad each time: one pair often would stand for no place
            out.writerow(_row(f"{prefix}{number}", FIRST + timedelta(hours=number), **fault))
    return path


def _mapping(folder: Path) -> ImportMapping:
    path = folder / "mapping.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return read_mapping(path)


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files too are judged in a process of their own, in small batches and a narrow pipe,
    so that it never is far ahead."""
    monkeypatch.setattr(runner, "ROWS_FOR_A_PROCESS", 0)
    monkeypatch.setattr(runner, "BATCH", 20)
    monkeypatch.setattr(workers, "PIPE_BYTES", 4096)


def _judges() -> list[int]:
    return [child.pid or 0 for child in multiprocessing.active_children() if child.name == "judge"]


async def _count(city: SmallCity, prefix: str) -> int:
    async with city.services.context.database.connection() as connection:
        found: int = await connection.fetchval(
            "select count(*) from case_file where source_number like $1", f"{prefix}%"
        )
        return found


def _facts(result: ImportResult) -> tuple[object, ...]:
    return result.rows, result.taken, result.refused, result.notes, result.placeholders


async def test_分进程与单进程_结果与逐行报告相同(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, mapping = _history(tmp_path, "P"), _mapping(tmp_path)
    reports = [tmp_path / "one.csv", tmp_path / "two.csv"]
    one = await import_cases(city.cases, path, mapping, dry_run=True, report=reports[0])
    monkeypatch.setattr(runner, "ROWS_FOR_A_PROCESS", 0)
    two = await import_cases(city.cases, path, mapping, dry_run=True, report=reports[1])
    assert _facts(one) == _facts(two)
    assert reports[0].read_bytes() == reports[1].read_bytes()
    assert {item.split()[1] for item in one.notes} >= {
        "import.number_twice",
        "import.place_outside",
        "import.due_missing",
    }
    assert await _count(city, "P") == 0


async def test_小文件不另起进程(city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(multiprocessing, "get_context", refused)
    result = await import_cases(city.cases, _history(tmp_path, "Q", 50), _mapping(tmp_path))
    assert result.taken > 30


@pytest.mark.usefixtures("apart")
async def test_每一列都照源数据写入(city: SmallCity, tmp_path: Path) -> None:
    path = tmp_path / "columns.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [
            _row("R1", FIRST, 备注="半夜", 经度="117.0042"),
            _row("R2", FIRST, 状态="在办", 办结="", 经度="", 部门="", 类别="", 来源="信"),
        ]
        csv.writer(file).writerows([HEADER, *rows])
    await import_cases(city.cases, path, _mapping(tmp_path))
    async with city.services.context.database.connection() as connection:
        found = await connection.fetch(
            "select c.*, ST_AsText(c.point, 0) as place, ST_SRID(c.point) as srid, r.code, r.name, r.phone, t.terms::text"
            " from case_file c join case_reporter r on r.case_id = c.id join case_text t on t.case_id = c.id"
            " where source_number in ('R1', 'R2') order by source_number"
        )
        stories = [await journal.story(connection, row["id"]) for row in found]
    closed, still_open = found
    assert (closed["type"], closed["class_system"], closed["class_source"]) == ("urban-case", "旧平台", "import")
    assert (closed["state"], closed["status"], closed["stage"]) == ("closed", "已结案", "closed")
    assert (closed["text"], closed["class_code"], closed["channel"]) == ("路灯不亮", "照明", "hotline")
    assert (closed["address"], closed["lon"], closed["lat"], closed["urgency"]) == (
        "一号路",
        117.0042,
        39.0061,
        "normal",
    )
    assert (closed["place"], closed["srid"]) == ("POINT(13024848 4722545)", 3857)
    assert (closed["reported_at"], closed["due_at"]) == (FIRST, FIRST + timedelta(days=2))
    assert closed["handled_at"] == closed["closed_at"] == closed["archived_at"] == FIRST + timedelta(hours=9)
    assert closed["fields"] == {"note": "半夜", "agency": "路灯所"}
    assert (len(closed["code"]), closed["name"], closed["phone"]) == (6, "", "")
    assert set(closed["terms"].split()) == {
        f"'{lexeme}'" for lexeme in stored_lexemes((*search_terms("路灯不亮"), *search_terms("一号路"), "r1"), FIRST)
    }
    assert (still_open["state"], still_open["closed_at"], still_open["point"]) == ("open", None, None)
    assert (still_open["class_code"], still_open["channel"], still_open["fields"]) == (None, "transfer", {})
    assert still_open["stage"] != "closed"
    assert [(row.entry.verb, row.entry.at) for row in stories[0]] == [
        ("case.imported", FIRST),
        ("case.closed", FIRST + timedelta(hours=9)),
    ]
    assert stories[0][1].entry.data == {
        "number": closed["number"],
        "type": "urban-case",
        "class": "照明",
        "organisation": closed["organisation_id"],
        "grid": closed["grid"],
        "lon": 117.0042,
        "lat": 39.0061,
        "source": "R1",
        "channel": "hotline",
        "department_id": None,
        "due": (FIRST + timedelta(days=2)).isoformat(),
        "status": "已结案",
    }
    assert stories[1][0].entry.verb == "case.imported"


@pytest.mark.usefixtures("apart")
async def test_判读进程被杀_说明原因_再次运行不重不漏(city: SmallCity, tmp_path: Path) -> None:
    path, mapping = _history(tmp_path, "K"), _mapping(tmp_path)
    expected = (await import_cases(city.cases, path, mapping, dry_run=True)).taken

    def kill(done: int, _: int) -> None:
        if done == 60:
            for pid in _judges():
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(ImportJudgeLost, match="-9"):
        await import_cases(city.cases, path, mapping, progress=kill)
    assert 0 < await _count(city, "K") < expected
    again = await import_cases(city.cases, path, mapping)
    assert again.resumed_at > 0
    assert again.taken == expected == await _count(city, "K")


def _at(done_rows: int, act: Callable[[], object]) -> Callable[[int, int], None]:
    def progress(done: int, _: int) -> None:
        if done == done_rows:
            act()

    return progress


@pytest.mark.usefixtures("apart")
async def test_中途取消_判读进程随之结束_再次运行接着导入(city: SmallCity, tmp_path: Path) -> None:
    path, mapping = _history(tmp_path, "C"), _mapping(tmp_path)
    running = asyncio.current_task()
    assert running is not None
    with pytest.raises(asyncio.CancelledError):
        await import_cases(city.cases, path, mapping, progress=_at(40, running.cancel))
    running.uncancel()
    assert _judges() == []
    assert 0 < await _count(city, "C") < 240
    again = await import_cases(city.cases, path, mapping)
    assert again.resumed_at == 40
    assert again.taken == await _count(city, "C")


@pytest.mark.usefixtures("apart")
async def test_按下中断键_由主进程决定_判读进程不自行退出(city: SmallCity, tmp_path: Path) -> None:
    def interrupt() -> None:
        for pid in _judges():
            os.kill(pid, signal.SIGINT)

    path, mapping = _history(tmp_path, "I"), _mapping(tmp_path)
    result = await import_cases(city.cases, path, mapping, progress=_at(20, interrupt))
    assert result.taken == await _count(city, "I")
    assert _judges() == []


@pytest.mark.usefixtures("apart")
async def test_文件中途读不下去_说明原因_已导入的保留(city: SmallCity, tmp_path: Path) -> None:
    path, mapping = _history(tmp_path, "F"), _mapping(tmp_path)

    def break_off() -> None:
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
            file.seek(0, os.SEEK_END)
            file.write("，".encode("utf-16") * 500_000)

    with pytest.raises(ImportFileInvalid, match=r"F\.csv"):
        await import_cases(city.cases, path, mapping, progress=_at(20, break_off))
    assert await _count(city, "F") >= 10
