"""Rounds of handling (处置轮次): from dispatch, or an order of rework, to the report; with the limit that is judged by."""

from __future__ import annotations

from typing import Final

import numpy as np

from yiwang.insight.indicators.counts import Count
from yiwang.insight.scoring.lives import (
    DISPATCHED_RIGHT,
    IN_TIME,
    LATE,
    NO_ROUND,
    ROUND_TOLD,
    RUNNING,
    UNTIMED,
    WAITING,
    Emissions,
    Telling,
)
from yiwang.insight.scoring.moments import NEVER, NO_DAY
from yiwang.insight.scoring.wire import Numbers, Picked, Rows

_MINUTE: Final = 60_000_000


class Handling:
    """What handling makes of lives. Each method takes rows and their events; no row stands twice in one call."""

    def __init__(self, lives: Rows, out: Emissions) -> None:
        self.lives, self.out = lives, out
        self.tell = Telling(lives, out)

    def _begin(self, rows: Numbers, events: Picked) -> None:
        """A round of handling begins; its limit stands in the event."""
        self.lives["round"][rows] = RUNNING
        self.lives["closing"][rows] = WAITING
        self.lives["began_at"][rows] = events["at"]
        self._due(rows, events)

    def _begin_at(self, rows: Numbers, events: Picked) -> None:
        """A round begins without a dispatch, at the organisation that the event names."""
        self.lives["department"][rows] = events["office"]
        self._begin(rows, events)

    def _due(self, rows: Numbers, events: Picked) -> None:
        """The limit of a running round is (now) that of the event; an event that names none leaves it."""
        lives = self.lives
        chosen = (events["has_due"] != 0) & (lives["round"][rows] == RUNNING)
        chosen &= lives["due_at"][rows] != events["due_at"]
        rows, events = rows[chosen], events[chosen]
        self.tell.take_back_round(rows)
        self.tell.take_back_closing(rows)
        lives["due_at"][rows], lives["due_on"][rows] = events["due_at"], events["due_on"]

    def _handled(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        lives = self.lives
        running = lives["round"][rows] == RUNNING
        rows, events, seats = rows[running], events[running], seats[running]
        self.tell.take_back_round(rows)
        timed = lives["due_at"][rows] != NEVER
        in_time = events["at"] <= lives["due_at"][rows]
        lives["round"][rows] = np.where(timed, np.where(in_time, IN_TIME, LATE), UNTIMED)
        self.tell.round(rows)
        lives["handled_on"][rows], lives["handler"][rows] = events["day"], seats
        lives["minutes"][rows] = np.clip((events["at"] - lives["began_at"][rows]) // _MINUTE, 0, 2**31 - 1)
        self._count_handled(rows, 1)

    def _count_handled(self, rows: Numbers, sign: int) -> None:
        lives = self.lives
        day, seat = lives["handled_on"][rows], lives["handler"][rows]
        self.out.add(Count.HANDLED, rows, day, sign, seat=seat)
        self.out.add(Count.MINUTES, rows, day, sign, seat=seat, amount=lives["minutes"][rows])

    def _drop_round(self, rows: Numbers) -> None:
        """Handling is over or was nothing: whatever the round was counted as is taken back."""
        self.tell.take_back_round(rows)
        self.tell.take_back_closing(rows)
        self._clear_round(rows)

    def _leave_round(self, rows: Numbers, at: Numbers) -> None:
        """The round is over and stays as it was judged; what was overdue by then stays overdue for whoever let it lie."""
        lives = self.lives
        self.tell.take_back_closing(rows)
        running = lives["round"][rows] == RUNNING
        overdue = running & (lives["due_at"][rows] <= at)
        self.tell.round(rows[overdue])
        self.tell.take_back_round(rows[running & ~overdue])
        self._clear_round(rows)

    def _clear_round(self, rows: Numbers) -> None:
        lives = self.lives
        lives["round"][rows] = NO_ROUND
        lives["due_at"][rows], lives["due_on"][rows] = NEVER, NO_DAY
        lives["flags"][rows] &= ~ROUND_TOLD
        lives["closing"][rows] = WAITING

    def _rework(self, rows: Numbers, events: Picked) -> None:
        self.out.add(Count.REWORKED, rows, events["day"], seat=self.lives["handler"][rows])
        self._leave_round(rows, events["at"])
        self._begin(rows, events)

    def _returned(self, rows: Numbers, events: Picked) -> None:
        lives, out = self.lives, self.out
        out.add(Count.RETURNED, rows, events["day"])
        right = rows[(lives["flags"][rows] & DISPATCHED_RIGHT) != 0]
        out.add(Count.DISPATCHED_RIGHT, right, lives["dispatched_on"][right], -1, seat=lives["dispatcher"][right])
        lives["flags"][right] &= ~DISPATCHED_RIGHT
        self._leave_round(rows, events["at"])
