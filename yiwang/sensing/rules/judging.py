"""What one observation says under a condition. Pure: no I/O, no clock.

:func:`judge` takes what is remembered of the device and answers the new memory and a judgement; None where the observation
says nothing yet (too short a span for a rate, a baseline that is still learning).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from yiwang.sensing.rules.model import (
    Combination,
    Condition,
    Deviation,
    Fault,
    Judgement,
    Memory,
    Observation,
    RateOfChange,
    Threshold,
    Verdict,
)

_MOST_POINTS = 120

Usual: TypeAlias = Callable[[int, int], "tuple[float, float] | None"]
"""(metric, at) → what is usual then and its deviation; None while it is still being learned."""


def nothing_usual(metric: int, at: int) -> tuple[float, float] | None:
    """No baseline has been learned."""
    return None


def judge(
    condition: Condition, memory: Memory, seen: Observation, usual: Usual = nothing_usual
) -> tuple[Memory, Judgement | None]:
    """The condition's word on one observation of a metric that it names."""
    match condition:
        case Threshold(band=band):
            return memory, Judgement(band.verdict(seen.value), seen.value, seen.value, band.crossed(seen.value))
        case RateOfChange():
            return _rate(condition, memory, seen)
        case Combination():
            return _combination(condition, memory, seen)
        case Deviation():
            return memory, _deviation(condition, seen, usual)
        case Fault():
            return _fault(condition, memory, seen)
        case _:
            return memory, None  # absence, offline and facts of vehicles are not judged by readings


def _rate(condition: RateOfChange, memory: Memory, seen: Observation) -> tuple[Memory, Judgement | None]:
    kept = tuple(point for point in memory if point[0] > seen.at - condition.over)
    if len(memory) > len(kept):
        kept = (memory[len(memory) - len(kept) - 1], *kept)  # the last one before the span is where the change begins
        if kept[0][0] < seen.at - 2 * condition.over:
            kept = kept[1:]
    if not kept or seen.at - kept[-1][0] >= condition.over // _MOST_POINTS:
        points: Memory = (*kept, (seen.at, seen.value, 0.0))
    else:
        points = kept
    if not kept or 2 * (seen.at - kept[0][0]) < condition.over:
        return points, None
    change = (seen.value - kept[0][1]) / (seen.at - kept[0][0]) * condition.per
    return points, Judgement(condition.band.verdict(change), seen.value, change, condition.band.crossed(change))


def _combination(condition: Combination, memory: Memory, seen: Observation) -> tuple[Memory, Judgement | None]:
    leaves = list(memory) or [(0, 0.0, float(Verdict.CLEAR))] * len(condition.leaves)
    for index, leaf in enumerate(condition.leaves):
        if leaf.metric == seen.metric and seen.at >= leaves[index][0]:
            leaves[index] = (seen.at, seen.value, float(leaf.band.verdict(seen.value)))
    newest = max(leaf[0] for leaf in leaves)
    verdicts = [
        Verdict(int(verdict)) if at and at >= newest - condition.within else Verdict.CLEAR for at, _, verdict in leaves
    ]
    together = min(verdicts) if condition.every else max(verdicts)
    shown = next((index for index, verdict in enumerate(verdicts) if verdict == max(verdicts)), 0)
    value, band = leaves[shown][1], condition.leaves[shown].band
    kept: Memory = tuple(leaves) if max(verdicts) is not Verdict.CLEAR else ()
    return kept, Judgement(together, value, value, band.crossed(value))


def _deviation(condition: Deviation, seen: Observation, usual: Usual) -> Judgement | None:
    expected = usual(seen.metric, seen.at)
    if expected is None:
        return None
    centre, deviation = expected
    scale = max(deviation, condition.floor, 1e-12)
    measure = (seen.value - centre) / scale
    crossed = condition.band.crossed(measure)
    return Judgement(
        condition.band.verdict(measure), seen.value, measure, None if crossed is None else centre + crossed * scale
    )


def _fault(condition: Fault, memory: Memory, seen: Observation) -> tuple[Memory, Judgement | None]:
    flags = float(seen.quality & condition.flags)
    if condition.metric:
        return memory, Judgement(Verdict.OVER if flags else Verdict.CLEAR, flags, flags)
    others = tuple(entry for entry in memory if int(entry[1]) != seen.metric)
    kept: Memory = (*others, (seen.at, float(seen.metric), flags)) if flags else others
    worst = max((entry[2] for entry in kept), default=0.0)
    return kept, Judgement(Verdict.OVER if kept else Verdict.CLEAR, worst, worst)
