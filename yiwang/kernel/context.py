"""What every service of a process shares."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Database
from yiwang.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """Database pool, city clock, working calendar and settings of this process."""

    database: Database
    clock: Clock
    calendar: WorkingCalendar
    settings: Settings
