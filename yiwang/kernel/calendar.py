"""The working calendar (工作日历): which days and hours are worked, and the arithmetic of working time (工作时).

Promises: days follow the files given to :func:`load_calendar` (holidays 节假日, adjusted working days 调休), all other
days the weekend rule; every method takes aware datetimes of any zone and returns UTC, exact to the microsecond;
`add_working` and `working_seconds` are inverse to each other and cost a binary search, whatever the distance in time.

Edges (rule words of GB/T 30428.8 practice): a start outside a working slot, or exactly at a slot's end, moves to the
next slot's start; a result exactly at a slot's end stays there (4 working hours from 08:00 end at 12:00, not at 14:00).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yiwang.kernel.calendar_files import CalendarFileInvalid, DayMark, read_calendar_file
from yiwang.kernel.errors import Problem

__all__ = [
    "CalendarFileInvalid",
    "CalendarOutOfRange",
    "DayMark",
    "Season",
    "Slot",
    "WorkingCalendar",
    "WorkingHours",
    "WorkingHoursInvalid",
    "calendar_files",
    "load_calendar",
    "read_working_hours",
]

first_day = date(1990, 1, 1)
last_day = date(2079, 12, 31)
china_time = ZoneInfo("Asia/Shanghai")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SLOT = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*[-–—~至]\s*([01][0-9]|2[0-4]):([0-5][0-9])")


class WorkingHoursInvalid(Problem):
    code = "calendar.hours_invalid"
    status = 422
    zh = "{where} 的工作时间有误:{reason_zh}。"
    en = "The working hours in {where} are wrong: {reason_en}."


class CalendarOutOfRange(Problem):
    code = "calendar.out_of_range"
    status = 422
    zh = "时间 {at} 超出工作日历的范围({first} 至 {last}),请核对日期和期限。"
    en = "{at} lies outside the working calendar ({first} to {last}); check the date and the limit."


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A working slot of a day, in seconds after local midnight, 0 ≤ start < end ≤ 86,400."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str, where: str = "working hours") -> Slot:
        """Read ``08:00-12:00``; 24:00 is allowed as an end.

        Raises:
            WorkingHoursInvalid: not of that form, or the end is not after the start.
        """
        match = _SLOT.fullmatch(text.strip())
        start, end = _seconds(match[1], match[2]) if match else 0, _seconds(match[3], match[4]) if match else 0
        if not start < end <= 86_400:
            raise WorkingHoursInvalid(
                where=where,
                reason_zh=f"“{text}”不是起止时刻,请写成 08:00-12:00,跨夜的班分成两段",
                reason_en=f"“{text}” is not a slot; write 08:00-12:00 and split a slot that crosses midnight",
            )
        return cls(start, end)


@dataclass(frozen=True, slots=True)
class Season:
    """Other slots for part of the year (夏令作息).

    ``first`` and ``last`` are (month, day), both included; they may wrap the year's end.
    """

    name: str
    first: tuple[int, int]
    last: tuple[int, int]
    slots: tuple[Slot, ...]

    def covers(self, day: date) -> bool:
        month_day = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= month_day <= self.last
        return month_day >= self.first or month_day <= self.last


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """A city's office hours.

    ``nominal_day_seconds`` is what one working day (工作日) of a deadline means, 8 hours by default.

    Raises:
        WorkingHoursInvalid: no slot, slots that overlap, seasons that overlap, a nominal day of 0 or over 24 hours.
    """

    timezone: ZoneInfo = china_time
    slots: tuple[Slot, ...] = (Slot(8 * 3600, 12 * 3600), Slot(14 * 3600, 18 * 3600))
    seasons: tuple[Season, ...] = ()
    nominal_day_seconds: int = 8 * 3600
    where: str = field(default="working hours", compare=False)

    def __post_init__(self) -> None:
        for slots in (self.slots, *(season.slots for season in self.seasons)):
            self._refuse_unless(bool(slots), "至少要有一个时段", "at least one slot is needed")
            ordered = all(before.end <= after.start for before, after in pairwise(slots))
            self._refuse_unless(ordered, "时段要按先后排列且互不重叠", "slots must be in order and must not overlap")
        for day in (date(2024, 1, 1) + timedelta(days=offset) for offset in range(366)):
            names = [season.name for season in self.seasons if season.covers(day)]
            self._refuse_unless(
                len(names) < 2,
                f"{day:%m-%d} 同时属于{'、'.join(names)},请错开起止日期",
                f"{day:%m-%d} belongs to {' and '.join(names)}; keep the seasons apart",
            )
        self._refuse_unless(
            0 < self.nominal_day_seconds <= 86_400,
            "nominal_day 应大于 0 且不超过 24 小时",
            "nominal_day must be above 0 and at most 24 hours",
        )

    def _refuse_unless(self, good: bool, zh: str, en: str) -> None:
        if not good:
            raise WorkingHoursInvalid(where=self.where, reason_zh=zh, reason_en=en)

    def slots_on(self, day: date) -> tuple[Slot, ...]:
        """The slots by season, whether or not the day is worked."""
        return next((season.slots for season in self.seasons if season.covers(day)), self.slots)


class WorkingCalendar:
    """Working days and hours of one city; shared by all threads. Nothing changes it but :meth:`take_over`.

    ``notices`` are the yearly notices by year, ``changes`` single days over them.
    """

    def __init__(
        self,
        hours: WorkingHours,
        notices: Mapping[int, Mapping[date, DayMark]],
        changes: Mapping[date, DayMark] | None = None,
    ) -> None:
        self.hours = hours
        self._known = frozenset(notices)
        self._marks: dict[date, DayMark] = {}
        for year in sorted(notices):
            self._marks.update(notices[year])
        self._marks.update(changes or {})
        # One entry per slot, in microseconds after 1970 UTC: where it starts, and all working time before it.
        self._starts: list[int] = []
        self._before: list[int] = [0]
        self._lay_slots()
        self._first = _microseconds(self._instant(first_day, 0))
        self._last = _microseconds(self._instant(last_day, 86_400))

    def _lay_slots(self) -> None:
        end = -(2**62)
        for ordinal in range(first_day.toordinal(), last_day.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if not self.is_working_day(day):
                continue
            for slot in self.hours.slots_on(day):
                # A change of summer time may swallow a slot or move it against its neighbour.
                start = max(end, _microseconds(self._instant(day, slot.start)))
                end = max(start, _microseconds(self._instant(day, slot.end)))
                if start < end:
                    self._starts.append(start)
                    self._before.append(self._before[-1] + end - start)

    def _instant(self, day: date, seconds: int) -> datetime:
        midnight = datetime.combine(day, time.min, tzinfo=self.hours.timezone)
        return midnight + timedelta(seconds=seconds)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all working time that it knows; calendars with the same working time have the same digest."""
        return sha256(repr((self.nominal_day_seconds, self._starts, self._before)).encode()).hexdigest()

    def changed(
        self,
        days: Mapping[date, DayMark],
        *,
        hours: WorkingHours | None = None,
        years: Collection[int] = (),
    ) -> WorkingCalendar:
        """Another calendar: this one with single days over it, other hours, and ``years`` counted as announced."""
        notices = {year: dict[date, DayMark]() for year in self._known.union(years)}
        return WorkingCalendar(hours or self.hours, notices, {**self._marks, **days})

    def take_over(self, other: WorkingCalendar) -> None:
        """Become ``other`` at one stroke, for everything in the process that holds this calendar."""
        self.__dict__ = {**other.__dict__}

    @property
    def nominal_day_seconds(self) -> int:
        """What one working day of a deadline means, in working seconds."""
        return self.hours.nominal_day_seconds

    def knows(self, year: int) -> bool:
        """Whether a yearly notice for ``year`` was loaded; otherwise only the weekend rule and single changes hold."""
        return year in self._known

    def mark(self, day: date) -> DayMark | None:
        """What the files say of ``day``: the holiday's name or 调休; None for an ordinary day."""
        return self._marks.get(day)

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` (a local date) is worked."""
        mark = self._marks.get(day)
        return day.weekday() < 5 if mark is None else mark.working

    def slots(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The working slots of a local date as (start, end), UTC; empty when it is not worked."""
        if not self.is_working_day(day):
            return ()
        return tuple(
            (self._instant(day, slot.start).astimezone(UTC), self._instant(day, slot.end).astimezone(UTC))
            for slot in self.hours.slots_on(day)
        )

    def require_within(self, at: datetime) -> datetime:
        """``at`` in UTC.

        Raises:
            CalendarOutOfRange: it lies outside 1990–2079.
            ValueError: it has no time zone.
        """
        if not self._first <= _microseconds(at) <= self._last:
            raise self._out_of_range(at.isoformat())
        return at.astimezone(UTC)

    def add_working(self, start: datetime, seconds: float) -> datetime:
        """The instant (UTC) when ``seconds`` of working time have passed since ``start``; 0: the next worked instant.

        Raises:
            CalendarOutOfRange: start or result lies outside 1990–2079.
            ValueError: naive start or negative seconds.
        """
        if not 0 <= seconds < inf:
            raise ValueError(f"working seconds must be finite and not negative, got {seconds!r}")
        before, more = self._before, round(seconds * 1_000_000)
        target = self._worked_until(start) + more
        # From the left, a result exactly at a slot's end stays there; a mere start (0 s) moves on to the next slot.
        slot = (bisect_left(before, target) if more else bisect_right(before, target)) - 1
        if slot == len(self._starts) or target > before[-1]:
            raise self._out_of_range(f"{start.isoformat()} + {seconds:.0f} s")
        return _EPOCH + timedelta(microseconds=self._starts[slot] + target - before[slot])

    def working_seconds(self, start: datetime, end: datetime) -> float:
        """Working time between two instants, in seconds; negative when ``end`` lies before ``start``.

        Raises:
            CalendarOutOfRange: an instant lies outside 1990–2079.
            ValueError: a naive datetime.
        """
        return (self._worked_until(end) - self._worked_until(start)) / 1_000_000

    def _worked_until(self, at: datetime) -> int:
        """Working microseconds from the calendar's first day until ``at``."""
        instant = _microseconds(at)
        if not self._first <= instant <= self._last:
            raise self._out_of_range(at.isoformat())
        slot = bisect_right(self._starts, instant) - 1
        if slot < 0:
            return 0
        return min(self._before[slot] + instant - self._starts[slot], self._before[slot + 1])

    def _out_of_range(self, at: str) -> CalendarOutOfRange:
        return CalendarOutOfRange(at=at, first=first_day.isoformat(), last=last_day.isoformat())


def load_calendar(paths: Sequence[Path], hours: WorkingHours | None = None) -> WorkingCalendar:
    """Read calendar files in order: a later file's year replaces an earlier one's, and so do its single changes.

    Changes (single days) win over every yearly notice, whichever file came later.

    Raises:
        CalendarFileInvalid: names file, line and what to do.
    """
    years: dict[int, dict[date, DayMark]] = {}
    changes: dict[date, DayMark] = {}
    for path in paths:
        file = read_calendar_file(path)
        years.update(file.years)
        changes.update(file.changes)
    return WorkingCalendar(hours or WorkingHours(), years, changes)


def calendar_files(code: str = "CN") -> list[Path]:
    """The national files shipped with the package: ``CN.yaml``, then yearly additions (``CN.2027.yaml`` …) in order."""
    folder = Path(__file__).parent / "data" / "calendars"
    return [folder / f"{code}.yaml", *sorted(folder.glob(f"{code}.*.yaml"))]


def read_working_hours(document: object, where: str) -> WorkingHours:
    """Working hours from the plain values of a city file; None means the defaults. ``where`` stands in error messages.

    Every key is optional at the top; ``nominal_day`` is in hours::

        timezone: Asia/Shanghai
        slots: ["08:00-12:00", "14:00-18:00"]
        nominal_day: 8
        seasons: [{name: 夏季, from: "06-01", to: "09-30", slots: ["08:00-12:00", "14:30-18:30"]}]

    Raises:
        WorkingHoursInvalid: an unknown key or a value that cannot be read.
    """
    entry = _keys(document, {"timezone", "slots", "nominal_day", "seasons"}, where)
    defaults = WorkingHours()
    nominal = entry.get("nominal_day", defaults.nominal_day_seconds / 3600)
    if isinstance(nominal, bool) or not isinstance(nominal, int | float):
        raise WorkingHoursInvalid(
            where=where, reason_zh="nominal_day 应是小时数", reason_en="nominal_day must be a number of hours"
        )
    seasons = entry.get("seasons", [])
    if not isinstance(seasons, list):
        raise WorkingHoursInvalid(where=where, reason_zh="seasons 应是列表", reason_en="seasons must be a list")
    return WorkingHours(
        timezone=_zone(entry["timezone"], where) if "timezone" in entry else defaults.timezone,
        slots=_slots(entry["slots"], where) if "slots" in entry else defaults.slots,
        seasons=tuple(_season(season, where) for season in seasons),
        nominal_day_seconds=round(nominal * 3600) if 0 < nominal <= 24 else 0,
        where=where,
    )


def _season(document: object, where: str) -> Season:
    entry = _keys(document, {"name", "from", "to", "slots"}, where)
    if entry.keys() != {"name", "from", "to", "slots"}:
        raise WorkingHoursInvalid(
            where=where, reason_zh="季节要写 name、from、to、slots", reason_en="a season needs name, from, to and slots"
        )
    return Season(
        str(entry["name"]),
        _month_day(entry["from"], where),
        _month_day(entry["to"], where),
        _slots(entry["slots"], where),
    )


def _keys(document: object, known: set[str], where: str) -> dict[str, object]:
    entry = {} if document is None else document
    if not isinstance(entry, dict) or not entry.keys() <= known:
        allowed = ", ".join(sorted(known))
        raise WorkingHoursInvalid(
            where=where, reason_zh=f"只能有这些键:{allowed}", reason_en=f"only these keys are known: {allowed}"
        )
    return entry


def _slots(document: object, where: str) -> tuple[Slot, ...]:
    if not isinstance(document, list):
        raise WorkingHoursInvalid(where=where, reason_zh="slots 应是列表", reason_en="slots must be a list")
    return tuple(Slot.parse(str(item), where) for item in document)


def _month_day(document: object, where: str) -> tuple[int, int]:
    try:
        # A leap year, so that 02-29 may be written.
        day = date.fromisoformat(f"2024-{document}")
    except ValueError as error:
        raise WorkingHoursInvalid(
            where=where,
            reason_zh=f"“{document}”不是月日,请写成 06-01",
            reason_en=f"“{document}” is not a month and day; write 06-01",
        ) from error
    return day.month, day.day


def _zone(document: object, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(str(document))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WorkingHoursInvalid(
            where=where,
            reason_zh=f"不认识的时区 {document},请写 Asia/Shanghai 这样的名称",
            reason_en=f"unknown time zone {document}; write a name such as Asia/Shanghai",
        ) from error


def _seconds(hours: str, minutes: str) -> int:
    return int(hours) * 3600 + int(minutes) * 60


def _microseconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError(f"a datetime with a time zone is needed, got {at!r}")
    return (at - _EPOCH) // _MICROSECOND
