"""What would have to change to reach a score (达到目标分要改变什么). Pure.

A remedy is a way of doing better that moves cases from one count to others: an overdue case that is handled now leaves
“overdue” and enters “handled late”. For each remedy alone the least number of cases that reaches the target is told, or
how far it goes; and a shortest combination, always taking next what earns most for one case more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from yiwang.insight.indicators.declared import Board, Indicator
from yiwang.insight.scoring.reckoning import Counts, score_of, value_of

MOST_STEPS: Final = 400
"""How many strides a combination may take; a stride is one case, or a hundredth of what there is of its kind."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """``supply``: the count of which cases are taken; ``moves``: what one case changes. ``possible``: whether it can still
    be done, or tells only what would have been needed."""

    id: str
    zh: str
    en: str
    supply: str
    moves: Mapping[str, int]
    possible: bool = False


REMEDIES: Final[tuple[Remedy, ...]] = (
    Remedy("handle_overdue", "把超期未处置的案件办结反馈", "handle what is overdue", "overdue",
           {"overdue": -1, "handled_late": 1, "handled_of_due": 1, "handled": 1}, True),
    Remedy("close_handled", "把应结案件结案", "close what is due to be closed", "open_of_due", {"closed_of_due": 1}, True),
    Remedy("exempt", "对不属本单位责任的超期案件申诉", "appeal where being late was not one's own doing", "handled_late",
           {"handled_late": -1, "handled_of_due": -1, "handle_due": -1, "exempted": 1}, True),
    Remedy("in_time", "把超期处置的案件改为按期处置", "handle in time what was handled late", "handled_late",
           {"handled_late": -1, "handled_in_time": 1}),
    Remedy("close_in_time", "应结案件按期结案", "close in time what was due", "late_of_due", {"closed_in_time": 1}),
    Remedy("no_rework", "一次办好,少返工", "do it right at once: less rework", "reworked", {"reworked": -1}),
    Remedy("no_extension", "少延期", "fewer extensions", "extended", {"extended": -1}),
    Remedy("no_return", "少回退", "fewer returns", "returned", {"returned": -1}),
    Remedy("satisfy", "让不满意的诉求人满意", "satisfy those who were not", "unsatisfied", {"satisfied": 1}),
    Remedy("pass_check", "一次通过核查", "pass the check", "check_failed", {"check_passed": 1}),
    Remedy("no_missed", "巡查发现,少漏报", "find it on patrol: fewer missed", "missed", {"missed": -1, "field_reported": 1}),
    Remedy("verify_in_time", "按时核实", "verify in time", "verify_late", {"verified_in_time": 1}),
    Remedy("file_in_time", "按时立案", "file in time", "filed_late", {"filed_in_time": 1}),
    Remedy("dispatch_in_time", "按时派遣", "dispatch in time", "dispatched_late", {"dispatched_in_time": 1}),
    Remedy("dispatch_right", "派准,少被退回", "dispatch rightly", "dispatched_wrong", {"dispatched_right": 1}),
    Remedy("check_in_time", "按时核查", "check in time", "checked_late", {"checked_in_time": 1}),
    Remedy("visit_in_time", "按时回访", "visit in time", "visited_late", {"visited_in_time": 1}),
)  # fmt: skip

_DIFFERENCES: Final[Mapping[str, tuple[str, str]]] = {
    "open_of_due": ("close_due", "closed_of_due"),
    "late_of_due": ("closed_of_due", "closed_in_time"),
    "unsatisfied": ("rated", "satisfied"),
    "check_failed": ("checked", "check_passed"),
    "verify_late": ("verify_due", "verified_in_time"),
    "filed_late": ("filed", "filed_in_time"),
    "dispatched_late": ("dispatch_due", "dispatched_in_time"),
    "dispatched_wrong": ("dispatched", "dispatched_right"),
    "checked_late": ("check_due", "checked_in_time"),
    "visited_late": ("visit_due", "visited_in_time"),
}


def supplied(keys: Iterable[str]) -> set[str]:
    """The counts from which remedies that move any of these take their cases."""
    wanted = set(keys)
    supplies = {remedy.supply for remedy in REMEDIES if wanted & set(remedy.moves)}
    return {count for supply in supplies for count in _DIFFERENCES.get(supply, (supply,))}


@dataclass(frozen=True, slots=True)
class Change:
    """A remedy for ``cases`` of ``available`` cases, and the score that follows. ``enough``: it reaches the target."""

    remedy: Remedy
    cases: int
    available: int
    score: float | None
    enough: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """``single``: each remedy that helps, alone; ``together``: the shortest combination found. ``best``: what it reaches."""

    score: float | None
    target: float
    single: tuple[Change, ...]
    together: tuple[Change, ...]
    best: float | None

    @property
    def reached(self) -> bool:
        return self.score is not None and self.score >= self.target

    @property
    def reachable(self) -> bool:
        return self.best is not None and round(self.best, 6) >= self.target


def reach(board: Board, indicators: Mapping[str, Indicator], counts: Mapping[str, Counts], target: float) -> Reach:
    """What would have to change for a score of ``target``. ``counts``: of each indicator's own scope, by indicator."""

    def scored(changes: Mapping[str, int]) -> float | None:
        values = {}
        for measure in board.measures:
            indicator = indicators[measure.indicator]
            values[indicator.id] = value_of(indicator, _moved(counts[indicator.id], changes))
        return score_of(board, indicators, values).total

    now = scored({})
    supplies = {remedy.id: max((_supply(counts[m.indicator], remedy.supply) for m in board.measures), default=0)
                for remedy in REMEDIES}  # fmt: skip
    single: list[Change] = []
    for remedy in REMEDIES:
        available = supplies[remedy.id]
        if available <= 0:
            continue
        best = scored({remedy.id: available})
        if best is None or (now is not None and best <= now + 1e-9):
            continue
        enough = best >= target
        cases = _least(partial(_alone, scored, remedy.id), target, available) if enough else available
        single.append(Change(remedy, cases, available, scored({remedy.id: cases}), enough))
    single.sort(key=lambda one: (not one.enough, one.cases if one.enough else 0, -(one.score or 0)))
    together, best_score = _combined(scored, supplies, target, now)
    return Reach(now, target, tuple(single), together, best_score)


