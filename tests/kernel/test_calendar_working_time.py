"""Working time: only the working slots of working days count, edges as the standard's practice has them, and fast."""

from __future__ import annotations

import time
import timeit
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.calendar import (
    CalendarOutOfRange,
    Season,
    Slot,
    WorkingCalendar,
    WorkingHours,
    WorkingHoursInvalid,
    calendar_files,
    load_calendar,
    read_working_hours,
)

shanghai = ZoneInfo("Asia/Shanghai")
hour = 3600
china = load_calendar(calendar_files("CN"))
summer = WorkingCalendar(
    WorkingHours(seasons=(Season("夏季", (6, 1), (9, 30), (Slot.parse("08:00-12:00"), Slot.parse("14:30-18:30"))),)), {}
)
new_york = WorkingCalendar(
    WorkingHours(timezone=ZoneInfo("America/New_York"), slots=(Slot.parse("00:30-12:00"), Slot.parse("12:00-24:00"))),
    {},
)
calendars = st.sampled_from([china, summer, new_york])
instants = st.datetimes(datetime(1991, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
spans = st.integers(min_value=1, max_value=400 * 8 * hour * 1_000_000).map(lambda count: count / 1_000_000)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=shanghai)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-05-15T17:00", 4, "2026-05-18T11:00"),  # Friday 17:00 + 4 工作时 → Monday 11:00
        ("2026-05-16T10:00", 8, "2026-05-18T18:00"),  # Saturday + 1 工作日 → Monday 18:00
        ("2026-05-15T11:30", 8, "2026-05-18T11:30"),
        ("2026-05-15T08:00", 4, "2026-05-15T12:00"),  # the end of a slot is kept
        ("2026-05-15T12:00", 1, "2026-05-15T15:00"),  # a start at the end of a slot moves on
        ("2026-05-15T12:00", 0, "2026-05-15T14:00"),
        ("2026-05-15T18:00", 0, "2026-05-18T08:00"),
        ("2026-05-17T10:00", 0, "2026-05-18T08:00"),
        ("2026-05-15T09:30", 0, "2026-05-15T09:30"),
        ("2026-05-15T13:59:59", 4, "2026-05-15T18:00"),
        ("2026-05-15T23:59", 16, "2026-05-19T18:00"),
        ("2026-09-30T17:00", 2, "2026-10-08T09:00"),  # over 国庆节
        ("2026-10-09T17:00", 2, "2026-10-10T09:00"),  # Saturday 10 October is worked (调休)
        ("2020-01-23T17:00", 2, "2020-02-03T09:00"),  # the prolonged Spring Festival
    ],
)
def test_加工作时(start: str, hours: float, end: str) -> None:
    due = china.add_working(at(start), hours * hour)
    assert due == at(end)
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-05-15T17:00", "2026-05-18T11:00", 4),
        ("2026-05-15T12:00", "2026-05-15T14:00", 0),
        ("2026-05-16T00:00", "2026-05-18T00:00", 0),
        ("2026-10-01T00:00", "2026-10-08T00:00", 0),
        ("2026-01-01T00:00", "2027-01-01T00:00", 248 * 8),
        ("2026-05-18T11:00", "2026-05-15T17:00", -4),
    ],
)
def test_两个时刻之间的工作时间(start: str, end: str, hours: float) -> None:
    assert china.working_seconds(at(start), at(end)) == hours * hour


def test_夏令作息按月日切换() -> None:
    assert summer.add_working(at("2026-05-29T17:00"), 6 * hour) == at("2026-06-01T15:30")
    assert summer.slots(date(2026, 9, 30))[1] == (at("2026-09-30T14:30"), at("2026-09-30T18:30"))
    assert summer.slots(date(2026, 10, 1))[1] == (at("2026-10-01T14:00"), at("2026-10-01T18:00"))


def test_季节可以跨年() -> None:
    winter = Season("冬季", (11, 1), (3, 31), (Slot.parse("08:30-12:00"),))
    assert [winter.covers(date(2026, month, 1)) for month in (1, 3, 4, 10, 11, 12)] == [
        True,
        True,
        False,
        False,
        True,
        True,
    ]


def test_非工作日没有时段() -> None:
    assert china.slots(date(2026, 10, 1)) == ()
    assert china.slots(date(2026, 10, 10)) == (
        (at("2026-10-10T08:00"), at("2026-10-10T12:00")),
        (at("2026-10-10T14:00"), at("2026-10-10T18:00")),
    )


def test_夏时制切换日按实际时长计() -> None:
    spring_forward, next_day = (datetime(2026, 3, day, tzinfo=ZoneInfo("America/New_York")) for day in (8, 9))
    sunday_worked = WorkingCalendar(new_york.hours, {}, {date(2026, 3, 8): china._marks[date(2026, 10, 10)]})
    assert sunday_worked.working_seconds(spring_forward, next_day) == 22.5 * hour


@given(calendars, instants, spans)
def test_加工作时与计工作时互逆(calendar: WorkingCalendar, start: datetime, seconds: float) -> None:
    due = calendar.add_working(start, seconds)
    assert due > start
    assert calendar.working_seconds(start, due) == seconds


