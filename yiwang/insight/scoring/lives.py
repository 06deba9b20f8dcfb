"""Lives: what scoring knows of each case after its last entry, as arrays; and the emissions that change counts.

A life holds where the case stands and which counts it has entered that may still be taken back: an extension moves a
deadline to another day, a void case leaves the statistics. Whoever changes such a part takes the old counts back and
tells the new ones, so that the sum of all emissions depends on the history alone, never on when it was read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from yiwang.insight.indicators.counts import WORDS, Count
from yiwang.insight.scoring.moments import NEVER, NO_DAY
from yiwang.insight.scoring.wire import Numbers, Rows

LIFE: Final = np.dtype(
    [
        ("case_hi", "i8"), ("case_lo", "i8"), ("slices", "i8"), ("flags", "i4"), ("area", "i4"), ("reported_on", "i4"),
        ("reporter", "i4"), ("filed_on", "i4"), ("filer", "i4"), ("folded_on", "i4"), ("dispatched_on", "i4"),
        ("dispatcher", "i4"), ("department", "i4"), ("round", "i2"), ("began_at", "i8"), ("due_at", "i8"),
        ("due_on", "i4"), ("handler", "i4"), ("handled_on", "i4"), ("minutes", "i4"), ("closing", "i2"),
        ("closed_on", "i4"), ("stage", "i2"), ("step_due_at", "i8"), ("step_due_on", "i4"), ("seat", "i4"),
        ("watch_at", "i8"),
    ]
)  # fmt: skip
LIFE_COLUMNS: Final = ("case_id", *(name for name in LIFE.names or () if not name.startswith("case_")))

# flags
(
    VALID,
    FILED_RIGHT,
    FILED_PROMPT,
    DISPATCHED_RIGHT,
    VOID,
    NOT_ACCEPTED,
    FROM_FIELD,
    ROUND_TOLD,
    CLOSING_TOLD,
    STEP_TOLD,
    EXEMPT,
    ENDED,
) = (1 << bit for bit in range(12))
# round: where handling stands
NO_ROUND, RUNNING, IN_TIME, LATE, UNTIMED, GIVEN_UP = range(6)
# closing: whether the case that was due is closed
WAITING, CLOSED, CLOSED_IN_TIME = range(3)


def fresh(count: int) -> Rows:
    """Lives of cases of which nothing is known yet."""
    lives = np.zeros(count, dtype=LIFE)
    for name in (
        "reported_on",
        "filed_on",
        "folded_on",
        "dispatched_on",
        "due_on",
        "handled_on",
        "closed_on",
        "step_due_on",
    ):
        lives[name] = NO_DAY
    for name in ("began_at", "due_at", "step_due_at", "watch_at"):
        lives[name] = NEVER
    return lives


_COUNT_BITS, _DAY_BITS, _OBJECT_BITS, _ROW_BITS = 6, 16, 22, 19
_DAY_ZERO: Final = 1 << (_DAY_BITS - 1)
"""Days are counted from 2000; ninety years to either side."""
ROW_SHIFT: Final = _OBJECT_BITS + _DAY_BITS + _COUNT_BITS
"""Bits of a number that holds object, day and count."""
LARGEST_OBJECT: Final = (1 << _OBJECT_BITS) - 1
MOST_LIVES: Final = 1 << _ROW_BITS
"""How many lives may be counted together."""


class Emissions:
    """Counts entered and taken back, piled up; each is one number that holds case, object, day and count, so that
    sorting numbers sorts them all. Objects follow from the count's own declaration."""

    def __init__(self, lives: Rows) -> None:
        if len(lives) > MOST_LIVES:
            raise OverflowError("too many cases to be counted together")
        self._lives = lives
        self._keys: list[Numbers] = []
        self._times: list[Numbers] = []

    def add(
        self, count: Count, rows: Numbers, day: Numbers, sign: int = 1, *, seat: Numbers | None = None,
        amount: Numbers | None = None,
    ) -> None:  # fmt: skip
        """``rows`` enter a count on their days (``sign`` −1: leave it); without a seat only areas and departments do."""
        if not len(rows):
            return
        lives = self._lives
        about = (rows.astype("i8") << ROW_SHIFT) | ((day.astype("i8") + _DAY_ZERO) << _COUNT_BITS | int(count))
        for letter in WORDS[count].of:
            if letter == "a":
                objects = lives["area"][rows]
            elif letter == "d":
                objects = lives["department"][rows]
            elif seat is not None:
                objects = seat
            else:
                continue
            keep = (objects != 0) & (day != NO_DAY)
            self._keys.append((about | (objects.astype("i8") << (_DAY_BITS + _COUNT_BITS)))[keep])
            times = np.full(len(rows), sign, dtype="i8") if amount is None else sign * amount.astype("i8")
            self._times.append(times[keep])

    def net(self) -> Net:
        """All emissions summed by case, object, day and count; what came to nothing is left out. In order of case."""
        if not self._keys:
            return Net(*(np.empty(0, dtype="i8") for _ in range(5)))
        keys = np.concatenate(self._keys)
        order = np.argsort(keys)
        keys = keys[order]
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else order
        sums = np.add.reduceat(np.concatenate(self._times)[order], starts) if len(keys) else keys
        left = sums != 0
        return Net.of(keys[starts][left], sums[left])


