"""Full-text search over years of cases: by words and by time it finds the same, page by page, within the reader's scope."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.small_city import SmallCity

from yiwang.casework.importing import import_cases, read_mapping
from yiwang.casework.search import month_number, month_start, next_window, widest_window
from yiwang.casework.store import CaseFilter, searching
from yiwang.kernel.access import Actor
from yiwang.kernel.text import search_query

MAPPING = """
type: urban-case
system: 旧平台
columns: {number: 编号, text: 内容, reported_at: 上报, closed_at: 办结, status: 状态, lon: 经度, lat: 纬度, department: 部门}
open_statuses: [在办]
departments: {市政: municipal}
"""
# How often a word stands in the history below: in every case, every seventh, in three of one forgotten year, never.
WORDS = ("路灯", "井盖", "鼹鼠", "麒麟", "路灯 井盖", "井", "鼹")
FIRST = datetime(2019, 3, 1, tzinfo=UTC)


async def _years_of_cases(city: SmallCity, folder: Path, prefix: str) -> None:
    """Three hundred cases, most in the last of seven years, some at the same second."""
    path, mapping = folder / "history.csv", folder / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["编号", "内容", "上报", "办结", "状态", "经度", "纬度", "部门"])
        for number in range(300):
            days = number * 29 if number < 80 else 2320 + (number - 80) // 3
            text = f"{prefix}路灯" + ("井盖" if number % 7 == 0 else "") + ("鼹鼠" if number in (11, 12, 13) else "")
            reported = FIRST + timedelta(days=days)
            closed = (reported + timedelta(days=1)).isoformat()
            place = f"{117.0005 + number * 1e-5:.6f}", "39.0012"
            department = "市政" if number % 5 == 0 else ""
            out.writerow([f"{prefix}{number}", text, reported.isoformat(), closed, "办结", *place, department])
    result = await import_cases(city.cases, path, read_mapping(mapping))
    assert result.taken == 300


async def _expected(city: SmallCity, actor: Actor, words: str, prefix: str) -> list[str]:
    """What a reader of all texts would find, newest first."""
    async with city.services.context.database.connection() as connection:
        rows = await connection.fetch(
            "select source_number, text, area, grid, organisation_id from case_file where source_number like $1"
            " order by reported_at desc, id desc",
            f"{prefix}%",
        )
    return [
        row["source_number"]
        for row in rows
        if all(word in row["text"] for word in words.split())
        and actor.reaches("case", "read", area=row["area"], organisation=row["organisation_id"], grid=row["grid"])
    ]


async def _paged(city: SmallCity, actor: Actor, words: str, size: int) -> list[str]:
    found: list[str] = []
    wanted = CaseFilter()
    while True:
        page, back = await city.cases.reading.search(actor, words, wanted, limit=size)
        found += [case.source_number or "" for case in page]
        if len(page) == size:
            wanted = CaseFilter(before=(page[-1].reported_at, page[-1].id))
        elif back is not None:
            wanted = CaseFilter(reported_to=back)
        else:
            return found


@pytest.mark.parametrize(("first", "last", "entries"), [(1000, 64_000, 400), (3, 12, 400), (1, 2, 5), (20, 20, 1)])
async def test_逐词查与逐件看结果相同_任何读者_任何词频(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, last: int, entries: int
) -> None:
    monkeypatch.setattr(searching, "FIRST_ALLOWANCE", first)
    monkeypatch.setattr(searching, "LAST_ALLOWANCE", last)
    monkeypatch.setattr("yiwang.casework.search.PROBE_ENTRIES", entries)
    prefix = f"S{first}X{entries}X"
    await _years_of_cases(city, tmp_path, prefix)
    number = prefix.lower()
    for login in ("shift1", "city-desk", "worker1"):
        actor = await city.actor(login)
        for words in WORDS:
            expected = await _expected(city, actor, words, prefix)
            assert await _paged(city, actor, f"{number} {words}", 7) == expected, (login, words)
    assert len(await _expected(city, await city.actor("shift1"), "鼹鼠", prefix)) == 3


async def test_时间用尽时说明查到哪一天_从那里接着查不漏(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SEARCH_SECONDS", -1.0)
    monkeypatch.setattr(searching, "FIRST_ALLOWANCE", 3)
    await _years_of_cases(city, tmp_path, "T")
    actor = await city.actor("shift1")
    page, back = await city.cases.reading.search(actor, "路灯", CaseFilter(reported_to=month_start(24_315)), limit=50)
    assert len(page) < 50
    assert back is not None
    for words in ("井盖", "鼹鼠", "麒麟"):
        assert await _paged(city, actor, f"t {words}", 9) == await _expected(city, actor, words, "T"), words


async def test_按上报时间筛选_与别的时区一致(city: SmallCity, tmp_path: Path) -> None:
    await _years_of_cases(city, tmp_path, "Z")
    actor = await city.actor("shift1")
    since = datetime(2020, 5, 1, tzinfo=timezone(timedelta(hours=8)))  # still April in UTC
    until = datetime(2020, 9, 1, tzinfo=timezone(timedelta(hours=8)))
    page, _ = await city.cases.reading.search(
        actor, "路灯", CaseFilter(reported_from=since, reported_to=until), limit=50
    )
    listed = await city.cases.reading.cases(actor, CaseFilter(reported_from=since, reported_to=until), limit=200)
    assert [case.id for case in page] == [case.id for case in listed if "路灯" in case.text]
    assert page


def test_月份以世界时为准_与月初互逆() -> None:
    for month in (24_000, 24_315, 24_323):
        assert month_number(month_start(month)) == month
        assert month_number(month_start(month) - timedelta(microseconds=1)) == month - 1
    assert month_number(datetime(2026, 6, 1, 7, tzinfo=timezone(timedelta(hours=8)))) == month_number(
        datetime(2026, 5, 31, tzinfo=UTC)
    )


def test_窗口大小随命中数变化_有上限() -> None:
    widest = widest_window(search_query("鼹鼠洞穴塌陷"))
    assert widest == 80
    assert widest_window(search_query("麒")) == 400
    assert next_window(1, 0, widest, 1000) == widest
    assert next_window(1, 100, widest, 1000) == 10
    assert next_window(4, 100_000, widest, 1000) == 1
    assert next_window(40, 1, widest, 1000) == widest
