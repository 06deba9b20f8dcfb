"""Finished steps (环节): what each stage's outcome makes of a case, and for whom it counts."""

from __future__ import annotations

from typing import Final

import numpy as np

from yiwang.insight.indicators.counts import Count
from yiwang.insight.scoring.events import OUTCOME, REFUSED, STAGE, STAGES, STOPPED
from yiwang.insight.scoring.handling import Handling
from yiwang.insight.scoring.lives import (
    DISPATCHED_RIGHT,
    EXEMPT,
    FILED_PROMPT,
    FILED_RIGHT,
    FROM_FIELD,
    NO_ROUND,
    NOT_ACCEPTED,
    STEP_DUE,
    STEP_IN_TIME,
    VALID,
)
from yiwang.insight.scoring.moments import NEVER, NO_DAY
from yiwang.insight.scoring.wire import Numbers, Picked

for _stage, _due, _in_time in (
    ("verify", Count.VERIFY_DUE, Count.VERIFIED_IN_TIME),
    ("accept", Count.FILING_DUE, None),
    ("build", Count.FILING_DUE, None),
    ("dispatch", Count.DISPATCH_DUE, Count.DISPATCHED_IN_TIME),
    ("check", Count.CHECK_DUE, Count.CHECKED_IN_TIME),
    ("close", Count.CLOSING_DUE, Count.CLOSED_STEP_IN_TIME),
    ("visit", Count.VISIT_DUE, Count.VISITED_IN_TIME),
):
    STEP_DUE[STAGE[_stage]] = _due
    STEP_IN_TIME[STAGE[_stage]] = _in_time or 0
_FILING: Final = [OUTCOME[name] for name in ("file", "handle_here", "escalate")]