def _alone(scored: Callable[[Mapping[str, int]], float | None], remedy_id: str, cases: int) -> float | None:
    return scored({remedy_id: cases})


def _supply(counts: Counts, name: str) -> int:
    if name in _DIFFERENCES:
        whole, part = _DIFFERENCES[name]
        return max(0, counts.get(whole, 0) - counts.get(part, 0))
    return max(0, counts.get(name, 0))


_BY_ID: Final = {remedy.id: remedy for remedy in REMEDIES}


def _moved(counts: Counts, changes: Mapping[str, int]) -> Counts:
    """The counts after so many cases of each remedy, as far as there are such cases in this scope."""
    if not changes:
        return counts
    moved = dict(counts)
    for remedy_id, cases in changes.items():
        remedy = _BY_ID[remedy_id]
        taken = min(cases, _supply(moved, remedy.supply))
        for count, by in remedy.moves.items():
            moved[count] = moved.get(count, 0) + by * taken
    return moved


def _least(score: Callable[[int], float | None], target: float, most: int) -> int:
    """The least number of cases that reaches the target; ``most`` is known to."""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        found = score(middle)
        low, high = (low, middle) if found is not None and found >= target else (middle, high)
    return high


def _combined(
    scored: Callable[[Mapping[str, int]], float | None], supplies: Mapping[str, int], target: float, now: float | None
) -> tuple[tuple[Change, ...], float | None]:
    taken: dict[str, int] = {}
    score = now
    for _ in range(MOST_STEPS):
        if score is not None and score >= target:
            break
        best: tuple[float, str, int, float] | None = None
        for remedy_id, available in supplies.items():
            stride = min(max(1, available // 100), available - taken.get(remedy_id, 0))
            if stride <= 0:
                continue
            found = scored({**taken, remedy_id: taken.get(remedy_id, 0) + stride})
            gain = ((found or 0) - (score or 0)) / stride if found is not None else 0
            if found is not None and gain > 1e-9 and (best is None or gain > best[0]):
                best = gain, remedy_id, stride, found
        if best is None:
            break
        taken[best[1]] = taken.get(best[1], 0) + best[2]
        score = best[3]
    changes = tuple(
        Change(_BY_ID[remedy_id], cases, supplies[remedy_id], score, score is not None and score >= target)
        for remedy_id, cases in taken.items()
    )
    return changes, score
