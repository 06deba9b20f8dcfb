"""The yearly notice comes late: running deadlines follow the new calendar, once, and what was used stays used."""

from __future__ import annotations

from datetime import date

from tests.flow.offices import CALENDAR, Drawing, Office, at, steps
from yiwang.flow.service import FlowService
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.calendar_files import DayMark
from yiwang.kernel.database import Database


def limited(key: str) -> Drawing:
    """A step of three working days with a reminder after two, then another."""
    drawing = Drawing(key).start().task("a", step='deadline="3工作日"').task("late").task("b").end()
    drawing.timer("t", "a", interrupting=False, text="2工作日").node("endEvent", "told")
    return drawing.line("start", "a", "b", "end").line("t", "late", "told")


def with_holiday(day: date) -> WorkingCalendar:
    """The calendar of the tests with one more day off."""
    calendar = WorkingCalendar(CALENDAR.hours, {}, {**CALENDAR._marks, day: DayMark(working=False, name="市庆")})
    assert not calendar.is_working_day(day)
    return calendar


def under(office: Office, calendar: WorkingCalendar) -> Office:
    """The office of a process that has started with another calendar."""
    context = office.flow.context
    changed = type(context)(context.database, context.clock, calendar, context.settings)
    return Office(FlowService(changed, office.flow.assignment.directory))


async def test_running_deadlines_follow_the_new_notice_once(office: Office, database: Database) -> None:
    office.set_clock(at(9))  # Monday
    assert await office.flow.follow_calendar() == 0
    case = (await office.start(await office.publish(limited("noticed")))).instance_id
    before = await office.task(case, "a")
    assert before.due_at == at(9, day=18)
    later = under(office, with_holiday(date(2026, 6, 17)))
    assert await later.flow.follow_calendar() > 0
    after = await later.task(case, "a")
    assert (after.id, after.due_at) == (before.id, at(9, day=22))  # the 19th is 端午
    (timer,) = (await later.story(case)).timers
    assert timer.wake_at == at(9, day=18)
    assert await later.flow.follow_calendar() == 0


async def test_it_goes_on_where_it_stopped(office: Office) -> None:
    office.set_clock(at(9))
    await office.flow.follow_calendar()
    definition = await office.publish(limited("many"))
    cases = [(await office.start(definition)).instance_id for _ in range(5)]
    later = under(office, with_holiday(date(2026, 6, 16)))
    rounds = 0
    while await later.flow.follow_calendar(2):
        rounds += 1
    assert rounds >= 3
    assert {(await later.task(case, "a")).due_at for case in cases} == {at(9, day=22)}


async def test_what_is_overdue_and_what_has_no_working_limit_stays(office: Office) -> None:
    office.set_clock(at(9))
    await office.flow.follow_calendar()
    plain = (await office.start(await office.publish(steps(["a"], "unlimited")))).instance_id
    hours = Drawing("hours").start().task("a", step='deadline="24小时"').end().line("start", "a", "end")
    clock_time = (await office.start(await office.publish(hours))).instance_id
    later = under(office, with_holiday(date(2026, 6, 16)))
    await later.flow.follow_calendar()
    assert (await later.task(plain, "a")).due_at is None
    assert (await later.task(clock_time, "a")).due_at == at(9, day=16)