class Steps(Handling):
    """What finished steps make of lives. Each method takes rows and their events; no row stands twice in one call."""

    def step(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        self._finish_step(rows, events, seats)
        stages, outcomes = events["stage"], events["outcome"]
        for stage in np.unique(stages):
            name = STAGES[stage - 1] if stage > 0 else ""
            method = getattr(self, f"_{name}_step", None)
            if method is not None:
                mine = stages == stage
                method(rows[mine], events[mine], seats[mine], outcomes[mine])
        refused = (events["marks"] & REFUSED) != 0  # in whatever words, at whatever step the flow says so
        refused |= np.isin(stages, (STAGE["accept"], STAGE["build"])) & (outcomes == OUTCOME["not_accept"])
        self.out.add(Count.NOT_ACCEPTED, rows[refused], events["day"][refused], seat=seats[refused])
        self.lives["flags"][rows[refused]] |= NOT_ACCEPTED
        again = outcomes == OUTCOME["rework"]
        again |= (stages == STAGE["check"]) & (outcomes == OUTCOME["not_pass"])
        again |= (stages == STAGE["visit"]) & (outcomes == OUTCOME["not_solved"])
        self._rework(rows[again], events[again])
        told = (events["has_due"] != 0) & ~again & (outcomes != OUTCOME["back"])
        self._follow_clock(rows[told], events[told], seats[told])

    def _follow_clock(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """The handling clock as these steps left it. Where nobody dispatches, its start begins the round of whoever handles;
        where it stops, that is handled, in whatever words the flow says so."""
        lives = self.lives
        stopped = (events["marks"] & STOPPED) != 0
        first = (lives["round"][rows] == NO_ROUND) & (lives["dispatched_on"][rows] == NO_DAY)
        first &= ~stopped & (events["due_at"] != NEVER)
        self._begin_at(rows[first], events[first])
        handler = lives["handler"][rows]
        handler = np.where((events["stage"] == STAGE["handle"]) | (handler == 0), seats, handler)
        self._handled(rows[stopped], events[stopped], handler[stopped])
        held = ~first & ~stopped
        self._due(rows[held], events[held])

    def _finish_step(self, rows: Numbers, events: Picked, seats: Numbers) -> None:
        """The step that ended counts by its limit, for whoever ended it."""
        timed = events["step_due_at"] != NEVER
        self.tell.drop_step(rows[timed])
        self.tell.lapse_step(rows[~timed], events["at"][~timed])
        in_time = timed & (events["late"] == 0)
        for table, chosen in ((STEP_DUE, timed), (STEP_IN_TIME, in_time)):
            numbers = np.where(chosen, table[events["stage"]], 0)
            for number in np.unique(numbers):
                if number:
                    mine = numbers == number
                    self.out.add(Count(int(number)), rows[mine], events["step_due_on"][mine], seat=seats[mine])

    def _verify_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        self.out.add(Count.VERIFIED, rows, events["day"], seat=seats)
        missed = (outcomes == OUTCOME["exist"]) & ((self.lives["flags"][rows] & FROM_FIELD) == 0)
        self.out.add(Count.MISSED, rows[missed], events["day"][missed], seat=seats[missed])

    def _accept_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        lives, out = self.lives, self.out
        sent = outcomes == OUTCOME["verify"]
        out.add(Count.VERIFY_SENT, rows[sent], events["day"][sent], seat=seats[sent])
        sent &= events["late"] == 0
        out.add(Count.VERIFY_SENT_IN_TIME, rows[sent], events["day"][sent], seat=seats[sent])
        first = lives["filed_on"][rows] == NO_DAY
        answered = first & (outcomes == OUTCOME["answer"])
        filed = first & np.isin(outcomes, _FILING)
        for mine in (answered, filed):
            chosen, day, seat = rows[mine], events["day"][mine], seats[mine]
            out.add(Count.ACCEPTED, chosen, day, seat=seat)
            out.add(Count.VALID, chosen, lives["reported_on"][chosen], seat=lives["reporter"][chosen])
            lives["flags"][chosen] |= VALID
        chosen, day, seat = rows[filed], events["day"][filed], seats[filed]
        lives["filed_on"][chosen], lives["filer"][chosen] = day, seat
        lives["flags"][chosen] |= FILED_RIGHT
        out.add(Count.FILED, chosen, day, seat=seat)
        out.add(Count.FILED_RIGHT, chosen, day, seat=seat)
        prompt = filed & (events["late"] == 0)
        out.add(Count.FILED_IN_TIME, rows[prompt], events["day"][prompt], seat=seats[prompt])
        lives["flags"][rows[prompt]] |= FILED_PROMPT

    _build_step = _accept_step

    def _withdraw_filing(self, rows: Numbers) -> None:
        lives, out = self.lives, self.out
        right = rows[(lives["flags"][rows] & FILED_RIGHT) != 0]
        out.add(Count.FILED_RIGHT, right, lives["filed_on"][right], -1, seat=lives["filer"][right])
        valid = rows[(lives["flags"][rows] & VALID) != 0]
        out.add(Count.VALID, valid, lives["reported_on"][valid], -1, seat=lives["reporter"][valid])
        lives["flags"][rows] &= ~(FILED_RIGHT | VALID)

    def _dispatch_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        lives, out = self.lives, self.out
        given = outcomes == OUTCOME["dispatch"]
        rows, events, seats = rows[given], events[given], seats[given]
        self._drop_round(rows)
        lives["department"][rows] = events["office"]
        lives["dispatched_on"][rows], lives["dispatcher"][rows] = events["day"], seats
        lives["flags"][rows] |= DISPATCHED_RIGHT
        lives["flags"][rows] &= ~EXEMPT
        out.add(Count.DISPATCHED, rows, events["day"], seat=seats)
        out.add(Count.DISPATCHED_RIGHT, rows, events["day"], seat=seats)
        self._begin(rows, events)

    def _receive_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        back = outcomes == OUTCOME["back"]
        self._returned(rows[back], events[back])
        own = outcomes == OUTCOME["handle_self"]
        self.out.add(Count.SELF_HANDLED, rows[own], events["day"][own], seat=seats[own])
        rest = ~back
        self._due(rows[rest], events[rest])

    def _handle_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        done = outcomes == OUTCOME["finish"]
        self.lives["handler"][rows[done]] = seats[done]
        timed = done & (events["step_due_at"] != NEVER)  # a limit of its own, as at a community: finished is handled
        self._handled(rows[timed], events[timed], seats[timed])
        up = outcomes == OUTCOME["escalate"]
        self._leave_round(rows[up], events["at"][up])

    def _confirm_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        done = outcomes == OUTCOME["confirm"]
        handler = self.lives["handler"][rows[done]]
        self._handled(rows[done], events[done], np.where(handler == 0, seats[done], handler))

    def _check_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        self.out.add(Count.CHECKED, rows, events["day"], seat=seats)
        passed = outcomes == OUTCOME["pass"]
        self.out.add(Count.CHECK_PASSED, rows[passed], events["day"][passed], seat=seats[passed])

    def _visit_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        done = outcomes != 0  # a timer ends the step without an outcome: nobody visited
        self.out.add(Count.VISITED, rows[done], events["day"][done], seat=seats[done])
        self._rated(rows, events["day"], events["satisfaction"])

    def _evaluate_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        stars = np.select([outcomes == OUTCOME[word] for word in ("good", "fair", "poor")], [5, 3, 1], 0)
        self._rated(rows, events["day"], stars)

    def _send_check_step(self, rows: Numbers, events: Picked, seats: Numbers, outcomes: Numbers) -> None:
        self.out.add(Count.CHECK_SENT, rows, events["day"], seat=seats)
        prompt = events["late"] == 0
        self.out.add(Count.CHECK_SENT_IN_TIME, rows[prompt], events["day"][prompt], seat=seats[prompt])

    def _rated(self, rows: Numbers, day: Numbers, stars: Numbers) -> None:
        self.out.add(Count.RATED, rows[stars > 0], day[stars > 0])
        self.out.add(Count.SATISFIED, rows[stars >= 4], day[stars >= 4])
