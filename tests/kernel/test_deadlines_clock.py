"""When a limit ends, and the clock of a step: 暂停, 恢复, 延期, 返工 never lose or gain working time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.calendar import (
    CalendarOutOfRange,
    Slot,
    WorkingCalendar,
    WorkingHours,
    calendar_files,
    load_calendar,
)
from yiwang.kernel.deadlines import (
    Deadline,
    DeadlineKindsDiffer,
    DeadlineNotPaused,
    DeadlinePaused,
    DeadlineRecordInvalid,
    RunningClock,
    Unit,
    due,
    parse_deadline,
)

shanghai = ZoneInfo("Asia/Shanghai")
china = load_calendar(calendar_files("CN"))

instants = st.datetimes(datetime(2019, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
gaps = st.integers(0, 30 * 86_400_000_000).map(lambda count: timedelta(microseconds=count))
deadlines = st.builds(
    Deadline, st.sampled_from(Unit), st.integers(1, 400_000).map(lambda count: Decimal(count) / Decimal(10_000))
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=shanghai)


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        # the vectors of the standard's reading; 2026-05-15 is a Friday
        ("2026-05-15T17:00", "4工作时", "2026-05-18T11:00"),
        ("2026-05-15T17:00", "4紧急工作时", "2026-05-15T21:00"),
        ("2026-05-16T10:00", "1工作日", "2026-05-18T18:00"),
        ("2026-05-15T11:30", "1工作日", "2026-05-18T11:30"),
        ("2026-05-15T08:00", "4工作时", "2026-05-15T12:00"),
        ("2026-05-15T12:00", "4工作时", "2026-05-15T18:00"),
        # all other units
        ("2026-05-15T17:00", "1紧急工作日", "2026-05-16T17:00"),
        ("2026-05-15T17:00", "24小时", "2026-05-16T17:00"),
        ("2026-05-15T17:00", "15天", "2026-05-30T17:00"),
        ("2026-05-15T17:00", "90m", "2026-05-15T18:30"),
        ("2026-05-15T17:30", "60工作分钟", "2026-05-18T08:30"),
        ("2026-09-30T18:00", "3工作日", "2026-10-10T18:00"),
        ("2035-09-28T18:00", "1工作日", "2035-10-01T18:00"),  # no notice yet: the weekend rule
    ],
)
def test_期限到期时刻(start: str, limit: str, end: str) -> None:
    result = due(parse_deadline(limit), at(start), china)
    assert result == at(end)
    assert result.tzinfo is UTC


def test_城市自定一工作日的时长() -> None:
    short = WorkingCalendar(
        WorkingHours(slots=(Slot.parse("09:00-12:00"), Slot.parse("13:00-17:00")), nominal_day_seconds=25_200), {}
    )
    assert due(parse_deadline("1工作日"), at("2026-05-15T09:00"), short) == at("2026-05-15T17:00")
    assert due(parse_deadline("8工作时"), at("2026-05-15T09:00"), short) == at("2026-05-18T10:00")


def test_不可能的开始时间被拒绝() -> None:
    for limit in ("4工作时", "24小时"):
        with pytest.raises(CalendarOutOfRange):
            due(parse_deadline(limit), datetime(1900, 1, 1, tzinfo=UTC), china)
        with pytest.raises(ValueError, match="time zone"):
            due(parse_deadline(limit), datetime(2026, 1, 1), china)


@given(deadlines, instants)
def test_到期总在开始之后(deadline: Deadline, start: datetime) -> None:
    assert due(deadline, start, china) > start


def test_暂停恢复后剩余工作时不变() -> None:
    clock = RunningClock.start(parse_deadline("4工作时"), at("2026-05-15T16:00"), china)
    assert clock.due_at == at("2026-05-18T10:00")
    paused = clock.pause(at("2026-05-15T17:00"))
    assert paused.used(at("2026-05-25T12:00"), china) == 3600
    assert paused.remaining(at("2026-05-25T12:00"), china) == 3 * 3600
    assert paused.warn_at(0.8, china) is None
    resumed = paused.resume(at("2026-05-23T09:00"), china)  # a Saturday
    assert resumed.due_at == at("2026-05-25T11:00")
    assert resumed.share(at("2026-05-25T09:00"), china) == 0.5
    assert resumed.warn_at(0.5, china) == at("2026-05-25T09:00")
    assert resumed.warn_at(0.1, china) == at("2026-05-23T09:00")  # reached before the pause
    assert not resumed.overdue(at("2026-05-25T11:00"))
    assert resumed.overdue(at("2026-05-25T11:00:01"))


def test_紧急时限暂停按钟表时间() -> None:
    clock = RunningClock.start(parse_deadline("2紧急工作时"), at("2026-05-15T23:00"), china)
    resumed = clock.pause(at("2026-05-15T23:30")).resume(at("2026-05-16T03:00"), china)
    assert resumed.due_at == at("2026-05-16T04:30")


def test_已超期的暂停恢复后仍然超期() -> None:
    clock = RunningClock.start(parse_deadline("1工作时"), at("2026-05-15T08:00"), china)
    resumed = clock.pause(at("2026-05-15T10:00")).resume(at("2026-05-18T10:00"), china)
    assert resumed.due_at == clock.due_at
    assert resumed.remaining(at("2026-05-18T11:00"), china) == -2 * 3600
    assert resumed.share(at("2026-05-18T11:00"), china) == 3
    assert resumed.overdue(at("2026-05-18T11:00"))


def test_重复暂停或未暂停就恢复被拒绝() -> None:
    clock = RunningClock.start(parse_deadline("1工作日"), at("2026-05-15T08:00"), china)
    with pytest.raises(DeadlineNotPaused):
        clock.resume(at("2026-05-15T09:00"), china)
    with pytest.raises(DeadlinePaused, match="2026-05-15T01:00"):
        clock.pause(at("2026-05-15T09:00")).pause(at("2026-05-15T10:00"))


def test_别的机器时间稍慢不算倒流() -> None:
    clock = RunningClock.start(parse_deadline("1工作日"), at("2026-05-15T09:00"), china)
    paused = clock.pause(at("2026-05-15T08:59:59"))
    assert paused.paused_at == clock.started_at
    assert paused.resume(at("2026-05-15T08:59:58"), china).due_at == clock.due_at
    assert clock.used(at("2026-05-15T08:00"), china) == 0


def test_延期从原到期时刻起算() -> None:
    clock = RunningClock.start(parse_deadline("1工作日"), at("2026-05-15T08:00"), china)
    extended = clock.extend(parse_deadline("4工作时"), china)
    assert extended.due_at == at("2026-05-18T12:00")
    assert extended.limit_seconds == 12 * 3600
    assert extended.share(at("2026-05-15T18:00"), china) == pytest.approx(2 / 3)
    assert extended.restart(at("2026-05-18T08:00"), china).due_at == at("2026-05-18T18:00")


def test_连续计时的期限可用工作日延期_反之不可() -> None:
    urgent = RunningClock.start(parse_deadline("2紧急工作时"), at("2026-05-15T17:00"), china)
    extended = urgent.extend(parse_deadline("1工作日"), china)
    assert extended.due_at == at("2026-05-18T18:00")
    assert extended.remaining(at("2026-05-18T18:00"), china) == 0
    working = RunningClock.start(parse_deadline("1工作日"), at("2026-05-15T17:00"), china)
    with pytest.raises(DeadlineKindsDiffer, match="use working days"):
        working.extend(parse_deadline("24小时"), china)


def test_暂停期间也可延期() -> None:
    clock = RunningClock.start(parse_deadline("4工作时"), at("2026-05-15T08:00"), china).pause(at("2026-05-15T10:00"))
    resumed = clock.extend(parse_deadline("1工作日"), china).resume(at("2026-05-18T08:00"), china)
    assert resumed.due_at == at("2026-05-19T10:00")


def test_超期后延期_剩余与到期一致() -> None:
    clock = RunningClock.start(parse_deadline("1工作时"), at("2026-05-15T08:00"), china)
    late = clock.pause(at("2026-05-15T10:00")).resume(at("2026-05-18T10:00"), china)
    extended = late.extend(parse_deadline("4工作时"), china)
    assert extended.due_at == at("2026-05-18T15:00")
    assert extended.remaining(at("2026-05-18T15:00"), china) == 0


def test_新年度通知到达后重算到期() -> None:
    without = WorkingCalendar(WorkingHours(), {})
    clock = RunningClock.start(parse_deadline("3工作日"), at("2026-09-29T18:00"), without)
    assert clock.due_at == at("2026-10-02T18:00")
    assert clock.recalculate(china).due_at == at("2026-10-09T18:00")


@given(deadlines, instants, st.lists(st.tuples(gaps, gaps), max_size=4))
def test_多次暂停恢复_工作时间不多不少(
    deadline: Deadline, start: datetime, turns: list[tuple[timedelta, timedelta]]
) -> None:
    clock = RunningClock.start(deadline, start, china)
    now, counted = start, 0.0
    for run, stand in turns:
        counted += clock.used(now + run, china) - clock.used(now, china)
        now += run
        paused = clock.pause(now)
        assert paused.used(now + stand, china) == clock.used(now, china)
        now += stand
        overdue = clock.overdue(paused.paused_at or now)
        clock = paused.resume(now, china)
        assert clock.used(now, china) == pytest.approx(counted, abs=1e-6)
        assert clock.limit_seconds == deadline.seconds(28_800)
        if overdue:
            assert clock.overdue(now)
        else:
            assert abs(clock.remaining(clock.due_at, china)) < 2e-6
    assert RunningClock.from_json(json.loads(json.dumps(clock.to_json()))) == clock


@given(deadlines, instants, gaps, gaps)
def test_已用时间只增不减(deadline: Deadline, start: datetime, one: timedelta, other: timedelta) -> None:
    clock = RunningClock.start(deadline, start, china)
    early, late = sorted((one, other))
    assert 0 <= clock.used(start + early, china) <= clock.used(start + late, china)
    assert clock.share(start + early, china) <= clock.share(start + late, china)


@given(deadlines, instants, st.floats(0.01, 1))
def test_预警时刻正是用去该份额的时刻(deadline: Deadline, start: datetime, share: float) -> None:
    clock = RunningClock.start(deadline, start, china)
    warn_at = clock.warn_at(share, china)
    assert warn_at is not None
    assert start < warn_at <= clock.due_at
    assert clock.used(warn_at, china) == pytest.approx(share * clock.limit_seconds, abs=1e-6)
    assert clock.warn_at(1, china) == clock.due_at


@given(deadlines, deadlines, instants, st.booleans())
def test_延期后到期时刻恰好用完期限(deadline: Deadline, by: Deadline, start: datetime, standing: bool) -> None:
    clock = RunningClock.start(deadline, start, china)
    if deadline.unit.counts_working_time and not by.unit.counts_working_time:
        with pytest.raises(DeadlineKindsDiffer):
            clock.extend(by, china)
        return
    extended = (clock.pause(start) if standing else clock).extend(by, china)
    assert extended.due_at > clock.due_at
    running = extended.resume(start, china) if standing else extended
    assert running.due_at == extended.due_at
    assert abs(running.remaining(running.due_at, china)) < 2e-6


def test_预警份额须为正() -> None:
    clock = RunningClock.start(parse_deadline("1工作日"), at("2026-05-15T08:00"), china)
    for share in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="share"):
            clock.warn_at(share, china)


@pytest.mark.parametrize(
    "wrong", [None, [], {}, {"started_at": "yesterday"}, {"due_at": "2026-05-15T08:00:00"}, {"limit_seconds": None}]
)
def test_损坏的计时记录被指出(wrong: object) -> None:
    record = RunningClock.start(parse_deadline("1工作日"), at("2026-05-15T08:00"), china).to_json()
    broken = {**record, **wrong} if isinstance(wrong, dict) and wrong else wrong
    with pytest.raises(DeadlineRecordInvalid):
        RunningClock.from_json(broken)
