"""The machine: what each kind of entry makes of a case's life, and which counts it enters. Pure, over arrays.

One implementation serves the follower and a recomputation: entries are played case by case in their order, the k-th
entries of all cases at once. ``play`` and ``tick`` are the only doors.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from yiwang.insight.indicators.counts import Count
from yiwang.insight.scoring.events import (
    FIELD_CHANNEL,
    FOLLOWED,
    HEADED,
    OTHER_STAGE,
    STAGE,
    VERB,
    VERBS,
)
from yiwang.insight.scoring.lives import (
    CLOSED,
    CLOSED_IN_TIME,
    DISPATCHED_RIGHT,
    ENDED,
    EXEMPT,
    FILED_PROMPT,
    FILED_RIGHT,
    FROM_FIELD,
    GIVEN_UP,
    IN_TIME,
    LATE,
    NOT_ACCEPTED,
    RUNNING,
    UNTIMED,
    VALID,
    VOID,
    WAITING,
    Emissions,
    Telling,
)
from yiwang.insight.scoring.moments import NEVER, NO_DAY
from yiwang.insight.scoring.steps import Steps
from yiwang.insight.scoring.wire import Columns, Numbers, Picked, Rows

_ASKED: Final = (
    "at", "day", "due_at", "due_on", "step_due_at", "step_due_on", "next_due_at", "next_due_on", "slices", "place", "office",
    "verb", "stage", "outcome", "next_stage", "satisfaction", "late", "has_due", "marks",
)  # fmt: skip
"""The columns of events that happenings look at."""


def play(lives: Rows, events: Columns, rows: Numbers, seats: Numbers, next_seats: Numbers) -> Emissions:
    """Let events happen to lives; changes ``lives`` and returns what they count.

    ``rows``: the life of each event; events of one life stand in their order. ``seats``: who did it, as objects;
    ``next_seats``: whose the next step is. ``events["area"]`` and ``["office"]`` are objects.
    """
    out = Emissions(lives)
    machine = _Machine(lives, out)
    order = _in_order(rows)
    mine = rows[order]
    starts = np.flatnonzero(np.r_[True, mine[1:] != mine[:-1]]) if len(order) else order
    lengths = np.diff(np.r_[starts, len(order)])
    rank = np.arange(len(order)) - np.repeat(starts, lengths)
    order = order[_in_order(rank)]
    columns = {name: events[name][order] for name in _ASKED}
    rows, seats, next_seats = rows[order], seats[order], next_seats[order]
    at = 0
    for size in np.bincount(rank).tolist() if len(rank) else ():
        here = slice(at, at + size)
        machine.happen(rows[here], Picked(columns, here), seats[here], next_seats[here])
        at += size
    return out


def _in_order(numbers: Numbers) -> Numbers:
    """The order that sorts small numbers, equal ones as they stand: number and place as one, which is sorted as it is."""
    both = (numbers.astype("i8") << 32) | np.arange(len(numbers))
    both.sort()
    return both & 0xFFFFFFFF


def tick(lives: Rows, out: Emissions, now: int) -> None:
    """Count the limits that have passed by ``now``, and note when to look again."""
    telling = Telling(lives, out)
    telling.tick(now)
    telling.watch()


class _Machine(Steps):
    """Each method takes the rows to which one kind of thing happens, with their events; no row twice at once."""

    def happen(self, rows: Numbers, events: Picked, seats: Numbers, next_seats: Numbers) -> None:
        verbs = events["verb"]
        for name in VERBS:
            mine = verbs == VERB[name]
            if name in _ONLY_OPEN and mine.any():
                mine &= self._open(rows)
            if mine.any():
                method = getattr(self, _METHODS[name])
                method(rows[mine], events[mine], seats[mine])
        moved = _MOVES[verbs]
        if moved.any():
            moved &= self._open(rows)
            self._wait(rows[moved], events[moved], next_seats[moved])

    def _open(self, rows: Numbers) -> Numbers:
        """Which of these cases are neither ended nor folded under another; their flow has stopped."""
        found: Numbers = ((self.lives["flags"][rows] & ENDED) == 0) & (self.lives["folded_on"][rows] == NO_DAY)
        return found

    # -- beginning and ending -------------------------------------------------------------------------------------

    def opened(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        lives, out = self.lives, self.out
        lives["slices"][rows], lives["area"][rows] = events["slices"], events["place"]
        lives["reported_on"][rows], lives["reporter"][rows] = events["day"], seats
        field = rows[(events["marks"] & FIELD_CHANNEL) != 0]
        lives["flags"][field] |= FROM_FIELD
        out.add(Count.REPORTED, rows, events["day"], seat=seats)
        by_grid = (events["marks"] & FIELD_CHANNEL) != 0
        out.add(Count.FIELD_REPORTED, field, events["day"][by_grid], seat=seats[by_grid])
        timed = (events["verb"] == VERB["opened"]) & (
            events["due_at"] != NEVER
        )  # its first step starts the handling clock
        self._begin_at(rows[timed], events[timed])
        headed = (events["marks"] & HEADED) != 0
        self._fold(rows[headed], events["day"][headed])

    def imported(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """A case of an older system: what is known of it are its department, its limit, and later its end."""
        lives, out = self.lives, self.out
        self.opened(rows, events, seats)
        lives["filed_on"][rows] = events["day"]
        lives["flags"][rows] |= VALID | FILED_RIGHT
        for count in (Count.VALID, Count.ACCEPTED, Count.FILED, Count.FILED_RIGHT):
            out.add(count, rows, events["day"])
        given = events["office"] != 0
        lives["department"][rows[given]] = events["office"][given]
        lives["dispatched_on"][rows[given]] = events["day"][given]
        out.add(Count.DISPATCHED, rows[given], events["day"][given])
        lives["began_at"][rows] = events["at"]
        lives["round"][rows] = RUNNING
        self._due(rows, events)

    def folded(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        mine = (events["marks"] & FOLLOWED) == 0  # the head's own entry tells only that it has one more follower
        self._fold(rows[mine], events["day"][mine])

    def _fold(self, rows: Numbers, day: Numbers) -> None:
        self.out.add(Count.REPEATED, rows, day)
        self.lives["folded_on"][rows] = day
        self._drop_round(rows)
        self.tell.drop_step(rows)

    def unfolded(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        self.out.add(Count.REPEATED, rows, self.lives["folded_on"][rows], -1)
        self.lives["folded_on"][rows] = NO_DAY

    def closed(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """A case folded under another ends with it and is no closing of its own; nor is one that was not accepted."""
        lives = self.lives
        own = (lives["folded_on"][rows] == NO_DAY) & ((lives["flags"][rows] & (NOT_ACCEPTED | VOID | ENDED)) == 0)
        rows, events = rows[own], events[own]
        open_still = rows[
            lives["round"][rows] == RUNNING
        ]  # only an imported case is closed without a report of its handling
        self._handled(open_still, events[lives["round"][rows] == RUNNING], lives["handler"][open_still])
        self._end(rows, events)
        self.tell.take_back_closing(rows)
        in_time = lives["round"][rows] == IN_TIME
        lives["closing"][rows] = np.where(in_time, CLOSED_IN_TIME, CLOSED)
        self.tell.closing(rows)

    def _end(self, rows: Numbers, events: Picked) -> None:
        lives = self.lives
        lives["flags"][rows] |= ENDED
        lives["closed_on"][rows] = events["day"]
        self.out.add(Count.CLOSED, rows, events["day"])
        self.tell.drop_step(rows)

    def force_closed(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """What was overdue by then stays overdue, so that force is no way out of a bad score; the rest is due no more."""
        lives = self.lives
        self.out.add(Count.FORCED, rows, events["day"])
        running = lives["round"][rows] == RUNNING
        overdue = running & (lives["due_at"][rows] <= events["at"])
        late = rows[overdue]
        self.tell.take_back_round(late)
        lives["round"][late] = GIVEN_UP
        self.tell.round(late)
        self._drop_round(rows[running & ~overdue])
        self._end(rows, events)
        self.tell.take_back_closing(rows)
        lives["closing"][rows] = CLOSED
        self.tell.closing(rows)

    def voided(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        lives, out = self.lives, self.out
        out.add(Count.VOIDED, rows, events["day"], seat=seats)
        self._withdraw_filing(rows)
        out.add(Count.CLOSED, rows, lives["closed_on"][rows], -1)
        lives["closed_on"][rows] = NO_DAY
        self._drop_round(rows)
        self.tell.drop_step(rows)
        lives["flags"][rows] |= VOID | ENDED

    def reopened(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """The round that was handled stays as it was judged; the case is not closed any more."""
        lives = self.lives
        self.out.add(Count.REOPENED, rows, events["day"])
        self._go_on(rows)
        self._leave_round(rows, events["at"])
        lives["flags"][rows] &= ~EXEMPT

    def _go_on(self, rows: Numbers) -> None:
        """The case is not at its end any more."""
        lives = self.lives
        self.out.add(Count.CLOSED, rows, lives["closed_on"][rows], -1)
        lives["closed_on"][rows] = NO_DAY
        self.tell.take_back_closing(rows)
        lives["closing"][rows] = WAITING
        lives["flags"][rows] &= ~ENDED

    # -- verbs on the case ----------------------------------------------------------------------------------------

    def suspended(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        lives = self.lives
        self.out.add(Count.SUSPENDED, rows, events["day"])
        running = rows[lives["round"][rows] == RUNNING]
        self.tell.take_back_round(running)
        self.tell.take_back_closing(running)
        lives["due_at"][running], lives["due_on"][running] = NEVER, NO_DAY
        self.tell.drop_step(rows)

    def resumed(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        self._due(rows, events)

    def extension_approved(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        self.out.add(Count.EXTENDED, rows, events["day"])
        self._due(rows, events)

    def reckoned(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        self._due(rows, events)

    def supervised(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        self.out.add(Count.SUPERVISED, rows, events["day"])

    def urged(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        self.out.add(Count.URGED, rows, events["day"])

    def rated(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        self._rated(rows, events["day"], events["satisfaction"])

    def appeal_approved(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """The late round is due no more: it leaves numerators and denominators alike and is counted as exempt."""
        lives = self.lives
        rows = rows[(lives["round"][rows] == LATE) & ((lives["flags"][rows] & EXEMPT) == 0)]
        self.out.add(Count.EXEMPTED, rows, lives["due_on"][rows])
        self._drop_round(rows)
        lives["flags"][rows] |= EXEMPT

    def recalled(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """撤回: the step whose stage is told was taken back; what it had counted is taken back with it."""
        lives, out = self.lives, self.out
        ended = rows[(lives["flags"][rows] & ENDED) != 0]
        self._go_on(ended)
        stages = events["stage"]
        filing = rows[(stages == STAGE["accept"]) & (lives["filed_on"][rows] != NO_DAY)]
        day, seat = lives["filed_on"][filing], lives["filer"][filing]
        self._withdraw_filing(filing)
        for count in (Count.FILED, Count.ACCEPTED):
            out.add(count, filing, day, -1, seat=seat)
        prompt = filing[(lives["flags"][filing] & FILED_PROMPT) != 0]
        out.add(Count.FILED_IN_TIME, prompt, lives["filed_on"][prompt], -1, seat=lives["filer"][prompt])
        lives["flags"][prompt] &= ~FILED_PROMPT
        lives["filed_on"][filing], lives["filer"][filing] = NO_DAY, 0
        sent = rows[(stages == STAGE["dispatch"]) & ((lives["flags"][rows] & DISPATCHED_RIGHT) != 0)]
        for count in (Count.DISPATCHED, Count.DISPATCHED_RIGHT):
            out.add(count, sent, lives["dispatched_on"][sent], -1, seat=lives["dispatcher"][sent])
        lives["flags"][sent] &= ~DISPATCHED_RIGHT
        self._drop_round(sent)
        reported = (stages == STAGE["confirm"]) & np.isin(lives["round"][rows], (IN_TIME, LATE, UNTIMED))
        back = rows[reported]
        self.tell.take_back_round(back)
        self.tell.take_back_closing(back)
        self._count_handled(back, -1)
        lives["handled_on"][back], lives["round"][back] = NO_DAY, RUNNING
        self._due(rows, events)

    def send_back(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """退回 by the office: from the department's hands to a step before dispatch it is a return."""
        self._finish_step(rows, events, seats)
        before = np.isin(events["next_stage"], [STAGE[name] for name in ("verify", "accept", "build", "dispatch")])
        held = before & (self.lives["round"][rows] == RUNNING)
        self._returned(rows[held], events[held])
        rest = ~held
        self._due(rows[rest], events[rest])

    # -- the next step --------------------------------------------------------------------------------------------

    def _wait(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """The case waits at another step now, perhaps with a limit of its own."""
        lives = self.lives
        self.tell.drop_step(rows)
        own = events["next_stage"] == STAGE["handle"]  # a limit of the handling step itself: a round of its own
        begins = own & (lives["round"][rows] != RUNNING)
        at_once, begun = rows[begins], events[begins]
        self._leave_round(at_once, begun["at"])
        lives["department"][at_once] = begun["office"]
        lives["round"][at_once], lives["closing"][at_once], lives["began_at"][at_once] = RUNNING, WAITING, begun["at"]
        lives["due_at"][at_once], lives["due_on"][at_once] = begun["next_due_at"], begun["next_due_on"]
        timed = (events["next_stage"] > 0) & (events["next_stage"] != OTHER_STAGE) & ~own
        chosen = rows[timed]
        lives["stage"][chosen] = events["next_stage"][timed]
        lives["step_due_at"][chosen], lives["step_due_on"][chosen] = (
            events["next_due_at"][timed],
            events["next_due_on"][timed],
        )
        lives["seat"][chosen] = seats[timed]


_METHODS: Final = {name: name if not name.startswith("send_back") else "send_back" for name in VERBS}
_MOVING: Final = [
    VERB[name]
    for name in ("opened", "unfolded", "step", "resumed", "reopened", "recalled", "send_back", "send_back_to_previous",
                 "send_back_to_start")
]  # fmt: skip
_MOVES: Final = np.isin(np.arange(len(VERBS) + 1), _MOVING)
_ONLY_OPEN: Final = frozenset(
    {"step", "send_back", "send_back_to_previous", "send_back_to_start", "force_closed", "folded"}
)
"""What can only be done to a case whose flow runs; told of another it is not counted."""