class Net(NamedTuple):
    """Columns of net emissions: the life's row, the object, the day, the count (``entry``), and how often it was entered."""

    row: Numbers
    object: Numbers
    day: Numbers
    entry: Numbers
    n: Numbers

    @classmethod
    def of(cls, keys: Numbers, n: Numbers) -> Net:
        return cls(
            keys >> ROW_SHIFT,
            (keys >> (_DAY_BITS + _COUNT_BITS)) & LARGEST_OBJECT,
            ((keys >> _COUNT_BITS) & ((1 << _DAY_BITS) - 1)) - _DAY_ZERO,
            keys & ((1 << _COUNT_BITS) - 1),
            n,
        )

    def where(self, chosen: Numbers) -> Net:
        """Only these rows."""
        return Net(*(column[chosen] for column in self))

    @property
    def without_row(self) -> Numbers:
        """One number for object, day and count."""
        days = (self.day + _DAY_ZERO) << _COUNT_BITS
        return (self.object << (_DAY_BITS + _COUNT_BITS)) | days | self.entry


def objects_first(row: Numbers, thing: Numbers, day: Numbers) -> Numbers:
    """One number that sorts as (object, day, row) do."""
    found: Numbers = (thing << (_DAY_BITS + _ROW_BITS)) | ((day + _DAY_ZERO) << _ROW_BITS) | row
    return found


_ROUND_COUNTS: Final[dict[int, tuple[Count, ...]]] = {
    RUNNING: (Count.HANDLE_DUE, Count.OVERDUE),
    GIVEN_UP: (Count.HANDLE_DUE, Count.OVERDUE),
    IN_TIME: (Count.HANDLE_DUE, Count.HANDLED_OF_DUE, Count.HANDLED_IN_TIME),
    LATE: (Count.HANDLE_DUE, Count.HANDLED_OF_DUE, Count.HANDLED_LATE),
}
"""What a round of handling is counted as; a running one only once its limit has passed."""
_CLOSING_COUNTS: Final[dict[int, tuple[Count, ...]]] = {
    WAITING: (Count.CLOSE_DUE,),
    CLOSED: (Count.CLOSE_DUE, Count.CLOSED_OF_DUE),
    CLOSED_IN_TIME: (Count.CLOSE_DUE, Count.CLOSED_OF_DUE, Count.CLOSED_IN_TIME),
}
STEP_DUE: Final = np.zeros(16, dtype="i2")
"""Which count the limit of a stage's step enters, by the stage's number; 0: none."""
STEP_IN_TIME: Final = np.zeros(16, dtype="i2")


def _flagged(lives: Rows, rows: Numbers, flag: int) -> Numbers:
    found: Numbers = rows[(lives["flags"][rows] & flag) != 0]
    return found


def _unflagged(lives: Rows, rows: Numbers, flag: int) -> Numbers:
    found: Numbers = rows[(lives["flags"][rows] & flag) == 0]
    return found