@given(calendars, instants, spans, spans)
def test_分两次加等于一次加(calendar: WorkingCalendar, start: datetime, first: float, second: float) -> None:
    once = calendar.add_working(start, round(first + second, 6))
    assert calendar.add_working(calendar.add_working(start, first), second) == once


@given(calendars, instants, instants, spans)
def test_开始得晚不会到期得早(calendar: WorkingCalendar, one: datetime, other: datetime, seconds: float) -> None:
    early, late = sorted((one, other))
    assert calendar.add_working(early, seconds) <= calendar.add_working(late, seconds)
    assert 0 <= calendar.working_seconds(early, late) <= (late - early).total_seconds()


@given(calendars, instants)
def test_零工时给出下一个工作时刻(calendar: WorkingCalendar, start: datetime) -> None:
    begin = calendar.add_working(start, 0)
    assert begin >= start
    assert calendar.working_seconds(start, begin) == 0
    assert calendar.working_seconds(begin, begin + timedelta(microseconds=1)) == 1e-6


@given(st.dates(date(2019, 1, 1), date(2027, 12, 31)))
def test_逐日累加与二分查找一致(day: date) -> None:
    by_slots = sum((end - start).total_seconds() for start, end in china.slots(day))
    midnight = datetime(day.year, day.month, day.day, tzinfo=shanghai)
    assert china.working_seconds(midnight, midnight + timedelta(days=1)) == by_slots


def test_日历之外的时间被拒绝() -> None:
    for wrong in (
        datetime(1989, 12, 31, tzinfo=UTC),
        datetime(2100, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ):
        with pytest.raises(CalendarOutOfRange, match="1990-01-01"):
            china.add_working(wrong, hour)
        with pytest.raises(CalendarOutOfRange):
            china.working_seconds(wrong, wrong)
    with pytest.raises(CalendarOutOfRange):
        china.add_working(at("2079-12-29T17:00"), 1000 * hour)
    with pytest.raises(CalendarOutOfRange):
        china.add_working(at("2079-12-31T20:00"), 0)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_负数或非数的工作时是程序错误(seconds: float) -> None:
    with pytest.raises(ValueError, match="not negative"):
        china.add_working(at("2026-05-15T08:00"), seconds)
    with pytest.raises(ValueError, match="time zone"):
        china.add_working(datetime(2026, 5, 15, 8), 1)


def test_城市声明工作时间() -> None:
    hours = read_working_hours(
        {
            "timezone": "Asia/Urumqi",
            "slots": ["09:30-13:30", "15:30-19:30"],
            "nominal_day": 7.5,
            "seasons": [{"name": "夏季", "from": "05-01", "to": "09-30", "slots": ["10:00-14:00", "16:00-20:00"]}],
        },
        "cities/demo/city.yaml:12",
    )
    assert hours.nominal_day_seconds == 27_000
    assert hours.slots_on(date(2026, 5, 1))[0] == Slot(10 * hour, 14 * hour)
    assert WorkingCalendar(hours, {}).nominal_day_seconds == 27_000
    assert read_working_hours(None, "city.yaml") == WorkingHours()


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"slot": []}, "only these keys"),
        ("08:00-12:00", "only these keys"),
        ({"slots": []}, "at least one slot"),
        ({"slots": "08:00-12:00"}, "slots must be a list"),
        ({"slots": ["8-12"]}, "is not a slot"),
        ({"slots": ["22:00-02:00"]}, "crosses midnight"),
        ({"slots": ["08:00-24:30"]}, "is not a slot"),
        ({"slots": ["14:00-18:00", "08:00-12:00"]}, "in order"),
        ({"slots": ["08:00-12:00", "11:00-18:00"]}, "must not overlap"),
        ({"timezone": "Asia/Tianjin"}, "unknown time zone"),
        ({"timezone": "../etc/passwd"}, "unknown time zone"),
        ({"nominal_day": 0}, "nominal_day"),
        ({"nominal_day": "8h"}, "number of hours"),
        ({"nominal_day": True}, "number of hours"),
        ({"seasons": {}}, "seasons must be a list"),
        ({"seasons": [{"name": "夏季"}]}, "a season needs"),
        ({"seasons": [{"name": "夏", "from": "6月", "to": "09-30", "slots": ["08:00-12:00"]}]}, "month and day"),
        (
            {
                "seasons": [
                    {"name": "夏", "from": "06-01", "to": "09-30", "slots": ["08:00-12:00"]},
                    {"name": "秋", "from": "09-30", "to": "10-30", "slots": ["08:00-12:00"]},
                ]
            },
            "belongs to 夏 and 秋",
        ),
    ],
)
def test_工作时间声明有误_说明如何改(document: Any, words: str) -> None:
    with pytest.raises(WorkingHoursInvalid, match=words) as refusal:
        read_working_hours(document, "cities/demo/city.yaml:12")
    assert "cities/demo/city.yaml:12" in refusal.value.message("zh")


def test_计算与跨度无关_且足够快() -> None:
    start = at("2026-05-15T17:00")
    rounds = 5_000
    work = timeit.Timer(lambda: china.add_working(start, 2_000 * 8 * hour), timer=time.process_time)
    best = min(work.repeat(number=rounds, repeat=5))
    assert rounds / best > 50_000  # measured 400,000/s; the bound allows for a busy machine
