"""Outcomes in memory: which department to propose for a class in an area, in microseconds.

A refusal counts as heavily as a closing, so that a department that sends a class back stops being proposed for it. The
street is asked first, then the district, then the city; where fewer than :data:`enough` cases speak, the next wider place is
asked, and where no department has a clear majority nothing is proposed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from yiwang.judgement.advice.model import LearnedDispatch, Outcome, Reach

enough = 5
majority = 0.6
_STREET = 9
_DISTRICT = 6

_Counts = dict[int, list[int]]


class Outcomes:
    """One per process; :meth:`take` replaces everything at once."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], _Counts] = {}
        self._reasons: dict[tuple[str, str, int], str] = {}

    def take(self, rows: Iterable[Outcome]) -> None:
        """Hold these outcomes from now on."""
        counts: dict[tuple[str, str, str], _Counts] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        reasons: dict[tuple[str, str, int], str] = {}
        for row in rows:
            for area in {row.area[:_STREET], row.area[:_DISTRICT], ""}:
                count = counts[(row.type, row.class_code, area)][row.department_id]
                count[0] += row.closed
                count[1] += row.refused
            if row.last_reason:
                reasons[(row.type, row.class_code, row.department_id)] = row.last_reason
        self._counts, self._reasons = dict(counts), reasons

    def advise(self, type_key: str, class_code: str, area: str) -> LearnedDispatch | None:
        """The department that closes such cases here; None when too few speak or none has a clear majority."""
        places: tuple[tuple[Reach, str], ...] = (
            ("street", area[:_STREET]),
            ("district", area[:_DISTRICT]),
            ("city", ""),
        )
        for reach, place in places:
            found = self._counts.get((type_key, class_code, place))
            if not found:
                continue
            closed = sum(count[0] for count in found.values())
            if closed < enough:
                continue
            best = max(found, key=lambda department: (found[department][0] - found[department][1], -department))
            done, refused = found[best]
            if done - refused >= majority * closed:
                reason = self._reasons.get((type_key, class_code, best), "")
                return LearnedDispatch(best, done, closed, refused, reach, reason)
            return None
        return None

    def refusals(self, type_key: str, class_code: str, area: str, department_id: int) -> tuple[int, str]:
        """(how many such cases of this street the department has refused, its last reason); 0 while it closes more of them."""
        found = self._counts.get((type_key, class_code, area[:_STREET]), {}).get(department_id)
        if found is None or found[1] <= found[0]:
            return 0, ""
        return found[1], self._reasons.get((type_key, class_code, department_id), "")
