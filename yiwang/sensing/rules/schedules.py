"""When a rule is awake: a span of the day in the city's zone, on all days, working days, or days off. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.sensing.model import moment
from yiwang.sensing.rules.declarations import Schedule


@dataclass(frozen=True, slots=True)
class Awake:
    """``start`` and ``until`` in minutes after local midnight; ``until`` below ``start`` runs over midnight and then belongs
    to the day on which it began."""

    start: int
    until: int
    days: str
    calendar: WorkingCalendar

    def at(self, micros: int) -> bool:
        """Whether the rule is awake at this time (microseconds UTC since 1970)."""
        local = moment(micros).astimezone(self.calendar.hours.timezone)
        minute = local.hour * 60 + local.minute
        day = local.date()
        if self.start <= self.until:
            if not self.start <= minute < self.until:
                return False
        elif minute < self.until:
            day = day.fromordinal(day.toordinal() - 1)
        elif minute < self.start:
            return False
        if self.days == "all":
            return True
        return self.calendar.is_working_day(day) == (self.days == "work")


def awake(schedule: Schedule | None, calendar: WorkingCalendar) -> Awake | None:
    """The declared schedule, ready to be asked; None: always awake."""
    if schedule is None:
        return None
    return Awake(_minutes(schedule.start), _minutes(schedule.until), schedule.days, calendar)


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
