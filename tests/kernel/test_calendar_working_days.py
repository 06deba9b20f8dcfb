"""Working days follow the yearly notices: 节假日放假, 调休上班, else the weekend rule, and a city's own changes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from yiwang.kernel.calendar import CalendarFileInvalid, WorkingCalendar, calendar_files, load_calendar


@pytest.fixture(scope="module")
def china() -> WorkingCalendar:
    return load_calendar(calendar_files("CN"))


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("year", range(2019, 2027))
def test_工作日与国务院通知逐日一致(china: WorkingCalendar, year: int) -> None:
    days = [
        date(year, 1, 1) + timedelta(days=offset) for offset in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
    ]
    differing = [day for day in days if china.is_working_day(day) != chinese_calendar.is_workday(day)]
    assert differing == []
    assert china.knows(year)


@pytest.mark.parametrize(
    ("day", "working", "name"),
    [
        (date(2020, 1, 31), False, "春节"),  # prolonged in 2020
        (date(2020, 2, 1), False, "春节"),  # had been announced as an adjusted working day
        (date(2020, 2, 3), True, None),
        (date(2018, 12, 29), True, "调休"),  # belongs to the notice of 2019
        (date(2022, 10, 8), True, "调休"),
        (date(2026, 2, 23), False, "春节"),
        (date(2026, 6, 20), False, "端午节"),
        (date(2026, 7, 4), False, None),
    ],
)
def test_放假与调休有名称(china: WorkingCalendar, day: date, working: bool, name: str | None) -> None:
    assert china.is_working_day(day) is working
    mark = china.mark(day)
    assert (mark.name if mark else None) == name


def test_没有通知的年份按双休计算_并可查知(china: WorkingCalendar) -> None:
    assert not china.knows(2018)
    assert not china.knows(2035)
    assert china.is_working_day(date(2035, 10, 1))  # a Monday
    assert not china.is_working_day(date(2035, 10, 6))


def test_每年更新只需加一个文件(tmp_path: Path) -> None:
    update = _write(
        tmp_path,
        "CN.2027.yaml",
        "calendar: CN\nyears:\n  2027:\n    holidays:\n      - {name: 元旦, days: 2027-01-01..2027-01-03}\n"
        "    working_days: [2027-01-09]\n",
    )
    calendar = load_calendar([*calendar_files("CN"), update])
    assert calendar.knows(2027)
    assert not calendar.is_working_day(date(2027, 1, 1))
    assert calendar.is_working_day(date(2027, 1, 9))
    assert calendar.is_working_day(date(2026, 2, 28))


def test_后读的文件整年替换(tmp_path: Path) -> None:
    again = _write(
        tmp_path, "again.yaml", "calendar: CN\nyears:\n  2026:\n    holidays: [{name: 元旦, days: 2026-01-01}]\n"
    )
    calendar = load_calendar([*calendar_files("CN"), again])
    assert not calendar.is_working_day(date(2026, 1, 1))
    assert calendar.is_working_day(date(2026, 10, 1))
    assert not calendar.is_working_day(date(2025, 10, 1))


def test_城市可以改单日_不影响其余(tmp_path: Path) -> None:
    city = _write(
        tmp_path,
        "xiqing.yaml",
        "calendar: CN-120111\nchanges:\n  holidays: [{name: 城市运动会, days: 2026-05-20..2026-05-21}]\n"
        "  working_days: [2026-10-07, 2030-01-05]\n",
    )
    calendar = load_calendar([*calendar_files("CN"), city])
    assert [calendar.is_working_day(date(2026, 5, day)) for day in (19, 20, 21, 22)] == [True, False, False, True]
    assert calendar.is_working_day(date(2026, 10, 7))
    assert calendar.is_working_day(date(2030, 1, 5))
    assert not calendar.knows(2030)


@pytest.mark.parametrize(
    ("text", "line", "zh", "en"),
    [
        ("", 1, "文件是空的", "the file is empty"),
        ("years: {}\n", 1, "缺少 calendar", "calendar is missing"),
        ("calendar: CN\nyear: {}\n", 2, "不认识的键 year", "unknown key year"),
        ("calendar: CN\nyears: [2026]\n", 2, "years 应按年份列出", "years must list the years"),
        ("calendar: CN\nyears:\n  26:\n    holidays: []\n", 3, "26 不是年份", "26 is not a year"),
        ("calendar: CN\nyears:\n  2026:\n    holiday: []\n", 4, "不认识的键 holiday", "unknown key holiday"),
        ("calendar: CN\nyears:\n  2026:\n    working_days: 2026-01-04\n", 4, "应是列表", "a list is expected"),
        ("calendar: CN\nyears:\n  2026:\n    working_days: [2026-02-30]\n", 4, "无法识别", "cannot be read"),
        ("calendar: CN\nyears:\n  2026:\n    working_days: [2026-01-04..]\n", 4, "无法识别", "cannot be read"),
        ("calendar: CN\nyears:\n  2026:\n    working_days: [2025-01-04]\n", 4, "移到 2025 年", "move it to 2025"),
        (
            "calendar: CN\nyears:\n  2026:\n    holidays:\n    - {name: 元旦}\n",
            5,
            "要写 name 和 days",
            "needs name and days",
        ),
        (
            "calendar: CN\nyears:\n  2026:\n    holidays:\n    - {name: 元旦, days: 2026-01-03..2026-01-01}\n",
            5,
            "起止颠倒",
            "ends before it starts",
        ),
        (
            "calendar: CN\nyears:\n  2026:\n    holidays:\n    - {name: 元旦, days: 2026-01-01}\n    working_days:\n"
            "    - 2026-01-01\n",
            7,
            "已列为元旦",
            "already listed as 元旦",
        ),
        ("calendar: CN\ncalendar: CN\n", 2, "写了两次", "stands here twice"),
        ("calendar: CN\nyears: {2026: {holidays: [}\n", 2, "不是有效的 YAML", "is not valid YAML"),
        ("calendar: CN\nname: \x00\n", 1, "不是有效的 YAML", "is not valid YAML"),
        ("calendar: {a: b}\n", 1, "应是文字", "a text is expected"),
        ("- CN\n", 1, "文件应是键值对", "the file must be a mapping"),
        ("? [a]\n: b\n", 1, "键应是文字或年份", "a key must be a word"),
        ("calendar: CN\nyears: " + "[" * 1500, 1, "嵌套层次过深", "nested too deeply"),
    ],
)
def test_日历文件有误_指出文件行号和做法(tmp_path: Path, text: str, line: int, zh: str, en: str) -> None:
    path = _write(tmp_path, "city.yaml", text)
    with pytest.raises(CalendarFileInvalid) as refusal:
        load_calendar([path])
    assert refusal.value.data["line"] == line
    assert str(path) in refusal.value.message("zh")
    assert zh in refusal.value.message("zh")
    assert en in refusal.value.message("en")


def test_日历文件不存在或编码不对(tmp_path: Path) -> None:
    with pytest.raises(CalendarFileInvalid, match="check path and permissions"):
        load_calendar([tmp_path / "absent.yaml"])
    broken = tmp_path / "gbk.yaml"
    broken.write_bytes("calendar: 天津".encode("gbk"))
    with pytest.raises(CalendarFileInvalid, match="save it as UTF-8"):
        load_calendar([broken])
    huge = _write(tmp_path, "huge.yaml", "#" * 1_000_001)
    with pytest.raises(CalendarFileInvalid, match="exceeds"):
        load_calendar([huge])
