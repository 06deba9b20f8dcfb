"""A clock that tests put where they need it."""

from __future__ import annotations

from datetime import datetime


class StandingClock:
    """Stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at