class Telling:
    """Tells, and takes back, what a life says of deadlines."""

    def __init__(self, lives: Rows, out: Emissions) -> None:
        self.lives = lives
        self.out = out

    def round(self, rows: Numbers) -> None:
        """Count the rounds of handling as they stand now; those that were told, or have no limit, stay as they are."""
        lives = self.lives
        rows = _unflagged(lives, rows, ROUND_TOLD)
        rows = rows[
            (lives["due_at"][rows] != NEVER) & (lives["round"][rows] != NO_ROUND) & (lives["round"][rows] != UNTIMED)
        ]
        self._rounds(rows, 1)
        lives["flags"][rows] |= ROUND_TOLD

    def take_back_round(self, rows: Numbers) -> None:
        rows = _flagged(self.lives, rows, ROUND_TOLD)
        self._rounds(rows, -1)
        self.lives["flags"][rows] &= ~ROUND_TOLD

    def _rounds(self, rows: Numbers, sign: int) -> None:
        states = self.lives["round"][rows]
        for state, counts in _ROUND_COUNTS.items():
            mine = rows[states == state]
            for count in counts:
                self.out.add(count, mine, self.lives["due_on"][mine], sign)

    def closing(self, rows: Numbers) -> None:
        """Count the cases as due to be closed, and closed if they are."""
        lives = self.lives
        rows = _unflagged(lives, rows, CLOSING_TOLD | EXEMPT)
        rows = rows[lives["due_at"][rows] != NEVER]
        self._closings(rows, 1)
        lives["flags"][rows] |= CLOSING_TOLD

    def take_back_closing(self, rows: Numbers) -> None:
        rows = _flagged(self.lives, rows, CLOSING_TOLD)
        self._closings(rows, -1)
        self.lives["flags"][rows] &= ~CLOSING_TOLD

    def _closings(self, rows: Numbers, sign: int) -> None:
        states = self.lives["closing"][rows]
        for state, counts in _CLOSING_COUNTS.items():
            mine = rows[states == state]
            for count in counts:
                self.out.add(count, mine, self.lives["due_on"][mine], sign)

    def step(self, rows: Numbers) -> None:
        """Count open steps as due whose limit has passed."""
        rows = _unflagged(self.lives, rows, STEP_TOLD)
        rows = rows[self.lives["step_due_at"][rows] != NEVER]
        self._steps(rows, 1)
        self.lives["flags"][rows] |= STEP_TOLD

    def lapse_step(self, rows: Numbers, at: Numbers) -> None:
        """Open steps end although nobody finished them: those whose limit had passed stay counted as due."""
        lives = self.lives
        late = rows[lives["step_due_at"][rows] <= at]
        self.step(late)
        lives["flags"][late] &= ~STEP_TOLD
        lives["step_due_at"][late], lives["step_due_on"][late] = NEVER, NO_DAY
        self.drop_step(rows)

    def drop_step(self, rows: Numbers) -> None:
        """The open steps end, or stand still: nothing is due of them."""
        lives = self.lives
        told = _flagged(lives, rows, STEP_TOLD)
        self._steps(told, -1)
        lives["flags"][told] &= ~STEP_TOLD
        lives["step_due_at"][rows], lives["step_due_on"][rows] = NEVER, NO_DAY

    def _steps(self, rows: Numbers, sign: int) -> None:
        due = STEP_DUE[self.lives["stage"][rows]]
        for number in np.unique(due):
            if number:
                mine = rows[due == number]
                day = self.lives["step_due_on"][mine]
                self.out.add(Count(int(number)), mine, day, sign, seat=self.lives["seat"][mine])

    def tick(self, now: int) -> None:
        """Count what has passed its limit by ``now`` (microseconds since 2000)."""
        lives = self.lives
        rows = np.flatnonzero(lives["due_at"] <= now)
        self.round(rows[lives["round"][rows] == RUNNING])
        self.closing(rows[(lives["flags"][rows] & (ENDED | VOID)) == 0])
        self.step(np.flatnonzero(lives["step_due_at"] <= now))

    def watch(self) -> None:
        """Note when each life must be looked at again because of a limit, whatever happens until then."""
        lives = self.lives
        flags = lives["flags"]
        untold = (lives["round"] == RUNNING) & ((flags & ROUND_TOLD) == 0)
        untold |= (lives["round"] != NO_ROUND) & ((flags & (CLOSING_TOLD | EXEMPT | ENDED | VOID)) == 0)
        handling = np.where(untold, lives["due_at"], NEVER)
        step = np.where((flags & STEP_TOLD) == 0, lives["step_due_at"], NEVER)
        lives["watch_at"] = np.minimum(handling, step)
