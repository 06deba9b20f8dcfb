"""Periods and the moments in them follow the working calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.plans.declarations import DayOf, Every
from yiwang.plans.periods import moment_in, period_of, periods_between


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return load_calendar(calendar_files())


@pytest.mark.parametrize(
    ("day", "every", "key", "first", "last"),
    [
        (date(2026, 6, 18), "week", "2026-W25", date(2026, 6, 15), date(2026, 6, 21)),
        (date(2027, 1, 1), "week", "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        (date(2026, 12, 31), "month", "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        (date(2028, 2, 3), "month", "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 6, 18), "quarter", "2026-Q2", date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 12, 1), "half-year", "2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
        (date(2026, 6, 18), "year", "2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_一天属于哪个周期(day: date, every: Every, key: str, first: date, last: date) -> None:
    period = period_of(day, every)
    assert (period.key, period.first, period.last) == (key, first, last)


@pytest.mark.parametrize(
    ("every", "words"),
    [
        ("week", "2026年第25周"), ("month", "2026年6月"), ("quarter", "2026年第2季度"), ("half-year", "2026年上半年"),
        ("year", "2026年"),
    ],
)  # fmt: skip
def test_周期用人们说的话写进任务(every: Every, words: str) -> None:
    assert period_of(date(2026, 6, 18), every).words == words


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.sampled_from(["week", "month", "quarter", "half-year", "year"]))
def test_周期首尾相接_每一天恰在一个周期(day: date, every: Every) -> None:
    period = period_of(day, every)
    assert period.first <= day <= period.last
    assert period_of(period.first, every) == period_of(period.last, every) == period
    following = period_of(period.last + timedelta(days=1), every)
    assert following.first == period.last + timedelta(days=1)
    assert following.key != period.key
    assert list(periods_between(period.first, following.first, every)) == [period, following]


@pytest.mark.parametrize(
    ("opens", "wanted"),
    [
        (DayOf(day=-3), datetime(2026, 6, 26, 1, 0, tzinfo=UTC)),
        (DayOf(day=1, at="08:30"), datetime(2026, 6, 1, 0, 30, tzinfo=UTC)),
        (DayOf(day=20, working=False), datetime(2026, 6, 22, 1, 0, tzinfo=UTC)),
        (DayOf(day=21, working=False, if_off="stay"), datetime(2026, 6, 21, 1, 0, tzinfo=UTC)),
        (DayOf(day=28, working=False, if_off="previous"), datetime(2026, 6, 26, 1, 0, tzinfo=UTC)),
        (DayOf(day=31), datetime(2026, 6, 30, 1, 0, tzinfo=UTC)),
    ],
)
def test_开案日按工作日历推算_端午节顺延(calendar: WorkingCalendar, opens: DayOf, wanted: datetime) -> None:
    assert moment_in(period_of(date(2026, 6, 18), "month"), opens, calendar) == wanted
